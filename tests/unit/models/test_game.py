"""The adversarial game: what each player descends, put together by hand from what the parts say."""

import inspect

import pytest
import torch
from hydra.utils import get_object
from omegaconf import OmegaConf
from torch import Tensor, nn

from stylegan_pl.config.conf_dir import conf_dir
from stylegan_pl.errors import ConfigError
from stylegan_pl.losses.adversarial import BinaryCrossEntropy, LeastSquares, Relativistic, Wasserstein
from stylegan_pl.losses.penalties import R1, WGANGP, NoPenalty, Penalty
from stylegan_pl.models.game import AdversarialGame
from stylegan_pl.nn.augment.diff_augment import DiffAugment

DOUBLE = {"dtype": torch.float64}


def pictures(seed: int, count: int = 3) -> Tensor:
    """(N, 3, 8, 8), uniform in [-1, 1]."""
    return torch.rand(count, 3, 8, 8, generator=torch.Generator().manual_seed(seed)) * 2 - 1


REALS, FAKES = pictures(1), pictures(2)


class OneHead(nn.Module):
    """Smooth logits, one a patch, each picture on its own; and what it was shown."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Conv2d(3, 1, 4, stride=2)
        self.shown: list[Tensor] = []

    def forward(self, image: Tensor) -> Tensor:
        """(N, 3, 8, 8) -> (N, 1, 3, 3)."""
        self.shown.append(image)
        return self.layer(image).tanh()


class ThreeHeads(nn.Module):
    """Heads of several shapes, the last of which weighs most."""

    head_weights = (0.2, 0.3, 1.5)

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.ModuleList(nn.Conv2d(3, 2, kernel) for kernel in (1, 3, 8))

    def forward(self, image: Tensor) -> list[Tensor]:
        """(N, 3, 8, 8) -> (N, 2, 8, 8), (N, 2, 6, 6), (N, 2, 1, 1)."""
        return [layer(image).sin() for layer in self.layers]


class Recording(DiffAugment):
    """Each call adds another constant; and what it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[Tensor] = []
        self.returned: list[Tensor] = []
        self.observed: list[tuple[list[Tensor], int]] = []

    def forward(self, images: Tensor) -> Tensor:
        """images + 0.1 · calls."""
        self.given.append(images)
        self.returned.append(images + 0.1 * len(self.given))
        return self.returned[-1]

    def observe(self, real_logits: list[Tensor], images: int) -> None:
        """Note it."""
        self.observed.append((real_logits, images))


class Charge(Penalty):
    """3, and a note of what was given."""

    def __init__(self, *, weight: float, every: int = 1) -> None:
        super().__init__(weight=weight, every=every)
        self.calls: list[tuple[Tensor, Tensor]] = []

    def forward(self, critic, reals: Tensor, fakes: Tensor) -> Tensor:
        """3."""
        self.calls.append((reals, fakes))
        return reals.new_tensor(3.0)


def game(adversarial=None, penalty=None, diff_augment=None, **options) -> AdversarialGame:
    """Least squares and nothing around it, unless told; a forward for reals and one for fakes, to look at."""
    options = {"one_forward": False} | options
    return AdversarialGame(
        adversarial or LeastSquares(), penalty or NoPenalty(), diff_augment or DiffAugment(), **options
    )


# ---------------------------------------------------------------------- sums


def least_squares(logits: Tensor, label: float) -> float:
    """mean (D − label)² by a loop."""
    values = logits.flatten().tolist()
    return sum((value - label) ** 2 for value in values) / len(values)


def test_heads_are_summed_with_their_weights():
    critic, plays = ThreeHeads(), game(discriminator_weight=0.5)
    fakes, reals = critic(FAKES), critic(REALS)
    expected = sum(w * least_squares(f, 1) for w, f in zip(critic.head_weights, fakes, strict=True))
    assert plays.generator_loss(critic, FAKES, REALS).item() == pytest.approx(expected, rel=1e-5)
    judged = sum(
        w * (least_squares(r, 1) + least_squares(f, 0))
        for w, r, f in zip(critic.head_weights, reals, fakes, strict=True)
    )
    terms = plays.discriminator_loss(critic, REALS, FAKES, step=0)
    assert terms.keys() == {"adversarial"}
    assert terms["adversarial"].item() == pytest.approx(0.5 * judged, rel=1e-5)


