"""`python -m stylegan_pl.export`: a trained generator as a file for other programs."""

from dataclasses import dataclass, field

from omegaconf import MISSING, DictConfig

from stylegan_pl.config.cli import run_verb
from stylegan_pl.config.painter_choice import check_has_ckpt, choose_painter


@dataclass
class ExportConfig:
    """The options of `export`."""

    ckpt: str = MISSING
    painter: str | None = None  # instead of ckpt
    output: str = MISSING
    format: str | None = None
    half: bool = MISSING
    int8: bool = MISSING
    calibration: str | None = None
    calibration_images: int = MISSING
    preprocessing: bool = MISSING
    opset: int = MISSING
    parity_sizes: list[list[int]] = MISSING
    about: str | None = None
    command: str | None = None
    licence: str | None = None
    overwrite: bool = MISSING
    trust: list[str] = field(default_factory=list)
    run_dir: str = MISSING


def export(config: DictConfig) -> int:
    """Run with the composed config; returns the exit code."""
    from stylegan_pl.exporting.check import check

    choose_painter(config)
    check_has_ckpt(config)
    check(config)
    from stylegan_pl.exporting.call import export_file  # imported after the config is checked: torch takes seconds

    return export_file(config)


def main() -> None:
    """The verb."""
    run_verb("export")


if __name__ == "__main__":
    main()
