"""Pictures of any size, cut and padded and shrunk: nothing is lost, and nothing is made up."""

import numpy as np
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import nn

from stylegan_pl.data.folder import ImageFolder
from stylegan_pl.inference.any_size import SMALLEST, batches_of_one_size, pad_to_stride
from stylegan_pl.inference.onnx.painter import mirrored
from stylegan_pl.inference.painter import Painter
from stylegan_pl.inference.tiling.tile_plan import Tiling
from stylegan_pl.inference.tiling.tiles import spans

SIDES = st.integers(1, 80)
STRIDES = st.sampled_from([1, 2, 4, 8, 16])


def picture(height: int, width: int) -> torch.Tensor:
    """uint8 (3, H, W), every pixel another."""
    count = torch.arange(height * width).view(height, width)
    return torch.stack([count % 256, count // 256 % 256, (count * 7) % 256]).to(torch.uint8)


@given(SIDES, SIDES, STRIDES)
def test_padding_mirrors_and_keeps_the_picture_in_its_corner(height, width, stride):
    image = picture(height, width)[None].float()
    padded = pad_to_stride(image, stride)
    for side, before in zip(padded.shape[-2:], (height, width), strict=True):
        assert side % stride == 0 and side >= max(SMALLEST, before) and side < max(SMALLEST, before) + stride
    assert torch.equal(padded[..., :height, :width], image)
    assert set(padded.unique().tolist()) <= set(image.unique().tolist())


@given(SIDES, SIDES, STRIDES)
def test_an_exported_file_is_padded_as_a_checkpoint_is(height, width, stride):
    image = picture(height, width)
    theirs = pad_to_stride(image[None].float(), stride)[0]
    ours = mirrored(image.permute(1, 2, 0).numpy()[None], stride)[0]
    assert np.array_equal(ours, theirs.permute(1, 2, 0).numpy())


@given(st.integers(1, 60), st.integers(1, 40), st.integers(0, 8), st.integers(0, 32), STRIDES)
def test_tiles_cover_a_side_once_and_their_ramps_add_up(length, tile, overlap, blend, stride):
    length, tile, overlap = length * stride, tile * stride, overlap * stride
    assume(length <= tile or tile - 2 * overlap >= stride)
    found = spans(length, tile, overlap, blend, stride)
    assert [span.core[0] for span in found] == [0, *(span.core[1] for span in found[:-1])]
    assert found[-1].core[1] == length
    total = torch.zeros(length)
    for span in found:
        assert (
            0 <= span.seen[0] <= span.shown[0] <= span.core[0] < span.core[1] <= span.shown[1] <= span.seen[1] <= length
        )
        assert span.seen[1] - span.seen[0] <= tile
        assert all(end % stride == 0 for end in (*span.core, *span.seen))
        total[slice(*span.shown)] += span.weights()
    torch.testing.assert_close(total, torch.ones(length))


@given(st.integers(1, 150), st.integers(1, 150), st.integers(64, 130), st.integers(1, 3), st.booleans())
def test_a_painting_has_the_pictures_size_and_tiles_paint_what_the_whole_is(height, width, tile, count, cut):
    """By a network that looks at one pixel at a time, so that no tile knows less than the whole."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 3, 1), nn.Tanh())
    pictures = torch.stack([picture(height, width).roll(n, -1) for n in range(count)])
    painted = Painter(net, tiling=Tiling(tile if cut else None))(pictures)
    assert painted.shape == pictures.shape and painted.dtype == torch.uint8
    whole = Painter(net, tiling=Tiling(None))(pictures)
    assert (painted.int() - whole.int()).abs().max() <= 1  # ramps round


@given(SIDES, SIDES, st.integers(1, 60), st.none() | st.integers(1, 90), st.sampled_from([False, True, "crop"]))
def test_what_crops_are_cut_from_holds_a_crop_and_keeps_its_shape(width, height, size, load_size, upscale):
    folder = ImageFolder("nowhere", load_size=load_size, upscale=upscale)
    found = folder.resized_size(width, height, size)
    shorter = min(width, height)
    shrunk = min(shorter, load_size or shorter)
    expected = {False: shrunk, True: max(size, load_size or shorter), "crop": max(size, shrunk)}
    assert min(found) == expected[upscale]
    assert max(found) == max(min(found), round(max(width, height) * min(found) / shorter))
    assert (found[0] <= found[1]) == (width <= height) or found[0] == found[1]


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 3)), max_size=12), st.integers(1, 5))
def test_batches_hold_neighbours_of_one_size_in_their_order(sizes, batch_size):
    given_ = [(number, picture(*size)) for number, size in enumerate(sizes)]
    batches = list(batches_of_one_size(given_, batch_size))
    assert [tag for tags, _ in batches for tag in tags] == list(range(len(sizes)))
    for tags, pictures in batches:
        assert 1 <= len(tags) == len(pictures) <= batch_size
        assert all(torch.equal(pictures[row], given_[tag][1]) for row, tag in enumerate(tags))