@pytest.mark.parametrize("name", ["game", "mechanics"])
def test_what_a_config_says_is_what_python_says(name: str):
    """What is not typed is the same, however a run is put together."""
    node = OmegaConf.to_container(OmegaConf.load(conf_dir() / f"model/{name}.yaml"), resolve=False)[name]
    parameters = inspect.signature(get_object(node.pop("_target_"))).parameters
    written = {key: value for key, value in node.items() if not isinstance(value, str) or "${" not in value}
    assert written == {key: parameters[key].default for key in written}
    assert len(written) > 2


def test_without_weights_heads_count_alike(monkeypatch):
    critic = ThreeHeads()
    means = [least_squares(head, 1) for head in critic(FAKES)]
    monkeypatch.delattr(ThreeHeads, "head_weights")
    assert game().generator_loss(critic, FAKES, REALS).item() == pytest.approx(sum(means) / 3, rel=1e-5)


def test_a_single_head_counts_once():
    critic = OneHead()
    assert game().generator_loss(critic, FAKES, REALS).item() == pytest.approx(least_squares(critic(FAKES), 1))


def test_the_discriminator_weight_is_of_the_adversarial_term_alone():
    critic = OneHead()
    half = game(penalty=Charge(weight=2.0), discriminator_weight=0.5)
    full = game(penalty=Charge(weight=2.0))
    a, b = (plays.discriminator_loss(critic, REALS, FAKES, step=0) for plays in (half, full))
    assert a["adversarial"].item() == pytest.approx(0.5 * b["adversarial"].item())
    assert a["penalty"].item() == b["penalty"].item() == 6.0
    assert torch.equal(half.generator_loss(critic, FAKES, REALS), full.generator_loss(critic, FAKES, REALS))


# ---------------------------------------------------------------------- reals in the generator's step


def test_a_relativistic_loss_is_given_the_reals_in_the_generators_step():
    critic = OneHead()
    found = game(Relativistic()).generator_loss(critic, FAKES, REALS)
    gaps = (critic(FAKES) - critic(REALS)).double().flatten().tolist()
    expected = sum(torch.log1p(torch.exp(torch.tensor(-gap, **DOUBLE))).item() for gap in gaps) / len(gaps)
    assert found.item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("adversarial", [LeastSquares(), BinaryCrossEntropy()])
def test_a_loss_without_reals_costs_no_second_forward(adversarial):
    critic = OneHead()
    game(adversarial).generator_loss(critic, FAKES, REALS)
    assert [shown is FAKES for shown in critic.shown] == [True]


# ---------------------------------------------------------------------- augmentation


def test_reals_and_fakes_are_augmented_in_both_steps():
    critic, augment = OneHead(), Recording()
    plays = game(Relativistic(), diff_augment=augment)
    plays.generator_loss(critic, FAKES, REALS)
    assert [images is expected for images, expected in zip(augment.given, (FAKES, REALS), strict=True)] == [True] * 2
    plays.discriminator_loss(critic, REALS, FAKES, step=0)
    assert [torch.equal(a, b) for a, b in zip(augment.given[2:], (REALS, FAKES), strict=True)] == [True] * 2
    # the discriminator saw what came out, nothing else, each drawn anew
    assert all(shown is returned for shown, returned in zip(critic.shown, augment.returned, strict=True))


@pytest.mark.parametrize("one_forward", [True, False])
def test_reals_and_fakes_are_each_augmented_on_their_own_whatever_the_forwards(one_forward: bool):
    critic, augment = OneHead(), Recording()
    terms = game(diff_augment=augment, one_forward=one_forward).discriminator_loss(critic, REALS, FAKES, step=0)
    assert len(critic.shown) == (1 if one_forward else 2)
    assert len(augment.given) == 2
    torch.testing.assert_close(torch.cat(critic.shown), torch.cat([REALS + 0.1, FAKES + 0.2]))
    judged = LeastSquares().discriminator(critic(REALS + 0.1), critic(FAKES + 0.2))
    torch.testing.assert_close(terms["adversarial"], judged)


