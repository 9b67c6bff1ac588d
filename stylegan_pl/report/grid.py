"""Draws grid.png: the same photographs painted by every entry."""

import math
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont, ImageOps
from torch import Tensor

from stylegan_pl.pictures.tensors import tensor_to_image
from stylegan_pl.report.contents import Report
from stylegan_pl.report.pictures import evenly

_ROWS = 8
_PIXELS = 1_600_000  # pixels of all cells: two to four megabytes of PNG
_GAP = 6
_PAPER, _INK = (255, 255, 255), (64, 64, 64)


def grid(report: Report) -> Image.Image:
    """One row per photograph, evenly from the set: content | result of each entry | a painting; columns are labelled.

    At most 8 rows, and fewer and smaller cells where many entries are compared, so that the file stays small.
    A picture that is not square is shown whole.
    """
    labels = ["content", *(entry.name for entry in report.entries), *(["painting"] if report.paintings else [])]
    rows = _rows(report, columns=len(labels))
    if not rows:
        return Image.new("RGB", (_GAP, _GAP), _PAPER)
    room = math.isqrt(_PIXELS // (len(rows) * len(labels)))
    side = max(16, min(room, max(max(image.shape[-2:]) for row in rows for image in row if image is not None)))
    head = max(12, side // 10)
    font = ImageFont.load_default(head)
    top = round(1.5 * head) + _GAP
    sheet = Image.new("RGB", (len(labels) * (side + _GAP) + _GAP, top + len(rows) * (side + _GAP)), _PAPER)
    draw = ImageDraw.Draw(sheet)
    for x, label in enumerate(labels):
        draw.text((_GAP + x * (side + _GAP), _GAP), _fitting(label, font, side), fill=_INK, font=font)
    for y, row in enumerate(rows):
        for x, image in enumerate(row):
            if image is not None:
                picture = ImageOps.contain(tensor_to_image(image), (side, side), Image.Resampling.LANCZOS)
                sheet.paste(picture, (_GAP + x * (side + _GAP), top + y * (side + _GAP)))
    return sheet


def _rows(report: Report, columns: int) -> list[list[Tensor | None]]:
    """Side of a cell: at least 128 pixels, if three rows allow it."""
    most = max(3, min(_ROWS, _PIXELS // (columns * 128**2)))
    stylised = [{picture.name: picture.stylised for picture in entry.pictures} for entry in report.entries]
    rows: list[list[Tensor | None]] = []
    for photo in evenly(report.photographs, most):
        painting = _cyclic(report.paintings, len(rows))
        rows.append([photo.image, *(pictures.get(photo.name) for pictures in stylised), *painting])
    return rows


def _cyclic(paintings: Sequence[Tensor], i: int) -> list[Tensor]:
    return [paintings[i % len(paintings)]] if paintings else []


def _fitting(label: str, font: ImageFont.ImageFont | ImageFont.FreeTypeFont, width: int) -> str:
    """The label on one line, shortened to the available width."""
    line = " ".join(label.split())
    if font.getlength(line) <= width:
        return line
    while line and font.getlength(line + "…") > width:
        line = line[:-1]
    return line + "…"
