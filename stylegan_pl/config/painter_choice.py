"""`painter=NAME`, a short form of `ckpt=painter:NAME`."""

from omegaconf import DictConfig, OmegaConf

from stylegan_pl.errors import ConfigError
from stylegan_pl.runs.painters import PREFIX, names, path_of

ALL = "all"


def choose_painter(config: DictConfig, *, several: bool = False) -> None:
    """Replace `painter=NAME` by `ckpt=painter:NAME`, in place; without `painter=` nothing changes.

    Args:
        config: of a verb that has both keys.
        several: whether a list of names, or `all`, is allowed.

    Raises:
        ConfigError: no painter has that name, several are named where only one is allowed, or `ckpt` is given as well.
    """
    if config.painter is None:
        return
    if has_ckpt(config):
        raise ConfigError("ckpt= and painter= name two generators; type one of the two")
    listed = OmegaConf.is_list(config.painter) or config.painter == ALL
    if listed and not several:
        raise ConfigError(f"painter={config.painter}: one painter is asked for here; type painter=NAME")
    chosen = names() if config.painter == ALL else config.painter if listed else [config.painter]
    if not chosen:
        raise ConfigError(f"painter={config.painter}: no painter is in the box; type ckpt=RUN_OR_FILE")
    for name in chosen:
        path_of(str(name))
    sources = [f"{PREFIX}{name}" for name in chosen]
    config.ckpt = sources if listed else sources[0]


def open_all(config: DictConfig, *, first: str) -> None:
    """If no generator was typed, set `painter=` to all painters in the box, in place; `first` is the first of them."""
    if not has_ckpt(config) and config.painter is None and names():
        config.painter = sorted(names(), key=lambda name: name != first)


def has_ckpt(config: DictConfig) -> bool:
    """Whether a generator was typed."""
    return not OmegaConf.is_missing(config, "ckpt") and config.ckpt is not None


def check_has_ckpt(config: DictConfig) -> None:
    """Raise if neither `ckpt=` nor `painter=` was typed.

    Raises:
        ConfigError: the message lists the painters.
    """
    if not has_ckpt(config):
        painter = f"painter={names()[0]}, one of {len(names())} in the box, or " if names() else ""
        raise ConfigError(f"no generator is named; type {painter}ckpt=RUN_OR_FILE")