def test_the_penalty_is_of_the_augmented_critic():
    critic, augment = OneHead(), Recording()
    game(penalty=R1(weight=1.0), diff_augment=augment).discriminator_loss(critic, REALS, FAKES, step=0)
    assert len(augment.given) == 3 and torch.equal(augment.given[2], REALS)
    assert critic.shown[2] is augment.returned[2]


def test_the_augmentation_observes_each_discriminator_step(monkeypatch):
    critic, augment = ThreeHeads(), Recording()
    plays = game(diff_augment=augment)
    plays.generator_loss(critic, FAKES, REALS)
    assert not augment.observed
    plays.discriminator_loss(critic, REALS, FAKES, step=0)
    ((logits, images),) = augment.observed
    assert images == len(REALS)
    reals, fakes = augment.returned[-2:]  # as D saw them
    for ours, theirs in zip(logits, critic(reals), strict=True):
        torch.testing.assert_close(ours, theirs.detach() - 0.5)  # least squares cannot decide at ½
    augment.observed.clear()
    game(diff_augment=augment, adversarial=Wasserstein()).discriminator_loss(critic, REALS, FAKES, step=0)
    reals, fakes = augment.returned[-2:]
    for ours, real, fake in zip(augment.observed[0][0], critic(reals), critic(fakes), strict=True):
        torch.testing.assert_close(ours, (real - (real.mean() + fake.mean()) / 2).detach())  # it has no such place
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.distributed, "get_world_size", lambda: 4)
    plays.discriminator_loss(critic, REALS, FAKES, step=1)
    assert augment.observed[1][1] == 4 * len(REALS)  # ADA's ramp counts the images of all devices


# ---------------------------------------------------------------------- negatives


def test_negatives_are_taken_for_fakes():
    critic, negatives = OneHead(), pictures(7)
    found = game().discriminator_loss(critic, REALS, FAKES, step=0, negatives=negatives)["adversarial"]
    fakes = (least_squares(critic(FAKES), 0) + least_squares(critic(negatives), 0)) / 2
    assert found.item() == pytest.approx(least_squares(critic(REALS), 1) + fakes, rel=1e-5)


def test_a_relativistic_loss_pairs_negatives_with_reals_too():
    critic, negatives = OneHead(), pictures(7)
    found = game(Relativistic()).discriminator_loss(critic, REALS, FAKES, step=0, negatives=negatives)["adversarial"]
    pairs = [
        game(Relativistic()).discriminator_loss(critic, REALS, f, step=0)["adversarial"] for f in (FAKES, negatives)
    ]
    assert found.item() == pytest.approx(sum(pairs).item() / 2, rel=1e-5)


def test_negatives_neither_enter_the_pool_nor_are_charged():
    penalty = Charge(weight=1.0)
    plays = game(penalty=penalty, pool_size=10)
    plays.discriminator_loss(OneHead(), REALS, FAKES, step=0, negatives=pictures(7))
    ((reals, fakes),) = penalty.calls
    assert torch.equal(reals, REALS) and torch.equal(fakes, FAKES)
    assert torch.equal(plays.pool.get_extra_state()["images"], FAKES)


# ---------------------------------------------------------------------- penalty


@pytest.mark.parametrize("every", [1, 2, 4, 16])
def test_a_lazy_penalty_costs_the_same_in_the_mean(every):
    critic = OneHead()
    plays = game(penalty=R1(weight=0.7, every=every))
    payments = [plays.discriminator_loss(critic, REALS, FAKES, step=step).get("penalty") for step in range(32)]
    paid = [payment.item() for payment in payments if payment is not None]
    assert len(paid) == 32 // every and payments[0] is not None
    images = REALS.double().requires_grad_()
    (slope,) = torch.autograd.grad(critic.double()(images).sum(), images)
    each = 0.7 * 0.5 * sum(float(s) ** 2 for s in slope.flatten()) / len(REALS)
    assert sum(paid) / 32 == pytest.approx(each, rel=1e-5)


