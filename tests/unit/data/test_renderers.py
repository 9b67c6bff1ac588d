"""Each renderer shows its look: ink and flat tones, grey film, strokes; and each takes any photograph."""

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import convolve, gaussian_filter
from skimage import data
from skimage.color import rgb2lab

from stylegan_pl.data.sources.brushstrokes import StrokeStyle
from stylegan_pl.data.sources.renderers.cartoon import Cartoon, guided_filter, quantise
from stylegan_pl.data.sources.renderers.ink import Ink
from stylegan_pl.data.sources.renderers.noir import FilmNoir, grain, linear_light, tone_curve
from stylegan_pl.data.sources.renderers.oil import OilPainting
from stylegan_pl.data.sources.renderers.renderer import Renderer

RENDERERS = [Cartoon(), FilmNoir(), OilPainting(brush_radii=(4,))]
each = pytest.mark.parametrize("renderer", RENDERERS, ids=lambda renderer: type(renderer).__name__)


@pytest.fixture(scope="module")
def cat() -> np.ndarray:
    return np.asarray(Image.fromarray(data.chelsea()).crop((60, 20, 316, 276)).resize((96, 96)))


def flat(grey: int, height: int = 64, width: int = 64) -> np.ndarray:
    return np.full((height, width, 3), grey, np.uint8)


def step(low: int, high: int) -> np.ndarray:
    """Dark left of column 32, light from there on."""
    photo = flat(low)
    photo[:, 32:] = high
    return photo


def ramp() -> np.ndarray:
    return np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 8, axis=0).repeat(3, axis=2)


# --- every renderer ---


@each
def test_same_seed_same_bytes_and_the_photo_is_left_alone(renderer: Renderer, cat: np.ndarray) -> None:
    before = cat.copy()
    assert np.array_equal(renderer(cat, seed=5), renderer(cat, seed=5))
    assert np.array_equal(cat, before)


@pytest.mark.parametrize("renderer", RENDERERS[1:], ids=lambda renderer: type(renderer).__name__)
def test_another_seed_gives_other_grains_and_strokes(renderer: Renderer, cat: np.ndarray) -> None:
    assert not np.array_equal(renderer(cat, seed=5), renderer(cat, seed=6))


@each
@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (17, 30), (3, 90)])
def test_any_size_is_kept(renderer: Renderer, shape: tuple[int, int]) -> None:
    photo = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    picture = renderer(photo, seed=0)
    assert picture.shape == photo.shape
    assert picture.dtype == np.uint8


@each
@pytest.mark.parametrize("photo", [np.zeros((8, 8), np.uint8), np.zeros((8, 8, 4), np.uint8), np.zeros((8, 8, 3))])
def test_other_arrays_are_refused_by_name(renderer: Renderer, photo: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"photo must be uint8 of shape \(H, W, 3\), got (uint8|float64) of shape"):
        renderer(photo, seed=0)


@each
def test_its_repr_tells_its_parameters_and_equal_ones_are_one(renderer: Renderer) -> None:
    names = {type(part).__name__: type(part) for part in (renderer, *vars(renderer).values())}
    again = eval(repr(renderer), names)
    assert again == renderer
    assert hash(again) == hash(renderer)


# --- cartoon ---


def colours(image: np.ndarray) -> int:
    """How many there are, to 5 bits a channel, that hold a thousandth of the picture or more."""
    _, counts = np.unique((image >> 3).reshape(-1, 3), axis=0, return_counts=True)
    return int((counts >= image[..., 0].size / 1000).sum())


def variation(image: np.ndarray) -> float:
    """Median step of lightness from a pixel to the next."""
    return float(np.median(np.abs(np.diff(rgb2lab(image)[..., 0], axis=1))))


def test_a_cartoon_is_flatter_and_of_fewer_colours(cat: np.ndarray) -> None:
    cartoon = Cartoon()(cat, seed=0)
    assert variation(cartoon) < 0.5 * variation(cat)
    noisy = np.random.default_rng(0).normal(flat(128), 6).clip(0, 255).astype(np.uint8)
    assert colours(Cartoon()(noisy, seed=0)) < 0.3 * colours(noisy)


def test_a_cartoon_has_more_chroma(cat: np.ndarray) -> None:
    cartoon = Cartoon(ink=Ink(black=-9))(cat, seed=0)  # without ink, which has none
    before, after = (np.linalg.norm(rgb2lab(image)[..., 1:], axis=-1).mean() for image in (cat, cartoon))
    assert 1.3 < after / before < 1.6


def test_ink_lies_on_the_dark_side_of_an_edge_and_nowhere_else() -> None:
    cartoon = Cartoon()(step(110, 220), seed=0).astype(int).max(axis=2)
    assert cartoon[32, 28:32].min() < 20  # black, between two areas that are not
    assert cartoon[32, [4, 60]].min() > 80
    assert (cartoon < 50).any(axis=1).all()  # an unbroken line
    assert (cartoon[:, :24] > 80).all() and (cartoon[:, 40:] > 80).all()


