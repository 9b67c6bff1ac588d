"""Loads the page's generators once, and creates a painter for each request."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from stylegan_pl.errors import UserError
from stylegan_pl.generators.adain import AdaINGenerator
from stylegan_pl.inference.load_painter import painter_of
from stylegan_pl.inference.painter import Painter
from stylegan_pl.inference.stroke_size import STROKE_AT
from stylegan_pl.inference.tiling.tile_plan import Tiling
from stylegan_pl.runs.checkpoint import load_generator, resolve
from stylegan_pl.runs.device import inference_device, inference_dtype
from stylegan_pl.runs.painters import PREFIX, short_names
from stylegan_pl.runs.precision import Precision


@dataclass(frozen=True)
class PaintOptions:
    """A visitor's choices, with the names of `stylize`'s options.

    Args:
        name: name of the generator, one of `Painters.names`.
        style: paintings, for generators that take a style; ignored by others.
        style_weights: weight of each painting; None: equal weights.
    """

    name: str
    strength: float = 1.0
    stroke: float = 1.0
    keep_colour: str | None = None
    style: Sequence[Path] = ()
    style_weights: Sequence[float] | None = None


class Painters:
    """The generators of a page.

    Args:
        ckpts: run folders, files, or painters of the box, `painter:NAME`.
        style_size: pixels of a painting's shorter side.
        stroke_at: see `Strokes`.
        trust: other packages or modules whose networks may be built.

    Raises:
        UserError: a checkpoint cannot be read, or there is no such device.
    """

    def __init__(
        self,
        ckpts: Sequence[str],
        *,
        style_size: int = 512,
        stroke_at: int | None = STROKE_AT,
        tiling: Tiling | None = None,
        device: str = "auto",
        precision: Precision = Precision.auto,
        trust: Sequence[str] = (),
    ) -> None:
        self.style_size, self.stroke_at, self.tiling = style_size, stroke_at, tiling or Tiling()
        self.device = inference_device(device)
        self.dtype = inference_dtype(precision, self.device)
        self.from_the_box = all(path.startswith(PREFIX) for path in ckpts)  # all are from the box
        loaded = [load_generator(resolve(path), trusted=trust) for path in ckpts]
        self._generators: dict[str, nn.Module] = dict(zip(short_names(ckpts, parts=2), loaded, strict=True))

    @property
    def names(self) -> list[str]:
        """Names of the generators, in the order of the checkpoints."""
        return list(self._generators)

    def takes_style(self, name: str) -> bool:
        """Whether a generator takes a style, and so needs a painting."""
        return isinstance(self._generators[name], AdaINGenerator)

    def painter(self, options: PaintOptions) -> Painter:
        """The painter of `inference.load_painter.load_painter` for the same options.

        Raises:
            UserError: a painting is missing or unreadable, or a number is out of range.
        """
        generator, style, weights = self._generators[options.name], list(options.style), options.style_weights
        if not self.takes_style(options.name):
            style, weights = [], None
        elif not style:
            raise UserError(f"{options.name} paints after any painting: drop one, or several")
        elif weights is not None and not any(weights):
            raise UserError("all paintings have weight 0; give one of them more")
        return painter_of(
            generator, style=style, style_weights=weights, style_size=self.style_size, strength=options.strength,
            stroke=options.stroke, stroke_at=self.stroke_at, keep_colour=options.keep_colour, tiling=self.tiling,
            device=self.device, dtype=self.dtype,
        )  # fmt: skip