def test_the_penalty_is_weighted():
    charge = Charge(weight=2.5, every=4)
    plays = game(penalty=charge)
    due = [plays.discriminator_loss(OneHead(), REALS, FAKES, step=step).get("penalty") for step in range(5)]
    assert [None if d is None else d.item() for d in due] == [2.5 * 4 * 3, None, None, None, 2.5 * 4 * 3]


@pytest.mark.parametrize("penalty", [NoPenalty(), Charge(weight=0.0)])
def test_no_weight_is_no_term(penalty):
    assert game(penalty=penalty).discriminator_loss(OneHead(), REALS, FAKES, step=0).keys() == {"adversarial"}


def test_the_penalty_sees_what_the_pool_hands_back():
    charge = Charge(weight=1.0)
    plays = game(penalty=charge, pool_size=3)
    plays.pool(pictures(9))  # full
    critic = OneHead()
    for step in range(8):
        torch.manual_seed(step)
        plays.discriminator_loss(critic, REALS, pictures(20 + step), step=step)
        assert charge.calls[-1][1] is critic.shown[-1]
    assert any(not torch.equal(fakes, pictures(20 + step)) for step, (_, fakes) in enumerate(charge.calls))


def test_a_penalty_between_reals_and_fakes_refuses_a_pool():
    mixing = WGANGP(weight=10.0)
    with pytest.raises(
        ConfigError, match=r"model\.game\.pool_size=50: WGANGP mixes each real with the fake of its own"
    ):
        game(penalty=mixing, pool_size=50)
    assert game(penalty=mixing).discriminator_loss(OneHead(), REALS, FAKES, step=0)["penalty"] > 0


# ---------------------------------------------------------------------- pool


def test_the_pool_is_the_discriminators_alone():
    critic, plays = OneHead(), game(pool_size=3)
    plays.discriminator_loss(critic, REALS, FAKES, step=0)
    assert torch.equal(critic.shown[1], FAKES)  # not full: what it is given
    newer = pictures(5)
    plays.generator_loss(critic, newer, REALS)
    assert critic.shown[2] is newer
    assert torch.equal(plays.pool.get_extra_state()["images"], FAKES)
    shown = []
    for seed in range(6):
        torch.manual_seed(seed)
        plays.discriminator_loss(critic, REALS, newer, step=seed)
        shown += list(critic.shown[-1])
    known = [*FAKES, *newer]
    assert all(any(torch.equal(image, one) for one in known) for image in shown)
    assert any(torch.equal(image, one) for image in shown for one in FAKES)  # an old one came back


# ---------------------------------------------------------------------- gradients


@pytest.mark.parametrize("adversarial", [LeastSquares(), BinaryCrossEntropy(), Relativistic()])
def test_the_generators_gradients_reach_the_fakes(adversarial):
    fakes = FAKES.clone().requires_grad_()
    game(adversarial, diff_augment=Recording()).generator_loss(OneHead(), fakes, REALS).backward()
    assert all(bool((gradient != 0).any()) for gradient in fakes.grad)


@pytest.mark.parametrize("pool_size", [0, 50])
def test_the_discriminators_gradients_reach_its_weights_alone(pool_size):
    critic, maker = OneHead(), nn.Conv2d(3, 3, 1)
    plays = game(penalty=R1(weight=1.0), diff_augment=Recording(), pool_size=pool_size)
    fakes = maker(FAKES).detach()
    terms = plays.discriminator_loss(critic, REALS, fakes, step=0)
    torch.stack(list(terms.values())).sum().backward()
    assert all(bool((p.grad != 0).any()) for p in critic.parameters())
    assert all(p.grad is None for p in maker.parameters())
    assert not REALS.requires_grad and not fakes.requires_grad


def test_what_the_pool_keeps_holds_no_graph():
    maker, plays = nn.Conv2d(3, 3, 1), game(pool_size=50)
    terms = plays.discriminator_loss(
        OneHead(), REALS, maker(FAKES), step=0
    )  # not detached: a mistake that costs memory
    terms["adversarial"].backward()
    assert not plays.pool.get_extra_state()["images"].requires_grad
    assert all(p.grad is None for p in maker.parameters())
