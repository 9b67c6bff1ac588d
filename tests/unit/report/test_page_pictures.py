"""Which pictures are shown, on the page and on the sheet."""

import io
import math
import random

import numpy as np
import torch
from PIL import Image
from unit.report.example import comparison, entry, photographs, picture, report

from stylegan_pl.pictures.tensors import tensor_to_image
from stylegan_pl.report.contents import Photo, Picture
from stylegan_pl.report.grid import grid
from stylegan_pl.report.pictures import best_and_worst, evenly, gallery


def with_losses(losses: list[float | None]) -> list[Picture]:
    return [Picture(str(i), picture(i, 8), loss) for i, loss in enumerate(losses)]


def test_best_and_worst_by_sorting():
    losses = random.Random(0).sample(range(100), 20)
    best, worst = best_and_worst(with_losses(losses))
    assert [p.content_loss for p in best] == sorted(losses)[:4]
    assert [p.content_loss for p in worst] == sorted(losses, reverse=True)[:4]


def test_none_is_both_best_and_worst():
    for count in range(10):
        best, worst = best_and_worst(with_losses([float(i) for i in range(count)]))
        assert len(best) == len(worst) == min(4, count // 2)
        assert not {p.name for p in best} & {p.name for p in worst}


def test_what_was_not_measured_is_neither():
    best, worst = best_and_worst(with_losses([None, 3.0, math.nan, 1.0, math.inf, 2.0]))
    assert [p.name for p in best] == ["3"] and [p.name for p in worst] == ["1"]


def test_evenly():
    assert evenly(range(100), 4) == [0, 25, 50, 75] and evenly([1, 2], 5) == [1, 2] and evenly([], 3) == []


def test_rows_hold_the_same_photograph_whatever_the_order():
    photos = photographs(5, 16)
    turned = entry("turned", photos)
    turned.pictures.reverse()
    del turned.pictures[2]  # photograph 2 has none
    shown = gallery(report(entry("straight", photos), turned, photos=photos))
    for i, row in enumerate(shown.rows):
        assert [cell.name for cell in row] == [photos[i].name] * 2
        assert row[1].stylised == (None if i == 2 else row[0].stylised) and row[1].photo == row[0].photo


def test_pictures_are_shrunk_in_shape_and_never_enlarged():
    photos = [Photo("wide", torch.zeros(3, 300, 1200, dtype=torch.uint8)), Photo("small", picture(0, 20))]
    wide, small = (row[0].photo for row in gallery(report(entry("a", photos), photos=photos)).rows)
    assert (wide.width, wide.height) == (512, 128) and (small.width, small.height) == (20, 20)


def test_grid_has_a_labelled_column_each():
    photos, side, gap = photographs(3, 64), 64, 6
    made = report(entry("a", photos), entry("b", photos), photos=photos)
    sheet = grid(made)
    assert sheet.width == 4 * (side + gap) + gap
    top = sheet.height - 3 * (side + gap)
    for y, photo in enumerate(photos):
        cells = [
            photo.image,
            made.entries[0].pictures[y].stylised,
            made.entries[1].pictures[y].stylised,
            made.paintings[y],
        ]
        for x, cell in enumerate(cells):
            left, upper = gap + x * (side + gap), top + y * (side + gap)
            found = np.asarray(sheet.crop((left, upper, left + side, upper + side)))
            assert np.array_equal(found, np.asarray(tensor_to_image(cell)))
    for x in range(4):
        left = gap + x * (side + gap)
        assert np.asarray(sheet.crop((left, gap, left + side, top))).min() < 128  # ink


def test_grid_stays_a_few_megabytes_and_eight_rows():
    noise = torch.Generator().manual_seed(0)
    photos = [
        Photo(f"{i}", torch.randint(0, 256, (3, 128, 128), generator=noise, dtype=torch.uint8)) for i in range(20)
    ]
    data = io.BytesIO()
    grid(comparison(6, photos)).save(data, "PNG")
    assert data.tell() < 6_000_000
    assert grid(report(photos=photos)).height < 9 * (128 + 6) + 30
    assert grid(comparison(20, photos)).width < 4000


def test_grid_of_anything():
    photos = [Photo("tall", picture(0, 40)[:, :, :10])]
    assert isinstance(grid(report(entry("x" * 300, photos), photos=photos, paintings=[])), Image.Image)
    assert isinstance(grid(report(entry("a", []), photos=[])), Image.Image)
    assert isinstance(grid(report(entry("名前 🎨", photos, pictures=[]), photos=photos)), Image.Image)
