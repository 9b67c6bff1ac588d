"""Decoders: published size, scale, and no norm that would undo a style."""

import pytest
import torch
from small_generators import count, picture
from torch import nn

from stylegan_pl.nn.layers.blocks import PlainResidualBlock, ResidualBlock
from stylegan_pl.nn.layers.decoders import MirrorDecoder, ResidualDecoder
from stylegan_pl.nn.layers.init import init_he
from stylegan_pl.nn.layers.upsample import AntialiasedUpsample, ResizeConv, TransposedConv


@pytest.mark.parametrize("upsample", [ResizeConv, TransposedConv, AntialiasedUpsample])
def test_the_mirror_has_the_published_parameters(upsample: type[nn.Module]) -> None:
    with torch.device("meta"):
        assert count(MirrorDecoder(512, upsample=upsample)) == 3_505_219


def test_the_mirror_mirrors_vggs_widths() -> None:
    with torch.device("meta"):
        convolutions = [part for part in MirrorDecoder(512).modules() if isinstance(part, nn.Conv2d)]
    encoder = [3, 64, 64, 128, 128, 256, 256, 256, 256, 512]  # VGG-19 to relu4_1
    assert [part.in_channels for part in convolutions] == encoder[:0:-1]
    assert convolutions[-1].out_channels == 3


@pytest.mark.parametrize("kind", [MirrorDecoder, ResidualDecoder])
def test_a_picture_in_range_at_the_decoders_scale(kind: type[nn.Module]) -> None:
    decoder = kind(16)
    output = decoder(100 * picture(2, 16, 3, 4))
    assert output.shape == (2, 3, 3 * decoder.scale, 4 * decoder.scale)
    assert output.abs().max() <= 1
    assert not any(isinstance(part, nn.InstanceNorm2d | nn.BatchNorm2d) for part in decoder.modules())


def test_the_plain_block_is_its_formula_and_keeps_a_features_scale() -> None:
    torch.manual_seed(0)
    block, features = PlainResidualBlock(8).double(), picture(1, 8, 5, 6).double()
    first, second = (part for part in block.body if isinstance(part, nn.Conv2d))
    torch.testing.assert_close(block(features), (features + second(first(features).relu())) / 2**0.5)
    wide = PlainResidualBlock(64)
    init_he(wide)
    noise = torch.randn(1, 64, 16, 16)
    assert 0.7 < wide(noise).std() < 1.6


def test_an_instance_norm_would_undo_a_style_and_the_plain_block_does_not() -> None:
    torch.manual_seed(0)
    features = picture(1, 8, 8, 8)
    for kind, keeps in ((ResidualBlock, False), (PlainResidualBlock, True)):
        body = kind(8).body
        plain, loud = body(features).std(), body(10 * features).std()
        assert bool(loud > 3 * plain) is keeps, kind


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MirrorDecoder(12), "multiple of 8, got 12"),
        (lambda: ResidualDecoder(6), "multiple of 4, got 6"),
    ],
)
def test_channels_that_do_not_divide_are_refused(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
