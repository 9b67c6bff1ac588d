"""Paintings given to a generator that takes any: mixtures, strength, sizes, and what a wrong command is told."""

import logging
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import compose_config
from images_on_disk import write_images
from PIL import Image
from small_generators import picture, random_vgg_encoder, scratch
from torch import Tensor, nn

from stylegan_pl.errors import UserError
from stylegan_pl.generators.adain import AdaINGenerator
from stylegan_pl.generators.seed import SeedGenerator
from stylegan_pl.inference.styles import InStyle, in_style
from stylegan_pl.nn.layers.adain import Statistics
from stylegan_pl.pictures.tensors import image_to_tensor, to_float, to_uint8
from stylegan_pl.stylizing.pictures import paint
from stylegan_pl.training.build import build_model, plain

CONTENT = picture(2, 3, 24, 32)


@pytest.fixture
def generator() -> AdaINGenerator:
    """Small, lively, deterministic."""
    torch.manual_seed(0)
    return scratch().eval()


@pytest.fixture
def paintings(tmp_path: Path) -> list[str]:
    """Two files of 32 pixels, reddish and bluish: both sides multiples of the stride, so they are read as they are."""
    for name, hue in (("red", 0), ("blue", 2)):
        write_images(tmp_path / name, 1, size=32, hue=hue, seed=hue)
    return [str(tmp_path / name / "000.png") for name in ("red", "blue")]


def pixels(path: str) -> Tensor:
    """A file in [-1, 1], by numpy."""
    with Image.open(path) as image:
        array = np.asarray(image.convert("RGB"), dtype=np.float32)
    return torch.from_numpy(array / 127.5 - 1).permute(2, 0, 1)[None]


def styled(generator: nn.Module, paintings: list[str], weights=None, strength: float | None = None) -> Tensor:
    """The pictures of CONTENT."""
    with torch.no_grad():
        return in_style(generator, paintings, weights=weights, strength=strength, size=512)(CONTENT)


def test_a_generator_that_has_painted_elsewhere_takes_another_painting_there(generator, paintings):
    """As after the first column of a sheet on a GPU; the meta device refuses tensors of other devices, too."""
    styled = in_style(generator.to("meta"), paintings, weights=None, strength=None, size=512)
    assert isinstance(styled, InStyle) and styled.statistics.mean.device.type == "meta"


# ---------------------------------------------------------------------- strength


def test_full_strength_is_the_generators_own_picture(generator, paintings):
    with torch.no_grad():
        expected = generator(CONTENT, pixels(paintings[0]))
    torch.testing.assert_close(styled(generator, paintings[:1], strength=1), expected)
    assert torch.equal(styled(generator, paintings[:1]), styled(generator, paintings[:1], strength=1.0))


def test_no_strength_repaints_the_photograph_whatever_the_painting(generator, paintings):
    with torch.no_grad():
        expected = generator.decoder(generator.encode(CONTENT, ["relu3"])["relu3"])
    for painting in paintings:
        torch.testing.assert_close(styled(generator, [painting], strength=0), expected)


@pytest.mark.parametrize("encoder", ["scratch", "vgg"])
def test_the_picture_leaves_the_photograph_as_strength_grows(encoder, paintings):
    torch.manual_seed(0)
    generator = (scratch() if encoder == "scratch" else AdaINGenerator(encoder=random_vgg_encoder())).eval()
    repainted = styled(generator, paintings[:1], strength=0)
    distances = [
        float((styled(generator, paintings[:1], strength=strength) - repainted).square().mean())
        for strength in (0, 0.25, 0.5, 0.75, 1)
    ]
    assert distances[0] == 0 and all(a < b for a, b in pairwise(distances)), distances


# ---------------------------------------------------------------------- several paintings


def test_all_the_weight_on_one_painting_is_that_painting_alone(generator, paintings):
    first, second = (styled(generator, [painting]) for painting in paintings)
    assert torch.equal(styled(generator, paintings, weights=[1, 0]), first)
    assert torch.equal(styled(generator, paintings, weights=[0, 2]), second)
    assert (first - second).abs().mean() > 1e-2  # paintings that paint alike would prove nothing


def test_two_paintings_are_decoded_from_their_mixed_statistics(generator, paintings):
    means, deviations = [], []
    for painting in paintings:
        features = generator.encode(pixels(painting), ["relu3"])["relu3"].detach().double().flatten(2)
        means.append(features.mean(dim=2))
        deviations.append((features.var(dim=2, unbiased=True) + 1e-5).sqrt())
    mean, deviation = (0.75 * a + 0.25 * b for a, b in (means, deviations))
    mixture = Statistics(mean[..., None, None].float(), deviation[..., None, None].float())
    with torch.no_grad():
        expected = generator.decode_with(CONTENT, mixture)
    torch.testing.assert_close(styled(generator, paintings, weights=[3, 1]), expected, rtol=1e-4, atol=1e-5)


