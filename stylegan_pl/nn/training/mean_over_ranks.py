"""The mean of a tensor over all ranks, so that what each rank keeps is the same."""

import torch
from torch import Tensor


def mean_over_ranks(value: Tensor) -> Tensor:
    """The mean over all ranks, which must all call it; the tensor itself if there is one process."""
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return value
    total = value.clone()
    torch.distributed.all_reduce(total)
    return total / torch.distributed.get_world_size()
