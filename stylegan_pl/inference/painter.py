"""Paints pictures of any size within the available memory; used for files, films and the page."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import torch
from torch import Tensor, nn

from stylegan_pl.errors import ConfigError
from stylegan_pl.inference.any_size import stride_of, stylize_images
from stylegan_pl.inference.finish import Finish
from stylegan_pl.inference.stroke import InStrokes
from stylegan_pl.inference.stroke_size import Strokes
from stylegan_pl.inference.tiling.activation_memory import bytes_per_pixel
from stylegan_pl.inference.tiling.large import LargePicture
from stylegan_pl.inference.tiling.large_strokes import LargeStrokes
from stylegan_pl.inference.tiling.memory import budget_bytes, tile_side
from stylegan_pl.inference.tiling.picture_statistics import PictureStatistics
from stylegan_pl.pictures.tensors import to_float, to_uint8

_log = logging.getLogger(__name__)

Report = Callable[[float], None]
"""Told, now and then, which share of a picture has been painted since the last call."""

BLEND = 16  # pixels: half the width of the ramp between tiles
LARGEST = 4096  # pixels: larger pictures are always cut, because libraries count elements of a map in 32 bits


@dataclass(frozen=True)
class Tiling:
    """When and how pictures are cut into tiles.

    Args:
        tile: pixels of a tile's side; None: never cut; "auto": cut only if memory is too small, into the largest tiles.
        memory_gb: see `memory.budget_bytes`.
        exact: take the norms' statistics from all tiles instead of a thumbnail, so that tiles equal the whole picture;
            with n norms it takes about n/2 times as long.

    Raises:
        ConfigError: a number is out of range.
    """

    tile: int | str | None = "auto"
    memory_gb: float | None = None
    exact: bool = False

    def __post_init__(self) -> None:
        if self.tile not in (None, "auto") and not isinstance(self.tile, int):
            raise ConfigError(f"tile={self.tile}: type tile=auto, tile=1024 (pixels), or tile=null to never cut")
        if isinstance(self.tile, int) and self.tile < 64:
            raise ConfigError(f"tile={self.tile} must be at least 64 pixels; type tile=auto to let memory decide")


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
        self.stride = stride_of(generator)
        self._pixel_bytes: float | None = None
        self._reach: int | None = None
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
        if isinstance(self.generator, InStrokes) and self.generator.ratio > 1 and self._is_large(*pictures.shape[-2:]):
            self._in_strips(self.generator, pictures, masks, result, report)
            return result
        tile = self.tile_for(*pictures.shape[-2:])
        together = len(pictures) if tile is None and self._fit(pictures) else 1
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

    def tile_for(self, height: int, width: int) -> int | None:
        """Side in pixels of the tiles for a picture; None if it is painted whole."""
        if not self._is_large(height, width):
            return None
        if isinstance(self.tiling.tile, int):
            return -(-self.tiling.tile // self.stride) * self.stride
        budget = budget_bytes(self.tiling.memory_gb, self.device, height * width)
        return tile_side(budget, self.pixel_bytes, overlap=self.overlap, stride=self.stride)

    def _is_large(self, height: int, width: int) -> bool:
        """Whether a picture must be cut into tiles."""
        tile = self.tiling.tile
        if tile is None:
            return False
        if isinstance(tile, int):
            return max(height, width) > -(-tile // self.stride) * self.stride
        if max(height, width) <= 128:  # always fits, so memory is not measured
            return False
        budget = budget_bytes(self.tiling.memory_gb, self.device, height * width)
        return height * width * self.pixel_bytes > budget or height * width > LARGEST**2

    @property
    def pixel_bytes(self) -> float:
        """Peak memory of activations on the device, bytes per pixel."""
        if self._pixel_bytes is None:
            self._pixel_bytes = bytes_per_pixel(self.generator, self.stride, device=self.device, dtype=self.dtype)
        return self._pixel_bytes

    def _fit(self, pictures: Tensor) -> bool:
        if len(pictures) == 1 or self.tiling.tile is None:
            return True
        pixels = len(pictures) * pictures.shape[-2] * pictures.shape[-1]
        if pixels <= 128**2:
            return True
        return pixels * self.pixel_bytes <= budget_bytes(self.tiling.memory_gb, self.device, pixels)

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
        overlap = self._overlap_of(tile)
        large = LargePicture(
            self.generator, picture, None if mask is None else mask[0], device=self.device, dtype=self.dtype,
            finish=self.finish, tile=tile, overlap=overlap, blend=min(BLEND, overlap // 2),
        )  # fmt: skip
        large.paint(into, exact=self.tiling.exact, report=report or (lambda share: None))

    @property
    def overlap(self) -> int:
        """Pixels that a tile should overlap: the generator's receptive field on one side, and the blend."""
        if self._reach is None:
            reach = PictureStatistics(self.generator).reach(self.stride)
            self._reach = LARGEST if reach is None else reach
        return -(-(self._reach + BLEND) // self.stride) * self.stride

    def _overlap_of(self, tile: int) -> int:
        """The overlap for a typed tile size: at most a quarter of it."""
        if self.tiling.tile == "auto" or self.overlap <= tile // 4:
            return self.overlap
        _log.warning(
            "tile=%d: tiles overlap by a quarter of their side, less than the %d pixels around each that the generator "
            "sees; from tile=%d on they agree fully", tile, self.overlap - BLEND, 4 * self.overlap,
        )  # fmt: skip
        return self.overlap_within(tile)

    def overlap_within(self, tile: int) -> int:
        """Largest overlap of tiles of this side: a quarter of it, but at least one stride if the tile has three."""
        steps = max(tile // 4 // self.stride, int(tile >= 3 * self.stride))
        return steps * self.stride


def as_float(pictures: Tensor) -> Tensor:
    """uint8, or float in [-1, 1] -> float32 in [-1, 1]."""
    return to_float(pictures) if pictures.dtype == torch.uint8 else pictures.float()


def as_type_of(pictures: Tensor, painted: Tensor) -> Tensor:
    """Float in [-1, 1] -> the type of `pictures`."""
    return to_uint8(painted) if pictures.dtype == torch.uint8 else painted.to(pictures.dtype)
