"""Arrays are finished as tensors are."""

import numpy as np
import pytest
import torch

from stylegan_pl.errors import UserError
from stylegan_pl.inference.colour import KeepColour
from stylegan_pl.inference.finish import Finish
from stylegan_pl.inference.onnx.finish import ArrayFinish


def pictures(seed):
    """Two, smooth enough that few pixels leave the range."""
    return np.random.default_rng(seed).integers(60, 200, (2, 24, 20, 3), dtype=np.uint8)


def tensors(arrays):
    return torch.from_numpy(arrays).permute(0, 3, 1, 2).float() / 127.5 - 1


@pytest.mark.parametrize("keep_colour", [None, "luma", "coral"])
@pytest.mark.parametrize("strength", [0.0, 0.3, 1.0])
def test_as_the_tensors_finish(strength, keep_colour):
    content, painted = pictures(1), pictures(2)
    kept = None if keep_colour is None else KeepColour[keep_colour]
    expected = (Finish(strength, kept)(tensors(content), tensors(painted)) + 1) * 127.5
    found = ArrayFinish(strength, keep_colour)(content, painted)
    assert found.dtype == np.uint8 and found.shape == content.shape
    assert np.abs(found - expected.permute(0, 2, 3, 1).numpy()).max() < 0.51


def test_options_out_of_range_are_one_line():
    with pytest.raises(UserError, match="strength=2"):
        ArrayFinish(2)
    with pytest.raises(UserError, match="luma, coral"):
        ArrayFinish(1, "sepia")
