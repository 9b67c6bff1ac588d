"""A picture of any size goes through a generator and comes back at its own size."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from stylegan_pl.inference.any_size import batches_of_one_size, pad_to_stride, stylize_batch
from stylegan_pl.pictures.tensors import to_float

CPU = torch.device("cpu")
SIZES = [(1, 1), (1, 50), (50, 1), (17, 40), (16, 16), (2, 3), (5, 33), (15, 16)]


def pictures(height: int, width: int, count: int = 2) -> Tensor:
    generator = torch.Generator().manual_seed(height * 1000 + width)
    return torch.randint(0, 256, (count, 3, height, width), generator=generator, dtype=torch.uint8)


def mirrored(line: int, size: int) -> int:
    """Where pixel `line` of an endlessly mirrored row of `size` pixels comes from, its edges not repeated."""
    if size == 1:
        return 0
    line %= 2 * size - 2
    return line if line < size else 2 * size - 2 - line


@pytest.mark.parametrize("stride", [1, 4, 12, 16, 32])
@pytest.mark.parametrize(("height", "width"), SIZES)
def test_sides_become_the_least_multiple_of_the_stride_from_16(height: int, width: int, stride: int) -> None:
    padded = pad_to_stride(to_float(pictures(height, width)), stride)
    for before, after in ((height, padded.shape[-2]), (width, padded.shape[-1])):
        assert after % stride == 0
        assert after >= 16
        assert after >= before
        assert after - stride < max(16, before)  # no more than needed


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_the_picture_stays_in_the_corner_and_is_mirrored_beyond(height: int, width: int) -> None:
    image = to_float(pictures(height, width))
    padded = pad_to_stride(image, 4)
    assert torch.equal(padded[..., :height, :width], image)
    for y in range(padded.shape[-2]):
        for x in range(padded.shape[-1]):
            expected = image[..., mirrored(y, height), mirrored(x, width)]
            assert torch.equal(padded[..., y, x], expected), (y, x)
    if min(height, width) > 1:
        rows, columns = padded.shape[-2] - height, padded.shape[-1] - width
        by_numpy = np.pad(image.numpy(), ((0, 0), (0, 0), (0, rows), (0, columns)), mode="reflect")
        assert np.array_equal(padded.numpy(), by_numpy)


def test_a_fitting_picture_is_left_alone() -> None:
    image = to_float(pictures(16, 32))
    assert torch.equal(pad_to_stride(image, 16), image)


class Negative(nn.Module):
    """x ↦ -x, for sides that are multiples of its stride only."""

    def __init__(self, stride: int | None = None) -> None:
        super().__init__()
        if stride is not None:
            self.stride = stride
        self.weight = nn.Parameter(torch.ones(()))
        self.seen: list[Tensor] = []

    def forward(self, images: Tensor) -> Tensor:
        self.seen.append(images)
        return -images * self.weight


@pytest.mark.parametrize(("height", "width"), [*SIZES, (31, 45)])
@pytest.mark.parametrize("stride", [None, 8])
def test_the_result_has_the_pictures_exact_size(height: int, width: int, stride: int | None) -> None:
    generator = Negative(stride)
    batch = pictures(height, width)
    result = stylize_batch(generator, batch, device=CPU, dtype=torch.float32)
    assert result.dtype == torch.uint8
    assert torch.equal(result, 255 - batch)  # so of the same shape, too
    assert not result.requires_grad
    (seen,) = generator.seen
    assert seen.shape[-1] % (stride or 4) == 0 and seen.shape[-2] % (stride or 4) == 0
    assert seen.dtype == torch.float32 and seen.min() >= -1 and seen.max() <= 1


def test_a_generator_that_leaves_the_range_is_clipped() -> None:
    class Loud(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            return images * 100

    batch = torch.tensor([0, 100, 127, 128, 200, 255], dtype=torch.uint8).reshape(1, 1, 1, 6).expand(1, 3, 4, 6)
    result = stylize_batch(Loud(), batch, device=CPU, dtype=torch.float32)
    assert result[0, 0, 0].tolist() == [0, 0, 78, 178, 255, 255]  # 127.5 ± 0.5 · 100, rounded half to even


def test_half_precision_runs_under_autocast_and_stays_close() -> None:
    convolution = nn.Conv2d(3, 3, 3, padding=1)
    kinds: list[torch.dtype] = []
    convolution.register_forward_hook(lambda module, inputs, output: kinds.append(output.dtype))
    batch = pictures(17, 19)
    generator = nn.Sequential(convolution)  # a bare convolution's `stride` is its own
    full = stylize_batch(generator, batch, device=CPU, dtype=torch.float32)
    half = stylize_batch(generator, batch, device=CPU, dtype=torch.bfloat16)
    assert kinds == [torch.float32, torch.bfloat16]
    assert half.shape == full.shape
    assert (half.int() - full.int()).abs().max() <= 3


@pytest.mark.parametrize("batch_size", [1, 2, 3, 100])
def test_neighbours_of_one_size_share_a_batch_in_order(batch_size: int) -> None:
    sizes = [(4, 4)] * 5 + [(4, 6)] + [(4, 4)] * 2 + [(6, 4)] * 3
    items = [(f"picture {n}", pictures(h, w, 1)[0]) for n, (h, w) in enumerate(sizes)]
    batches = list(batches_of_one_size(iter(items), batch_size))
    assert [tag for tags, _ in batches for tag in tags] == [tag for tag, _ in items]
    unpacked = [picture for _, batch in batches for picture in batch]
    assert all(torch.equal(a, b) for a, (_, b) in zip(unpacked, items, strict=True))
    assert all(len(tags) == len(batch) <= batch_size for tags, batch in batches)
    runs = [5, 1, 2, 3]
    assert len(batches) == sum(-(-run // batch_size) for run in runs)  # no batch is cut short without need


def test_no_pictures_no_batches() -> None:
    assert list(batches_of_one_size([], 4)) == []


def test_batches_come_as_soon_as_they_are_full() -> None:
    """A folder of thousands must not be read into memory first."""
    asked: list[int] = []

    def endless():  # type: ignore[no-untyped-def]
        for number in range(1000):
            asked.append(number)
            yield number, pictures(4, 4, 1)[0]

    tags, _ = next(batches_of_one_size(endless(), 2))
    assert tags == [0, 1]
    assert len(asked) <= 3
