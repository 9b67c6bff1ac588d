"""Pictures of any size within a limit of memory: tiles paint what the whole would, and nobody sees where they meet."""

import logging
from itertools import pairwise

import numpy as np
import pytest
import skimage.data
import torch
from small_generators import SMALL, network, picture
from torch import Tensor

from stylegan_pl.errors import UserError
from stylegan_pl.inference.colour import KeepColour
from stylegan_pl.inference.finish import Finish
from stylegan_pl.inference.painter import Painter
from stylegan_pl.inference.tiling import tile_plan
from stylegan_pl.inference.tiling.activation_memory import _LiveBytes
from stylegan_pl.inference.tiling.tile_plan import Tiling
from stylegan_pl.inference.tiling.tiles import spans

WHOLE = Tiling(tile=None)
LIGHT = [name for name in SMALL if name != "adain"]  # VGG is covered by its scratch brother


def photograph(height: int, width: int) -> Tensor:
    """uint8 (1, 3, height, width), a face in front of a flag."""
    return torch.from_numpy(skimage.data.astronaut()[:height, :width].copy()).permute(2, 0, 1)[None]


def gap(a: Tensor, b: Tensor) -> float:
    """Mean difference in levels of 255."""
    return float((a.float() - b.float()).abs().mean())


@pytest.mark.parametrize("tile", [None, 64])
@pytest.mark.parametrize("wrong", [torch.nan, torch.inf])
def test_a_painting_that_is_no_number_is_told_and_not_painted_black(wrong: float, tile: int | None) -> None:
    class Overflowing(torch.nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x + wrong

    painter = Painter(Overflowing(), tiling=Tiling(tile=tile))
    with pytest.raises(UserError, match=r"nan or infinite numbers; type precision=fp32"):
        painter(photograph(100, 120))


def test_a_bright_painting_in_half_precision_is_a_number():
    white = torch.ones(1, 3, 256, 256, dtype=torch.float16)  # their sum is beyond the largest number of that precision
    assert torch.equal(Finish()(white, white), white)


@pytest.fixture(autouse=True)
def no_gradients():
    with torch.no_grad():
        yield


# ---------------------------------------------------------------------- tiled ≈ whole


@pytest.mark.parametrize("name", LIGHT)
def test_exact_tiles_paint_what_the_whole_would(name):
    image = photograph(67, 509)
    generator = network(name)
    painter = Painter(generator, tiling=Tiling(4 * Painter(generator).tiles.overlap, exact=True))
    assert painter.tiles.tile_for(67, 509) is not None
    difference = painter(image).int() - Painter(generator, tiling=WHOLE)(image).int()
    assert difference.abs().max() <= 1


@pytest.mark.parametrize("name", LIGHT)
def test_tiles_by_a_thumbnail_are_near_and_nearer_than_tiles_on_their_own(name):
    """A thumbnail of a quarter of the pixels: within 8 of 255 levels on average for random weights."""
    image = photograph(384, 384)
    generator = network(name)
    whole = Painter(generator, tiling=WHOLE)(image)
    tiled = Painter(generator, tiling=Tiling(192))(image)
    assert gap(tiled, whole) <= 8
    painter = Painter(generator, tiling=WHOLE)
    alone = torch.cat(
        [
            torch.cat([painter(image[..., y : y + 96, x : x + 96]) for x in range(0, 384, 96)], dim=3)
            for y in range(0, 384, 96)
        ],
        dim=2,
    )
    assert gap(tiled, whole) < 0.7 * gap(alone, whole) or gap(tiled, whole) < 0.5


def test_without_a_norm_tiles_are_exact_by_themselves():
    image = photograph(150, 260)
    generator = network("seed")
    assert torch.equal(Painter(generator, tiling=Tiling(96))(image), Painter(generator, tiling=WHOLE)(image))


def jumps(image: Tensor, borders: list[int]) -> float:
    """Mean step from column to column across the borders, over the mean of all others; levels, not their edges."""
    steps = (image[..., 1:].float() - image[..., :-1].float()).abs().mean(dim=(0, 1, 2))
    at = torch.zeros(len(steps), dtype=torch.bool)
    at[[border - 1 for border in borders]] = True
    return float(steps[at].mean() / steps[~at].mean())


@pytest.mark.parametrize("name", LIGHT)
def test_there_is_no_step_where_tiles_meet(name):
    y, x = np.mgrid[0:160, 0:512] / 512
    smooth = np.stack([0.5 + 0.4 * np.sin(7 * x + 3 * y), 0.3 + 0.3 * x, 0.5 + 0.4 * np.cos(5 * x * y)])
    image = torch.from_numpy(smooth * 2 - 1).float()[None]
    generator = network(name)
    painter = Painter(generator, tiling=Tiling(160))
    overlap = painter.tiles.overlap_of(160)
    borders = [span.core[0] for span in spans(512, 160, overlap, 16, painter.tiles.grid)][1:]
    assert len(borders) >= 4
    whole = jumps(Painter(generator, tiling=WHOLE)(image), borders)  # a regular pattern of strokes may fall on borders
    tiled = jumps(painter(image), borders)
    alone = torch.cat([Painter(generator, tiling=WHOLE)(image[..., a:b]) for a, b in pairwise([0, *borders, 512])], 3)
    assert tiled <= 1.15 * whole + 0.15, (tiled, whole)
    if (
        name not in ("seed", "context", "context_grey") and "transposed" not in name
    ):  # no norm; a checkerboard that drowns everything
        assert jumps(alone, borders) > 1.5 * tiled  # the measure sees seams where there are some


@pytest.mark.parametrize("way", [*KeepColour, None])
def test_finish_and_mask_fall_on_the_right_pixels_of_tiles(way):
    image = photograph(171, 250)
    mask = torch.rand(1, 1, 171, 250, generator=torch.Generator().manual_seed(3))
    generator = network("mobile")
    finish = Finish(0.6, way)
    whole = Painter(generator, tiling=WHOLE, finish=finish)(image, mask)
    tiled = Painter(generator, tiling=Tiling(160, exact=True), finish=finish)(image, mask)
    limit = 1 if way is not KeepColour.coral else 12  # whose palette comes from a thumbnail
    assert (tiled.int() - whole.int()).abs().max() <= limit
    nowhere = Painter(generator, tiling=Tiling(160), finish=finish)(image, torch.zeros_like(mask))
    assert torch.equal(nowhere, image)


# ---------------------------------------------------------------------- kinds, sizes, batches


@pytest.mark.parametrize("tile", [None, 96])
@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 500), (500, 1), (130, 97), (97, 290)])
@pytest.mark.parametrize("name", ["mobile", "unet"])
def test_the_exact_size_and_type_come_back(name, height, width, tile):
    generator = network(name)
    image = picture(2, 3, height, width)
    for given in (image, ((image + 1) * 127.5).round().to(torch.uint8), image.double()):
        painted = Painter(generator, tiling=Tiling(tile))(given)
        assert painted.shape == given.shape and painted.dtype == given.dtype
        assert painted.float().isfinite().all()


