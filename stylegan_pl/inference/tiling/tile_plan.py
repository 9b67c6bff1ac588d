"""Whether memory requires that a picture is cut into tiles, how large they are, and how far they overlap."""

import logging
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from stylegan_pl.errors import ConfigError
from stylegan_pl.inference.any_size import grid_of, stride_of
from stylegan_pl.inference.tiling.activation_memory import bytes_per_pixel
from stylegan_pl.inference.tiling.memory import budget_bytes, tile_side
from stylegan_pl.inference.tiling.picture_statistics import PictureStatistics

_log = logging.getLogger(__name__)

BLEND = 16  # pixels: half the width of the ramp between tiles
LARGEST = 4096  # pixels: larger pictures are always cut, because libraries count elements of a map in 32 bits
_SMALL = 128  # pixels: such a picture always fits, so memory is not measured


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


class TilePlan:
    """Tiles for the pictures of one generator. Memory and receptive field are measured once, when they are needed.

    Args:
        generator: (N, 3, H, W) in [-1, 1] -> the same, on `device`.
        device: where it paints.
        dtype: of the arithmetic.
    """

    def __init__(self, generator: nn.Module, tiling: Tiling, *, device: torch.device, dtype: torch.dtype) -> None:
        self.generator, self.tiling, self.device, self.dtype = generator, tiling, device, dtype
        self.grid = grid_of(generator)
        self._pixel_bytes: float | None = None
        self._reach: int | None = None
        self._warned: set[int] = set()  # tiles

    def tile_for(self, height: int, width: int) -> int | None:
        """Side in pixels of the tiles for a picture; None if it is painted whole.

        Raises:
            ConfigError: memory is too small for the smallest tile.
        """
        if not self.is_large(height, width):
            return None
        if isinstance(self.tiling.tile, int):
            return -(-self.tiling.tile // self.grid) * self.grid
        budget = budget_bytes(self.tiling.memory_gb, self.device, height * width)
        return tile_side(budget, self.pixel_bytes, overlap=self.overlap, stride=self.grid)

    def is_large(self, height: int, width: int) -> bool:
        """Whether a picture must be cut into tiles."""
        tile = self.tiling.tile
        if tile is None:
            return False
        if isinstance(tile, int):
            return max(height, width) > -(-tile // self.grid) * self.grid
        if max(height, width) <= _SMALL:
            return False
        budget = budget_bytes(self.tiling.memory_gb, self.device, height * width)
        return height * width * self.pixel_bytes > budget or height * width > LARGEST**2

    def fit_together(self, pictures: Tensor) -> bool:
        """Whether memory is enough to paint all pictures, (N, 3, H, W), at once."""
        pixels = len(pictures) * pictures.shape[-2] * pictures.shape[-1]
        if len(pictures) == 1 or self.tiling.tile is None or pixels <= _SMALL**2:
            return True
        return pixels * self.pixel_bytes <= budget_bytes(self.tiling.memory_gb, self.device, pixels)

    @property
    def pixel_bytes(self) -> float:
        """Peak memory of activations on the device, bytes per pixel."""
        if self._pixel_bytes is None:
            self._pixel_bytes = bytes_per_pixel(
                self.generator, stride_of(self.generator), device=self.device, dtype=self.dtype
            )
        return self._pixel_bytes

    @property
    def overlap(self) -> int:
        """Pixels that a tile should overlap: the generator's receptive field on one side, and the blend."""
        if self._reach is None:
            reach = PictureStatistics(self.generator).reach(stride_of(self.generator))
            self._reach = LARGEST if reach is None else reach
        return -(-(self._reach + BLEND) // self.grid) * self.grid

    def overlap_of(self, tile: int) -> int:
        """Pixels that tiles of this side overlap: at most a quarter of it if the user typed `tile=`."""
        if self.tiling.tile == "auto":
            return self.overlap
        return min(self.overlap, self.overlap_within(tile))

    def overlap_within(self, tile: int) -> int:
        """Largest overlap of tiles of this side: a quarter of it, but at least one stride if the tile has three."""
        steps = max(tile // 4 // self.grid, int(tile >= 3 * self.grid))
        return steps * self.grid

    def warn_if_tiles_differ(self, tile: int) -> None:
        """Log, once, that tiles of this side overlap by less than the generator sees, so their edges may be seen."""
        if (overlap := self.overlap_of(tile)) < self.overlap and tile not in self._warned:
            self._warned.add(tile)
            _log.warning(
                "tile=%d: tiles overlap by %d pixels, and a painted pixel depends on %d around it: edges of tiles may "
                "be seen; from tile=%d on they agree fully", tile, overlap, self.overlap - BLEND, 4 * self.overlap,
            )  # fmt: skip
