"""What ranks do not have in common, in the one checkpoint that they share."""

from typing import Any

import lightning as L
import torch
from torch import Tensor

from stylegan_pl.nn.training.image_pool import ImagePool


class RankPools(L.Callback):
    """Every rank's pools of earlier fakes; all else that a rank holds is the same on each, or drawn from its rank.

    Resumed on as many ranks, each gets its own pool back and the run goes on bit for bit. On another number of ranks
    the images are dealt: rank r of n takes every n-th of them all, as many as a pool holds, and none is in two pools. A
    pool that is not full is filled by the next fakes, as at the beginning of a run.

    The checkpoint grows by a pool a rank: 50 pictures of 256 pixels are 39 MB.
    """

    def on_save_checkpoint(self, trainer: L.Trainer, pl_module: L.LightningModule, checkpoint: dict[str, Any]) -> None:
        """Lightning's hook, on all ranks together."""
        own = {name: pool.get_extra_state()["images"] for name, pool in _pools(pl_module)}
        if trainer.world_size == 1 or not own:
            return
        own = {name: None if images is None else images.cpu() for name, images in own.items()}
        shares: list[Any] | None = [None] * trainer.world_size if trainer.is_global_zero else None
        torch.distributed.gather_object(own, shares)
        if shares is not None:
            checkpoint["pools"] = {name: [share[name] for share in shares] for name in own}

    def on_load_checkpoint(self, trainer: L.Trainer, pl_module: L.LightningModule, checkpoint: dict[str, Any]) -> None:
        """Lightning's hook; the model's weights, and with them the pool of the first rank, are there already."""
        saved = checkpoint.get("pools", {})
        for name, pool in _pools(pl_module):
            shares = saved.get(name, [pool.get_extra_state()["images"]])
            pool.set_extra_state({"images": deal(shares, trainer.global_rank, trainer.world_size)})


def deal(shares: list[Tensor | None], rank: int, ranks: int) -> Tensor | None:
    """The images of one rank of `ranks`, of what each rank had: its own where there were as many."""
    if len(shares) == ranks:
        return shares[rank]
    full = [share for share in shares if share is not None]
    if not full:
        return None
    longest = max(map(len, full))  # in turn from each, so that a pool that cannot hold all takes from all
    mixed = [share[i] for i in range(longest) for share in full if i < len(share)]
    mine = mixed[rank::ranks]
    return torch.stack(mine) if mine else None


def _pools(model: L.LightningModule) -> list[tuple[str, ImagePool]]:
    return [(name, part) for name, part in model.named_modules() if isinstance(part, ImagePool) and part.size > 0]