def test_a_faint_edge_gets_no_ink() -> None:
    assert Cartoon()(step(120, 124), seed=0).min() > 80


def test_ink_is_the_papers_formula() -> None:
    """Of a step seen by Gaussians: L and both blurs are error functions, written down here."""
    from scipy.special import erf

    x = np.arange(64) - 31.5
    lightness = np.broadcast_to(np.where(x < 0, 0.5, 0.9).astype(np.float32), (9, 64))
    ink = Ink(width=2.0, ratio=1.6, sharpness=10.0, black=0.45, hardness=5.0)
    inner, outer = (0.7 + 0.2 * erf(x / (sigma * np.sqrt(2))) for sigma in (2.0, 3.2))
    response = 11 * inner - 10 * outer
    expected = np.where(response >= 0.45, 1, 1 + np.tanh(5 * (response - 0.45)))
    assert np.abs(ink(lightness)[4] - expected)[8:-8].max() < 0.02
    assert expected.min() < 0.6  # the case has a line at all


def test_what_is_dark_is_filled_with_ink() -> None:
    assert Ink(black=0.3)(np.full((9, 9), 0.1, np.float32)).max() < 0.2
    assert (Ink(black=0.3)(np.full((9, 9), 0.31, np.float32)) == 1).all()


def test_the_guided_filter_is_its_definition() -> None:
    image = np.random.default_rng(0).normal(50, 10, (12, 11, 1)).astype(np.float32)
    radius, epsilon = 1, 6.0**2
    padded = np.pad(image[..., 0], 2, mode="edge").astype(float)
    a, b = np.empty((14, 13)), np.empty((14, 13))
    for i in range(14):
        for j in range(13):
            window = padded[i : i + 3, j : j + 3]
            a[i, j] = window.var() / (window.var() + epsilon)
            b[i, j] = (1 - a[i, j]) * window.mean()
    expected = np.array(
        [
            [a[i : i + 3, j : j + 3].mean() * image[i, j, 0] + b[i : i + 3, j : j + 3].mean() for j in range(11)]
            for i in range(12)
        ]
    )
    found = guided_filter(image, radius=radius, smallest_edge=6.0)[..., 0]
    assert np.abs(found - expected)[1:-1, 1:-1].max() < 1e-3  # at the border the windows differ: it repeats a, b there


def test_the_guided_filter_keeps_edges_and_removes_what_is_smaller() -> None:
    noise = np.random.default_rng(0).normal(0, 2, (64, 64, 1)).astype(np.float32)
    edge = np.where(np.arange(64) < 32, 20, 80).astype(np.float32)[None, :, None] + noise
    smooth = guided_filter(edge, radius=4, smallest_edge=8.0)
    assert smooth[:, 4:24].std() < 0.3 * edge[:, 4:24].std()
    assert np.diff(smooth[..., 0], axis=1)[:, 31].mean() > 50


@pytest.mark.parametrize("softness", [0.0, 0.1, 0.5])
def test_tones_are_monotone_and_keep_their_place(softness: float) -> None:
    lightness = np.linspace(0, 100, 1001).astype(np.float32)
    tones = quantise(lightness, step=20, softness=softness)
    assert (np.diff(tones) >= -1e-4).all()
    assert np.abs(tones - lightness).max() <= 10.01
    centres = np.arange(10, 100, 20, dtype=np.float32)
    assert np.abs(quantise(centres, step=20, softness=softness) - centres).max() < 1e-3


def test_hard_tones_are_few_and_soft_ones_have_no_jump() -> None:
    lightness = np.linspace(0, 100, 1001).astype(np.float32)
    assert len(np.unique(quantise(lightness, step=20, softness=0.0).round(3))) <= 7
    assert np.abs(np.diff(quantise(lightness, step=20, softness=0.15))).max() < 2


# --- film noir ---


def test_film_noir_is_grey(cat: np.ndarray) -> None:
    picture = FilmNoir()(cat, seed=0)
    assert (picture == picture[..., :1]).all()


def test_the_tone_curve_is_monotone_and_an_s() -> None:
    clean = FilmNoir(grain=0, halation=0)
    greys = clean(ramp(), seed=0)[0, :, 0].astype(int)
    assert (np.diff(greys) >= 0).all()
    assert (greys[0], greys[-1]) == (0, round(255 / (1 + 0.22**1.7)))
    light = np.geomspace(1e-3, 1e3, 601)
    tones = tone_curve(light, contrast=2.0, middle=0.1)
    assert (np.diff(tones) > -1e-7).all()
    assert tones[200] == pytest.approx(0.5)  # the middle is where it was said to be
    slopes = np.diff(tones) / np.diff(np.log(light))
    assert slopes.max() == pytest.approx(2.0 / 4, rel=1e-2)  # of a logistic function: γ / 4, at its middle
    assert slopes.argmax() in (199, 200)
    assert slopes[0] < 0.01 and slopes[-1] < 0.01  # toe and shoulder


