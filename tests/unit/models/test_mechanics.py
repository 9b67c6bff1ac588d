"""The clock, the draws, the rates and the average of a two-player run, asked one by one."""

from functools import partial

import pytest
import torch
from torch import Tensor, nn
from unit.models.tiny_methods import BATCH, critic, game, generator, parts, pictures, trainer

from stylegan_pl.contracts import Progress, StylePair
from stylegan_pl.errors import ConfigError
from stylegan_pl.losses.image_loss import ImageLoss, Views
from stylegan_pl.models.mechanics import Mechanics
from stylegan_pl.models.vanilla import VanillaGAN


class WithWeights(ImageLoss):
    """One that learns something of its own, as PatchNCE's projector does."""

    def __init__(self) -> None:
        super().__init__(weight=1.0)
        self.layer = nn.Linear(3, 1)

    def forward(self, views: Views) -> Tensor:
        """Of the mean colours."""
        return self.layer(views.stylised.mean(dim=(2, 3))).mean()


def model_of(schedule=None, image_losses=None, **mechanics) -> VanillaGAN:
    options = dict(image_losses or {}, mechanics=Mechanics(**({"seed": 0, "max_images": 100} | mechanics)))
    if schedule is not None:
        options["schedule"] = schedule
    model = VanillaGAN(parts(generator(1), critic(3), game(), **options))
    model.trainer, model.clock.epoch_images = trainer(), 10
    return model


# ---------------------------------------------------------------------- draws


def drawn(*, seed: int = 0, images_seen: int = 0, rank: int = 0, training: bool = True) -> float:
    """The first number that a step draws."""
    model = model_of(seed=seed)
    model.clock.images_seen, model.trainer = images_seen, trainer(global_rank=rank, training=training)
    torch.manual_seed(7)
    model.on_before_batch_transfer(BATCH, 0)
    return torch.rand(()).item()


def test_a_steps_draws_are_of_its_seed_its_place_and_its_rank():
    """So two ranks do not augment alike, and a resumed run draws what an undisturbed one would have."""
    places = [(seed, images, rank) for seed in (0, 1) for images in (0, 4, 8) for rank in (0, 1, 2)]
    found = {place: drawn(seed=place[0], images_seen=place[1], rank=place[2]) for place in places}
    assert len(set(found.values())) == len(places)
    assert drawn(seed=1, images_seen=4, rank=2) == found[1, 4, 2]


def test_validation_draws_as_it_would_have():
    assert drawn(training=False) == drawn(training=False, rank=1, images_seen=4)
    assert drawn(training=False) != drawn()


# ---------------------------------------------------------------------- the clock


