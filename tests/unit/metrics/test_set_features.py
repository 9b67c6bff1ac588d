"""Pooled taps, and Inception's pool3 against torchvision's own network, with its resizing against PIL's."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torchvision.models import Inception3, inception_v3

from stylegan_pl.errors import UserError
from stylegan_pl.metrics.features import PooledTaps, TapStatistics, in_full_precision
from stylegan_pl.metrics.inception import (
    CleanInception,
    LegacyInception,
    resize_clean,
    resize_legacy,
    resize_tensorflow,
)
from stylegan_pl.nn.pretrained.imagenet import ImageNetInput
from stylegan_pl.nn.pretrained.inception_2015 import inception_2015
from stylegan_pl.nn.pretrained.random_filters import RandomFilters
from stylegan_pl.pictures.tensors import to_uint8


def pictures(n: int = 2, side: int = 48, *, seed: int = 0) -> Tensor:
    return torch.rand(n, 3, side, side + 8, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def test_taps_are_averaged_and_laid_side_by_side() -> None:
    network = RandomFilters(style_layers={"scale1": 1.0, "colour": 1.0}, content_layers={"scale4": 1.0}, filters=5)
    answers = network(pictures())
    found = PooledTaps(network=network)(pictures())
    expected = [[answers[tap][n, c].mean() for tap in network.taps for c in range(5)] for n in range(2)]
    torch.testing.assert_close(found, torch.tensor(expected))


def test_a_network_without_taps_is_refused() -> None:
    with pytest.raises(ValueError, match="taps no layer"):
        PooledTaps(network=RandomFilters(style_layers={}, content_layers={}))


def test_features_are_in_full_precision_whatever_the_run_is_in() -> None:
    features = PooledTaps(network=RandomFilters(style_layers={"scale1": 1.0}, content_layers={}))
    plain = in_full_precision(features, pictures())
    with torch.autocast("cpu", torch.bfloat16):
        assert features(pictures()).dtype == torch.bfloat16
        assert torch.equal(in_full_precision(features, pictures().requires_grad_()), plain)
    assert not plain.requires_grad


# Resizing


@pytest.mark.parametrize(("side", "to"), [(64, 25), (20, 33)])
def test_the_clean_protocol_is_pils_bicubic(side: int, to: int) -> None:
    image = pictures(1, side)
    pixels = to_uint8(image)[0].float().numpy()
    expected = [np.asarray(Image.fromarray(c).resize((to, to), Image.Resampling.BICUBIC)).clip(0, 255) for c in pixels]
    found = (resize_clean(image, to)[0] + 1) * 127.5
    torch.testing.assert_close(found, torch.from_numpy(np.stack(expected)), atol=0.02, rtol=0)


def test_the_legacy_protocol_looks_at_two_neighbours_alone() -> None:
    image = pictures(1, 64)[..., :64]
    pixels = to_uint8(image)[0].double().numpy()
    places = (np.arange(25) + 0.5) * 64 / 25 - 0.5  # half-pixel centres
    low = np.floor(places).astype(int)
    part = places - low
    rows = pixels[:, low] * (1 - part)[:, None] + pixels[:, low + 1] * part[:, None]
    expected = rows[:, :, low] * (1 - part) + rows[:, :, low + 1] * part
    found = (resize_legacy(image, 25)[0].double() + 1) * 127.5
    torch.testing.assert_close(found, torch.from_numpy(expected), atol=1e-3, rtol=0)


def test_fine_stripes_alias_by_the_legacy_protocol_alone() -> None:
    stripes = (torch.arange(64) % 2 * 2.0 - 1).expand(1, 3, 64, 64)
    assert resize_clean(stripes, 20).std() < 0.1
    assert resize_legacy(stripes, 20).std() > 0.3


@pytest.mark.parametrize(("side", "to"), [(64, 25), (20, 33), (24, 24)])
def test_tensorflows_resizing_takes_no_half_pixel(side: int, to: int) -> None:
    image = pictures(1, side)
    pixels = to_uint8(image)[0].double().numpy()
    expected = np.empty((3, to, to))
    for row, column in np.ndindex(to, to):
        y, x = row * side / to, column * (side + 8) / to
        (top, left), (down, right) = (int(y), int(x)), (y % 1, x % 1)
        below, beside = min(top + 1, side - 1), min(left + 1, side + 7)
        upper = pixels[:, top, left] * (1 - right) + pixels[:, top, beside] * right
        lower = pixels[:, below, left] * (1 - right) + pixels[:, below, beside] * right
        expected[:, row, column] = upper * (1 - down) + lower * down
    found = (resize_tensorflow(image, to)[0].double() + 1) * 127.5
    torch.testing.assert_close(found, torch.from_numpy(expected), atol=1e-2, rtol=0)


@pytest.mark.parametrize("resize", [resize_clean, resize_legacy, resize_tensorflow])
def test_pictures_are_rounded_as_a_file_would_be_and_not_truncated(resize) -> None:
    image = pictures(1, 32)
    grid = torch.arange(256) / 127.5 - 1
    nearest = grid[(image[..., None] - grid).abs().argmin(dim=-1)]
    torch.testing.assert_close(resize(image, 32), resize(nearest, 32), atol=1e-6, rtol=0)
    truncated = ((image + 1) * 127.5).floor() / 127.5 - 1
    darker = (resize(image, 32) - resize(truncated, 32)).mean().item() * 127.5
    assert darker == pytest.approx(0.5, abs=0.05)  # of 255 levels, everywhere


# Inception


@pytest.fixture(scope="module")
def reference() -> Inception3:
    """torchvision's, with weights of its own kind, drawn small enough that 48 layers neither vanish nor explode."""
    network = inception_v3(weights=None, aux_logits=True, transform_input=True, init_weights=False).eval()
    random = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim == 4:
                parameter.normal_(0, (2 / parameter[0].numel()) ** 0.5, generator=random)
    return network


