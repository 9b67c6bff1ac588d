"""pix2pix's U-Net: published size, skip connections, dropout, and a bottleneck of one position."""

import pytest
import torch
from small_generators import count, picture
from torch import Tensor, nn
from torch.nn.functional import instance_norm, leaky_relu

from stylegan_pl.generators.unet import UNetGenerator
from stylegan_pl.nn.layers.upsample import ResizeConv, TransposedConv4


@pytest.mark.parametrize(("levels", "parameters"), [(7, 41_825_667), (8, 54_409_603)])
def test_the_published_parameters_with_the_published_upsampling(levels: int, parameters: int) -> None:
    with torch.device("meta"):
        network = UNetGenerator(levels=levels, upsample=TransposedConv4)
    assert count(network) == parameters
    assert network.stride == 2**levels


def test_the_default_upsampling_is_even_and_the_innermost_transposed() -> None:
    with torch.device("meta"):
        network = UNetGenerator()
    kinds = [type(up[1]) for up in network.ups]
    assert kinds == [TransposedConv4, *[ResizeConv] * 7]


def test_widths_double_up_to_the_widest() -> None:
    network = UNetGenerator(levels=6, width=2, max_width_factor=4)
    assert network.taps == {"down1": 2, "down2": 4, "down3": 8, "down4": 8}


def recursive(network: UNetGenerator, x: Tensor, level: int = 0) -> Tensor:
    """The published definition: a level is what lies inside it, between its own down and up convolution."""
    (down,) = (layer for layer in network.downs[level] if isinstance(layer, nn.Conv2d))
    last = len(network.downs) - 1
    (up,) = (layer for layer in network.ups[last - level] if isinstance(layer, nn.ConvTranspose2d))
    inside = down(x if level == 0 else leaky_relu(x, 0.2))
    if level < last:
        inside = instance_norm(inside) if level else inside
        inside = recursive(network, inside, level + 1)
    outside = up(inside.relu())
    return outside.tanh() if level == 0 else torch.cat([x, instance_norm(outside)], dim=1)


@pytest.mark.parametrize("side", [16, 32])
def test_it_is_the_recursive_definition(side: int) -> None:
    torch.manual_seed(0)
    network = UNetGenerator(levels=4, width=4, upsample=TransposedConv4).double()
    image = picture(2, 3, side, side).double()
    torch.testing.assert_close(network(image), recursive(network, image))


@pytest.mark.parametrize("upsample", [ResizeConv, TransposedConv4])
def test_the_innermost_level_speaks_even_from_one_position(upsample) -> None:
    torch.manual_seed(0)
    network = UNetGenerator(levels=3, width=8, upsample=upsample)
    image = picture(1, 3, 8, 8)
    innermost = []
    network.downs[-1].register_forward_hook(lambda module, given, output: innermost.append(output.shape))
    before = network(image)
    assert innermost == [(1, 32, 1, 1)]
    with torch.no_grad():
        network.downs[-1][1].weight.neg_()
    assert (network(image) - before).abs().max() > 1e-3


def test_a_skip_connection_carries_each_level() -> None:
    network = UNetGenerator(levels=3, width=4)
    inputs = {}
    for number, up in enumerate(network.ups):
        up.register_forward_pre_hook(lambda module, given, number=number: inputs.update({number: given[0]}))
    image = picture(1, 3, 16, 16)
    network(image)
    taps = network.encode(image, list(network.taps))
    assert list(taps) == ["down1", "down2"]
    assert torch.equal(inputs[0], network.downs[2](taps["down2"]))
    assert torch.equal(inputs[1][:, :8], taps["down2"])
    assert torch.equal(inputs[2][:, :4], taps["down1"])


@pytest.mark.parametrize(("levels", "inner"), [(8, 3), (7, 2), (5, 0)])
def test_dropout_is_where_the_reference_has_it(levels: int, inner: int) -> None:
    with torch.device("meta"):
        network = UNetGenerator(levels=levels, dropout=0.5)
    has = [any(isinstance(layer, nn.Dropout) for layer in up) for up in network.ups]
    assert has == [False, *[True] * inner, *[False] * (levels - inner - 1)]


def test_dropout_acts_in_training_alone() -> None:
    torch.manual_seed(0)
    network = UNetGenerator(levels=6, width=4, max_width_factor=2, dropout=0.5)
    image = picture(1, 3, 64, 64)
    assert not torch.equal(network.train()(image), network(image))
    assert torch.equal(network.eval()(image), network(image))
    assert not any(isinstance(layer, nn.Dropout) for layer in UNetGenerator(levels=6, width=4).modules())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"levels": 1}, "levels must be at least 2, got 1"),
        ({"dropout": 1.0}, "dropout must be at least 0 and below 1, got 1.0"),
        ({"dropout": -0.1}, "dropout must be at least 0 and below 1, got -0.1"),
    ],
)
def test_bad_options_are_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        UNetGenerator(width=2, **options)
