"""`python -m stylegan_pl.app`: a trained generator as a page in the browser."""

import sys

from omegaconf import DictConfig

from stylegan_pl.cli import run_verb
from stylegan_pl.stylize import quoted


def app(config: DictConfig) -> int:
    """One call of the composed config; returns the exit code once the page is closed by Ctrl-C."""
    from stylegan_pl.page.check import check

    check(config)
    from stylegan_pl.page.server import serve  # here, once the config is right: torch takes seconds to import

    return serve(config)


def main() -> None:
    """The verb."""
    sys.argv[1:] = [quoted(argument) for argument in sys.argv[1:]]
    run_verb("app", app)


if __name__ == "__main__":
    main()