def test_floats_are_not_rounded_to_bytes_on_the_way():
    image = picture(1, 3, 130, 100)
    painted = Painter(network("seed"), tiling=Tiling(64))(image)
    torch.testing.assert_close(painted, network("seed")(image), rtol=1e-4, atol=1e-5)
    assert painted.unique().numel() > 256


def test_a_batch_is_its_pictures_one_by_one_and_nothing_spills_from_one_to_the_next():
    images = torch.cat([photograph(200, 200), 255 - photograph(200, 200)])
    masks = torch.stack([torch.ones(1, 200, 200), torch.zeros(1, 200, 200)])
    for tiling in (WHOLE, Tiling(160), Tiling(memory_gb=1e3)):
        painter = Painter(network("resnet"), tiling=tiling)
        together = painter(images, masks)
        assert (together[:1].int() - painter(images[:1]).int()).abs().max() <= 1
        assert torch.equal(together[1], images[1])


def test_half_precision_goes_through_tiles_too():
    image = photograph(200, 200)
    full = Painter(network("mobile"), tiling=Tiling(160))(image)
    half = Painter(network("mobile"), tiling=Tiling(160), dtype=torch.bfloat16)(image)
    assert 0 < gap(full, half) < 4


# ---------------------------------------------------------------------- memory


