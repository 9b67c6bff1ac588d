"""Refuses images that are too small for a discriminator."""

from torch import Tensor

from stylegan_pl.errors import ConfigError


def check_smallest(image: Tensor, smallest: int, *, network: str, advice: str) -> None:
    """Raise if a side of the image is below `smallest` pixels.

    Raises:
        ConfigError: one line with the size to type, or with `advice`.
    """
    side = min(image.shape[-2:])
    if side < smallest:
        raise ConfigError(
            f"image_size={side} is too small for {network}; type image_size={smallest} or more, or {advice}"
        )
