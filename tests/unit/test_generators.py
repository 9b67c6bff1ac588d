"""Every generator: the published size, a picture in and a picture of the same shape and range out."""

from pathlib import Path

import pytest
import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf
from scipy import stats
from torch import nn

from stylegan_pl.generators.resnet import ResNetGenerator
from stylegan_pl.generators.seed import SeedGenerator
from stylegan_pl.nn.upsample import ResizeConv, TransposedConv

CONFIGS = sorted((Path(__file__).parents[2] / "conf" / "generator").glob("*.yaml"))

SMALL = {
    "resnet": lambda: ResNetGenerator(blocks=2, width=8),
    "resnet_transposed": lambda: ResNetGenerator(blocks=2, width=8, upsample=TransposedConv),
    "seed": lambda: SeedGenerator(width=8),
}


@pytest.fixture(params=SMALL)
def generator(request: pytest.FixtureRequest) -> nn.Module:
    torch.manual_seed(0)
    return SMALL[request.param]()


def count(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters() if p.requires_grad)


def picture(*shape: int) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(1)) * 2 - 1


@pytest.mark.parametrize("upsample", [ResizeConv, TransposedConv])
@pytest.mark.parametrize(("blocks", "parameters"), [(9, 11_378_179), (6, 7_837_699)])
def test_resnet_has_the_published_parameters(blocks: int, parameters: int, upsample: type[nn.Module]) -> None:
    with torch.device("meta"):
        assert count(ResNetGenerator(blocks=blocks, upsample=upsample)) == parameters


def test_the_default_resnet_is_resnet9_with_resize_convolutions() -> None:
    with torch.device("meta"):
        network = ResNetGenerator()
    assert count(network) == 11_378_179
    assert sum(isinstance(layer, ResizeConv) for layer in network.modules()) == 2


def test_the_source_documents_generator_has_its_parameters() -> None:
    assert count(SeedGenerator()) == 114_307


@pytest.mark.parametrize("sides", [(16, 16), (20, 32), (36, 24)])
def test_shape_and_range_stay(generator: nn.Module, sides: tuple[int, int]) -> None:
    assert all(side % generator.stride == 0 for side in sides)
    output = generator(picture(2, 3, *sides))
    assert output.shape == (2, 3, *sides)
    assert output.abs().max() <= 1
    assert output.std() > 1e-4  # not one flat colour


def test_large_weights_cannot_leave_the_range(generator: nn.Module) -> None:
    with torch.no_grad():
        for parameter in generator.parameters():
            parameter.mul_(50)
    output = generator(picture(1, 3, 16, 16))
    assert 0.99 < output.abs().max() <= 1


def test_any_size_is_a_multiple_of_the_source_generators_stride() -> None:
    assert SeedGenerator(width=4)(picture(1, 3, 13, 7)).shape == (1, 3, 13, 7)


def test_every_parameter_receives_a_gradient(generator: nn.Module) -> None:
    output = generator(picture(1, 3, 16, 16))
    (output * torch.randn(output.shape, generator=torch.Generator().manual_seed(2))).sum().backward()
    for name, parameter in generator.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        if name.endswith("weight"):  # biases before an instance norm cancel exactly
            assert parameter.grad.abs().max() > 1e-6, name


def test_every_parameter_receives_a_gradient_under_bf16(generator: nn.Module) -> None:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = generator(picture(1, 3, 16, 16))
    (output.float() * torch.randn(output.shape, generator=torch.Generator().manual_seed(2))).sum().backward()
    for name, parameter in generator.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name
        assert not name.endswith("weight") or parameter.grad.abs().max() > 0, name


def test_eval_is_train(generator: nn.Module) -> None:
    content = picture(2, 3, 16, 16)
    trained = generator.train()(content)
    assert torch.equal(generator.eval()(content), trained)


def test_the_pictures_of_a_batch_do_not_meet(generator: nn.Module) -> None:
    content = picture(3, 3, 16, 16)
    torch.testing.assert_close(generator(content)[1:2], generator(content[1:2]), rtol=1e-4, atol=1e-5)


def test_bf16_is_close_to_float32(generator: nn.Module) -> None:
    content = picture(1, 3, 32, 32)
    with torch.no_grad():
        full = generator(content)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            half = generator(content).float()
    assert (half - full).abs().mean() < 1e-2
    assert (half - full).abs().max() > 0  # autocast did something


@pytest.mark.parametrize("upsample", [ResizeConv, TransposedConv])
def test_resnet_starts_as_normal_002_with_zero_biases(upsample: type[nn.Module]) -> None:
    torch.manual_seed(3)
    network = ResNetGenerator(blocks=1, width=16, upsample=upsample)
    for name, parameter in network.named_parameters():
        if name.endswith("bias"):
            assert parameter.eq(0).all(), name
        else:
            test = stats.kstest(parameter.detach().flatten().double().numpy(), "norm", args=(0.0, 0.02))
            assert test.pvalue > 1e-4, name


def test_init_std_is_taken() -> None:
    torch.manual_seed(3)
    weights = torch.cat(
        [p.flatten() for p in ResNetGenerator(blocks=1, width=16, init_std=0.1).parameters() if p.dim() > 1]
    )
    assert weights.std().item() == pytest.approx(0.1, rel=0.02)


def test_the_source_generators_receptive_field_is_11_pixels() -> None:
    network = SeedGenerator(width=3)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(0.01)  # positive: no ReLU closes, nothing cancels
    content = torch.full((1, 3, 21, 21), 0.5, requires_grad=True)
    network(content)[0, 0, 10, 10].backward()
    rows, columns = content.grad[0].abs().sum(dim=0).nonzero().T
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (5, 15, 5, 15)


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_every_config_builds_a_generator(config: Path) -> None:
    node = OmegaConf.load(config)
    if "width" in node:
        node.width = 4
    generator = instantiate(node, _convert_="all")
    assert isinstance(generator, nn.Module)
    assert 32 % generator.stride == 0
    with torch.no_grad():
        output = generator(picture(1, 3, 32, 32))
    assert output.shape == (1, 3, 32, 32)
    assert output.abs().max() <= 1


def test_there_are_configs() -> None:
    assert {"resnet6", "resnet9", "seed"} <= {path.stem for path in CONFIGS}


@pytest.mark.parametrize(("name", "parameters"), [("resnet9", 11_378_179), ("resnet6", 7_837_699), ("seed", 114_307)])
def test_configs_as_they_lie_have_the_published_parameters(name: str, parameters: int) -> None:
    (config,) = (path for path in CONFIGS if path.stem == name)
    with torch.device("meta"):
        assert count(instantiate(OmegaConf.load(config), _convert_="all")) == parameters
