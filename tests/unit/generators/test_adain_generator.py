"""AdaIN's generator: t, its strength and mixtures, what its encoder is, and that nothing undoes the style."""

import pytest
import torch
from small_generators import count, picture, random_vgg_encoder, recorded, scratch
from torch import nn

from stylegan_pl.generators.adain import AdaINGenerator
from stylegan_pl.nn.layers.adain import Statistics, adain
from stylegan_pl.nn.layers.conv_encoder import ConvEncoder
from stylegan_pl.nn.layers.decoders import MirrorDecoder, ResidualDecoder
from stylegan_pl.nn.pretrained.vgg_encoder import VGGEncoder
from stylegan_pl.nn.pretrained.wanted import without_pretrained
from stylegan_pl.nn.training.ema import ExponentialMovingAverage


@pytest.fixture
def generator() -> AdaINGenerator:
    torch.manual_seed(0)
    return scratch().double()


CONTENT, STYLE, OTHER = (picture(2, 3, 16, 20, seed=seed).double() for seed in (1, 2, 3))


def test_the_published_decoder_and_the_frozen_encoder() -> None:
    with torch.device("meta"), without_pretrained():
        network = AdaINGenerator(encoder=VGGEncoder())
    assert count(network) == count(network.decoder) == 3_505_219
    assert network.stride == 8 and network.takes_style
    frozen = [layer for layer in network.encoder.modules() if isinstance(layer, nn.Conv2d)]
    assert sum(layer.weight.numel() + layer.bias.numel() for layer in frozen) == 3_505_728 == 3_505_740 - 12


def test_the_picture_is_the_decoded_target(generator: AdaINGenerator) -> None:
    f = {image: generator.encode(image, ["relu3"])["relu3"] for image in (CONTENT, STYLE)}
    expected = generator.decoder(adain(f[CONTENT], f[STYLE]))
    torch.testing.assert_close(generator(CONTENT, STYLE), expected)


def test_painting_is_the_forward_and_encodes_each_image_once(generator: AdaINGenerator) -> None:
    with recorded(generator.encoder) as calls:
        picture, target = generator.paint(CONTENT, STYLE, 0.7)
    assert sum(isinstance(module, nn.Conv2d) for module, _ in calls) == 2 * 3
    torch.testing.assert_close(picture, generator(CONTENT, STYLE, 0.7))
    torch.testing.assert_close(picture, generator.decoder(target))
    of_content, of_style = (generator.encode(image, ["relu3"])["relu3"] for image in (CONTENT, STYLE))
    torch.testing.assert_close(target, 0.7 * adain(of_content, of_style) + 0.3 * of_content)


def test_no_strength_repaints_the_content_and_a_picture_in_its_own_style_does_too(generator: AdaINGenerator) -> None:
    repainted = generator.decoder(generator.encode(CONTENT, ["relu3"])["relu3"])
    torch.testing.assert_close(generator(CONTENT, STYLE, 0.0), repainted)
    torch.testing.assert_close(generator(CONTENT, CONTENT), repainted)


def test_styles_mix_by_their_statistics(generator: AdaINGenerator) -> None:
    targets = [generator.paint(CONTENT, style).target for style in (STYLE, OTHER)]
    first, second = generator.statistics(STYLE), generator.statistics(OTHER)
    mixture = Statistics(0.3 * first.mean + 0.7 * second.mean, 0.3 * first.std + 0.7 * second.std)
    mixed = generator.decode_with(CONTENT, mixture)
    torch.testing.assert_close(mixed, generator.decoder(0.3 * targets[0] + 0.7 * targets[1]))
    assert (mixed - generator(CONTENT, STYLE)).abs().max() > 1e-3


def test_statistics_are_all_that_is_taken_from_a_style(generator: AdaINGenerator) -> None:
    statistics = generator.statistics(STYLE)
    assert statistics.mean.shape == statistics.std.shape == (2, generator.taps["relu3"], 1, 1)
    torch.testing.assert_close(generator.decode_with(CONTENT, statistics), generator(CONTENT, STYLE))


def test_one_style_serves_a_batch_and_may_have_any_size(generator: AdaINGenerator) -> None:
    one = picture(1, 3, 32, 8, seed=8).double()
    torch.testing.assert_close(generator(CONTENT, one), generator(CONTENT, one.expand(2, -1, -1, -1)))


@pytest.mark.parametrize("make", [scratch, lambda: AdaINGenerator(encoder=random_vgg_encoder())])
def test_another_style_gives_another_picture_of_its_own_contrast(make) -> None:
    torch.manual_seed(0)
    network = make()
    assert not any(isinstance(layer, nn.InstanceNorm2d) for layer in network.modules())
    content, style = picture(1, 3, 32, 32), picture(1, 3, 32, 32, seed=2)
    mean, std = network.statistics(style)
    faint, bold = (
        network.decode_with(content, Statistics(mean, factor * std)).std(dim=(2, 3)).mean() for factor in (0.1, 1)
    )
    assert bold > 3 * faint  # the spread that AdaIN writes is still there at the end


def test_a_checkpoint_brings_the_frozen_encoder(tmp_path) -> None:
    original = AdaINGenerator(encoder=random_vgg_encoder("relu1_1", "relu3_1"), decoder=ResidualDecoder)
    torch.save(original.state_dict(), tmp_path / "weights.pth")
    with without_pretrained():
        encoder = VGGEncoder(layers=["relu1_1", "relu3_1"], weights_path="/nowhere")
    loaded = AdaINGenerator(encoder=encoder, decoder=ResidualDecoder)
    loaded.load_state_dict(torch.load(tmp_path / "weights.pth", weights_only=True))
    content, style = picture(1, 3, 16, 16), picture(1, 3, 16, 16, seed=2)
    assert torch.equal(loaded(content, style), original(content, style))


def test_the_average_carries_it_too() -> None:
    network = AdaINGenerator(encoder=random_vgg_encoder("relu1_1", "relu3_1"), decoder=ResidualDecoder)
    average = ExponentialMovingAverage(network, 1000)
    average.update(network, batch_images=4, images_seen=4)
    assert {key.removeprefix("averaged.") for key in average.state_dict()} == set(network.state_dict())
    assert any(key.startswith("encoder.") for key in network.state_dict())


def test_drawing_weights_leaves_the_frozen_encoder() -> None:
    encoder = random_vgg_encoder("relu1_1", "relu3_1")
    before = encoder.network.layers[0].weight.clone()
    AdaINGenerator(encoder=encoder, decoder=ResidualDecoder)
    assert torch.equal(encoder.network.layers[0].weight, before)


def test_an_encoder_and_a_decoder_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="relu3 is at 1/4 of the resolution and MirrorDecoder enlarges 8 times"):
        AdaINGenerator(encoder=ConvEncoder(width=8), decoder=MirrorDecoder)


def test_a_picture_of_one_position_is_refused(generator: AdaINGenerator) -> None:
    with pytest.raises(ValueError, match="AdaIN needs at least two positions"):
        generator(CONTENT, picture(1, 3, 4, 4).double())


def test_half_precision_throughout_is_possible(generator: AdaINGenerator) -> None:
    content, style = picture(1, 3, 16, 16), picture(1, 3, 16, 16, seed=2)
    full = generator.float()(content, style)
    half = generator.to(torch.bfloat16)(content.bfloat16(), style.bfloat16())
    assert half.dtype == torch.bfloat16
    assert (half.float() - full).abs().mean() < 0.05
