"""What a checkpoint keeps beside its weights is looked at before a run goes on from it."""

from copy import deepcopy
from typing import Any

import pytest
import torch

from stylegan_pl.errors import UserError
from stylegan_pl.training.build import build_model
from stylegan_pl.training.training_state import check_training_state


def stepped(model) -> list[dict[str, Any]]:
    """Of optimizers that have moved every weight once."""
    optimizers = model.configure_optimizers()
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            for weight in group["params"]:
                weight.grad = torch.ones_like(weight)
        optimizer.step()
    return [optimizer.state_dict() for optimizer in optimizers]


def set_at(node: Any, path: str, value: Any) -> None:
    *above, last = [int(key) if key.isdigit() else key for key in path.split("/")]
    for key in above:
        node = node[key]
    if value is KeyError:
        del node[last]
    else:
        node[last] = value


WRONG = {
    "images_seen": [KeyError, None, -2, 2.0, True, "8"],
    "batches": [KeyError, [1]],
    "optimizer_states": [KeyError, None, [], {}, [{}], "xx"],
    "optimizer_states/1": [None, {"state": {}}, {"state": [], "param_groups": "x"}],
    "optimizer_states/0/param_groups/0/params": [[0], None],
    "optimizer_states/0/state": [None, "x"],
    "optimizer_states/0/state/3": [1.0, {"exp_avg": torch.zeros(1)}],
    "optimizer_states/1/state/0/exp_avg": [KeyError, "x", -1.0, torch.zeros(3)],
    "optimizer_states/1/state/0/step": [None, torch.zeros(2), float("nan")],
}


def test_the_state_of_a_run_is_taken_and_a_malformed_one_told_in_a_line(train_config, tmp_path):
    model, path = build_model(train_config()), tmp_path / "someones.ckpt"
    good = {"images_seen": 4, "batches": 2, "optimizer_states": stepped(model)}
    check_training_state(model, deepcopy(good), path)
    check_training_state(
        model, {**good, "optimizer_states": [o.state_dict() for o in model.configure_optimizers()]}, path
    )
    for place, values in WRONG.items():
        for value in values:
            bad = deepcopy(good)
            set_at(bad, place, value)
            with pytest.raises(UserError) as told:
                check_training_state(model, bad, path)
            line = str(told.value)
            assert "\n" not in line and f"{path}: a run cannot continue from it (" in line, (place, value)
            assert f"start_from={path}" in line
