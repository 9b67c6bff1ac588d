"""Gathers rows of all ranks, also if a rank has none."""

from typing import Any

import torch
from torch import Tensor
from torch.distributed import all_gather_object, get_world_size
from torchmetrics.utilities.distributed import gather_all_tensors


def gather_rows(rows: Tensor, group: Any = None) -> list[Tensor]:
    """Each rank's rows, (N_rank, …), in the order of ranks; every rank must call it.

    For a rank without data, torchmetrics passes an empty vector and then hangs, because all ranks must gather tensors
    of the same dimensions. Here such a rank gets the shape from the others.
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
    """The `dist_sync_fn` of metrics that need all frames in one process.

    Raises:
        ValueError: there are several ranks.
    """
    ranks = get_world_size(group)
    if ranks > 1:
        raise ValueError(f"frames of a clip cannot be shared out to {ranks} processes; type trainer.devices=1")
    return [rows]
