"""The distilled student: what is compared, where, who moves, and what the teacher is kept out of."""

import copy

import pytest
import torch
from conf_groups import conf_node
from conftest import compose_config
from hydra.utils import instantiate
from small_generators import SMALL, picture
from torch import Tensor, nn

from stylegan_pl.contracts import StylePair
from stylegan_pl.errors import ConfigError
from stylegan_pl.generators.unet import UNetGenerator
from stylegan_pl.losses.kernel_alignment import kernel_alignment
from stylegan_pl.models.distilled import DistilledGAN
from stylegan_pl.models.parts import GameParts
from stylegan_pl.nn.fast.equivalents import keep_layout, multiply_less
from stylegan_pl.nn.training.probes import Probes, common_layers
from stylegan_pl.nn.training.teacher import Teacher
from stylegan_pl.training.build import build_model

ONE_STYLE = [name for name in SMALL if not name.startswith("adain")]


# ---------------------------------------------------------------------- kernel alignment


def features(*shape: int, seed: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def by_centred_kernels(a: Tensor, b: Tensor) -> float:
    """The other definition: HSIC of centred Gram matrices of places (Kornblith et al., 2019, equation 3)."""
    found = []
    for one, other in zip(a, b, strict=True):
        places = one[0].numel()
        centre = torch.eye(places, dtype=one.dtype) - 1 / places
        rows = [f.flatten(1).T for f in (one, other)]
        k, m = (centre @ (r @ r.T) @ centre for r in rows)
        found.append(float((k * m).sum() / ((k * k).sum() * (m * m).sum()).sqrt()))
    return sum(found) / len(found)


def test_alignment_is_that_of_centred_kernels():
    a, b = features(2, 5, 4, 6, seed=0) + 3, features(2, 3, 4, 6, seed=1)
    b = b + 0.7 * a[:, :3]
    assert float(kernel_alignment(a, b)) == pytest.approx(by_centred_kernels(a, b), rel=1e-5)
    assert 0.05 < by_centred_kernels(a, b) < 0.95


def test_alignment_does_not_see_rotation_scale_or_offset_and_does_see_places():
    a = features(3, 4, 5, 5, seed=2)
    rotation, _ = torch.linalg.qr(features(4, 4, seed=3))
    turned = 2.5 * torch.einsum("dc,nchw->ndhw", rotation, a) + features(4, 1, 1, seed=4)
    assert float(kernel_alignment(a, turned)) == pytest.approx(1, abs=1e-5)
    assert float(kernel_alignment(a, turned.flip(-1))) < 0.7


@pytest.mark.parametrize("deviation", [1e-5, 1e-3, 1e3])
def test_alignment_of_faint_features_is_that_of_strong_ones(deviation: float):
    a, b = features(2, 4, 5, 5, seed=2), features(2, 3, 5, 5, seed=3)
    torch.testing.assert_close(kernel_alignment(deviation * a, deviation * b), kernel_alignment(a, b))


def test_a_pictures_alignment_does_not_depend_on_its_batch():
    a, b = (
        features(4, 3, 6, 6, seed=5),
        features(4, 2, 6, 6, seed=6) * torch.tensor([1, 10, 100, 1000]).view(4, 1, 1, 1),
    )
    each = torch.stack([kernel_alignment(a[i : i + 1], b[i : i + 1]) for i in range(4)])
    torch.testing.assert_close(kernel_alignment(a, b), each.mean())


def test_flat_features_are_like_nothing_and_leave_finite_gradients():
    flat = torch.full((1, 3, 4, 4), 2.0, requires_grad=True)
    alignment = kernel_alignment(flat, torch.rand(1, 2, 4, 4))
    alignment.backward()
    assert alignment == 0 and flat.grad.isfinite().all()


def test_descending_it_brings_features_together():
    torch.manual_seed(0)
    target, student = torch.randn(2, 6, 8, 8), torch.randn(2, 4, 8, 8, requires_grad=True)
    optimizer = torch.optim.Adam([student], lr=0.05)
    for _ in range(60):
        loss = 1 - kernel_alignment(student, target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss < 0.3  # four channels cannot hold all of six


def test_other_places_or_pictures_are_refused():
    for b in (torch.rand(2, 3, 8, 8), torch.rand(1, 3, 4, 4)):
        with pytest.raises(ValueError, match="the same places of the same pictures"):
            kernel_alignment(torch.rand(1, 3, 8, 8), b)


# ---------------------------------------------------------------------- where


@pytest.mark.parametrize("student", ["mobile", "unet"])
@pytest.mark.parametrize("teacher", ONE_STYLE)
def test_layers_of_any_two_generators_have_the_places_that_they_are_named_for(student, teacher):
    networks = {"student": SMALL[student](), "teacher": Teacher(SMALL[teacher]()).generator}
    for fast in (False, True):
        if fast:
            for network in networks.values():
                keep_layout(network)
                multiply_less(network)
        layers = common_layers(networks)
        assert layers["student"].keys() == layers["teacher"].keys()
        works_at_full_size_alone = teacher in ("seed", "context", "context_grey")  # a U-Net's layers are all smaller
        assert layers["student"] or (student == "unet" and works_at_full_size_alone)
        for name, network in networks.items():
            with Probes(layers[name]) as probes:
                network(picture(2, 3, 32, 48))
            scales = {place: 32 // f.shape[2] for place, f in probes.features.items()}
            assert scales == {place: int(place.removeprefix("1/")) for place in layers[name]}
            assert all(f.shape[3] * 2 == f.shape[2] * 3 and f.shape[1] > 3 for f in probes.features.values())


@pytest.mark.parametrize("name", ["resnet6", "unet128", "johnson", "mobile", "seed"])
def test_speed_does_not_change_what_is_compared(name):
    network = instantiate(conf_node("generator", name, "generator.width=16"), _convert_="all")
    names = {layer: path for path, layer in network.named_modules()}
    before = [names[layer] for layer in common_layers({"it": network})["it"].values()]
    multiply_less(network)
    assert [names[layer] for layer in common_layers({"it": network})["it"].values()] == before != []


def test_the_deepest_layer_of_a_residual_network_is_its_last_block():
    network = SMALL["resnet"]()
    layers = common_layers({"it": network, "other": SMALL["mobile"]()})
    assert list(layers["it"]) == ["1/4", "1/2", "1/1"]
    assert layers["it"]["1/4"] is [m for m in network.modules() if type(m).__name__ == "ResidualBlock"][-1]


def test_looking_for_layers_leaves_the_network_as_it_was():
    network = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.Conv2d(8, 3, 3, padding=1)).train()
    before = copy.deepcopy(network.state_dict())
    common_layers({"it": network})
    assert network.training and all(torch.equal(v, before[k]) for k, v in network.state_dict().items())
    assert not any(module._forward_hooks for module in network.modules())


def test_probes_keep_what_runs_inside_them_alone():
    network = SMALL["mobile"]()
    probes = Probes(common_layers({"it": network})["it"])
    network(picture(1, 3, 32, 32))
    assert probes.features == {}
    with probes:
        network(picture(1, 3, 32, 32))
    kept = dict(probes.features)
    network(picture(1, 3, 64, 64))
    assert all(probes.features[place] is kept[place] for place in kept) and len(kept) == 3
    probes.remove()
    assert not any(module._forward_hooks for module in network.modules())


# ---------------------------------------------------------------------- the teacher


def test_a_teacher_is_frozen_sober_and_in_no_state():
    teacher = Teacher(UNetGenerator(levels=4, width=8, dropout=0.5))
    parent = nn.ModuleDict({"teacher": teacher}).train()
    assert not list(parent.parameters()) and not parent.state_dict()
    image = picture(1, 3, 32, 32).requires_grad_()
    assert torch.equal(teacher(image), teacher(image)) and not teacher(image).requires_grad
    assert teacher.fingerprint == Teacher(copy.deepcopy(teacher.generator)).fingerprint is not None
    assert parent.to(torch.float64)["teacher"](image.double()).dtype == torch.float64  # it goes where its parent goes


# ---------------------------------------------------------------------- the method


@pytest.fixture
def student(local_weights):
    """Overrides -> a model, its networks by the faster rules."""

    def built(*overrides: str) -> DistilledGAN:
        typed = ["model=distilled", "run_dir=.", "model.generator.blocks=1", "model.generator.width=16"]
        typed += ["discriminator@model.discriminator=patchgan16", "model.discriminator.width=8"]
        config = compose_config("train", [*typed, *overrides])
        local_weights(config.model)
        torch.manual_seed(0)
        model = build_model(config)
        model.configure_model()
        assert isinstance(model, DistilledGAN)
        return model

    return built


BATCH = StylePair(picture(2, 3, 32, 32, seed=1), picture(2, 3, 32, 32, seed=2))


def test_terms_are_those_of_the_formula(student):
    model = student("model.output_weight=3", "model.feature_weight=5", "model.adversarial_weight=2")
    terms = {name: term.item() for name, term in model.generator_loss(BATCH, model.generate(BATCH)).items()}
    with torch.no_grad():
        painted, taught = model.generator(BATCH.content), model.teacher.generator(BATCH.content)
    assert terms["output"] == pytest.approx(3 * float((painted - taught).abs().mean()), rel=1e-5)
    adversarial = 2 * float((model.discriminator(painted) - 1).square().mean())
    assert terms["adversarial"] == pytest.approx(adversarial, rel=1e-4)
    ends = zip(places(model.generator), places(model.teacher.generator), strict=True)
    alike = [
        by_centred_kernels(until(model.generator, student_end), until(model.teacher.generator, teacher_end))
        for student_end, teacher_end in ends
    ]
    assert terms["features"] == pytest.approx(5 * (1 - sum(alike) / 3), rel=1e-3)
    assert list(terms) == ["output", "features", "adversarial"]


def places(chain: nn.Module) -> list[int]:
    """Layers up to and with the last block, and the ReLU of either step up: counted by hand in the class's notation."""
    kinds = [type(layer).__name__ for layer in chain.layers]
    blocks = [i for i, kind in enumerate(kinds) if kind.endswith("Block")]
    return [blocks[-1] + 1, *(i + 1 for i, kind in enumerate(kinds) if kind == "ReLU" and i > blocks[-1])]


def until(chain: nn.Module, layers: int) -> Tensor:
    """Features of the batch's photographs behind so many layers."""
    with torch.no_grad():
        return chain.layers[:layers](BATCH.content).double()


def test_paintings_in_the_same_forward_are_not_compared_with_the_teacher(student):
    plain = student("model.adversarial_weight=0")
    more = student("model.adversarial_weight=0", "image_loss=[identity]")
    terms, same = (model.generator_loss(BATCH, model.generate(BATCH)) for model in (plain, more))
    for name in ("output", "features"):
        assert float(terms[name]) == pytest.approx(float(same[name]), rel=1e-4)
    assert "identity" in same


def test_the_teachers_pupil_is_at_no_loss_against_itself(student):
    model = student("model.adversarial_weight=0")
    make = model.optimizer_factories["generator"]
    parts = GameParts(
        generator=copy.deepcopy(model.generator), generator_optimizer=make, discriminator=model.discriminator,
        discriminator_optimizer=make, game=model.game, schedule=model.schedule, mechanics=model.mechanics,
        image_losses={},
    )  # fmt: skip
    perfect = DistilledGAN(parts, copy.deepcopy(model.generator), adversarial_weight=0.0)
    perfect.configure_model()
    terms = perfect.generator_loss(BATCH, perfect.generate(BATCH))
    assert float(terms["output"]) < 1e-4 and float(terms["features"]) == pytest.approx(0, abs=1e-5)


def test_gradients_reach_the_student_and_nobody_else(student):
    model = student("model.adversarial_weight=0")
    sum(model.generator_loss(BATCH, model.generate(BATCH)).values()).backward()
    moved = {name for name, p in model.named_parameters() if p.grad is not None and p.grad.abs().max() > 0}
    assert moved and all(name.startswith("generator.") for name in moved)
    assert not any(name.startswith("teacher") for name, _ in model.named_parameters())
    assert not any(key.startswith(("teacher", "_probes")) for key in model.state_dict())
    model.train()
    assert not any(module.training for module in model.teacher.modules())


def test_nothing_of_a_step_is_kept_for_the_next(student):
    model = student()
    model.generate(BATCH)
    assert all(probes.features == {} for probes in model._probes.values())
    hooks = sum(len(module._forward_hooks) for module in model.modules())
    model.configure_model()  # Lightning may call it again
    assert sum(len(module._forward_hooks) for module in model.modules()) == hooks == 2 * 3


def test_without_features_none_are_read(student):
    model = student("model.feature_weight=0")
    fakes = model.generate(BATCH)
    assert not fakes.student and not fakes.teacher and fakes.identity is None
    assert torch.equal(fakes.taught, model.teacher.generator(BATCH.content))
    assert list(model.generator_loss(BATCH, fakes)) == ["output", "adversarial"]


def test_networks_without_a_common_resolution_say_what_to_type(student):
    with pytest.raises(ConfigError, match=r"MobileGenerator and its teacher, Conv2d, .* type model\.feature_weight=0"):
        model = student()
        model._probes, model.teacher = {}, Teacher(nn.Conv2d(3, 3, 1))
        model.configure_model()


def test_a_goal_is_asked_for(student):
    with pytest.raises(Exception, match="nothing to learn"):
        student("model.output_weight=0", "model.feature_weight=0", "model.adversarial_weight=0")
