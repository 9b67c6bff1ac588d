"""Rows of all ranks side by side, also where a rank has none."""

from typing import Any

import torch
from torch import Tensor
from torch.distributed import all_gather_object, get_world_size
from torchmetrics.utilities.distributed import gather_all_tensors


def gather_rows(rows: Tensor, group: Any = None) -> list[Tensor]:
    """Each rank's rows, (N_rank, …), in the order of ranks; every rank must call it.

    torchmetrics hands over an empty vector for a rank that saw nothing, and then waits for ever, since ranks must
    agree on how many dimensions they gather. Here such a rank learns from the others what its no rows look like.
    """
    ranks = get_world_size(group)
    seen: list[Any] = [None] * ranks
    all_gather_object(seen, (tuple(rows.shape), rows.dtype), group=group)
    full = next(((shape, dtype) for shape, dtype in seen if len(shape) > 0 and shape[0] > 0), None)
    if full is None:
        return [rows] * ranks
    if len(rows) == 0:
        rows = torch.empty(0, *full[0][1:], dtype=full[1], device=rows.device)
    return gather_all_tensors(rows, group)


def refuse_to_gather(rows: Tensor, group: Any = None) -> list[Tensor]:
    """For what is lost when pictures are shared out.

    Raises:
        ValueError: there are several ranks.
    """
    ranks = get_world_size(group)
    if ranks > 1:
        raise ValueError(f"frames of a clip cannot be shared out to {ranks} processes; type trainer.devices=1")
    return [rows]
