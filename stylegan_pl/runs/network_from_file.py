"""Builds a network with its weights from a file that may come from anyone: only our networks, of bounded size."""

import importlib
import inspect
from collections.abc import Mapping, Sequence
from math import isqrt
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from torch import Tensor, nn

from stylegan_pl.errors import ConfigError, UserError, first_line
from stylegan_pl.nn.pretrained.shapes import shapes_only
from stylegan_pl.nn.pretrained.wanted import without_pretrained
from stylegan_pl.runs.from_file import Permitted, build, check_plain, parsed

_ROOMS = ("stylegan_pl.generators.", "stylegan_pl.nn.")  # packages that a config may build from
EXTRA_STATE = "_extra_state"  # torch's key of a module's extra state
_UNCHECKED = 1024  # blocks, channels, layers: up to this number, any file may have them
_OTHER_WEIGHTS = (
    "its weights do not fit the generator that its config names; perhaps another version of stylegan_pl wrote it: "
    "paint with that version, or train again"
)


def network_from_file(node: Any, weights: Mapping[str, Tensor], path: Path, trusted: Sequence[str] = ()) -> nn.Module:
    """The network of a config, with these weights; in training mode on the CPU.

    Its sizes are compared with the weights' on torch's meta device, before any memory is taken for it.

    Args:
        node: plain data.
        weights: by their names in the network.
        path: of the file that both are from.
        trusted: other packages or modules whose networks may be built; their sizes are not checked.

    Raises:
        ConfigError: it is none of our networks, not the weights' one, or its weights are not numbers.
    """
    check_plain(node, path)
    permitted = networks(trusted)
    if _is_ours(node, path):
        check_numbers(node, max(_UNCHECKED, isqrt(path.stat().st_size // 2)), path)
        with shapes_only():
            shapes: nn.Module = build(node, path, permitted, nn.Module)
        if _sizes(shapes.state_dict()) != _sizes(weights):
            raise ConfigError(f"{path}: {_OTHER_WEIGHTS}")
    claimed = sum(value.numel() * value.element_size() for value in weights.values() if isinstance(value, Tensor))
    if claimed > path.stat().st_size:
        raise ConfigError(f"{path}: its weights are larger than the file, as if one number stood for many; refused")
    wrong = [key for key, value in weights.items() if not _is_finite(value)]
    if wrong:
        raise ConfigError(
            f"{path}: {len(wrong)} of its {len(weights)} weights hold nan or infinite numbers, such as "
            f"{wrong[0][:80]!r}; the training had failed: give an earlier checkpoint"
        )
    with without_pretrained():  # the file has them
        network: nn.Module = build(node, path, permitted, nn.Module)
    # torch would cut them off to whole numbers, or to their real part
    if any(
        own.is_floating_point() and not weights[key].is_floating_point()
        for key, own in network.state_dict().items()
        if isinstance(own, Tensor) and key in weights
    ):
        raise ConfigError(f"{path}: {_OTHER_WEIGHTS}")
    try:
        network.load_state_dict(weights)
    except Exception as error:  # torch lists every key in a line of its own
        raise ConfigError(f"{path}: {_OTHER_WEIGHTS}") from error
    return network


def networks(trusted: Sequence[str] = ()) -> Permitted:
    """What a generator's config may call: our networks and initialisations.

    Each must be defined in the module that its path names: `stylegan_pl.nn.pretrained.vgg.torch.hub.load` also begins
    with our package's name.

    Args:
        trusted: further packages or modules, all of whose parts are allowed.
    """
    names = [name.rstrip(".") for name in trusted if name.strip(".")]

    def permitted(target: str) -> Any:
        if any(target.startswith(f"{name}.") for name in names):  # whole parts: `my` does not match `mymalware`
            try:
                return resolve_name(target)
            except Exception as error:  # importing a foreign package may raise anything
                raise ConfigError(
                    f"its config names {target[:200]!r}, which cannot be imported ({first_line(error)})"
                ) from error
        found = part_of_ours(target, _ROOMS)
        if found is None:
            raise ConfigError(
                f"its config would run {target[:200]!r}, which is not a network of stylegan_pl; refused. If "
                "you trust the file, type trust=[MODULE]"
            )
        return found

    return permitted


def part_of_ours(target: str, rooms: tuple[str, ...]) -> Any:
    """The module class, or the function that returns a module, at a dotted path; None for anything else.

    Args:
        rooms: prefixes of the permitted paths, each with a dot at its end.
    """
    module, _, name = target.rpartition(".")
    if not module.startswith(rooms):
        return None
    try:
        found = getattr(importlib.import_module(module), name, None)
    except (ImportError, ValueError):  # `…seed.SeedGenerator` is no module
        return None
    network = inspect.isclass(found) and issubclass(found, nn.Module)
    draws = inspect.isfunction(found) and module == "stylegan_pl.nn.layers.init"
    return found if (network or draws) and found.__module__ == module else None


def _is_ours(node: Any, path: Path) -> bool:
    """Whether a config needs no entry in `trusted`."""
    try:
        parsed(node, path, networks())
    except UserError:
        return False
    return True


def check_numbers(node: Any, most: int, path: Path) -> None:
    """Check that no number is too large: n × n channels have n² weights, and the size of the file bounds these."""
    if isinstance(node, dict):
        for key, child in node.items():
            if key != "seed":
                check_numbers(child, most, path)
    elif isinstance(node, list | tuple):
        check_numbers(len(node), most, path)
        for child in node:
            check_numbers(child, most, path)
    elif isinstance(node, int) and abs(node) > most:
        number = str(node) if abs(node) < 10**12 else "over 10^12"
        raise ConfigError(f"{path}: its config contains the number {number}, far too large for its weights; refused")


def _sizes(state: Mapping[str, Any]) -> dict[str, Any]:
    return {key: getattr(value, "shape", None) for key, value in state.items()}


def _is_finite(value: Any) -> bool:
    try:
        return not isinstance(value, Tensor) or not value.is_floating_point() or bool(value.isfinite().all())
    except (RuntimeError, NotImplementedError):  # sparse, quantised or on the meta device: not from our files
        return False
