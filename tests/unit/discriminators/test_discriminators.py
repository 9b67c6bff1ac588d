"""Every discriminator: the published size, how far a logit sees, and how many logits there are."""

from collections.abc import Callable

import pytest
import torch
from conf_groups import conf_node
from hydra.utils import instantiate
from omegaconf import DictConfig
from scipy import stats
from torch import Tensor, nn
from torch.nn.functional import conv2d

from stylegan_pl.config.conf_dir import conf_dir
from stylegan_pl.discriminators.multiscale import MultiScale
from stylegan_pl.discriminators.patchgan import PatchGAN
from stylegan_pl.discriminators.pixel import PixelGAN
from stylegan_pl.discriminators.projected import ProjectedDiscriminator
from stylegan_pl.discriminators.seed import SeedDiscriminator
from stylegan_pl.discriminators.several import Member, Several
from stylegan_pl.errors import ConfigError
from stylegan_pl.nn.layers.discriminator import head_weights, heads
from stylegan_pl.nn.layers.init import init_normal
from stylegan_pl.nn.pretrained.backbone import RandomBackbone
from stylegan_pl.nn.pretrained.wanted import without_pretrained

CONFIGS = sorted(path.stem for path in (conf_dir() / "discriminator").glob("*.yaml"))

PARAMETERS = {1: 136_385, 2: 662_977, 3: 2_764_737, 4: 6_959_553, 5: 11_154_369}


def several(inputs: int = 3, spectral_norm: bool = False) -> Several:
    options = {"width": 8, "inputs": inputs, "spectral_norm": spectral_norm}
    members = {"a": Member(PatchGAN(n_layers=2, **options), 0.75), "b": Member(PixelGAN(**options), 0.25)}
    return Several(members=members, inputs=inputs)


def projected(inputs: int = 3, spectral_norm: bool = False) -> ProjectedDiscriminator:
    pixel = PatchGAN(n_layers=1, width=8, inputs=inputs, spectral_norm=spectral_norm)
    return ProjectedDiscriminator(RandomBackbone(width=4), pixel, width=4, inputs=inputs, spectral_norm=spectral_norm)


SMALL: dict[str, Callable[..., nn.Module]] = {
    "patchgan": lambda **options: PatchGAN(n_layers=2, width=8, **options),
    "seed": lambda **options: SeedDiscriminator(width=8, **options),
    "pixel": lambda **options: PixelGAN(width=8, **options),
    "multiscale": lambda **options: MultiScale(scales=2, n_layers=2, width=8, **options),
    "several": several,
    "projected": projected,
}


@pytest.fixture(params=SMALL)
def make(request: pytest.FixtureRequest) -> Callable[..., nn.Module]:
    torch.manual_seed(0)
    return SMALL[request.param]


def count(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters() if p.requires_grad)


def picture(*shape: int) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(1)) * 2 - 1


def flat(logits: list[Tensor]) -> Tensor:
    return torch.cat([head.flatten() for head in logits])