def live(height: int, tiling: Tiling) -> int:
    """Peak bytes while a picture of 256 columns is painted, less its own and its painting's."""
    image = picture(1, 3, height, 256)
    painter = Painter(network("mobile"), tiling=tiling)
    _ = painter.tiles.overlap  # found once for all pictures
    into = torch.empty_like(image)
    with _LiveBytes() as counted:
        painter(image, into=into)
    return counted.peak


def test_memory_does_not_grow_with_the_picture():
    one, four = live(400, Tiling(160)), live(1200, Tiling(160))
    assert four <= 1.05 * one
    assert live(1200, WHOLE) > 2 * one


def test_auto_cuts_what_memory_cannot_hold_and_keeps_to_it():
    painter = Painter(network("resnet"), tiling=Tiling())
    assert painter.tiles.tile_for(100, 100) is None
    per_pixel = painter.tiles.pixel_bytes

    for budget in (300e3 * per_pixel, 90e3 * per_pixel):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(tile_plan, "budget_bytes", lambda *_, budget=budget: budget)
            side = painter.tiles.tile_for(2000, 2000)
            assert side is not None and side % 4 == 0
            assert 0.9 * budget < side**2 * per_pixel <= budget
            assert painter.tiles.tile_for(200, 200) is None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tile_plan, "budget_bytes", lambda *_: 1e15)
        assert painter.tiles.tile_for(4000, 4000) is None
        assert painter.tiles.tile_for(5000, 5000) == 4096  # maps whose elements 32 bits cannot count


def test_too_little_memory_is_said_with_a_way_out():
    painter = Painter(network("resnet"), tiling=Tiling(memory_gb=0.001))
    with pytest.raises(UserError, match=r"needs .* GB for its smallest tile .*raise memory_gb=, or type tile="):
        painter(photograph(300, 300))
    with pytest.raises(UserError, match="memory_gb=0 must be above 0"):
        Painter(network("resnet"), tiling=Tiling(memory_gb=0))(photograph(300, 300))


def test_small_tiles_are_warned_of_with_the_size_that_suffices(caplog):
    painter = Painter(network("resnet"), tiling=Tiling(96))
    with caplog.at_level(logging.WARNING):
        painter(photograph(200, 100))
    (line,) = caplog.messages
    enough = int(line.rsplit("tile=", 1)[1].split()[0])
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        Painter(network("resnet"), tiling=Tiling(enough))(photograph(300, 300))
    assert not caplog.messages


@pytest.mark.parametrize("tile", ["big", 10])
def test_a_tile_that_is_none_is_said(tile):
    with pytest.raises(UserError, match="tile="):
        Tiling(tile)


def test_progress_adds_up_to_a_picture():
    for exact in (False, True):
        told: list[float] = []
        Painter(network("mobile"), tiling=Tiling(160, exact=exact))(photograph(300, 200), report=told.append)
        assert len(told) > 3 and sum(told) == pytest.approx(1)


@pytest.mark.parametrize(("kernel", "overlap"), [(1, 16), (3, 20), (31, 32)])
def test_tiles_overlap_by_what_the_generator_sees_and_the_blend(kernel, overlap):
    """Also where it sees nothing beyond a pixel, which is no reason to overlap by thousands."""
    painter = Painter(torch.nn.Sequential(torch.nn.Conv2d(3, 3, kernel, padding=kernel // 2)))
    assert painter.tiles.overlap == overlap


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("tile", [None, 64])
def test_half_precision_paints_nearly_what_float32_does(dtype, tile):
    generator = network("resnet")
    pictures = photograph(100, 150)
    whole, half = (Painter(generator, dtype=kind, tiling=Tiling(tile))(pictures) for kind in (torch.float32, dtype))
    assert half.dtype == torch.uint8 and gap(whole, half) < 1.5
    assert not torch.equal(whole, half)  # it is another arithmetic


@pytest.mark.parametrize("tile", [63, 0, -64, 512.5, "huge", "512", True, [512]])
def test_a_tile_that_is_none_is_refused(tile):
    with pytest.raises(UserError, match=r"tile=.*(type tile=auto|at least 64 pixels)"):
        Tiling(tile)
