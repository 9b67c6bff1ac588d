"""One picture that shows photographs beside their paintings by several generators or styles, with names."""

import math
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

_GAP = 8  # pixels between cells
_LABEL = 22  # pixels, height of a line of text
_TEXT = (60, 60, 60)


def contact_sheet(rows: Sequence[Sequence[Image.Image]], labels: Sequence[str], *, cell: int) -> Image.Image:
    """Pictures in square cells of `cell` pixels, with names above; a single row is wrapped to about a square.

    Args:
        rows: one per photograph: the photograph, then its paintings; none is larger than a cell.
        labels: names of the columns.
    """
    if len(rows) == 1:
        across = math.ceil(math.sqrt(len(labels)))
        pairs = list(zip(rows[0], labels, strict=True))
        lines = [pairs[start : start + across] for start in range(0, len(pairs), across)]
    else:
        across = len(labels)
        lines = [
            [(picture, label if not number else "") for picture, label in zip(row, labels, strict=True)]
            for number, row in enumerate(rows)
        ]
    heights = [max(picture.height for picture, _ in line) + (_LABEL if line[0][1] else 0) for line in lines]
    sheet = Image.new("RGB", (across * (cell + _GAP) + _GAP, sum(heights) + _GAP * (len(lines) + 1)), (255, 255, 255))
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=14)
    y = _GAP
    for line, height in zip(lines, heights, strict=True):
        labelled = bool(line[0][1])
        for column, (picture, label) in enumerate(line):
            x = _GAP + column * (cell + _GAP) + (cell - picture.width) // 2
            if labelled:
                draw.text((x, y), _fitting(label, cell, font), fill=_TEXT, font=font)
            sheet.paste(picture, (x, y + (_LABEL if labelled else 0)))
        y += height + _GAP
    return sheet


def in_cell(image: Image.Image, cell: int) -> Image.Image:
    """The picture with a longer side of at most `cell` pixels; smaller pictures are not enlarged."""
    scale = min(1.0, cell / max(image.size))
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image if size == image.size else image.resize(size, Image.Resampling.LANCZOS)


def _fitting(label: str, width: int, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """The label shortened to `width` pixels at its beginning, because paths of runs differ at their end."""
    shown = label
    while font.getlength(shown) > width and len(shown) > 2:
        shown = f"…{shown[2:]}" if shown.startswith("…") else f"…{shown[1:]}"
    return shown