@pytest.fixture(scope="module")
def file(reference: Inception3, tmp_path_factory: pytest.TempPathFactory) -> str:
    """As old ones are: without counters, and without the classifier that nobody reads."""
    kept = {k: v for k, v in reference.state_dict().items() if not k.endswith("tracked") and not k.startswith("fc.")}
    path = tmp_path_factory.mktemp("weights") / "inception.pth"
    torch.save(kept, path)
    return str(path)


def pool3(network: Inception3, images: Tensor) -> Tensor:
    """What torchvision's classifier is given."""
    seen: list[Tensor] = []
    handle = network.fc.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    with torch.no_grad():
        network(ImageNetInput()(images))
    handle.remove()
    return seen[0]


def test_it_is_torchvisions_last_pooled_layer(reference: Inception3, file: str) -> None:
    """torchvision wants ImageNet's normalisation and undoes it; here pictures go in as they are."""
    images = pictures(1)
    clean, legacy = CleanInception(weights_path=file), LegacyInception(weights_path=file)
    for features, resize in ((clean, resize_clean), (legacy, resize_legacy)):
        found = features.train()(images)
        assert found.shape == (1, 2048)
        assert not found.requires_grad
        torch.testing.assert_close(found, pool3(reference, resize(images)), rtol=1e-3, atol=1e-4)
    gap = (clean(images) - legacy(images)).abs().mean() / clean(images).abs().mean()
    assert gap > 1e-3
    assert not clean.state_dict()


@pytest.fixture(scope="module")
def file_of_2015(tmp_path_factory: pytest.TempPathFactory) -> str:
    """With the names, shapes and 1008 classes of the published file."""
    network, random = inception_2015(), torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim == 4:
                parameter.normal_(0, (2 / parameter[0].numel()) ** 0.5, generator=random)
    path = tmp_path_factory.mktemp("weights") / "pt_inception-2015-12-05-6726825d.pth"
    torch.save({k: v for k, v in network.state_dict().items() if not k.endswith("tracked")}, path)
    return str(path)


def test_weights_of_2015_are_known_by_themselves(file: str, file_of_2015: str) -> None:
    """Their range and resizing with them, and a name in the tables."""
    images, seen = pictures(1), []
    for kind, resize in ((CleanInception, resize_clean), (LegacyInception, resize_tensorflow)):
        ours = kind(weights_path=file_of_2015)
        handle = ours.network.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
        assert ours(images).shape == (1, 2048)
        handle.remove()
        pixels = (resize(images) + 1) * 127.5
        torch.testing.assert_close(seen[-1], (pixels - 128) / 128, atol=1e-5, rtol=0)
        assert ours.weights_name == "Inception of 2015"
    assert "TensorFlow 1's bilinear" in ours.resize
    torchvisions = LegacyInception(weights_path=file)
    assert torchvisions.weights_name == "torchvision's Inception"
    assert "TensorFlow" not in torchvisions.resize
    assert torchvisions.key != ours.key


def test_the_same_filters_on_other_scales_are_another_key() -> None:
    layers = {"style_layers": {"scale1": 1.0, "scale2": 1.0, "colour": 1.0}, "content_layers": {}, "filters": 4}
    keys = [TapStatistics(network=RandomFilters(scales=scales, **layers)).key for scales in ([1, 2], [1, 2], [1, 2, 8])]
    assert keys[0] == keys[1] != keys[2]


def test_the_network_of_2015_counts_no_zeros_beyond_the_edge() -> None:
    """And its last block takes the maximum; everything else of a block is torchvision's."""
    torch.manual_seed(0)
    network, theirs = inception_2015().eval(), inception_v3(weights=None, init_weights=False).eval()
    ones = torch.ones(1, 1, 9, 9)
    for name in ("Mixed_5b", "Mixed_5d", "Mixed_6b", "Mixed_6e", "Mixed_7b", "Mixed_7c"):
        block, plain = getattr(network, name), getattr(theirs, name)
        plain.load_state_dict(block.state_dict())
        x = torch.rand(1, block.branch1x1.conv.in_channels, 9, 9)
        windows = torch.nn.functional.unfold(x, 3, padding=1).view(1, -1, 9, 81)
        counted = torch.nn.functional.unfold(ones, 3, padding=1).view(1, 1, 9, 81)
        pooled = windows.amax(2) if name == "Mixed_7c" else windows.sum(2) / counted.sum(2)
        with torch.no_grad():
            found, expected = block(x), plain(x)
            last = block.branch_pool(pooled.view_as(x))
        others = found.shape[1] - last.shape[1]
        torch.testing.assert_close(found[:, others:], last)
        assert torch.equal(found[:, :others], expected[:, :others])
        assert not torch.allclose(found[:, others:], expected[:, others:])


def test_weights_that_are_not_there_are_refused_in_one_line(tmp_path) -> None:
    with pytest.raises(UserError, match=r"metric\.NAME\.features\.weights_path: no file .*nowhere\.pth") as refused:
        CleanInception(weights_path=str(tmp_path / "nowhere.pth"))
    assert "\n" not in str(refused.value)
    torch.save({"features.0.weight": torch.zeros(64, 3, 3, 3)}, tmp_path / "vgg.pth")
    with pytest.raises(UserError, match=r"not the weights of this Inception-v3") as refused:
        LegacyInception(weights_path=str(tmp_path / "vgg.pth"))
    assert "\n" not in str(refused.value)


def test_another_architecture_is_refused() -> None:
    with pytest.raises(ValueError, match="must be inception_v3, got 'resnet18'"):
        CleanInception(architecture="resnet18")
