"""Saves each rank's pools of earlier fakes in the one checkpoint."""

from typing import Any

import lightning as L
import torch
from torch import Tensor

from stylegan_pl.nn.training.image_pool import ImagePool


class RankPools(L.Callback):
    """Saves and restores every rank's pools; all other state is equal on all ranks or computed from the rank.

    If a run resumes on the same number of ranks, each rank gets its own pool and the run continues bit for bit. On
    another number n, rank r takes every n-th image of all pools, up to a pool's size, so no image is in two pools. A
    pool that is not full is filled with the next fakes, as at the start of a run.

    The checkpoint grows by one pool per rank: 50 pictures of 256 pixels are 39 MB.
    """

    def on_save_checkpoint(self, trainer: L.Trainer, pl_module: L.LightningModule, checkpoint: dict[str, Any]) -> None:
        """Lightning's hook; must run on all ranks."""
        own = {name: pool.get_extra_state()["images"] for name, pool in _pools(pl_module)}
        if trainer.world_size == 1 or not own:
            return
        own = {name: None if images is None else images.cpu() for name, images in own.items()}
        shares: list[Any] | None = [None] * trainer.world_size if trainer.is_global_zero else None
        torch.distributed.gather_object(own, shares)
        if shares is not None:
            checkpoint["pools"] = {name: [share[name] for share in shares] for name in own}

    def on_load_checkpoint(self, trainer: L.Trainer, pl_module: L.LightningModule, checkpoint: dict[str, Any]) -> None:
        """Lightning's hook; runs after the model's state is loaded, which includes rank 0's pool."""
        saved = checkpoint.get("pools", {})
        for name, pool in _pools(pl_module):
            shares = saved.get(name, [pool.get_extra_state()["images"]])
            pool.set_extra_state({"images": deal(shares, trainer.global_rank, trainer.world_size)})


def deal(shares: list[Tensor | None], rank: int, ranks: int) -> Tensor | None:
    """The images for one of `ranks` ranks, from all saved pools; its own pool if the number of ranks is the same."""
    if len(shares) == ranks:
        return shares[rank]
    full = [share for share in shares if share is not None]
    if not full:
        return None
    longest = max(map(len, full))  # take from each pool in turn, so that a small pool has images of all
    mixed = [share[i] for i in range(longest) for share in full if i < len(share)]
    mine = mixed[rank::ranks]
    return torch.stack(mine) if mine else None


def _pools(model: L.LightningModule) -> list[tuple[str, ImagePool]]:
    return [(name, part) for name, part in model.named_modules() if isinstance(part, ImagePool) and part.size > 0]
