"""`direction=BtoA`, as in CycleGAN: swaps content and style."""

from omegaconf import DictConfig, OmegaConf, open_dict

from stylegan_pl.errors import ConfigError, nearest

DIRECTIONS = ("AtoB", "BtoA")


def turn(config: DictConfig) -> bool:
    """Swap `data.content` and `data.style` if `direction` is BtoA; the saved config says AtoB and repeats the run.

    Returns:
        Whether they were swapped.

    Raises:
        ConfigError: another direction.
    """
    if config.direction not in DIRECTIONS:
        raise ConfigError(f"direction={config.direction}{nearest(config.direction, DIRECTIONS)}")
    if config.direction == "AtoB" or config.data is None:
        return False
    content, style = (
        OmegaConf.create(OmegaConf.to_container(config.data[side], resolve=True)) for side in ("content", "style")
    )
    with open_dict(config):
        config.data.content, config.data.style, config.direction = style, content, "AtoB"
    return True
