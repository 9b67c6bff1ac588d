"""Converts between a codec's frames and pictures as tensors."""

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from stylegan_pl.inference.film.library import pyav
from stylegan_pl.pictures.tensors import to_uint8

_DEEP = 65535.0  # largest value in rgb48
_UNKNOWN = 2  # AVCOL_*_UNSPECIFIED of matrices, primaries and transfer curves
_BT709, _BT601 = 1, 5  # AVCOL_SPC_*, and libswscale's own numbers
_HD_LINES = 720  # lines from which untagged films count as BT.709, as in players


class Colours(NamedTuple):
    """A film's colour tags, as FFmpeg's numbers (H.273); the painting gets the same."""

    matrix: int
    range: int  # 0 unknown, 1 video, 2 full
    primaries: int
    curve: int

    @classmethod
    def of(cls, frame: Any) -> "Colours":
        """The tags of a frame; PyAV has primaries and transfer curve since version 15."""
        named = ("color_primaries", "color_trc")
        return cls(int(frame.colorspace), int(frame.color_range), *(int(getattr(frame, n, _UNKNOWN)) for n in named))

    def matrix_for(self, lines: int) -> int:
        """The colour matrix; for an untagged film, the one that players assume."""
        if self.matrix != _UNKNOWN:
            return self.matrix
        return _BT709 if lines >= _HD_LINES else _BT601


class Look(NamedTuple):
    """The properties that all frames of a film share."""

    height: int  # pixels, upright
    width: int
    quarter_turns: int  # counterclockwise, from the stored to the upright picture
    deep: bool  # more than 8 bits per colour
    colours: Colours

    @classmethod
    def of(cls, frame: Any) -> "Look":
        """From the film's first frame."""
        turns = round(getattr(frame, "rotation", 0) / 90) % 4
        sides = (frame.width, frame.height) if turns % 2 else (frame.height, frame.width)
        deep = max(component.bits for component in frame.format.components) > 8 and not _is_palette(frame)
        return cls(*sides, turns, deep, Colours.of(frame))

    @property
    def stored_lines(self) -> int:
        """Number of lines of a stored frame."""
        return self.width if self.quarter_turns % 2 else self.height


class ToPictures:
    """Frames of a film -> upright pictures (3, H, W): uint8, or float32 in [-1, 1] for more than 8 bits."""

    def __init__(self, look: Look) -> None:
        from av.video.reformatter import VideoReformatter

        self.look = look
        self._reformatter = VideoReformatter()  # one for all frames, because each has large tables

    def __call__(self, frame: Any) -> Tensor:
        """One frame; if its size differs from the first frame's, as in some streams, it is resized."""
        look = self.look
        width, height = (look.height, look.width) if look.quarter_turns % 2 else (look.width, look.height)
        rgb = self._reformatter.reformat(
            frame, width, height, "rgb48le" if look.deep else "rgb24",
            src_colorspace=look.colours.matrix_for(look.stored_lines), src_color_range=_range_of(frame),
            dst_color_range=2,
        )  # fmt: skip
        upright = np.rot90(rgb.to_ndarray(), look.quarter_turns)
        if look.deep:
            upright = upright.astype(np.float32) * (2 / _DEEP) - 1
        return torch.from_numpy(np.ascontiguousarray(upright)).permute(2, 0, 1)


class ToFrames:
    """Pictures (3, H, W), uint8 or float in [-1, 1] -> frames in an encoder's pixel format.

    Args:
        pixel_format: FFmpeg's name.
    """

    def __init__(self, look: Look, pixel_format: str) -> None:
        from av.video.reformatter import VideoReformatter

        self.look, self.pixel_format = look, pixel_format
        self._reformatter = VideoReformatter()

    def __call__(self, picture: Tensor) -> Any:
        """One picture -> a frame with the colour tags of `look`."""
        rows = picture.permute(1, 2, 0)
        if self.look.deep:
            pixels = ((rows.float().clamp(-1, 1) + 1) * (_DEEP / 2)).round().numpy().astype(np.uint16)
        else:
            pixels = (rows if rows.dtype == torch.uint8 else to_uint8(rows)).numpy()
        rgb = pyav().VideoFrame.from_ndarray(
            np.ascontiguousarray(pixels), format="rgb48le" if self.look.deep else "rgb24"
        )
        return self._reformatter.reformat(
            rgb, format=self.pixel_format, dst_colorspace=self.look.colours.matrix_for(self.look.stored_lines),
            src_color_range=2, dst_color_range=2 if self.look.colours.range == 2 else 1,
        )  # fmt: skip


def _range_of(frame: Any) -> int:
    """The range's tag; untagged frames have video range, except RGB and the J formats of old JPEG codecs."""
    if int(frame.color_range):
        return int(frame.color_range)
    return 2 if frame.format.name.startswith("yuvj") or frame.format.is_rgb else 1


def _is_palette(frame: Any) -> bool:
    return bool(frame.format.has_palette)
