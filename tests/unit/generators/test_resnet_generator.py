"""CycleGAN's ResNet: its published size however it resamples, its start, and CUT's taps."""

from functools import partial

import pytest
import torch
from scipy import stats
from small_generators import count, picture, recorded
from torch import nn

from stylegan_pl.generators.resnet import ResNetGenerator
from stylegan_pl.nn.layers.blocks import ResidualBlock
from stylegan_pl.nn.layers.blur import BlurPool
from stylegan_pl.nn.layers.downsample import AntialiasedDownsample, StridedConv
from stylegan_pl.nn.layers.init import init_normal, init_xavier
from stylegan_pl.nn.layers.upsample import AntialiasedUpsample, ResizeConv, TransposedConv

DOWNSAMPLES = [StridedConv, AntialiasedDownsample]
UPSAMPLES = [ResizeConv, partial(ResizeConv, mode="bilinear"), TransposedConv, AntialiasedUpsample]


@pytest.mark.parametrize("downsample", DOWNSAMPLES)
@pytest.mark.parametrize("upsample", UPSAMPLES)
@pytest.mark.parametrize(("blocks", "parameters"), [(9, 11_378_179), (6, 7_837_699)])
def test_the_published_parameters(blocks: int, parameters: int, upsample, downsample) -> None:
    with torch.device("meta"):
        network = ResNetGenerator(blocks=blocks, upsample=upsample, downsample=downsample)
    assert count(network) == parameters
    assert sum(value.numel() for value in network.state_dict().values()) == parameters  # blurs are not saved


def test_the_default_is_resnet9_with_resize_convolutions() -> None:
    with torch.device("meta"):
        network = ResNetGenerator()
    assert count(network) == 11_378_179
    assert sum(isinstance(layer, ResizeConv) for layer in network.modules()) == 2


@pytest.mark.parametrize("upsample", [ResizeConv, TransposedConv])
@pytest.mark.parametrize("init", [init_normal, partial(init_normal, std=0.1)])
def test_it_starts_as_normal_with_zero_biases(upsample: type[nn.Module], init) -> None:
    torch.manual_seed(3)
    std = 0.1 if isinstance(init, partial) else 0.02
    network = ResNetGenerator(blocks=1, width=16, upsample=upsample, init=init)
    for name, parameter in network.named_parameters():
        if name.endswith("bias"):
            assert parameter.eq(0).all(), name
        else:
            test = stats.kstest(parameter.detach().flatten().double().numpy(), "norm", args=(0.0, std))
            assert test.pvalue > 1e-4, name


def test_cuts_initialisation_is_narrower_where_a_layer_is_wider() -> None:
    torch.manual_seed(3)
    network = ResNetGenerator(blocks=1, width=16, init=init_xavier)
    wide = next(block for block in network.modules() if isinstance(block, ResidualBlock)).body[0]
    assert wide.weight.std().item() == pytest.approx(0.02 * (2 / (2 * 64 * 9)) ** 0.5, rel=0.05)


@pytest.mark.parametrize("downsample", DOWNSAMPLES)
def test_the_taps_are_cuts(downsample) -> None:
    with torch.device("meta"):
        network = ResNetGenerator(downsample=downsample)
    assert network.taps == {"image": 3, "down1": 128, "down2": 256, "block1": 256, "block5": 256}


@pytest.mark.parametrize(
    ("blocks", "names"),
    [(1, ["block1"]), (2, ["block1", "block2"]), (5, ["block1", "block5"]), (7, ["block1", "block5"])],
)
def test_the_last_tap_is_the_fifth_block_or_the_last(blocks: int, names: list[str]) -> None:
    assert list(ResNetGenerator(blocks=blocks, width=2).taps) == ["image", "down1", "down2", *names]


@pytest.mark.parametrize("downsample", DOWNSAMPLES)
def test_each_tap_lies_where_it_says(downsample) -> None:
    torch.manual_seed(4)
    network = ResNetGenerator(blocks=6, width=4, downsample=downsample)
    image = picture(1, 3, 32, 32)
    with torch.no_grad(), recorded(network) as calls:
        network(image)
    outermost = [(module, output) for module, output in calls if module in set(network.layers)]
    convolutions = [output for module, output in outermost if isinstance(module, nn.Conv2d)]
    blocks = [output for module, output in outermost if isinstance(module, ResidualBlock)]
    features = network.encode(image, list(network.taps))
    assert features["image"] is image
    assert torch.equal(features["down1"], convolutions[1])  # the first is the stem's
    assert torch.equal(features["down2"], convolutions[2])
    assert torch.equal(features["block1"], blocks[0])
    assert torch.equal(features["block5"], blocks[4])
    before_its_norm = features["down1"].mean(dim=(2, 3)).abs().max()
    assert before_its_norm > 1e-3


def test_the_blur_comes_after_norm_and_relu() -> None:
    network = ResNetGenerator(blocks=1, width=4, downsample=AntialiasedDownsample)
    kinds = [type(layer) for layer in network.layers]
    step = [nn.Conv2d, nn.InstanceNorm2d, nn.ReLU, BlurPool]
    assert kinds[3:7] == step and kinds[7:11] == step
    assert kinds[11] is ResidualBlock
    assert all(layer.stride == (1, 1) for layer in network.layers[:11] if isinstance(layer, nn.Conv2d))


def test_no_blocks_are_refused() -> None:
    with pytest.raises(ValueError, match="blocks must be at least 1, got 0"):
        ResNetGenerator(blocks=0)
