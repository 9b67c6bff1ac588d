"""Paints pictures of any size within the available memory; used for files, films and the page."""

from collections.abc import Callable
from fractions import Fraction

import torch
from torch import Tensor, nn

from stylegan_pl.inference.any_size import stylize_images
from stylegan_pl.inference.finish import Finish
from stylegan_pl.inference.stroke import InStrokes
from stylegan_pl.inference.stroke_size import Strokes
from stylegan_pl.inference.tiling.large import LargePicture
from stylegan_pl.inference.tiling.large_strokes import LargeStrokes
from stylegan_pl.inference.tiling.tile_plan import BLEND, TilePlan, Tiling
from stylegan_pl.pictures.tensors import to_float, to_uint8

Report = Callable[[float], None]
"""Called while a large picture is painted, with the share of it (0 to 1) painted since the last call."""


class Painter:
    """Paints pictures of any size; a painting has exactly its picture's size.

    Args:
        generator: (N, 3, H, W) in [-1, 1] -> the same; for a generator that takes a style, use `in_style`.
        device: where it paints; pictures and paintings are on the CPU.
        dtype: of the arithmetic; float32, or half precision under autocast.
        finish: postprocessing: colours and strength.
        tiling: how large pictures are cut.
        strokes: size of strokes, as a function of the picture's size.
    """

    def __init__(
        self,
        generator: nn.Module,
        *,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
        finish: Finish | None = None,
        tiling: Tiling | None = None,
        strokes: Strokes | None = None,
    ) -> None:
        self.device, self.dtype = torch.device(device), dtype
        self.generator = generator.to(self.device).eval()
        self.finish, self.tiling, self.strokes = finish or Finish(), tiling or Tiling(), strokes or Strokes()
        self.tiles = TilePlan(self.generator, self.tiling, device=self.device, dtype=self.dtype)
        self._in_strokes: dict[Fraction, Painter] = {}

    @torch.no_grad()
    def __call__(
        self, pictures: Tensor, masks: Tensor | None = None, *, into: Tensor | None = None, report: Report | None = None
    ) -> Tensor:
        """Paint pictures of equal size.

        Args:
            pictures: (N, 3, H, W), uint8 or float in [-1, 1].
            masks: (N, 1, H, W) in [0, 1]; 0 keeps the picture.
            into: output of the pictures' shape and type; None: allocate it.
            report: called with the progress of large pictures.

        Returns:
            Paintings of the pictures' shape and type, on the CPU.

        Raises:
            ConfigError: memory is too small for the smallest tile.
        """
        of_size = self.of_size(*pictures.shape[-2:])
        if of_size is not self:
            return of_size(pictures, masks, into=into, report=report)
        result = into if into is not None else torch.empty_like(pictures, device="cpu")
        large = self.tiles.is_large(*pictures.shape[-2:])
        if large and isinstance(self.generator, InStrokes) and self.generator.ratio > 1:
            self._in_strips(self.generator, pictures, masks, result, report)
            return result
        tile = self.tiles.tile_for(*pictures.shape[-2:])
        together = len(pictures) if tile is None and self.tiles.fit_together(pictures) else 1
        for start in range(0, len(pictures), together):
            part = slice(start, start + together)
            mask = None if masks is None else masks[part]
            if tile is None:
                result[part] = self._whole(pictures[part], mask)
            else:
                self._cut(pictures[start], mask, result[start], tile, report)
        return result

    def of_size(self, height: int, width: int) -> "Painter":
        """The painter with the right size of strokes for such pictures; `self` if that is the generator's own size."""
        ratio = self.strokes.ratio(height, width)
        if ratio == 1:
            return self
        if ratio not in self._in_strokes:
            self._in_strokes[ratio] = Painter(
                InStrokes(self.generator, ratio), device=self.device, dtype=self.dtype, finish=self.finish,
                tiling=self.tiling,
            )  # fmt: skip
        return self._in_strokes[ratio]

    def _whole(self, pictures: Tensor, masks: Tensor | None) -> Tensor:
        content = as_float(pictures.to(self.device))
        painted = stylize_images(self.generator, content, dtype=self.dtype)
        mask = None if masks is None else masks.to(self.device)
        return as_type_of(pictures, self.finish(content, painted, mask)).cpu()

    def _in_strips(
        self, strokes: InStrokes, pictures: Tensor, masks: Tensor | None, into: Tensor, report: Report | None
    ) -> None:
        small = Painter(strokes.generator, device=self.device, dtype=self.dtype, tiling=self.tiling)
        large = LargeStrokes(strokes, small, device=self.device, finish=self.finish)
        for at, picture in enumerate(pictures):
            large.paint(picture, None if masks is None else masks[at], into[at], report or (lambda share: None))

    def _cut(self, picture: Tensor, mask: Tensor | None, into: Tensor, tile: int, report: Report | None) -> None:
        overlap = self.tiles.overlap_of(tile)
        self.tiles.warn_if_tiles_differ(tile)
        large = LargePicture(
            self.generator, picture, None if mask is None else mask[0], device=self.device, dtype=self.dtype,
            finish=self.finish, tile=tile, overlap=overlap, blend=min(BLEND, overlap // 2),
        )  # fmt: skip
        large.paint(into, exact=self.tiling.exact, report=report or (lambda share: None))


def as_float(pictures: Tensor) -> Tensor:
    """uint8, or float in [-1, 1] -> float32 in [-1, 1]."""
    return to_float(pictures) if pictures.dtype == torch.uint8 else pictures.float()


def as_type_of(pictures: Tensor, painted: Tensor) -> Tensor:
    """Float in [-1, 1] -> the type of `pictures`."""
    return to_uint8(painted) if pictures.dtype == torch.uint8 else painted.to(pictures.dtype)
