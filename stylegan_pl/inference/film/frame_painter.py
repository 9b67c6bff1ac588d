"""Paints frames of a film, so that frames of the same scene are consistent."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from stylegan_pl.inference.any_size import pad_to_stride, padding_of
from stylegan_pl.inference.colour import Recolouring
from stylegan_pl.inference.film.steadiness import RunningMean, SceneCuts, SceneStatistics, Smoothing, Steadiness
from stylegan_pl.inference.painter import Painter, as_float, as_type_of
from stylegan_pl.inference.stroke import InStrokes
from stylegan_pl.inference.tiling.large import LargePicture
from stylegan_pl.inference.tiling.large_strokes import LargeStrokes
from stylegan_pl.inference.tiling.tile_plan import BLEND


class FramePainter:
    """A `Painter` with state: statistics of norms, palette and strokes are carried from frame to frame within a scene.

    Args:
        painter: paints single pictures.
        mask: (1, 1, H, W) in [0, 1] for all frames; 0 keeps the film's pixels.
    """

    def __init__(self, painter: Painter, steadiness: Steadiness, *, mask: Tensor | None = None) -> None:
        self.painter, self.steadiness = painter, steadiness
        self.mask = None if mask is None else mask.to(painter.device)
        self.statistics = SceneStatistics(painter.generator)
        self.cuts = SceneCuts(steadiness.cut_threshold)
        self.smoothing = Smoothing(steadiness.smoothing)
        self.begun: list[int] = []  # indices of the frames that start a scene
        self._palettes = RunningMean()
        self._small: FramePainter | None = None
        self._frames, self._time = 0, 0.0

    @torch.no_grad()
    def __call__(self, frames: Tensor, times: Sequence[float]) -> Tensor:
        """Paint the next frames.

        Args:
            frames: (N, 3, H, W), uint8 or float in [-1, 1], on the CPU.
            times: time of each frame, seconds.

        Returns:
            The frames' shape and type, on the CPU.
        """
        tiles = self.painter.tiles
        together = len(frames) if not tiles.is_large(*frames.shape[-2:]) and tiles.fit_together(frames) else 1
        painted = torch.empty_like(frames)
        for start in range(0, len(frames), together):
            part = slice(start, start + together)
            painted[part] = self._paint(frames[part], times[part])
        return painted

    def _paint(self, frames: Tensor, times: Sequence[float]) -> Tensor:
        content = as_float(frames.to(self.painter.device))
        begins = [self.cuts.begins(frame) for frame in content]
        keeps = [self._keep(first, time) for first, time in zip(begins, times, strict=True)]
        painted = self._painted(frames, keeps)
        smooth = [
            self.smoothing(frame, picture, begins=first)
            for frame, picture, first in zip(content, painted, begins, strict=True)
        ]
        return as_type_of(frames, torch.stack(smooth)).cpu()

    def _keep(self, begins: bool, time: float) -> float:
        keep = 0.0 if begins else self.steadiness.keep(time - self._time)
        if begins:
            self.begun.append(self._frames)
        self._frames, self._time = self._frames + 1, time
        return keep

    def _painted(self, frames: Tensor, keeps: Sequence[float]) -> Tensor:
        """Painted and finished, but not yet smoothed: float (N, 3, H, W) in [-1, 1] on the device."""
        generator, size = self.painter.generator, frames.shape[-2:]
        if not self.painter.tiles.is_large(*size):
            return self._whole(frames, keeps)
        if isinstance(generator, InStrokes) and generator.ratio > 1:
            painted = self._in_strips(generator, frames[0], keeps[0])
        else:
            painted = self._in_tiles(frames[0], keeps[0])
        return painted[None].to(self.painter.device)

    def _whole(self, frames: Tensor, keeps: Sequence[float]) -> Tensor:
        painter, (height, width) = self.painter, frames.shape[-2:]
        content = as_float(frames.to(painter.device))
        with torch.autocast(painter.device.type, dtype=painter.dtype, enabled=painter.dtype != torch.float32):
            painted = self.statistics.paint_frames(pad_to_stride(content, padding_of(painter.generator)), keeps)
        painted = painted[..., :height, :width].float()
        if not painter.finish.needs_palette:
            return painter.finish(content, painted, self.mask)
        each = zip(content.split(1), painted.split(1), keeps, strict=True)
        return torch.cat(
            [
                painter.finish(frame, own, self.mask, self._steady(painter.finish.palette(frame, own), keep))
                for frame, own, keep in each
            ]
        )

    def _in_strips(self, strokes: InStrokes, frame: Tensor, keep: float) -> Tensor:
        painter = self.painter
        if self._small is None:  # with statistics of the small frames
            small = Painter(strokes.generator, device=painter.device, dtype=painter.dtype, tiling=painter.tiling)
            self._small = FramePainter(small, self.steadiness)
        painted_small, self.statistics.keep = self._small._painted, keep
        large = _LargeFrameInStrips(
            strokes, lambda small: painted_small(small, [keep]).cpu(), device=painter.device, finish=painter.finish
        )
        large.painter, painted = self, torch.empty(frame.shape)
        large.paint(frame, None if self.mask is None else self.mask[0].cpu(), painted, lambda share: None)
        return painted

    def _in_tiles(self, frame: Tensor, keep: float) -> Tensor:
        painter = self.painter
        tile = painter.tiles.tile_for(*frame.shape[-2:])
        assert tile is not None
        overlap = painter.tiles.overlap_of(tile)
        painter.tiles.warn_if_tiles_differ(tile)
        self.statistics.keep = keep
        large = _LargeFrame(
            painter.generator, frame, None if self.mask is None else self.mask[0].cpu(), device=painter.device,
            dtype=painter.dtype, finish=painter.finish, tile=tile, overlap=overlap, blend=min(BLEND, overlap // 2),
        )  # fmt: skip
        large.painter, large.statistics = self, self.statistics
        painted = torch.empty(frame.shape)
        large.paint(painted, exact=False, report=lambda share: None)
        return painted

    def _steady(self, palette: Recolouring | None, keep: float) -> Recolouring | None:
        """The scene's mean palette, so that colours do not change when the picture's content does."""
        return None if palette is None else Recolouring(*self._palettes.add(palette, keep))


class _LargeFrame(LargePicture):
    """A picture in tiles, with the scene's statistics and palette."""

    painter: FramePainter

    def _look(self, *given: Any) -> Recolouring | None:
        return self.painter._steady(super()._look(*given), self.painter.statistics.keep)


class _LargeFrameInStrips(LargeStrokes):
    """A picture in strips, with the scene's palette."""

    painter: FramePainter

    def _palette(self, *given: Any) -> Recolouring | None:
        return self.painter._steady(super()._palette(*given), self.painter.statistics.keep)
