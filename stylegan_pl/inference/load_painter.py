"""The options of stylize, as arguments: from a checkpoint or a loaded generator to a `Painter`."""

from collections.abc import Sequence
from os import PathLike

import torch
from torch import nn

from stylegan_pl.errors import ConfigError
from stylegan_pl.inference.any_size import has_strokes
from stylegan_pl.inference.colour import KeepColour
from stylegan_pl.inference.finish import Finish
from stylegan_pl.inference.painter import Painter
from stylegan_pl.inference.stroke_size import STROKE_AT, Strokes
from stylegan_pl.inference.styles import in_style
from stylegan_pl.inference.tiling.tile_plan import Tiling
from stylegan_pl.nn.fast.equivalents import keep_layout, show_channels_last
from stylegan_pl.runs.checkpoint import load_generator, resolve
from stylegan_pl.runs.device import inference_device, inference_dtype
from stylegan_pl.runs.precision import Precision

Path = str | PathLike[str]


def load_painter(
    ckpt: Path,
    *,
    style: Path | Sequence[Path] = (),
    style_weights: Sequence[float] | None = None,
    style_size: int = 512,
    strength: float | None = None,
    stroke: float = 1.0,
    stroke_at: int | None = STROKE_AT,
    keep_colour: bool | str | None = None,
    tiling: Tiling | None = None,
    device: str = "auto",
    precision: str = "auto",
    trust: Sequence[str] = (),
) -> Painter:
    """The painter of `python -m stylegan_pl.stylize`; arguments have the names of its options.

    Raises:
        ConfigError: no checkpoint, or options that do not go with it.
    """
    keep_colour_named(keep_colour)  # checks it before a checkpoint is loaded
    Strokes(stroke, stroke_at)
    if precision not in Precision.__members__:
        raise ConfigError(f"precision={precision}: type {', '.join(Precision.__members__)}")
    placed = inference_device(device)
    return painter_of(
        load_generator(resolve(str(ckpt)), trusted=trust), style=style, style_weights=style_weights,
        style_size=style_size, strength=strength, stroke=stroke, stroke_at=stroke_at, keep_colour=keep_colour,
        tiling=tiling, device=placed, dtype=inference_dtype(Precision[precision], placed),
    )  # fmt: skip


def painter_of(
    generator: nn.Module,
    *,
    style: Path | Sequence[Path] = (),
    style_weights: Sequence[float] | None = None,
    style_size: int = 512,
    strength: float | None = None,
    stroke: float = 1.0,
    stroke_at: int | None = STROKE_AT,
    keep_colour: bool | str | None = None,
    tiling: Tiling | None = None,
    device: torch.device,
    dtype: torch.dtype,
) -> Painter:
    """The painter of a loaded generator, whose norms are replaced by ones that keep channels-last memory, for speed.

    Raises:
        ConfigError: options that do not go with it.
    """
    keep_layout(generator)
    show_channels_last(generator)
    paintings = [style] if isinstance(style, str | PathLike) else list(style)
    styled = in_style(
        generator, [str(path) for path in paintings], weights=style_weights, strength=strength, size=style_size
    )
    blends_pictures = styled is generator  # one that takes a style blends features instead
    strokes = Strokes(stroke, stroke_at if has_strokes(generator) else None)
    finish = Finish(1.0 if strength is None or not blends_pictures else strength, keep_colour_named(keep_colour))
    return Painter(styled, device=device, dtype=dtype, finish=finish, tiling=tiling, strokes=strokes)


def keep_colour_named(choice: bool | str | None) -> KeepColour | None:
    """A typed value of keep_colour -> `KeepColour`, or None.

    Raises:
        ConfigError: the message lists the values.
    """
    if choice is None or choice is False:
        return None
    if choice is True:
        return KeepColour.luma
    if choice not in KeepColour.__members__:
        raise ConfigError(f"keep_colour={choice}: type true or luma, coral, or false")
    return KeepColour[choice]
