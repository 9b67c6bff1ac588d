"""One file of conf/ composed alone, with its own defaults."""

from hydra import compose, initialize_config_dir
from omegaconf import DictConfig

from stylegan_pl.config.conf_dir import conf_dir


def conf_node(group: str, name: str, *overrides: str) -> DictConfig:
    """`conf/GROUP/NAME.yaml`; overrides start at the group: `discriminator.width=8`."""
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        return compose(f"{group}/{name}", overrides=list(overrides))[group]