def test_weights_are_shares(generator, paintings):
    torch.testing.assert_close(
        styled(generator, paintings, weights=[3, 1]), styled(generator, paintings, weights=[0.75, 0.25])
    )
    torch.testing.assert_close(styled(generator, paintings), styled(generator, paintings, weights=[7, 7]))
    torch.testing.assert_close(styled(generator, paintings[:1], weights=[0.2]), styled(generator, paintings[:1]))


# ---------------------------------------------------------------------- what is handed back


def test_it_is_a_generator_like_any_other(generator, paintings):
    found = in_style(generator, paintings, weights=None, strength=None, size=512)
    assert isinstance(found, InStyle) and found.stride == generator.stride == 4
    with torch.no_grad():
        together = found(CONTENT)
        alone = torch.cat([found(one[None]) for one in CONTENT])
    assert together.shape == CONTENT.shape and together.abs().max() <= 1
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


def test_a_generator_that_has_learned_its_style_is_handed_back():
    network = SeedGenerator(width=8)
    assert in_style(network, [], weights=None, strength=None, size=512) is network


@pytest.mark.parametrize(
    ("given", "size", "read"),
    [
        ((60, 44), 22, (28, 20)),  # 30 × 22, cut to multiples of 4
        ((60, 44), 512, (60, 44)),  # never enlarged
        ((44, 60), 22, (20, 28)),
        ((3, 5), 512, (8, 8)),  # but AdaIN needs more than one position
    ],
)
def test_the_size_of_the_painting(generator, tmp_path, given, size, read):
    image = Image.fromarray(np.random.default_rng(0).integers(0, 255, (given[1], given[0], 3), dtype=np.uint8))
    image.save(tmp_path / "painting.png")
    seen: list[Tensor] = []
    generator.encoder.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    in_style(generator, [str(tmp_path / "painting.png")], weights=None, strength=None, size=size)
    assert [tuple(image.shape) for image in seen] == [(1, 3, read[1], read[0])]
    expected = np.asarray(image.resize(read, Image.Resampling.LANCZOS), dtype=np.float32) / 127.5 - 1
    torch.testing.assert_close(seen[0][0], torch.from_numpy(expected).permute(2, 0, 1))


# ---------------------------------------------------------------------- what is refused

FOR_ANY_STYLE = (
    "style= and style_weights= are for generators that take any painting (model=adain); this one has learned "
    "its style: type the command without them"
)


@pytest.mark.parametrize(
    ("count", "weights", "strength"), [(1, None, None), (0, [1.0], None), (1, None, 0.5), (0, [], None)]
)
def test_a_learned_style_takes_no_painting(paintings, count, weights, strength):
    with pytest.raises(UserError) as error:
        in_style(SeedGenerator(width=8), paintings[:count], weights=weights, strength=strength, size=512)
    assert str(error.value) == FOR_ANY_STYLE


REFUSED = [
    (0, None, None, "this generator paints after any painting, and none was given; type style=painting.jpg"),
    (1, None, 1.5, "strength=1.5 must be between 0 (the photograph) and 1 (full style)"),
    (1, None, -0.1, "strength=-0.1 must be between 0 (the photograph) and 1 (full style)"),
    (1, None, float("nan"), "strength=nan must be between 0 (the photograph) and 1 (full style)"),
    (2, [1.0], None, "style_weights=[1.0]: 1 weights for 2 paintings; give one for each style"),
    (1, [1, 2], None, "style_weights=[1, 2]: 2 weights for 1 paintings; give one for each style"),
    (2, [2, -1], None, "style_weights=[2, -1]: weights must be at least 0, and one of them above it"),
    (2, [0, 0], None, "style_weights=[0, 0]: weights must be at least 0, and one of them above it"),
]


@pytest.mark.parametrize(("count", "weights", "strength", "said"), REFUSED)
def test_what_cannot_be_painted_is_said(generator, paintings, count, weights, strength, said):
    with pytest.raises(UserError) as error:
        in_style(generator, paintings[:count], weights=weights, strength=strength, size=512)
    assert str(error.value) == said


