"""The measured width is that of strokes that were drawn so wide."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stylegan_pl.data.folder import ImageFolder
from stylegan_pl.preparing.stroke_width import stroke_width, stroke_width_of


def bars(width: int, *, length: int = 8, side: int = 256) -> np.ndarray:
    """Bars of random greys at random places, one over the other, upright or lying."""
    rng, canvas = np.random.default_rng(width), np.zeros((side, side))
    for number in range(side * side // (2 * width * width * length)):
        high, wide = (width, length * width) if number % 2 else (length * width, width)
        y, x = rng.integers(-high, side, 2)[0], rng.integers(-wide, side, 2)[0]
        canvas[max(0, y) : max(0, y + high), max(0, x) : max(0, x + wide)] = rng.random()
    return canvas


@pytest.mark.parametrize("width", [3, 6, 12, 20])
def test_bars_have_their_width(width: int) -> None:
    assert stroke_width(bars(width)) == pytest.approx(width, rel=0.3)


def test_it_grows_with_the_picture_and_heeds_no_contrast() -> None:
    small = bars(4)
    assert stroke_width(np.kron(small, np.ones((3, 3)))) == pytest.approx(3 * stroke_width(small), rel=0.15)
    assert stroke_width(10 * small + 5) == pytest.approx(stroke_width(small))
    assert np.isnan(stroke_width(np.full((40, 40), 7.0)))


def test_of_a_set_it_is_told_at_load_size(tmp_path: Path) -> None:
    for number in range(3):
        Image.fromarray((255 * bars(8)).astype(np.uint8)).convert("RGB").save(tmp_path / f"{number}.png")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    whole, half = ImageFolder(root=str(tmp_path)), ImageFolder(root=str(tmp_path), load_size=128)
    files = sorted(tmp_path.iterdir())
    assert stroke_width_of(whole, files) == pytest.approx(8, rel=0.3)
    assert stroke_width_of(half, files) == pytest.approx(4, rel=0.3)
    assert np.isnan(stroke_width_of(whole, []))
