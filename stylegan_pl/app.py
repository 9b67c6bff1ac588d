"""`python -m stylegan_pl.app`: a trained generator as a page in the browser."""

from omegaconf import DictConfig

from stylegan_pl.cli import run_verb


def app(config: DictConfig) -> int:
    """One call of the composed config; returns the exit code once the page is closed by Ctrl-C."""
    from stylegan_pl.page.check import check

    check(config)
    from stylegan_pl.page.server import serve  # here, once the config is right: torch takes seconds to import

    return serve(config)


def main() -> None:
    """The verb."""
    run_verb("app")


if __name__ == "__main__":
    main()
