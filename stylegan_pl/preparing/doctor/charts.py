"""Small charts drawn with Pillow: a plotting library would be a dependency for one picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Colour = tuple[int, int, int]

PAPER: Colour = (252, 251, 248)
INK: Colour = (48, 46, 43)
FAINT: Colour = (140, 135, 127)
HAIRLINE: Colour = (222, 218, 210)
_SHARPER = 2  # everything is drawn larger by this factor, then averaged: Pillow does not antialias


class Box(NamedTuple):
    """A rectangle on the sheet, in pixels."""

    left: float
    top: float
    width: float
    height: float

    @property
    def bottom(self) -> float:
        """y of its lower edge."""
        return self.top + self.height


class Tick(NamedTuple):
    """A tick mark below a chart."""

    at: float  # 0 left, 1 right
    label: str


class Sheet:
    """Paper of (width, height) pixels to draw on."""

    def __init__(self, width: int, height: int) -> None:
        self._image = Image.new("RGB", (width * _SHARPER, height * _SHARPER), PAPER)
        self._pen = ImageDraw.Draw(self._image)

    def finished(self) -> Image.Image:
        """The finished picture."""
        return self._image.reduce(_SHARPER)

    def text(self, x: float, y: float, words: str, *, size: int, colour: Colour = INK, anchor: str = "ls") -> None:
        """Text at a point; `anchor` is Pillow's: left, middle or right, then the baseline."""
        font = ImageFont.load_default(size * _SHARPER)
        self._pen.text((x * _SHARPER, y * _SHARPER), words, fill=colour, font=font, anchor=anchor)

    def line(self, x0: float, y0: float, x1: float, y1: float, colour: Colour = HAIRLINE, width: float = 1) -> None:
        """A straight line."""
        ends = tuple(v * _SHARPER for v in (x0, y0, x1, y1))
        self._pen.line(ends, fill=colour, width=round(width * _SHARPER))

    def bars(self, box: Box, heights: NDArray[np.float64], colours: Sequence[Colour]) -> None:
        """A histogram; the tallest bar fills the box, and a bar above 0 has at least one pixel."""
        step, top = box.width / len(heights), max(float(heights.max(initial=0.0)), 1e-12)
        for k, (height, colour) in enumerate(zip(heights.tolist(), colours, strict=True)):
            if height > 0:
                tall = max(1.0, height / top * box.height)
                x = box.left + k * step
                ends = (x + 0.06 * step, box.bottom - tall, x + 0.94 * step, box.bottom)
                self._pen.rectangle([v * _SHARPER for v in ends], fill=colour)

    def axis(self, box: Box, ticks: Sequence[Tick]) -> None:
        """The horizontal axis of a chart and its tick marks."""
        self.line(box.left, box.bottom, box.left + box.width, box.bottom, colour=FAINT)
        for tick in ticks:
            x = box.left + tick.at * box.width
            self.line(x, box.bottom, x, box.bottom + 5, colour=FAINT)
            self.text(x, box.bottom + 20, tick.label, size=12, colour=FAINT, anchor="ms")

    def picture(self, box: Box, pixels: NDArray[np.uint8]) -> None:
        """An image (H, W, 3) stretched over a box, smoothly."""
        size = (round(box.width * _SHARPER), round(box.height * _SHARPER))
        corner = (round(box.left * _SHARPER), round(box.top * _SHARPER))
        self._image.paste(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC), corner)
