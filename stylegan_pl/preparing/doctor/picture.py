"""Draws check.png: sizes, shapes, lightness and colours of photographs and of paintings below them."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from stylegan_pl.data.sources.palette import to_rgb
from stylegan_pl.preparing.doctor.charts import FAINT, HAIRLINE, INK, PAPER, Box, Colour, Sheet, Tick
from stylegan_pl.preparing.doctor.colours import LIGHTNESS_BINS, PLANE_BINS, PLANE_REACH, ColourCount
from stylegan_pl.preparing.doctor.survey import SIDES, Picture

_ACCENT: dict[str, Colour] = {"content": (58, 110, 140), "style": (196, 128, 38)}
_REFUSED: Colour = (190, 62, 48)
_WIDTH, _HEIGHT = 1640, 880
_TOPS = (150, 520)  # pixels, of the two rows of charts
_SIDE = 270  # pixels, height of a chart
_COLUMNS = (150, 560, 950, 1330)  # pixels, left edges
_WIDE = 340  # pixels, width of a chart
_BINS = 41
_SHAPES = ((1 / 2, "1:2"), (2 / 3, "2:3"), (1.0, "1:1"), (3 / 2, "3:2"), (2.0, "2:1"))
_NARROWEST = 3.0  # largest ratio of the sides; more extreme pictures are counted at the edge


def draw(pictures: Sequence[Picture], colours: dict[str, ColourCount], *, title: str, image_size: int) -> Image.Image:
    """The picture; both sets share the axis of each column, so that they can be compared.

    Args:
        colours: of each set.
        image_size: pixels of the crop, drawn among the sizes.
    """
    sheet = Sheet(_WIDTH, _HEIGHT)
    sheet.text(40, 58, title, size=28 if len(title) < 100 else 16)
    heads = ("shorter side, pixels", "width : height", "lightness L", "colours in the Lab plane")
    for left, head in zip(_COLUMNS, heads, strict=True):
        sheet.text(left, 112, head, size=16, colour=FAINT)
    read = {side: [p for p in pictures if p.side == side and p.facts.problem is None] for side in SIDES}
    sizes = {side: np.array([min(p.facts.size) for p in read[side]], np.float64) for side in SIDES}
    span = _span(np.concatenate([*sizes.values(), [image_size]]))
    for side, top in zip(SIDES, _TOPS, strict=True):
        sheet.text(40, top + 18, side, size=22, colour=_ACCENT[side])
        for number, split in enumerate(("train", "val")):
            count = sum(p.split == split for p in read[side])
            sheet.text(40, top + 48 + 22 * number, f"{count:,} {split}", size=14, colour=FAINT)
        if read[side]:
            boxes = [Box(left, top, _WIDE, _SIDE) for left in _COLUMNS]
            _sizes(sheet, boxes[0], sizes[side], span, image_size, _ACCENT[side])
            _shapes(sheet, boxes[1], read[side], _ACCENT[side])
            _lightness(sheet, boxes[2], colours[side])
            _plane(sheet, Box(_COLUMNS[3], top, _SIDE, _SIDE), colours[side])
    return sheet.finished()


def _span(sizes: NDArray[np.float64]) -> tuple[float, float]:
    """Ends of the axis of sizes, as logarithms to base 2; at least two octaves, so that a single size is one bar."""
    low, high = math.log2(sizes.min()) - 0.25, math.log2(sizes.max()) + 0.25
    widen = max(0.0, 2.0 - (high - low)) / 2
    return low - widen, high + widen


def _sizes(
    sheet: Sheet, box: Box, sizes: NDArray[np.float64], span: tuple[float, float], image_size: int, colour: Colour
) -> None:
    low, high = span
    heights, edges = np.histogram(np.log2(sizes), _BINS, span)
    too_small = edges[1:] <= math.log2(image_size)
    sheet.bars(box, heights.astype(np.float64), [_REFUSED if small else colour for small in too_small])
    octaves = [2.0**k for k in range(math.ceil(low), math.floor(high) + 1)]
    sheet.axis(box, [Tick((math.log2(size) - low) / (high - low), f"{size:g}") for size in octaves if size >= 1])
    x = box.left + (math.log2(image_size) - low) / (high - low) * box.width
    sheet.line(x, box.top - 12, x, box.bottom, colour=_REFUSED)
    smaller = int((sizes < image_size).sum())
    words = f"crop {image_size}" + (f", {smaller:,} smaller" if smaller else "")
    right = x > box.left + box.width / 2
    sheet.text(x + (-6 if right else 6), box.top - 2, words, size=12, colour=_REFUSED, anchor="rs" if right else "ls")


def _shapes(sheet: Sheet, box: Box, pictures: Sequence[Picture], colour: Colour) -> None:
    reach = math.log2(_NARROWEST)
    aspects = np.log2([p.facts.size[0] / p.facts.size[1] for p in pictures]).clip(-reach, reach)
    heights, _ = np.histogram(aspects, _BINS, (-reach, reach))
    sheet.bars(box, heights.astype(np.float64), [colour] * _BINS)
    sheet.axis(box, [Tick((math.log2(shape) + reach) / (2 * reach), label) for shape, label in _SHAPES])


def _lightness(sheet: Sheet, box: Box, count: ColourCount) -> None:
    """Each bar has nearly the grey that it counts; pure white would be invisible."""
    levels = (np.arange(LIGHTNESS_BINS) + 0.5) * 86 / LIGHTNESS_BINS
    greys = to_rgb(np.stack([levels, 0 * levels, 0 * levels], axis=-1).astype(np.float32)).round().astype(int).tolist()
    sheet.bars(box, count.lightness.astype(np.float64), [(r, g, b) for r, g, b in greys])
    sheet.axis(box, [Tick(at / 100, str(at)) for at in (0, 25, 50, 75, 100)])


def _plane(sheet: Sheet, box: Box, count: ColourCount) -> None:
    """Each colour is drawn as itself, more opaque if more pixels have it; grey in the middle, red right, yellow up."""
    centres = (np.arange(PLANE_BINS) + 0.5) * 2 * PLANE_REACH / PLANE_BINS - PLANE_REACH
    b, a = np.meshgrid(centres, centres, indexing="ij")
    hues = to_rgb(np.stack([np.full_like(a, 62), a, b], axis=-1).astype(np.float32))  # (56, 56, 3)
    share = count.plane / max(1, count.plane.sum())
    opacity = np.clip((share * 2e3) ** 0.35, 0, 1)[..., None]  # a two-thousandth of the pixels is fully opaque
    pixels = opacity * hues + (1 - opacity) * np.array(PAPER)
    sheet.picture(box, pixels[::-1].round().astype(np.uint8))  # b upwards
    x, y = box.left + box.width / 2, box.top + box.height / 2
    sheet.line(box.left, y, box.left + box.width, y, colour=HAIRLINE)
    sheet.line(x, box.top, x, box.bottom, colour=HAIRLINE)
    for words, px, py, anchor in (
        ("yellow", x + 6, box.top + 12, "ls"),
        ("blue", x + 6, box.bottom - 4, "ls"),
        ("green", box.left, y - 6, "ls"),
        ("red", box.left + box.width, y - 6, "rs"),
    ):
        sheet.text(px, py, words, size=12, colour=FAINT, anchor=anchor)
    chroma = float((share * np.hypot(a, b)).sum())
    sheet.text(box.left, box.bottom + 20, f"mean chroma {chroma:.0f}", size=12, colour=INK)
