"""Every discriminator: the published size, how far a logit sees, and how many logits there are."""

from pathlib import Path

import pytest
import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf
from scipy import stats
from torch import nn

from stylegan_pl.discriminators.patchgan import PatchGAN
from stylegan_pl.discriminators.seed import SeedDiscriminator

CONFIGS = sorted((Path(__file__).parents[2] / "conf" / "discriminator").glob("*.yaml"))

PARAMETERS = {1: 136_385, 2: 662_977, 3: 2_764_737, 4: 6_959_553, 5: 11_154_369}

SMALL = {"patchgan": lambda: PatchGAN(n_layers=2, width=8), "seed": lambda: SeedDiscriminator(width=8)}


@pytest.fixture(params=SMALL)
def discriminator(request: pytest.FixtureRequest) -> nn.Module:
    torch.manual_seed(0)
    return SMALL[request.param]()


def count(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters() if p.requires_grad)


def picture(*shape: int) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(1)) * 2 - 1


def seen(network: nn.Module, side: int) -> tuple[int, int]:
    """Height and width of the input that the middle logit depends on."""
    for parent in list(network.modules()):
        for name, layer in parent.named_children():
            if isinstance(layer, nn.InstanceNorm2d):  # it sees the whole picture
                setattr(parent, name, nn.Identity())
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(0.1)  # positive: no ReLU closes, nothing cancels
    image = torch.ones(1, 3, side, side, requires_grad=True)
    logits = network(image)
    logits[0, 0, logits.shape[2] // 2, logits.shape[3] // 2].backward()
    rows, columns = image.grad[0].abs().sum(dim=0).nonzero().T
    edges = rows.min(), rows.max(), columns.min(), columns.max()
    assert min(edges) > 0 and max(edges) < side - 1  # not cut off by the picture's border
    return int(rows.max() - rows.min() + 1), int(columns.max() - columns.min() + 1)


@pytest.mark.parametrize(("n_layers", "parameters"), PARAMETERS.items())
def test_patchgan_has_the_published_parameters(n_layers: int, parameters: int) -> None:
    with torch.device("meta"):
        assert count(PatchGAN(n_layers=n_layers)) == parameters


def test_the_default_patchgan_is_70() -> None:
    with torch.device("meta"):
        assert count(PatchGAN()) == PARAMETERS[3]


def test_the_source_documents_discriminator_has_its_parameters() -> None:
    assert count(SeedDiscriminator()) == 113_153


@pytest.mark.parametrize(("n_layers", "pixels"), [(1, 16), (2, 34), (3, 70)])
def test_how_far_a_patchgan_logit_sees(n_layers: int, pixels: int) -> None:
    assert seen(PatchGAN(n_layers=n_layers, width=2), side=2 * pixels + 20) == (pixels, pixels)


def test_how_far_a_source_document_logit_sees() -> None:
    assert seen(SeedDiscriminator(width=2), side=21) == (11, 11)


def test_30_by_30_logits_at_256() -> None:
    with torch.no_grad():
        assert PatchGAN(width=2)(picture(1, 3, 256, 256)).shape == (1, 1, 30, 30)


@pytest.mark.parametrize(
    ("n_layers", "height", "width"), [(1, 32, 48), (2, 32, 64), (3, 64, 32), (4, 64, 96), (5, 96, 128)]
)
def test_patchgan_logits(n_layers: int, height: int, width: int) -> None:
    logits = PatchGAN(n_layers=n_layers, width=2)(picture(2, 3, height, width))
    assert logits.shape == (2, 1, height // 2**n_layers - 2, width // 2**n_layers - 2)


def test_one_source_document_logit_a_pixel() -> None:
    assert SeedDiscriminator(width=2)(picture(2, 3, 13, 18)).shape == (2, 1, 13, 18)


def test_logits_are_not_squashed(discriminator: nn.Module) -> None:
    """The adversarial loss says what a logit means: scaling the last layer scales the logits."""
    image = picture(1, 3, 32, 32)
    before = discriminator(image)
    *_, last = (layer for layer in discriminator.modules() if isinstance(layer, nn.Conv2d))
    with torch.no_grad():
        last.weight.mul_(-1000)
        last.bias.mul_(-1000)
    torch.testing.assert_close(discriminator(image), -1000 * before, rtol=1e-4, atol=1e-3)


def test_every_parameter_receives_a_gradient(discriminator: nn.Module) -> None:
    logits = discriminator(picture(1, 3, 32, 32))
    (logits * torch.randn(logits.shape, generator=torch.Generator().manual_seed(2))).sum().backward()
    for name, parameter in discriminator.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        if name.endswith("weight"):  # biases before an instance norm cancel exactly
            assert parameter.grad.abs().max() > 1e-6, name


def test_gradients_reach_the_image(discriminator: nn.Module) -> None:
    image = picture(1, 3, 32, 32).requires_grad_()
    discriminator(image).square().sum().backward()
    assert image.grad.ne(0).float().mean() > 0.9


def test_eval_is_train(discriminator: nn.Module) -> None:
    image = picture(2, 3, 32, 32)
    trained = discriminator.train()(image)
    assert torch.equal(discriminator.eval()(image), trained)


def test_bf16_is_close_to_float32(discriminator: nn.Module) -> None:
    image = picture(1, 3, 32, 32)
    with torch.no_grad():
        full = discriminator(image)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            half = discriminator(image).float()
    assert 0 < (half - full).abs().mean() < 1e-2


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


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_every_config_builds_a_discriminator(config: Path) -> None:
    node = OmegaConf.load(config)
    if "width" in node:
        node.width = 4
    discriminator = instantiate(node, _convert_="all")
    assert isinstance(discriminator, nn.Module)
    side = max(32, 3 * 2 ** node.get("n_layers", 0))  # H / 2^n − 2 logits: below 3 · 2^n pixels there is none
    with torch.no_grad():
        logits = discriminator(picture(2, 3, side, side))
    assert logits.shape[:2] == (2, 1)
    assert logits.isfinite().all()


def test_there_are_configs() -> None:
    assert {"patchgan70", "seed"} <= {path.stem for path in CONFIGS}


@pytest.mark.parametrize(("name", "pixels"), [("patchgan16", 16), ("patchgan34", 34), ("patchgan70", 70)])
def test_configs_see_what_their_name_says(name: str, pixels: int) -> None:
    (config,) = (path for path in CONFIGS if path.stem == name)
    node = OmegaConf.load(config)
    with torch.device("meta"):
        assert count(instantiate(node, _convert_="all")) == PARAMETERS[node.n_layers]
    node.width = 2
    assert seen(instantiate(node, _convert_="all"), side=2 * pixels + 20) == (pixels, pixels)
