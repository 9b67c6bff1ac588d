"""A typed number of images or epochs is the budget: no other budget, of a recipe or of train.yaml, shortens it."""

from collections.abc import Sequence


def budget_overrides(arguments: Sequence[str]) -> list[str]:
    """Words to add to a command line so that a typed `max_images` or `max_epochs` takes effect.

    `max_epochs` replaces `max_images`, and after an experiment both replace `max_minutes`, unless these are typed, too.
    `+debug=smoke` stays as short as it is.

    Example:
        >>> budget_overrides(["+experiment=my_painter", "max_images=7000"])
        ['++max_minutes=null']
        >>> budget_overrides(["+experiment=my_painter", "max_images=7000", "max_minutes=30"])
        []
        >>> budget_overrides(["model=cut", "max_epochs=200"])
        ['++max_images=null']
    """
    typed = {key: text for key, _, text in (argument.lstrip("+").partition("=") for argument in arguments)}
    counted = {key for key in ("max_images", "max_epochs") if typed.get(key, "null") != "null"}
    added = []
    if "max_epochs" in counted and not {"max_images", "debug"} & typed.keys():
        added.append("++max_images=null")
    if counted and "experiment" in typed and "max_minutes" not in typed:
        added.append("++max_minutes=null")
    return added