def seen(network: nn.Module, side: int) -> tuple[int, int]:
    """Height and width of the input that the middle logit of the last head depends on."""
    for parent in list(network.modules()):
        for name, layer in parent.named_children():
            if isinstance(layer, nn.InstanceNorm2d):  # it sees the whole picture
                setattr(parent, name, nn.Identity())
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(0.1)  # positive: no ReLU closes, nothing cancels
    image = torch.ones(1, 3, side, side, requires_grad=True)
    logits = heads(network, image)[-1]
    logits[0, 0, logits.shape[2] // 2, logits.shape[3] // 2].backward()
    rows, columns = image.grad[0].abs().sum(dim=0).nonzero().T
    edges = rows.min(), rows.max(), columns.min(), columns.max()
    assert min(edges) > 0 and max(edges) < side - 1  # not cut off by the picture's border
    return int(rows.max() - rows.min() + 1), int(columns.max() - columns.min() + 1)


# ---------------------------------------------------------------- sizes and receptive fields, as published


@pytest.mark.parametrize(("n_layers", "parameters"), PARAMETERS.items())
def test_patchgan_has_the_published_parameters(n_layers: int, parameters: int) -> None:
    with torch.device("meta"):
        assert count(PatchGAN(n_layers=n_layers)) == parameters


def test_the_other_published_sizes() -> None:
    with torch.device("meta"):
        assert count(PatchGAN()) == PARAMETERS[3]
        assert count(MultiScale()) == 3 * PARAMETERS[3]
        assert count(PixelGAN()) == 8_705
        assert count(SeedDiscriminator()) == 113_153


@pytest.mark.parametrize(("n_layers", "pixels"), [(1, 16), (2, 34), (3, 70)])
def test_how_far_a_patchgan_logit_sees(n_layers: int, pixels: int) -> None:
    assert seen(PatchGAN(n_layers=n_layers, width=2), side=2 * pixels + 20) == (pixels, pixels)


def test_how_far_the_others_see() -> None:
    assert seen(SeedDiscriminator(width=2), side=21) == (11, 11)
    assert seen(PixelGAN(width=2), side=5) == (1, 1)
    # 16 pixels of a half-size picture, each the mean of 3: 2 · (16 − 1) + 3
    assert seen(MultiScale(scales=2, n_layers=1, width=2), side=80) == (33, 33)


def test_30_by_30_logits_at_256() -> None:
    with torch.no_grad():
        assert PatchGAN(width=2)(picture(1, 3, 256, 256)).shape == (1, 1, 30, 30)


@pytest.mark.parametrize(
    ("n_layers", "height", "width"), [(1, 32, 48), (2, 32, 64), (3, 64, 32), (4, 64, 96), (5, 96, 128)]
)
def test_patchgan_logits(n_layers: int, height: int, width: int) -> None:
    logits = PatchGAN(n_layers=n_layers, width=2)(picture(2, 3, height, width))
    assert logits.shape == (2, 1, height // 2**n_layers - 2, width // 2**n_layers - 2)


@pytest.mark.parametrize("network", [SeedDiscriminator(width=2), PixelGAN(width=2)])
def test_one_logit_a_pixel(network: nn.Module) -> None:
    assert network(picture(2, 3, 13, 18)).shape == (2, 1, 13, 18)


def test_pixelgan_knows_no_neighbours() -> None:
    """Shuffling the pixels shuffles the logits."""
    torch.manual_seed(0)
    network, image, order = PixelGAN(width=8), picture(1, 3, 6, 6), torch.randperm(36)
    shuffled = image.flatten(2)[..., order].view_as(image)
    torch.testing.assert_close(network(shuffled).flatten(), network(image).flatten()[order], rtol=1e-4, atol=1e-6)


# ---------------------------------------------------------------- what holds for all of them


def test_every_parameter_receives_a_gradient(make: Callable[..., nn.Module]) -> None:
    for spectral_norm in (False, True):
        for half in (False, True):
            discriminator = make(spectral_norm=spectral_norm)
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
                logits = flat(heads(discriminator, picture(1, 3, 32, 32)))
            (logits * torch.randn(logits.shape, generator=torch.Generator().manual_seed(2))).sum().backward()
            for name, parameter in discriminator.named_parameters():
                assert parameter.grad is not None, name
                assert parameter.grad.isfinite().all(), name
                if not name.endswith("bias"):  # biases before an instance norm cancel exactly
                    assert parameter.grad.abs().max() > 1e-6, name


def test_gradients_reach_the_image_and_can_be_differentiated(make: Callable[..., nn.Module]) -> None:
    """What a penalty needs: the slope at the image has a slope in the weights."""
    for spectral_norm in (False, True):
        discriminator = make(spectral_norm=spectral_norm)
        image = picture(2, 3, 32, 32).requires_grad_()
        (slope,) = torch.autograd.grad(flat(heads(discriminator, image)).sum(), image, create_graph=True)
        assert slope.ne(0).float().mean() > 0.9
        slope.square().sum().backward()
        assert all(p.grad.isfinite().all() for p in discriminator.parameters() if p.grad is not None)
        weights = {name: p for name, p in discriminator.named_parameters() if not name.endswith("bias")}
        assert all(p.grad is not None and p.grad.ne(0).any() for p in weights.values())


def test_eval_is_train(make: Callable[..., nn.Module]) -> None:
    image = picture(2, 3, 32, 32)
    for spectral_norm in (False, True):
        discriminator = make(spectral_norm=spectral_norm)
        trained = flat(heads(discriminator.train(), image))  # a power iteration, whose vectors eval uses
        assert torch.equal(flat(heads(discriminator.eval(), image)), trained)


def test_each_sample_is_judged_on_its_own(make: Callable[..., nn.Module]) -> None:
    discriminator, images = make().eval(), picture(3, 3, 32, 32)
    together = heads(discriminator, images)
    apart = [heads(discriminator, image.unsqueeze(0)) for image in images]
    for number, head in enumerate(together):
        torch.testing.assert_close(head, torch.cat([sample[number] for sample in apart]), rtol=1e-4, atol=1e-5)


def test_bf16_is_close_to_float32(make: Callable[..., nn.Module]) -> None:
    image = picture(1, 3, 32, 32)
    discriminator = make().eval()
    with torch.no_grad():
        full = flat(heads(discriminator, image))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            half = flat(heads(discriminator, image))
    assert 0 < (half - full).abs().mean() < 1e-2


def test_a_condition_is_seen(make: Callable[..., nn.Module]) -> None:
    discriminator, pair = make(inputs=6).eval(), picture(1, 6, 32, 32)
    other = torch.cat([pair[:, :3], -pair[:, 3:]], dim=1)
    assert discriminator.inputs == 6
    assert not torch.allclose(flat(heads(discriminator, pair)), flat(heads(discriminator, other)))


def test_the_smallest_image_is_the_smallest(make: Callable[..., nn.Module]) -> None:
    discriminator = make()
    smallest = discriminator.smallest
    assert all(head.numel() > 0 and head.isfinite().all() for head in heads(discriminator, picture(1, 3, smallest, 48)))
    if smallest > 1:
        with pytest.raises(ConfigError, match=f"image_size={smallest - 1} is too small .* image_size={smallest}"):
            discriminator(picture(1, 3, 48, smallest - 1))


def test_init_is_taken(make: Callable[..., nn.Module]) -> None:
    if make is SMALL["seed"]:
        with pytest.raises(TypeError, match="init"):  # it starts as the source document's does
            make(init=init_normal)
        return
    if make in (several, projected):
        return  # their parts take it

    def ones(module: nn.Module) -> None:
        for parameter in module.parameters():
            nn.init.ones_(parameter)

    assert all(parameter.eq(1).all() for parameter in make(init=ones).parameters())


@pytest.mark.parametrize("network", [PatchGAN(n_layers=2, width=8), SeedDiscriminator(width=8), PixelGAN(width=8)])
def test_logits_are_not_squashed(network: nn.Module) -> None:
    """The adversarial loss says what a logit means: scaling the last layer scales the logits."""
    image = picture(1, 3, 32, 32)
    before = network(image)
    *_, last = (layer for layer in network.modules() if isinstance(layer, nn.Conv2d))
    with torch.no_grad():
        last.weight.mul_(-1000)
        last.bias.mul_(-1000)
    torch.testing.assert_close(network(image), -1000 * before, rtol=1e-4, atol=1e-3)


def test_patchgan_starts_as_normal_002_with_zero_biases() -> None:
    torch.manual_seed(3)
    for name, parameter in PatchGAN(n_layers=2, width=16).named_parameters():
        if name.endswith("bias"):
            assert parameter.eq(0).all(), name
        else:
            test = stats.kstest(parameter.detach().flatten().double().numpy(), "norm", args=(0.0, 0.02))
            assert test.pvalue > 1e-4, name


def test_first_and_last_convolution_are_not_normalised() -> None:
    network = PatchGAN(n_layers=3, width=2)
    kinds = [type(layer) for layer in network.modules() if isinstance(layer, nn.Conv2d | nn.InstanceNorm2d)]
    conv, norm = nn.Conv2d, nn.InstanceNorm2d
    assert kinds == [conv, conv, norm, conv, norm, conv, norm, conv]


@pytest.mark.parametrize("n_layers", [0, -1])
def test_no_layers_are_refused(n_layers: int) -> None:
    with pytest.raises(ValueError, match=f"n_layers must be at least 1, got {n_layers}"):
        PatchGAN(n_layers=n_layers)


# ---------------------------------------------------------------- many scales


def test_each_scale_judges_a_picture_half_as_large() -> None:
    """Independent halving: box sums by convolution, divided by how many pixels lie inside."""
    torch.manual_seed(0)
    network, image = MultiScale(scales=3, n_layers=1, width=4).eval(), picture(2, 3, 33, 48)
    box, expected = torch.ones(3, 1, 3, 3), []
    for scale in network.scales:
        expected.append(scale(image))
        inside = conv2d(torch.ones_like(image), box, stride=2, padding=1, groups=3)
        image = conv2d(image, box, stride=2, padding=1, groups=3) / inside
    logits = network(picture(2, 3, 33, 48))
    assert [head.shape for head in logits] == [head.shape for head in expected]
    for head, reference in zip(logits, expected, strict=True):
        torch.testing.assert_close(head, reference, rtol=1e-4, atol=1e-5)


def test_scales_start_apart_and_count_alike() -> None:
    network = MultiScale(scales=4, n_layers=1, width=2)
    first = [scale.layers[0].weight for scale in network.scales]
    assert len({weight.sum().item() for weight in first}) == 4
    assert head_weights(network, 4) == pytest.approx([0.25] * 4)
    with pytest.raises(ValueError, match="scales must be at least 1, got 0"):
        MultiScale(scales=0)


# ---------------------------------------------------------------- several


def test_members_weigh_what_they_are_given() -> None:
    members = {
        "scales": Member(MultiScale(scales=2, n_layers=1, width=2), 0.6),
        "pixel": Member(PixelGAN(width=2), 0.3),
        "inner": Member(several(), 0.1),
    }
    network, image = Several(members=members), picture(1, 3, 32, 32)
    logits = network(image)
    assert head_weights(network, len(logits)) == pytest.approx([0.3, 0.3, 0.3, 0.075, 0.025])
    expected = [head for member in members.values() for head in heads(member.network, image)]
    assert all(torch.equal(head, reference) for head, reference in zip(logits, expected, strict=True))
    assert network.smallest == 12


def test_members_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one discriminator, got none"):
        Several(members={})
    with pytest.raises(ValueError, match=r"members\.a\.network takes 3 channels and is shown 6; try"):
        Several(members={"a": Member(PixelGAN(width=2), 1.0)}, inputs=6)
    with pytest.raises(ValueError, match="a member's weight must be above 0, got 0"):
        Member(PixelGAN(width=2), 0)

    class TwoHeads(nn.Module):
        def forward(self, image: Tensor) -> list[Tensor]:
            return [image, image]

    with pytest.raises(ValueError, match="theirs has 2 heads, weights for 1; give it `head_weights`"):
        Several(members={"theirs": Member(TwoHeads(), 1.0)})(picture(1, 3, 8, 8))


# ---------------------------------------------------------------- configs


def build(name: str, width: int = 4) -> nn.Module:
    """The network of a config, made narrow; what would be pretrained is random."""
    node = conf_node("discriminator", name)
    narrow(node, width)
    with without_pretrained():
        return instantiate(node, _convert_="all")


def narrow(node: DictConfig, width: int) -> None:
    for key, child in node.items():
        if key == "width":
            node.width = width
        elif isinstance(child, DictConfig):
            narrow(child, width)


@pytest.mark.parametrize("name", CONFIGS)
def test_every_config_builds_a_discriminator(name: str) -> None:
    discriminator = build(name)
    side = max(32, discriminator.smallest)
    with torch.no_grad():
        logits = heads(discriminator, picture(2, 3, side, side))
    assert len(head_weights(discriminator, len(logits))) == len(logits)
    assert sum(head_weights(discriminator, len(logits))) == pytest.approx(1)
    assert all(head.shape[:2] == (2, 1) and head.isfinite().all() for head in logits)


def test_there_are_configs() -> None:
    assert {"patchgan70", "seed", "pixel", "multiscale", "several", "projected_random"} <= set(CONFIGS)


@pytest.mark.parametrize(("name", "pixels"), [("patchgan16", 16), ("patchgan34", 34), ("patchgan70", 70)])
def test_configs_see_what_their_name_says(name: str, pixels: int) -> None:
    node = conf_node("discriminator", name)
    with torch.device("meta"):
        assert count(instantiate(node, _convert_="all")) == PARAMETERS[node.n_layers]
    assert seen(build(name, width=2), side=2 * pixels + 20) == (pixels, pixels)


def test_a_member_can_be_swapped_and_shown_a_condition() -> None:
    overrides = ["discriminator@discriminator.members.texture.network=pixel", "discriminator.inputs=6"]
    node = conf_node("discriminator", "several", *overrides)
    narrow(node, 4)
    network = instantiate(node, _convert_="all")
    assert [type(member) for member in network.members.values()] == [PatchGAN, PixelGAN]
    assert all(member.inputs == 6 for member in network.members.values())
