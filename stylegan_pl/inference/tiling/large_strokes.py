"""Large strokes in a picture that is too large for memory: painted small and whole, then enlarged strip by strip."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from stylegan_pl.inference.any_size import pad_to_stride
from stylegan_pl.inference.colour import Recolouring
from stylegan_pl.inference.finish import Finish
from stylegan_pl.inference.stroke import InStrokes, resized
from stylegan_pl.pictures.tensors import to_float, to_uint8

_STRIP = 512  # pixels: approximate height of a strip
_NEIGHBOURS = 3  # pixels of the small picture around a strip; bicubic interpolation uses two


class LargeStrokes:
    """The same result as `InStrokes` on the whole picture, with only strips and the small picture in memory.

    Tiles are not possible: they would have to overlap by the receptive field in pixels of the large picture, thousands.

    Args:
        strokes: with a ratio above 1.
        paint: the small picture, (1, 3, h, w) in [-1, 1] -> its painting, before `Finish`, on the CPU.
        device: where strips are resized.
    """

    def __init__(
        self, strokes: InStrokes, paint: Callable[[Tensor], Tensor], *, device: torch.device, finish: Finish
    ) -> None:
        self.large, self.small = strokes.ratio.numerator, strokes.ratio.denominator  # pixels of the two pictures
        self.paint_small, self.device, self.finish = paint, device, finish

    def paint(self, picture: Tensor, mask: Tensor | None, into: Tensor, report: Callable[[float], None]) -> None:
        """Paint into `into`, which has the picture's shape, from top to bottom.

        Args:
            picture: (3, H, W), uint8 or float in [-1, 1], on the CPU.
            mask: (1, H, W) in [0, 1]; 0 keeps the picture.
            report: called with the share of the work done since the last call.
        """
        height, width = picture.shape[-2:]
        blocks, columns = -(-height // self.large), -(-width // self.large)  # blocks of `large` pixels
        small = torch.empty(1, 3, blocks * self.small, columns * self.small)
        for own, seen in self._strips(blocks):
            part = self._floats(picture, seen, columns)
            shrunk = resized(part, (seen[1] - seen[0]) * self.small, columns * self.small)
            small[..., own[0] * self.small : own[1] * self.small, :] = self._inner(shrunk, own, seen, self.small).cpu()
        painted = self.paint_small(small.clamp_(-1, 1))
        palette, change = self._palette(small, painted), painted - small
        for own, seen in self._strips(blocks):
            rows = change[..., seen[0] * self.small : seen[1] * self.small, :].to(self.device)
            enlarged = resized(rows, (seen[1] - seen[0]) * self.large, columns * self.large)
            content = self._floats(picture, own, columns)
            result = (content + self._inner(enlarged, own, seen, self.large)).clamp(-1, 1)
            top, bottom = own[0] * self.large, min(own[1] * self.large, height)
            shown = (..., slice(bottom - top), slice(width))
            share = None if mask is None else mask[None, :, top:bottom].to(self.device)
            finished = self.finish(content[shown], result[shown], share, palette)[0].cpu()
            into[:, top:bottom] = to_uint8(finished) if into.dtype == torch.uint8 else finished.to(into.dtype)
            report((own[1] - own[0]) / blocks)

    def _palette(self, small: Tensor, painted: Tensor) -> Recolouring | None:
        return self.finish.palette(small, painted)

    def _strips(self, blocks: int) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
        """Yield (own, seen) in blocks: the rows of a strip, and the rows that it needs as input."""
        high, margin = max(1, _STRIP // self.large), -(-_NEIGHBOURS // self.small)
        for start in range(0, blocks, high):
            stop = min(start + high, blocks)
            yield (start, stop), (max(0, start - margin), min(blocks, stop + margin))

    def _floats(self, picture: Tensor, blocks: tuple[int, int], columns: int) -> Tensor:
        """Rows of the picture, (1, 3, h, w) in [-1, 1], mirrored beyond its right and lower edge."""
        top, bottom = (block * self.large for block in blocks)
        part = picture[None, :, top:bottom].to(self.device)
        floats = to_float(part) if part.dtype == torch.uint8 else part.float()
        return pad_to_stride(floats, self.large)[..., : bottom - top, : columns * self.large]

    def _inner(self, part: Tensor, own: tuple[int, int], seen: tuple[int, int], pixels: int) -> Tensor:
        return part[..., (own[0] - seen[0]) * pixels : (own[1] - seen[0]) * pixels, :]
