"""`python -m stylegan_pl.app`: trained generators as a page in the browser."""

from omegaconf import DictConfig

from stylegan_pl.config.cli import run_verb
from stylegan_pl.config.painter_choice import check_has_ckpt, choose_painter, open_all

_FIRST = "vangogh"  # the painter that the page opens with: its strokes are clear; the first by alphabet is a cartoon


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
