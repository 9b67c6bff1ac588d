"""Paints one picture that is too large for memory, tile by tile."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from stylegan_pl.inference.any_size import SMALLEST, grid_of, pad_to_stride, padding_of
from stylegan_pl.inference.colour import Recolouring
from stylegan_pl.inference.finish import Finish
from stylegan_pl.inference.tiling.picture_statistics import Core, PictureStatistics
from stylegan_pl.inference.tiling.tiles import Span, spans
from stylegan_pl.pictures.tensors import to_float, to_uint8


class LargePicture:
    """Paints tiles with common statistics of norms, so that there are no seams.

    Memory, besides picture and painting: one tile's activations, and a row of tiles.

    Args:
        generator: on `device`; takes sides that are multiples of its stride; tiles start at multiples of its grid.
        picture: (3, H, W), uint8 or float in [-1, 1], on the CPU.
        mask: (1, H, W) in [0, 1]; 0 keeps the picture.
        tile, overlap, blend: pixels; see `tiles.spans`.
    """

    def __init__(
        self,
        generator: nn.Module,
        picture: Tensor,
        mask: Tensor | None = None,
        *,
        device: torch.device,
        dtype: torch.dtype,
        finish: Finish,
        tile: int,
        overlap: int,
        blend: int,
    ) -> None:
        self.picture, self.mask, self.finish = picture, mask, finish
        self.device, self.dtype = device, dtype
        self.pads_to, self.tile = padding_of(generator), tile
        self.statistics = PictureStatistics(generator)
        sides = [-(-max(SMALLEST, side) // self.pads_to) * self.pads_to for side in picture.shape[-2:]]  # as of a whole
        self.rows, self.columns = (spans(side, tile, overlap, blend, grid_of(generator)) for side in sides)

    @torch.no_grad()
    def paint(self, into: Tensor, *, exact: bool, report: Callable[[float], None]) -> None:
        """Paint into `into`, which has the picture's shape, from top to bottom.

        Args:
            exact: take the norms' statistics from all tiles; otherwise from a thumbnail.
            report: called with the share of the work done since the last call.
        """
        passes = len(self.statistics.norms) if exact else 0
        step = 1 / (len(self.rows) * len(self.columns) * (passes + 1))
        palette = self._look(exact, lambda: report(step))
        carried = torch.zeros(3, 0, 0)
        for row in self.rows:
            top, bottom = row.shown
            strip = torch.zeros(3, bottom - top, self.columns[-1].shown[1])
            if carried.numel():
                strip[:, : carried.shape[1]] = carried
            for column in self.columns:
                weights = row.weights()[:, None] * column.weights()
                strip[:, :, slice(*column.shown)] += self._tile(row, column, palette) * weights
                report(step)
            last = row is self.rows[-1]
            finished = bottom - top if last else 2 * row.core[1] - bottom - top  # below, the next row is blended in
            carried = strip[:, finished:]
            self._write(strip[:, :finished], into, top)

    def _look(self, exact: bool, report: Callable[[], None]) -> Recolouring | None:
        """Measure the whole picture first: the norms' statistics, and the palette."""
        if not self.statistics.norms and not self.finish.needs_palette:
            return None
        thumbnail = self._thumbnail()
        with self._arithmetic():
            painted = self.statistics.measure(thumbnail).float()
            for norm in list(self.statistics.moments) if exact else []:
                self.statistics.gather(norm, self._tiles(report))
        return self.finish.palette(thumbnail, painted)

    def _thumbnail(self) -> Tensor:
        """The picture, shrunk to at most a tile's number of pixels; (1, 3, h, w) in [-1, 1]."""
        height, width = self.picture.shape[-2:]
        scale = min(1.0, self.tile / (height * width) ** 0.5)
        sides = [max(1, round(side * scale)) for side in (height, width)]
        small = interpolate(self.picture[None], size=sides, mode="bilinear", antialias=True)
        return pad_to_stride(self._floats(small), self.pads_to)

    def _tiles(self, report: Callable[[], None]) -> Iterator[tuple[Tensor, Core]]:
        for row in self.rows:
            for column in self.columns:
                (top, bottom), (left, right) = (_core_shares(span) for span in (row, column))
                yield self._cut(row, column), Core(top, bottom, left, right)
                report()

    def _tile(self, row: Span, column: Span, palette: Recolouring | None) -> Tensor:
        """The visible part of one tile, painted and finished: (3, h, w) on the CPU."""
        content = self._cut(row, column)
        with self._arithmetic():
            painted = self.statistics.paint(content).float()
        inner = (..., row.shown_in_seen, column.shown_in_seen)
        mask = None if self.mask is None else self._cut_mask(row, column)
        return self.finish(content[inner], painted[inner], mask, palette)[0].cpu()

    def _cut(self, row: Span, column: Span) -> Tensor:
        """A tile's input, (1, 3, h, w) in [-1, 1], mirrored beyond the picture's right and lower edge."""
        part = self.picture[None, :, slice(*row.seen), slice(*column.seen)]
        return pad_to_stride(self._floats(part), self.pads_to)

    def _cut_mask(self, row: Span, column: Span) -> Tensor:
        assert self.mask is not None
        part = self.mask[None, :, slice(*row.shown), slice(*column.shown)].float().to(self.device)
        down, right = row.shown[1] - row.shown[0], column.shown[1] - column.shown[0]
        whole = part.new_zeros(1, 1, down, right)  # parts beyond the picture are cut off later
        whole[..., : part.shape[-2], : part.shape[-1]] = part
        return whole

    def _floats(self, part: Tensor) -> Tensor:
        part = part.to(self.device)
        return to_float(part) if part.dtype == torch.uint8 else part.float()

    def _arithmetic(self) -> torch.autocast:
        return torch.autocast(self.device.type, dtype=self.dtype, enabled=self.dtype != torch.float32)

    def _write(self, strip: Tensor, into: Tensor, top: int) -> None:
        rows, columns = into.shape[-2:]
        part = strip[:, : max(0, rows - top), :columns]
        into[:, top : top + part.shape[1]] = to_uint8(part) if into.dtype == torch.uint8 else part.to(into.dtype)


def _core_shares(span: Span) -> tuple[float, float]:
    start, stop = span.seen
    return (span.core[0] - start) / (stop - start), (span.core[1] - start) / (stop - start)
