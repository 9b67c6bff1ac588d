"""The source document's, Johnson's and the mobile generator: sizes, reach, cost."""

import pytest
import torch
from small_generators import count, picture, recorded
from torch import nn

from stylegan_pl.generators.johnson import JohnsonGenerator
from stylegan_pl.generators.mobile import MobileGenerator
from stylegan_pl.generators.resnet import ResNetGenerator
from stylegan_pl.generators.seed import SeedGenerator
from stylegan_pl.nn.layers.blocks import ResidualBlock
from stylegan_pl.nn.layers.upsample import AntialiasedUpsample, ResizeConv, TransposedConv


def macs(network: nn.Module, side: int) -> int:
    """Multiplications for one picture of `side` pixels; the network is on the meta device."""
    with recorded(network) as calls:
        network(torch.empty(1, 3, side, side, device="meta"))
    total = 0
    for layer, output in calls:
        if isinstance(layer, nn.Conv2d):  # each value costs one filter
            total += output.numel() * layer.weight[0].numel()
        elif isinstance(layer, nn.ConvTranspose2d):  # each position before the step costs all weights
            total += output[0, 0].numel() // 4 * layer.weight.numel()
    return total


def test_the_source_documents_generator_has_its_parameters() -> None:
    assert count(SeedGenerator()) == 114_307


def test_any_size_is_a_multiple_of_the_source_generators_stride() -> None:
    assert SeedGenerator(width=4)(picture(1, 3, 13, 7)).shape == (1, 3, 13, 7)


def test_the_source_generators_taps_are_its_relus() -> None:
    network = SeedGenerator(width=5)
    assert network.taps == {"image": 3, "relu1": 5, "relu2": 5, "relu3": 5, "relu4": 5}
    assert network.encode(picture(1, 3, 8, 8), ["relu2"])["relu2"].min() == 0


def test_the_source_generators_receptive_field_is_11_pixels() -> None:
    network = SeedGenerator(width=3)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(0.01)  # positive: no ReLU closes, nothing cancels
    content = torch.full((1, 3, 21, 21), 0.5, requires_grad=True)
    network(content)[0, 0, 10, 10].backward()
    rows, columns = content.grad[0].abs().sum(dim=0).nonzero().T
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (5, 15, 5, 15)


@pytest.mark.parametrize("upsample", [ResizeConv, TransposedConv, AntialiasedUpsample])
def test_johnsons_has_its_published_parameters(upsample: type[nn.Module]) -> None:
    with torch.device("meta"):
        assert count(JohnsonGenerator(upsample=upsample)) == 1_679_235


def test_johnsons_norms_learn_and_start_neutral() -> None:
    network = JohnsonGenerator(blocks=2, width=4)
    norms = [layer for layer in network.modules() if isinstance(layer, nn.InstanceNorm2d)]
    assert len(norms) == 3 + 2 * 2 + 2
    assert all(norm.weight.eq(1).all() and norm.bias.eq(0).all() for norm in norms)


def test_johnsons_ends_are_9_by_9() -> None:
    first, *_, last = (layer for layer in JohnsonGenerator(width=4).modules() if isinstance(layer, nn.Conv2d))
    assert first.kernel_size == last.kernel_size == (9, 9)


def test_mobile_is_below_half_a_million_parameters() -> None:
    assert count(MobileGenerator()) == 227_923 < 500_000


def test_mobile_costs_what_its_page_says_and_a_fortieth_of_resnet9() -> None:
    with torch.device("meta"):
        mobile, resnet = MobileGenerator(), ResNetGenerator(upsample=TransposedConv)
    assert macs(mobile, 1024) / 1e9 == pytest.approx(16.84, abs=0.005)
    assert macs(resnet, 256) / 1e9 == pytest.approx(49.55, abs=0.01)  # the published cost, so the count can be trusted
    assert macs(mobile, 256) < macs(resnet, 256) / 40


def test_mobiles_pointwise_convolution_may_come_before_its_interpolation() -> None:
    torch.manual_seed(0)
    features, pointwise = torch.randn(1, 6, 5, 7).double(), nn.Conv2d(6, 4, 1).double()
    enlarge = nn.Upsample(scale_factor=2, mode="nearest")
    torch.testing.assert_close(enlarge(pointwise(features)), pointwise(enlarge(features)))


def test_mobile_works_at_a_quarter_of_the_resolution() -> None:
    network = MobileGenerator(blocks=2, width=8)
    with torch.no_grad(), recorded(network) as calls:
        network(picture(1, 3, 32, 32))
    full = [layer for layer, output in calls if isinstance(layer, nn.Conv2d) and output.shape[-1] == 32]
    assert len(full) == 2 and all(layer.in_channels == 4 for layer in full)
    quarter = [layer for layer, output in calls if isinstance(layer, nn.Conv2d) and output.shape[-1] == 8]
    in_blocks = [layer for block in network.layers if isinstance(block, ResidualBlock) for layer in block.body[::3]]
    assert len(in_blocks) == 4 and set(in_blocks) < set(quarter)


@pytest.mark.parametrize("make", [JohnsonGenerator, MobileGenerator])
def test_their_taps_are_the_resnets(make) -> None:
    network = make(blocks=7, width=4)
    assert list(network.taps) == ["image", "down1", "down2", "block1", "block5"]
    features = network.encode(picture(1, 3, 32, 32), ["down1", "down2", "block5"])
    assert [layer.shape[-1] for layer in features.values()] == [16, 8, 8]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: JohnsonGenerator(blocks=0), "blocks must be at least 1, got 0"),
        (lambda: MobileGenerator(blocks=0), "blocks must be at least 1, got 0"),
        (lambda: MobileGenerator(width=5), "width must be a multiple of 2, got 5; try 6"),
    ],
)
def test_bad_options_are_refused(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