def test_a_painting_that_is_no_picture_is_named(generator, paintings, tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"not a picture")
    sentences = {
        "broken.jpg": "broken.jpg: cannot be read as an image",
        "nowhere.jpg": "nowhere.jpg: no such file; type style=",
    }
    for name, sentence in sentences.items():
        with pytest.raises(UserError, match=sentence):
            in_style(generator, [*paintings, str(tmp_path / name)], weights=None, strength=None, size=512)
    with pytest.raises(UserError, match="style_size=0 must be at least 1 pixel"):
        in_style(generator, paintings, weights=None, strength=None, size=0)


# ---------------------------------------------------------------------- the verb


def saved(folder: Path, *typed: str) -> tuple[nn.Module, Path]:
    """A checkpoint as a run leaves it, from a tiny model, and its generator."""
    overrides = [*typed, "run_dir=nowhere", "feature_network=random_filters", "feature_network.filters=4"]
    config = compose_config("train", overrides)
    torch.manual_seed(0)
    model = build_model(config).eval()
    folder.mkdir()
    torch.save({"config": plain(config), "state_dict": model.state_dict()}, folder / "best.ckpt")
    return model.stylizer, folder / "best.ckpt"


SCRATCH = ["model=adain_scratch", "model.generator.encoder.width=8", "model.generator.decoder.blocks=1"]
SCRATCH += ["model.discriminator.width=4"]


def stylize(*typed: str) -> int:
    """The composed verb."""
    return paint(compose_config("stylize", [*typed, "device=cpu"]))


def test_stylize_mixes_two_paintings_at_half_strength(paintings, tmp_path, caplog):
    generator, checkpoint = saved(tmp_path / "run", *SCRATCH)
    write_images(tmp_path / "photos", 2, size=37, seed=5)
    with caplog.at_level(logging.INFO):
        code = stylize(
            f"ckpt={checkpoint}", f"input={tmp_path / 'photos'}", f"output={tmp_path / 'out'}",
            f"style=[{','.join(paintings)}]", "style_weights=[3,1]", "strength=0.5",
        )  # fmt: skip
    assert code == 0 and "2 of 2 pictures painted" in caplog.text
    with torch.no_grad():
        red, blue = (generator.statistics(pixels(path)) for path in paintings)
        mixture = Statistics(0.75 * red.mean + 0.25 * blue.mean, 0.75 * red.std + 0.25 * blue.std)
        for name in ("000.png", "001.png"):
            photo = pixels(str(tmp_path / "photos" / name))
            padded = torch.nn.functional.pad(photo, (0, 3, 0, 3), mode="reflect")  # 37 -> 40
            features = generator.encode(padded, ["relu3"])["relu3"]
            mean, std = generator.statistics(padded)
            target = 0.5 * (mixture.std * (features - mean) / std + mixture.mean) + 0.5 * features
            expected = to_uint8(generator.decoder(target))[0, :, :37, :37]
            found = image_to_tensor(Image.open(tmp_path / "out" / name))
            assert found.shape == expected.shape
            assert (found.int() - expected.int()).abs().max() <= 1  # a rounding
            assert to_float(found).std() > 0


def test_stylize_takes_one_painting_without_brackets(paintings, tmp_path):
    generator, checkpoint = saved(tmp_path / "run", *SCRATCH)
    write_images(tmp_path / "photos", 1, size=32, seed=5)
    photo, result = tmp_path / "photos/000.png", tmp_path / "painted.png"
    assert stylize(f"ckpt={checkpoint}", f"input={photo}", f"output={result}", f"style={paintings[1]}") == 0
    with torch.no_grad():
        expected = to_uint8(generator(pixels(str(photo)), pixels(paintings[1])))[0]
    assert (image_to_tensor(Image.open(result)).int() - expected.int()).abs().max() <= 1


def test_stylize_tells_a_learned_style_that_it_takes_no_painting(paintings, tmp_path):
    typed = ["generator@model.generator=seed", "model.generator.width=4", "model.discriminator.width=4"]
    _, checkpoint = saved(tmp_path / "run", *typed)
    write_images(tmp_path / "photos", 1, size=32)
    where = [f"ckpt={checkpoint}", f"input={tmp_path / 'photos'}", f"output={tmp_path / 'out'}"]
    with pytest.raises(UserError) as error:
        stylize(*where, f"style={paintings[0]}")
    assert str(error.value) == FOR_ANY_STYLE
    assert stylize(*where) == 0


def test_stylize_asks_for_a_painting(tmp_path):
    _, checkpoint = saved(tmp_path / "run", *SCRATCH)
    write_images(tmp_path / "photos", 1, size=32)
    with pytest.raises(UserError, match=r"none was given; type style=painting\.jpg"):
        stylize(f"ckpt={checkpoint}", f"input={tmp_path / 'photos'}", f"output={tmp_path / 'out'}")
