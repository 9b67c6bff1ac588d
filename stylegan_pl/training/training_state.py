"""Whether a run can resume from the counters and optimizer states of a checkpoint."""

import traceback
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.trainer.connectors import checkpoint_connector
from torch import nn
from torch.optim import Optimizer

from stylegan_pl.contracts import OptimizerFactory
from stylegan_pl.errors import UserError, first_line
from stylegan_pl.models.base import TwoPlayerModule


def check_training_state(model: TwoPlayerModule, checkpoint: dict[str, Any], path: Path) -> None:
    """Refuse wrong counters and optimizer states that do not fit; torch checks neither.

    Args:
        model: as typed.
        checkpoint: as `checkpoint.load` gives it.
        path: where it was read from.

    Raises:
        UserError: says what to type.
    """
    for key in ("images_seen", "batches"):
        count = checkpoint.get(key)
        if type(count) is not int or count < 0:
            raise cannot_go_on(path, f"its {key} is not a whole number of 0 or more")
    limit = checkpoint.get("images_in_time")
    if limit is not None and (type(limit) is not int or limit < 1):
        raise cannot_go_on(path, "its images_in_time is not a whole number of 1 or more")
    states, optimizers = checkpoint.get("optimizer_states"), model.configure_optimizers()
    if not isinstance(states, list) or len(states) != len(optimizers):
        raise cannot_go_on(path, f"it does not hold the states of {len(optimizers)} optimizers")
    for optimizer, state, player in zip(optimizers, states, model.players, strict=True):
        try:
            optimizer.load_state_dict(state)
        except Exception as error:  # torch raises errors of many types here
            raise cannot_go_on(path, f"the {player}'s optimizer: {first_line(error)}") from error
        if (wrong := _unfitting(optimizer, _keeps(model.optimizer_factories[player]))) is not None:
            raise cannot_go_on(path, f"the {player}'s optimizer: {wrong}")


def _keeps(make: OptimizerFactory) -> dict[str, bool]:
    """Names of an optimizer's state of one weight -> whether it has the shape of the weight."""
    weight = nn.Parameter(torch.zeros(2))
    weight.grad = torch.zeros(2)
    optimizer = make([weight])
    optimizer.step()
    return {name: torch.as_tensor(kept).shape == weight.shape for name, kept in optimizer.state[weight].items()}


def _unfitting(optimizer: Optimizer, keeps: dict[str, bool]) -> str | None:
    """What is missing, not a number, or of a wrong shape; None: all fits."""
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]
    for weight in weights:
        kept = optimizer.state.get(weight, {})  # empty for a weight that was never updated
        for name, whole in keeps.items() if kept else ():
            try:
                value = torch.as_tensor(kept[name], dtype=torch.float64)
            except (KeyError, TypeError, ValueError, RuntimeError):
                return f"{name} of a weight is missing or is not a number"
            if value.shape != (weight.shape if whole else ()) or not value.isfinite().all():
                return f"{name} does not fit its weight, or is not finite"
    return None


def cannot_go_on(path: Path, why: str) -> UserError:
    """The error line about a checkpoint from which only the weights can be used."""
    return UserError(f"{path}: a run cannot continue from it ({why}); type start_from={path} to use its weights alone")


def was_restoring(error: BaseException) -> bool:
    """Whether an error was raised while Lightning restored a checkpoint."""
    return any(
        frame.f_globals.get("__name__") == checkpoint_connector.__name__
        and any(word in frame.f_code.co_name for word in ("restore", "resume"))
        for frame, _ in traceback.walk_tb(error.__traceback__)
    )
