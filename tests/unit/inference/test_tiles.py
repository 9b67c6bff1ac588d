"""A picture is cut so that every pixel is somebody's, seen with its surroundings, and blended with weights of sum 1."""

from itertools import pairwise

import pytest
import torch

from stylegan_pl.inference.tiling.tiles import spans

CASES = [
    # length, tile, overlap, blend, stride
    (1000, 256, 32, 16, 4),
    (1000, 256, 0, 0, 4),
    (256, 256, 64, 16, 4),
    (260, 256, 64, 16, 4),
    (4096, 640, 128, 64, 128),
    (1024, 768, 256, 16, 256),
    (77, 64, 21, 16, 1),
    (8192, 1024, 104, 16, 4),
    (200, 64, 24, 24, 4),
]


@pytest.mark.parametrize(("length", "tile", "overlap", "blend", "stride"), CASES)
def test_cores_cover_the_side_once_on_the_networks_grid(length, tile, overlap, blend, stride):
    cut = spans(length, tile, overlap, blend, stride)
    assert [pixel for span in cut for pixel in range(*span.core)] == list(range(length))
    for span in cut:
        assert span.seen[1] - span.seen[0] <= tile
        assert span.seen[0] % stride == 0 and span.core[0] % stride == 0
        assert span.core[0] - span.seen[0] == min(overlap, span.core[0])
        assert span.seen[1] - span.core[1] == min(overlap, length - span.core[1])
        assert span.seen[0] <= span.shown[0] <= span.core[0] and span.core[1] <= span.shown[1] <= span.seen[1]


@pytest.mark.parametrize(("length", "tile", "overlap", "blend", "stride"), CASES)
def test_the_weights_add_up_to_one_and_never_jump(length, tile, overlap, blend, stride):
    total = torch.zeros(length)
    for span in spans(length, tile, overlap, blend, stride):
        weights = span.weights()
        assert weights.min() > 0 and weights.max() <= 1
        total[slice(*span.shown)] += weights
        assert slice(*span.shown_in_seen.indices(tile)).stop <= span.seen[1] - span.seen[0]
    torch.testing.assert_close(total, torch.ones(length))


def test_neighbours_share_a_ramp_as_wide_as_was_asked():
    for left, right in pairwise(spans(1000, 256, 32, 16, 4)):
        assert left.shown[1] - right.shown[0] == 32
        assert left.core[1] - right.shown[0] == 16
        ramp = right.weights()[:32]
        torch.testing.assert_close(ramp, (torch.arange(32) + 0.5) / 32)


def test_tiles_are_of_about_one_size():
    sizes = [span.core[1] - span.core[0] for span in spans(1000, 256, 32, 16, 4)]
    assert len(sizes) == 6 and max(sizes) - min(sizes) <= 24  # 1000 = 5 × 168 + 160, not 5 × 192 + 40


def test_a_tile_of_nothing_but_overlap_is_refused():
    with pytest.raises(ValueError, match=r"tiles of 128 pixels are all overlap \(64 on each side\); try 256"):
        spans(1000, 128, 64, 16, 4)