@pytest.mark.parametrize(("ranks", "accumulate"), [(1, 1), (3, 1), (1, 2), (2, 4)])
def test_images_of_all_ranks_are_counted_and_steps_by_accumulation(ranks, accumulate):
    model = model_of(accumulate_batches=accumulate, max_images=1000)
    model.trainer = trainer(world_size=ranks)
    steps = []
    for batch in range(8):
        model.clock.batches += 1
        steps.append(model.clock.step)  # as both players see it in that batch
        assert model.clock.between_steps == ((batch + 1) % accumulate == 0)
        model._finish_batch(BATCH)
        assert model.clock.images_seen == (batch + 1) * len(BATCH.content) * ranks
    assert steps == [batch // accumulate for batch in range(8)]
    assert model_of().clock.step == 0


@pytest.mark.parametrize(
    ("budget", "batches"),
    [
        ({"max_images": 6}, 3),
        ({"max_images": 5}, 3),  # whole batches
        ({"max_images": 7}, 4),
        ({"max_images": None, "max_epochs": 1}, 5),  # of 10 images
        ({"max_images": 4, "max_epochs": 1}, 2),  # whichever ends first
        ({"max_images": 100, "max_epochs": 0.5}, 3),
        ({"max_images": 6, "accumulate_batches": 2}, 4),  # whole steps
    ],
)
def test_a_run_ends_with_its_budget(budget, batches):
    model, count = model_of(**budget), 0
    while not model.trainer.should_stop:
        count += 1
        model.clock.batches += 1
        model._finish_batch(BATCH)
        assert count <= batches
    assert count == batches


def test_the_clock_travels_with_the_weights():
    model, resumed, checkpoint = model_of(), model_of(), {}
    for _ in range(3):
        model.clock.batches += 1
        model._finish_batch(BATCH)
    model.on_save_checkpoint(checkpoint)
    resumed.on_load_checkpoint(checkpoint)
    assert (resumed.clock.images_seen, resumed.clock.batches, resumed.clock.step) == (6, 3, 2)


def test_the_average_remembers_images_not_steps(monkeypatch):
    """A step of two accumulated batches counts as one of a batch twice as large."""
    model, told = model_of(accumulate_batches=2, ema_half_life_images=10), []
    model.trainer = trainer(world_size=3)
    monkeypatch.setattr(model.ema, "update", lambda network, **facts: told.append((network, facts)))
    for _ in range(4):
        model.clock.batches += 1
        model._finish_batch(BATCH)
    assert [network for network, _ in told] == [model.generator] * 2
    assert [facts for _, facts in told] == [{"batch_images": 12, "images_seen": n} for n in (12, 24)]


def test_progress_is_told_in_images():
    told: list[Progress] = []

    def schedule(progress: Progress) -> float:
        told.append(progress)
        return 1.0

    model = model_of(schedule, max_images=50)
    model.clock.images_seen = 6
    model._schedule_learning_rates([])
    assert told == [Progress(6, 50, 10)]


# ---------------------------------------------------------------------- optimizers


def rates(optimizers: list[torch.optim.Optimizer]) -> list[float]:
    return [group["lr"] for optimizer in optimizers for group in optimizer.param_groups]


def test_rates_are_the_typed_ones_times_the_factor_and_never_compound():
    model = model_of(lambda progress: 1 - progress.images_seen / 10)
    optimizers = model.configure_optimizers()
    typed = rates(optimizers)
    for images in (0, 2, 4, 4, 9):
        model.clock.images_seen = images
        model._schedule_learning_rates(optimizers)
        assert rates(optimizers) == pytest.approx([rate * (1 - images / 10) for rate in typed])


def test_a_resumed_run_has_the_rates_and_betas_that_were_typed():
    """Not those that its checkpoint brings."""
    model, before = model_of(lambda progress: 0.5), model_of()
    before.optimizer_factories = {p: partial(torch.optim.Adam, lr=7.0, betas=(0.1, 0.2)) for p in before.players}
    optimizers = model.configure_optimizers()
    typed = rates(optimizers)
    for optimizer, other in zip(optimizers, before.configure_optimizers(), strict=True):
        optimizer.load_state_dict(other.state_dict())
    model.trainer = trainer(optimizers=optimizers)
    model.on_train_start()
    model._schedule_learning_rates(optimizers)
    assert rates(optimizers) == pytest.approx([rate * 0.5 for rate in typed])
    assert all(group["betas"] == (0.9, 0.999) for optimizer in optimizers for group in optimizer.param_groups)


def test_what_image_losses_learn_is_the_generators():
    learning = WithWeights()
    of_generator, of_critic = model_of(image_losses={"own": learning}).configure_optimizers()
    theirs = {id(p) for group in of_generator.param_groups for p in group["params"]}
    assert all(id(p) in theirs for p in learning.parameters())
    assert not theirs & {id(p) for group in of_critic.param_groups for p in group["params"]}


@pytest.mark.parametrize(("generators", "critics"), [(0.5, None), (None, 0.25), (0.5, 0.25), (None, None)])
def test_each_player_is_clipped_by_its_own_limit(generators, critics):
    model = model_of(generator_clip_norm=generators, discriminator_clip_norm=critics)
    optimizers = model.configure_optimizers()
    model.trainer = trainer(optimizers=optimizers)
    for optimizer, limit in zip(optimizers, (generators, critics), strict=True):
        weights = [p for group in optimizer.param_groups for p in group["params"]]
        for weight in weights:
            weight.grad = torch.full_like(weight, 3.0)
        before = torch.cat([w.grad.flatten() for w in weights]).norm().item()
        model.on_before_optimizer_step(optimizer)
        after = torch.cat([w.grad.flatten() for w in weights]).norm().item()
        assert after == pytest.approx(before if limit is None else limit, rel=1e-4)


def test_the_discriminator_is_shown_fakes_without_a_graph(monkeypatch):
    model, shown = model_of(), {}
    for player in ("generator", "discriminator"):
        monkeypatch.setattr(model, f"{player}_loss", lambda batch, fakes, player=player: shown.update({player: fakes}))
        model._terms(player, BATCH, model.generate(BATCH))
    assert shown["generator"].stylised.requires_grad
    assert not shown["discriminator"].stylised.requires_grad


@pytest.mark.parametrize("accumulate", [1, 2, 4])
def test_gradients_of_accumulated_batches_are_their_mean(monkeypatch, accumulate):
    model = model_of(accumulate_batches=accumulate)
    weight, steps = nn.Parameter(torch.zeros(())), []
    monkeypatch.setattr(model, "manual_backward", lambda loss: loss.backward())
    optimizer = torch.optim.SGD([weight], lr=1.0)
    optimizer.register_step_pre_hook(lambda *_: steps.append(weight.grad.item()))
    for batch in range(4):
        model.clock.batches += 1
        model._descend(optimizer, {"a": weight * (batch + 1), "b": weight * 10})
    whole = [[10 + batch + 1 for batch in range(at, at + accumulate)] for at in range(0, 4, accumulate)]
    assert steps == pytest.approx([sum(each) / accumulate for each in whole])


# ---------------------------------------------------------------------- what is used


def test_what_is_used_is_the_average_where_there_is_one():
    model = model_of(ema_half_life_images=10)
    with torch.no_grad():
        for p in model.generator.parameters():
            p.add_(1.0)
    photographs = pictures(5)
    assert model.stylizer is model.ema.averaged
    assert torch.equal(model(photographs, photographs), model.ema.averaged(photographs))
    assert torch.equal(model.validation_step(StylePair(photographs, photographs), 0), model.ema.averaged(photographs))
    alone = model_of(ema_half_life_images=None)
    assert alone.stylizer is alone.generator


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"first_player": "both"}, "first_player must be generator or discriminator, got 'both'"),
        ({"accumulate_batches": 0}, "accumulate_batches must be at least 1, got 0"),
        ({"max_images": None}, "a run needs a budget: type max_images=100000 or max_epochs=200$"),
        ({"max_images": None, "max_minutes": 8}, "budget: type .*, which max_minutes=8 may lower"),
    ],
)
def test_mechanics_that_cannot_be_are_refused(options, said):
    with pytest.raises(ConfigError, match=said):
        Mechanics(**({"seed": 0, "max_images": 10} | options))


@pytest.mark.parametrize("options", [{"compile": True}, {"max_images": None, "max_epochs": 1.0}])
def test_mechanics_that_can_be_are_not(options):
    assert Mechanics(**({"seed": 0, "max_images": 10, "first_player": "discriminator"} | options)).total_images(9) <= 10


def test_who_steps_first_is_as_said():
    assert model_of()._order() == ("generator", "discriminator")
    assert model_of(first_player="discriminator")._order() == ("discriminator", "generator")
