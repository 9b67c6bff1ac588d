"""`from stylegan_pl import Stylizer`: pictures of any kind in, paintings of the same kind out."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from test_stylize_odd_files import checkpoint, noise  # noqa: F401 (a fixture)

import stylegan_pl
from stylegan_pl import Stylizer
from stylegan_pl.errors import UserError
from stylegan_pl.pictures.tensors import to_float, to_uint8
from stylegan_pl.runs.checkpoint import load_generator


@pytest.fixture
def stylizer(checkpoint: Path) -> Stylizer:  # noqa: F811
    return Stylizer.load(checkpoint, device="cpu")


@pytest.fixture
def pixels() -> np.ndarray:
    """(32, 40, 3): sides that need no padding."""
    return np.asarray(noise(32, 40))


@pytest.fixture
def expected(checkpoint: Path, pixels: np.ndarray) -> torch.Tensor:  # noqa: F811
    """(1, 3, 32, 40) in [-1, 1], by the bare network."""
    return load_generator(checkpoint)(to_float(torch.from_numpy(pixels.copy()).permute(2, 0, 1))[None])


def test_every_kind_comes_back_as_it_came(stylizer, pixels, expected):
    levels = to_uint8(expected)[0].permute(1, 2, 0).numpy()
    picture = stylizer(Image.fromarray(pixels))
    assert picture.mode == "RGB" and np.array_equal(np.asarray(picture), levels)
    assert np.array_equal(stylizer(pixels), levels)
    for dtype in (np.float32, np.float64):
        painted = stylizer((pixels / 255).astype(dtype))
        assert painted.dtype == dtype and painted.shape == pixels.shape
        assert np.abs(painted - (expected[0].permute(1, 2, 0).numpy() + 1) / 2).max() < 1e-4
    tensor = torch.from_numpy(pixels.copy()).permute(2, 0, 1)
    assert torch.equal(stylizer(tensor), to_uint8(expected)[0])
    torch.testing.assert_close(stylizer(to_float(tensor)), expected[0], rtol=1e-4, atol=1e-4)
    batch = torch.stack([tensor, tensor.flip(-1)])
    assert stylizer(batch).shape == batch.shape and torch.equal(stylizer(batch)[0], to_uint8(expected)[0])


def test_odd_kinds(stylizer, pixels):
    assert stylizer(Image.fromarray(pixels).convert("CMYK")).size == (40, 32)
    assert stylizer(pixels[..., 0]).shape == (32, 40, 3)  # grey
    assert stylizer(pixels[::-1, ::2]).shape == (32, 20, 3)  # a view
    assert stylizer(pixels[:1, :1]).shape == (1, 1, 3)
    half = torch.zeros(3, 16, 16, dtype=torch.float16)
    assert stylizer(half).dtype == torch.float16


def test_the_picture_given_is_left_alone(stylizer, pixels):
    before = pixels.copy()
    stylizer(pixels)
    tensor = to_float(torch.from_numpy(before).permute(2, 0, 1))
    kept = tensor.clone()
    stylizer(tensor, mask=torch.zeros(32, 40))
    assert np.array_equal(pixels, before) and torch.equal(tensor, kept)


@pytest.mark.parametrize(
    ("image", "said"),
    [
        (np.zeros((8, 8, 4), np.uint8), r"\(H, W, 3\) or \(H, W\), got \(8, 8, 4\)"),
        (np.zeros((0, 8, 3), np.uint8), "got"),
        (np.zeros((8, 8, 3), np.int64), "uint8 or float"),
        (np.full((8, 8, 3), 200.0), r"in \[0, 1\], got 200 to 200"),
        (np.full((8, 8, 3), np.nan), r"in \[0, 1\]"),
        ("photo.jpg", r"got str; open it first: PIL\.Image\.open\('photo\.jpg'\)"),
        (None, "a PIL image, an array or a tensor, got NoneType"),
        (torch.zeros(8, 8, 3), r"\(3, H, W\) or \(N, 3, H, W\), got \(8, 8, 3\)"),
        (torch.full((3, 8, 8), 2.0), r"in \[-1, 1\], got 2 to 2"),
        (torch.full((3, 8, 8), torch.nan), r"in \[-1, 1\]"),
        (torch.zeros(3, 8, 8, dtype=torch.int32), "uint8 or float"),
    ],
)
def test_what_is_no_picture_is_said(stylizer, image, said):
    with pytest.raises((ValueError, TypeError), match=said):
        stylizer(image)


def test_strength_colour_and_mask(checkpoint, pixels):  # noqa: F811
    assert np.array_equal(Stylizer.load(checkpoint, device="cpu", strength=0)(pixels), pixels)
    grey = np.repeat(pixels[..., :1], 3, axis=2)
    kept = Stylizer.load(checkpoint, device="cpu", keep_colour=True)(grey).astype(int)
    assert np.abs(kept - kept[..., :1]).max() <= 1
    half = np.zeros((32, 40), np.uint8)
    half[:, 20:] = 255
    for mask in (half, Image.fromarray(half), torch.from_numpy(half / 255)):
        painted = Stylizer.load(checkpoint, device="cpu")(pixels, mask=mask)
        assert np.array_equal(painted[:, :20], pixels[:, :20]) and not np.array_equal(painted[:, 20:], pixels[:, 20:])
    with pytest.raises(ValueError, match=r"the mask is \(5, 5\), the picture \(32, 40\)"):
        Stylizer.load(checkpoint, device="cpu")(pixels, mask=np.zeros((5, 5), np.uint8))
    with pytest.raises(UserError, match="keep_colour=sepia: type true or luma, coral, or false"):
        Stylizer.load(checkpoint, keep_colour="sepia")
    with pytest.raises(UserError, match="precision=half: type auto, fp32, bf16, bf16_if_fast, fp16"):
        Stylizer.load(checkpoint, precision="half")


def test_the_package_is_light_until_it_is_asked():
    program = (
        "import sys, stylegan_pl; stylegan_pl.__version__; assert 'torch' not in sys.modules; "
        "from stylegan_pl import Stylizer; assert 'torch' in sys.modules; print(Stylizer.__name__)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300)
    assert done.stdout.strip() == "Stylizer", done.stderr
    with pytest.raises(AttributeError, match="no attribute 'Stylist'"):
        _ = stylegan_pl.Stylist
