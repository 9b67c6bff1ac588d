"""`python -m stylegan_pl.export`: a trained generator as a file for other programs."""

from omegaconf import DictConfig

from stylegan_pl.config.cli import run_verb
from stylegan_pl.config.painter_choice import check_has_ckpt, choose_painter


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
