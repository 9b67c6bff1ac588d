"""`start_from=`: a new run that begins with weights of another run or painter."""

from typing import Any

import torch
from torch import Tensor, nn

from stylegan_pl.errors import ConfigError
from stylegan_pl.models.base import TwoPlayerModule
from stylegan_pl.runs.checkpoint import held_generator, load, resolve
from stylegan_pl.runs.painters import PREFIX

_NAMED = 3  # names of tensors that do not fit


def start_from(model: TwoPlayerModule, source: str) -> str:
    """Copy the fitting weights of another run's networks; clock, optimizers and pools stay new.

    The generator and its average start from the averaged weights, if the file has them. A tensor fits if the network
    of the same name has a tensor of the same name and shape.

    Args:
        source: a run folder, a file or `painter:NAME`, as typed.

    Returns:
        One line: which networks were copied, and which tensors were not.

    Raises:
        UserError: the source cannot be read.
        ConfigError: no tensor of its generator fits.
    """
    path = resolve(source, option="start_from")
    node, generator = held_generator(path)
    theirs = {f"generator.{name}": tensor for name, tensor in generator.items()}
    if path.suffix != ".safetensors":
        theirs = {**load(path)["state_dict"], **theirs}
    ours = {name: network.state_dict(prefix=f"{name}.") for name, network in _networks(model).items()}
    if not _fitting(theirs, ours["generator"]):
        raise ConfigError(
            f"start_from={source}: none of the weights of its generator ({_called(node)}) fit this run's "
            f"({type(model.generator).__name__}); choose the same generator by generator@model.generator=NAME"
        )
    lines = [_copy(name, theirs, state) for name, state in ours.items()]
    if model.ema is not None:
        model.ema.averaged.load_state_dict(model.generator.state_dict())
    return f"start_from={source if source.startswith(PREFIX) else path}: {'; '.join(lines)}"


def _networks(model: TwoPlayerModule) -> dict[str, nn.Module]:
    """The networks that are trained, by name; the generator first."""
    own = {id(network) for player in ("generator", "discriminator") for network in model.player_modules(player)}
    return {name: child for name, child in model.named_children() if id(child) in own or name == "generator"}


@torch.no_grad()
def _copy(name: str, theirs: dict[str, Tensor], ours: dict[str, Tensor]) -> str:
    """Copy into one network; returns what was copied, in words."""
    fitting = _fitting(theirs, ours)
    if not any(key.startswith(f"{name}.") for key in theirs):
        return f"{name} new, because the file has none"
    if not fitting:
        return f"{name} new, because no tensor of the file fits"
    for key in fitting:
        ours[key].copy_(theirs[key])
    missed = [key for key in ours if key not in set(fitting)]
    if not missed:
        return f"{name} taken completely"
    shown = ", ".join(missed[:_NAMED]) + (", …" if len(missed) > _NAMED else "")
    return f"{name} taken except {len(missed)} of {len(ours)} tensors, which do not fit and are new ({shown})"


def _fitting(theirs: dict[str, Tensor], ours: dict[str, Tensor]) -> list[str]:
    return [key for key, own in ours.items() if key in theirs and theirs[key].shape == own.shape]


def _called(node: Any) -> str:
    """The class name in a generator's config."""
    return str(node.get("_target_", "")).rpartition(".")[2] if isinstance(node, dict) else "unknown"