def test_linear_light_has_the_standards_values() -> None:
    found = linear_light(np.array([[[0, 10, 128], [188, 255, 11]]], np.uint8)).ravel()
    assert found == pytest.approx([0, 0.0030353, 0.2158605, 0.5028865, 1, 0.0033465], abs=1e-5)


def test_green_is_lighter_than_red_than_blue() -> None:
    photo = np.zeros((1, 3, 3), np.uint8)
    photo[0, 0, 1] = photo[0, 1, 0] = photo[0, 2, 2] = 255
    green, red, blue = FilmNoir(grain=0, halation=0)(photo, seed=0)[0, :, 0].astype(int)
    assert green > red > blue


def test_a_lamp_glows_and_the_night_elsewhere_stays_black() -> None:
    photo = flat(8, 96, 96)
    photo[44:52, 44:52] = 255
    dry, glowing = (FilmNoir(grain=0, halation=h)(photo, seed=0)[..., 0].astype(int) for h in (0.0, 1.2))
    assert glowing[48, 40] > dry[48, 40] + 30
    assert np.array_equal(glowing[:20], dry[:20])
    assert (glowing >= dry).all()


def test_middle_grey_does_not_glow() -> None:
    photo = step(20, 120)
    dry, glowing = (FilmNoir(grain=0, halation=h)(photo, seed=0) for h in (0.0, 2.0))
    assert np.array_equal(dry, glowing)


@pytest.mark.parametrize("size", [0.0, 0.7, 1.5])
def test_grain_has_mean_0_variance_1_and_its_size(size: float) -> None:
    noise = grain((256, 256), size=size, rng=np.random.default_rng(0))
    assert abs(noise.mean()) < 0.03
    assert noise.std() == pytest.approx(1, abs=0.04)
    assert noise[:4].std() == pytest.approx(1, abs=0.15)  # no stronger at the border
    neighbours = np.corrcoef(noise[:, 1:].ravel(), noise[:, :-1].ravel())[0, 1]
    expected = np.exp(-1 / (4 * size**2)) if size else 0.0  # autocorrelation of a blurred white noise
    assert neighbours == pytest.approx(expected, abs=0.06)


def test_grain_is_strongest_in_the_middle_tones() -> None:
    film = FilmNoir(halation=0)
    middle = next(grey for grey in range(256) if film_tone(film, grey) >= 127)
    stds = {grey: float(film(flat(grey, 128, 128), seed=1)[..., 0].std()) for grey in (10, middle, 252)}
    assert stds[middle] == pytest.approx(film.grain, rel=0.05)
    assert stds[10] < 0.2 * stds[middle] and stds[252] < 0.7 * stds[middle]


def film_tone(film: FilmNoir, grey: int) -> float:
    light = float(linear_light(np.full((1, 1, 3), grey, np.uint8))[0, 0, 0])
    return 255 * light**film.contrast / (light**film.contrast + film.middle**film.contrast)


def test_grain_shows_in_a_photograph(cat: np.ndarray) -> None:
    soft = (gaussian_filter(cat.astype(float), (2, 2, 0))).astype(np.uint8)
    clean, film = (FilmNoir(grain=g)(soft, seed=0)[..., 0] for g in (0, 14))
    assert noise_level(film) > 4 * noise_level(clean)


def noise_level(grey: np.ndarray) -> float:
    """Immerkær, 1996: what a mask that answers neither to planes nor to edges leaves."""
    mask = np.outer([1, -2, 1], [1, -2, 1])
    return float(np.abs(convolve(grey.astype(float), mask)).mean() * np.sqrt(np.pi / 2) / 6)


# --- oil ---


def test_an_oil_painting_keeps_the_colours_but_for_their_depth(cat: np.ndarray) -> None:
    before = rgb2lab(cat).mean(axis=(0, 1))
    after = rgb2lab(OilPainting(saturation=1.0)(cat, seed=0)).mean(axis=(0, 1))
    assert np.abs(after - before).max() < 5
    deep = rgb2lab(OilPainting(saturation=1.4)(cat, seed=0)).mean(axis=(0, 1))
    assert np.hypot(*deep[1:]) > 1.15 * np.hypot(*after[1:])


def test_strokes_are_of_one_colour_where_the_photo_shades() -> None:
    """A soft ramp becomes areas with borders: most steps are smaller than the ramp's own, a few are far larger."""
    shaded = np.repeat(np.linspace(40, 220, 96).astype(np.uint8)[None, :, None], 96, axis=0).repeat(3, axis=2)
    plain = OilPainting(brush_radii=(8,), strokes=StrokeStyle(bristle_contrast=0.0))(shaded, seed=0)
    steps = np.abs(np.diff(plain[..., 0].astype(int), axis=1))
    own = 180 / 95
    assert (steps < own / 2).mean() > 0.6
    assert (steps > 4 * own).mean() > 0.05


def test_strokes_show_in_a_flat_sky() -> None:
    painting = OilPainting()(flat(150), seed=0).astype(float)
    assert painting[..., 0].std() > 4
