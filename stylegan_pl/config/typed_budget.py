"""A typed number of images or epochs is the budget: a recipe's `max_minutes` does not shorten it."""

from collections.abc import Sequence


def budget_overrides(arguments: Sequence[str]) -> list[str]:
    """Words to add to a command line so that `max_images` or `max_epochs`, typed after an experiment, takes effect.

    Example:
        >>> budget_overrides(["+experiment=my_painter", "max_images=7000"])
        ['++max_minutes=null']
        >>> budget_overrides(["+experiment=my_painter", "max_images=7000", "max_minutes=30"])
        []
    """
    typed = {argument.lstrip("+").partition("=")[0] for argument in arguments}
    counted = "experiment" in typed and typed & {"max_images", "max_epochs"}
    return ["++max_minutes=null"] if counted and "max_minutes" not in typed else []
