"""`python -m stylegan_pl.app`: trained generators as a page in the browser."""

from omegaconf import DictConfig

from stylegan_pl.config.cli import run_verb
from stylegan_pl.config.painter_choice import check_has_ckpt, choose_painter, has_ckpt
from stylegan_pl.runs.painters import names

_FIRST = "vangogh"  # the painter that the page opens with: its strokes are clear; the first by alphabet is a cartoon


def app(config: DictConfig) -> int:
    """One call of the composed config; returns the exit code once the page is closed by Ctrl-C."""
    from stylegan_pl.page.check import check

    if not has_ckpt(config) and config.painter is None and names():
        config.painter = sorted(names(), key=lambda name: name != _FIRST)
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
