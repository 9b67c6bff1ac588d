"""Each complaint fires on its planted case, and it alone; none on a style, however strong."""

import io

import pytest
import torch
from example_pictures import detectors, examine, painted, photographs
from PIL import Image
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

from stylegan_pl.pictures.tensors import image_to_tensor, tensor_to_image, to_float


def level(value: float) -> float:
    """Of 255, in [-1, 1]'s units."""
    return value * 2 / 255


def grey(x: Tensor) -> Tensor:
    return x.mean(dim=1, keepdim=True).expand_as(x)


def canvas(x: Tensor) -> Tensor:
    """The same weave over every picture, of 5 pixels."""
    rows = (torch.arange(x.shape[2])[:, None] + 2 * torch.arange(x.shape[3])) % 5 == 0
    return (x + 0.3 * rows).clamp(-1, 1)


def frame(x: Tensor) -> Tensor:
    """A dark border around every picture."""
    framed = torch.full_like(x, -0.9)
    framed[..., 8:-8, 8:-8] = x[..., 8:-8, 8:-8]
    return framed


STYLES = {
    "strokes": lambda x, y: y,
    "strokes, monochrome": lambda x, y: grey(y) * torch.tensor([1.0, 0.8, 0.5]).view(1, 3, 1, 1),
    "strokes, dark": lambda x, y: (y + 1) * 0.12 - 1,
    "strokes, pale": lambda x, y: 0.7 + 0.1 * y,
    "strokes, deep blue": lambda x, y: 0.2 * grey(y) + torch.tensor([-0.7, -0.5, 0.6]).view(1, 3, 1, 1),
    "strokes on a canvas": lambda x, y: canvas(y),
    "strokes in a frame": lambda x, y: frame(y),
    "other colours": lambda x, y: x.roll(1, dims=1),
    "few colours": lambda x, y: (y * 2).round() / 2,
    "a warm filter": lambda x, y: (x + torch.tensor([0.3, 0.05, -0.3]).view(1, 3, 1, 1)).clamp(-1, 1),
    "blurred": lambda x, y: interpolate(avg_pool2d(x, 8), scale_factor=8, mode="bilinear"),
    "white noise": lambda x, y: torch.rand(x.shape, generator=torch.Generator().manual_seed(0)) * 2 - 1,
    "unrelated": lambda x, y: y.roll(1, dims=0),
}


@pytest.mark.parametrize("style", STYLES)
def test_a_style_is_no_symptom(style):
    assert examine(photographs(), STYLES[style](photographs(), painted())) == set()


def jpeg(x: Tensor) -> Tensor:
    """Saved and read again, at quality 75."""
    read = []
    for image in x:
        file = io.BytesIO()
        tensor_to_image(image).save(file, "JPEG", quality=75)
        read.append(to_float(image_to_tensor(Image.open(file).convert("RGB"))))
    return torch.stack(read)


def noisy(x: Tensor) -> Tensor:
    return x + level(2) * torch.randn(x.shape, generator=torch.Generator().manual_seed(0))


def grid(x: Tensor, period: int, height: float) -> Tensor:
    """Every `period`-th pixel of each row and column lighter by `height` levels."""
    on = (torch.arange(x.shape[2]) % period == 0).to(x)
    return (x + level(height) * (on[:, None] + on)).clamp(-1, 1)


def with_nan(x: Tensor) -> Tensor:
    broken = x.clone()
    broken[1, 0, 3, 4] = torch.nan
    return broken


PLANTED = {
    "identity map: untouched": lambda x, y: x,
    "identity map: saved as JPEG": lambda x, y: jpeg(x),
    "identity map: with noise": lambda x, y: noisy(x),
    "colour inversion: the negative": lambda x, y: -x,
    "colour inversion: of the strokes": lambda x, y: -0.6 * y - 0.2,
    "collapsed generator: one painting": lambda x, y: y[:1].expand_as(x),
    "collapsed generator: almost one painting": lambda x, y: 0.9 * y[:1] + 0.1 * x,
    "collapsed generator: grey": lambda x, y: torch.zeros_like(x),
    "collapsed generator: grey with a breath of x": lambda x, y: level(1) * x,
    "checkerboard: of 2 pixels": lambda x, y: grid(y, 2, 4),
    "checkerboard: of 4 pixels": lambda x, y: grid(y, 4, 6),
    "not finite: one pixel": lambda x, y: with_nan(y),
}


@pytest.mark.parametrize("case", PLANTED)
def test_a_planted_symptom_is_found_and_no_other(case):
    assert examine(photographs(), PLANTED[case](photographs(), painted())) == {case.partition(":")[0]}


def test_evidence_has_the_numbers():
    x, by_name = photographs(), {detector.name: detector for detector in detectors()}
    copied = by_name["identity map"].look(x, x + level(1))
    assert "by 1.0 of 255 levels" in copied.evidence and "(median of 6)" in copied.evidence
    inverted = by_name["colour inversion"].look(x, -x)
    assert "-1.00 (median of 6)" in inverted.evidence
    broken = by_name["not finite"].look(x, with_nan(x))
    assert broken.evidence.startswith("1 of 6 pictures")
    assert str(broken) == f"not finite: {broken.evidence}; {broken.advice}"


@pytest.mark.parametrize("count", [1, 3])
def test_few_pictures_are_neither_alike_nor_gridded(count):
    x = photographs()[:count]
    assert examine(x, torch.zeros_like(x)) == set()
    assert examine(x, grid(x.roll(1, dims=1), 4, 20)) == set()


def test_photographs_that_are_one_cannot_differ():
    x, y = (pictures[:1].expand(6, -1, -1, -1) for pictures in (photographs(), painted()))
    assert examine(x, y) == set()


def test_black_photographs_say_nothing():
    black = torch.full((6, 3, 128, 128), -1.0)
    assert examine(black, black) == set()
