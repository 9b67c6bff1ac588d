"""The painter keeps its promises: repeatable, in the palette, true to light and dark, with visible strokes."""

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter
from skimage import data
from skimage.color import rgb2lab
from skimage.feature import structure_tensor, structure_tensor_eigenvalues

from stylegan_pl.data.sources.brushstrokes import StrokeStyle, paint
from stylegan_pl.data.sources.palette import VAN_GOGH


@pytest.fixture(scope="module")
def cat() -> np.ndarray:
    return np.asarray(Image.fromarray(data.chelsea()).crop((60, 20, 316, 276)).resize((128, 128)))


@pytest.fixture(scope="module")
def painted_cat(cat: np.ndarray) -> np.ndarray:
    return paint(cat, brush_radii=(4, 2), seed=3)


def flat(height: int = 128, width: int = 128, grey: int = 128) -> np.ndarray:
    return np.full((height, width, 3), grey, np.uint8)


def lightness(image: np.ndarray) -> np.ndarray:
    return rgb2lab(image)[..., 0]


def distance_to_palette(image: np.ndarray) -> float:
    difference = rgb2lab(image)[:, :, None] - rgb2lab(VAN_GOGH)
    return float(np.linalg.norm(difference, axis=-1).min(-1).mean())


def coherence(grey: np.ndarray) -> float:
    """Mean of ((l1 - l2) / (l1 + l2))^2 of the structure tensor: 0 without a direction, 1 with one only."""
    larger, smaller = structure_tensor_eigenvalues(structure_tensor(grey, sigma=4))
    return float(np.mean(((larger - smaller) / (larger + smaller + 1e-9)) ** 2))


def test_same_seed_same_bytes_another_seed_other_bytes(cat: np.ndarray, painted_cat: np.ndarray) -> None:
    assert np.array_equal(painted_cat, paint(cat, brush_radii=(4, 2), seed=3))
    assert not np.array_equal(painted_cat, paint(cat, brush_radii=(4, 2), seed=4))


def test_the_photo_is_left_alone(cat: np.ndarray) -> None:
    before = cat.copy()
    paint(cat, brush_radii=(8,), seed=0)
    assert np.array_equal(cat, before)


def test_colours_come_near_the_palette(cat: np.ndarray, painted_cat: np.ndarray) -> None:
    assert distance_to_palette(painted_cat) < 14
    assert distance_to_palette(painted_cat) < 0.8 * distance_to_palette(cat)


def test_without_a_palette_the_colours_stay(cat: np.ndarray) -> None:
    mean = paint(cat, palette=None, brush_radii=(4, 2), seed=0).mean(axis=(0, 1))
    assert np.abs(mean - cat.mean(axis=(0, 1))).max() < 12


@pytest.mark.parametrize("name", ["chelsea", "camera"])
def test_light_and_dark_stay_where_they_were(name: str) -> None:
    photo = np.asarray(Image.fromarray(getattr(data, name)()).convert("RGB").resize((128, 128)))
    before, after = (
        gaussian_filter(lightness(image), 4) for image in (photo, paint(photo, brush_radii=(4, 2), seed=0))
    )
    assert np.corrcoef(before.ravel(), after.ravel())[0, 1] > 0.85


def test_a_grey_photo_gets_blue_shadows_and_yellow_lights() -> None:
    ramp = np.repeat(np.linspace(0, 255, 128).astype(np.uint8)[None, :, None], 64, axis=0).repeat(3, axis=2)
    yellowness = rgb2lab(paint(ramp, brush_radii=(4, 2), seed=0))[..., 2]
    assert yellowness[:, :40].mean() < -20
    assert yellowness[:, -40:].mean() > 20


@pytest.mark.parametrize("grey", [20, 128, 240])
def test_strokes_show_in_a_flat_photo(grey: int) -> None:
    painting = lightness(paint(flat(grey=grey), seed=0))
    variance = gaussian_filter(painting**2, 4) - gaussian_filter(painting, 4) ** 2
    assert np.sqrt(np.median(variance)) > 1.5  # of 100; one unit is just seen
    noise = np.random.default_rng(0).normal(size=painting.shape)
    assert coherence(painting) > 1.5 * coherence(noise)


@pytest.mark.parametrize("vertical", [False, True])
def test_strokes_follow_an_edge(vertical: bool) -> None:
    photo = flat(96, 96, 60)
    photo[48:] = 190
    painting = lightness(paint(photo.swapaxes(0, 1).copy() if vertical else photo, brush_radii=(8,), seed=0))
    across, along = np.gradient(painting.T if vertical else painting)
    band = np.s_[52:62, 4:-4]  # beside the edge, not on it: its own gradient would decide the matter
    assert np.square(across[band]).sum() > 2 * np.square(along[band]).sum()


def test_fine_brushes_bring_the_painting_nearer_to_the_photo(cat: np.ndarray) -> None:
    coarse, fine = (paint(cat, palette=None, brush_radii=radii, seed=0) for radii in ((8,), (8, 4, 2)))
    error_coarse, error_fine = (np.abs(image.astype(float) - cat).mean() for image in (coarse, fine))
    assert error_fine < 0.95 * error_coarse


def test_curvature_zero_draws_straight_strokes_and_other_bytes(cat: np.ndarray) -> None:
    curved, straight = (paint(cat, brush_radii=(8,), style=StrokeStyle(curvature=c), seed=0) for c in (0.6, 0.0))
    assert not np.array_equal(curved, straight)


@pytest.mark.parametrize("shape", [(17, 40), (40, 17), (1, 1), (3, 90), (129, 64)])
def test_any_size_is_painted(shape: tuple[int, int]) -> None:
    photo = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    painting = paint(photo, seed=0)
    assert painting.shape == photo.shape
    assert painting.dtype == np.uint8


@pytest.mark.parametrize("photo", [np.zeros((8, 8), np.uint8), np.zeros((8, 8, 4), np.uint8), np.zeros((8, 8, 3))])
def test_other_arrays_are_refused_by_name(photo: np.ndarray) -> None:
    with pytest.raises(ValueError, match="photo must be uint8"):
        paint(photo, seed=0)


def test_no_brush_is_refused() -> None:
    with pytest.raises(ValueError, match="brush_radii is empty"):
        paint(flat(8, 8), brush_radii=(), seed=0)
