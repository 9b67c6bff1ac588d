"""`python -m stylegan_pl.evaluate`: scores, a grid and a page, of one run or of many side by side."""

import sys

from omegaconf import DictConfig

from stylegan_pl.box.choice import choose_painter
from stylegan_pl.cli import run_verb


def evaluate(config: DictConfig) -> int:
    """One call of the composed config; returns the exit code."""
    from stylegan_pl.evaluation.check import check

    choose_painter(config)
    check(config)
    from stylegan_pl.evaluation.assess import assess  # here, once the config is right: torch takes seconds to import

    return assess(config)


def spelled_out(arguments: list[str]) -> list[str]:
    """`compare A B key=value` -> `compare=['A','B'] key=value`: what a shell makes of `compare runs/*`."""
    if not arguments or arguments[0] != "compare":
        return arguments
    paths = [word for word in arguments[1:] if "=" not in word and not word.startswith("-")]
    rest = [word for word in arguments[1:] if word not in paths]
    quoted = ",".join("'" + path.replace("\\", "\\\\").replace("'", "\\'") + "'" for path in paths)
    return [f"compare=[{quoted}]", *rest]


def main() -> None:
    """The verb."""
    sys.argv[1:] = spelled_out(sys.argv[1:])
    run_verb("evaluate", evaluate)


if __name__ == "__main__":
    main()
