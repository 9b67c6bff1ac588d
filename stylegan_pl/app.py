"""`python -m stylegan_pl.app`: trained generators as a page in the browser."""

from dataclasses import dataclass, field
from typing import Any

from omegaconf import MISSING, DictConfig

from stylegan_pl.config.cli import run_verb
from stylegan_pl.config.option_types import FilmConfig, Texts
from stylegan_pl.config.painter_choice import check_has_ckpt, choose_painter, open_all
from stylegan_pl.runs.precision import Precision

_FIRST = "vangogh"  # the painter that the page opens with: its strokes are clear; the first by alphabet is a cartoon


@dataclass
class AppConfig:
    """The options of `app`."""

    ckpt: Texts = None  # a path or a list of them
    painter: Texts = None  # instead of ckpt: a name, all, or a list of names
    host: str = MISSING
    port: int = MISSING
    root_path: str | None = None
    hosts: list[str] = field(default_factory=list)
    max_upload_mb: float = MISSING
    max_megapixels: float = MISSING
    max_waiting: int = MISSING
    keep_minutes: float = MISSING
    style_size: int = MISSING
    stroke_at: int | None = MISSING
    tile: Any = "auto"  # pixels, auto or null
    tile_exact: bool = MISSING
    memory_gb: float | None = None
    film: FilmConfig = field(default_factory=FilmConfig)
    batch_size: int = MISSING
    device: str = MISSING
    precision: Precision = MISSING
    trust: list[str] = field(default_factory=list)
    run_dir: str = MISSING


def app(config: DictConfig) -> int:
    """Run with the composed config; returns the exit code once Ctrl-C ends the page."""
    from stylegan_pl.page.check import check

    open_all(config, first=_FIRST)
    choose_painter(config, several=True)
    check_has_ckpt(config)
    check(config)
    from stylegan_pl.page.server import serve  # imported after the config is checked: torch takes seconds

    return serve(config)


def main() -> None:
    """The verb."""
    run_verb("app")


if __name__ == "__main__":
    main()
