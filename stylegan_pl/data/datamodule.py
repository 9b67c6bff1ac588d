"""Content and style sets as one LightningDataModule."""

import dataclasses
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import lightning as L
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Subset

from stylegan_pl.contracts import StylePair, TrainingSets
from stylegan_pl.data.augment import Augmentation
from stylegan_pl.data.batches import PairBatches, unchanged
from stylegan_pl.data.check import make_ready
from stylegan_pl.data.folder import ImageFolder
from stylegan_pl.data.loader import TrainLoader
from stylegan_pl.data.pairing import Pairing
from stylegan_pl.data.pairs import PairKey, StylePairs
from stylegan_pl.data.problems import Problems
from stylegan_pl.data.sampler import PairStream
from stylegan_pl.data.whole import WholePaintings
from stylegan_pl.pictures.crop_size import CropSize
from stylegan_pl.pictures.tensors import to_float
from stylegan_pl.runs.ranks import cores

_log = logging.getLogger(__name__)

_MAX_WORKERS = 8


class StyleTransferData(L.LightningDataModule):
    """Yields batches of `StylePair`. Workers decode and crop to uint8; everything else runs in batches on the device.

    The training stream is endless, because a run's budget is counted in images. An epoch is one pass over the larger
    set.

    Args:
        content: photographs.
        style: paintings.
        pairing: which style is paired with a content.
        augment: random changes, on the device.
        image_size: pixels of the square crop, or its height and width.
        batch_size: pairs per device.
        val_pairs: largest number of fixed validation pairs; each held-out photograph is in at most one.
        val_size: pixels of validation crops, and of the crops of paintings for metrics; None: image_size.
        workers: loader processes per device; None: one for each of its cores (`ranks.cores`), at most 8.
        prefetch: batches that each worker keeps ready.
        fast_reading: decode JPEGs with simplejpeg, if installed, and resize with torch; False: everything with Pillow.
        cache: folder for decoded training pictures, used by all later epochs and runs; None: decode them each time.
        download: fetch sets that are missing and have a source.
        bad_fraction: share of unusable files in a set beyond which a run ends.
        problems_csv: where unusable files are listed.
    """

    def __init__(
        self,
        content: ImageFolder,
        style: ImageFolder,
        pairing: Pairing,
        augment: Augmentation,
        *,
        image_size: int | Sequence[int],
        batch_size: int,
        val_pairs: int,
        seed: int,
        workers: int | None,
        download: bool,
        bad_fraction: float,
        problems_csv: str,
        val_size: int | Sequence[int] | None = None,
        prefetch: int = 2,
        fast_reading: bool = True,
        cache: str | None = None,
    ) -> None:
        super().__init__()
        if prefetch < 1:
            raise ValueError(f"prefetch must be at least 1 batch, got {prefetch}; try 2")
        if not fast_reading:
            content, style = (dataclasses.replace(folder, fast=False) for folder in (content, style))
        self.content, self.style, self.pairing, self.augment = content, style, pairing, augment
        self.image_size, self.batch_size, self.val_pairs, self.seed = image_size, batch_size, val_pairs, seed
        self.val_size = image_size if val_size is None else val_size
        self._workers = workers
        self.prefetch, self.cache, self.download = prefetch, cache, download
        self.problems = Problems(Path(problems_csv), limit=bad_fraction)

    def prepare(self) -> None:
        """Fetch what is missing, then check the folders; before any model is built.

        Raises:
            DataError: a folder is missing or unfit; the message says what to type.
        """
        for name, folder in (("data.content", self.content), ("data.style", self.style)):
            make_ready(folder, name=name, size=self.image_size, limit=self.problems.limit, download=self.download)
        for line in self.pairing.report(self.content, self.style):
            _log.info("%s", line)
        self.problems.forget_mended()
        self.train_set = self._pairs("train", self.image_size)
        if self.cache is not None:
            self.train_set.keep_decoded(Path(self.cache))
        same = self.val_size == self.image_size
        self._compared_set = self.train_set if same else self._pairs("train", self.val_size)
        self.val_set = self._pairs("val", self.val_size)

    def _pairs(self, split: str, size: CropSize) -> StylePairs:
        return StylePairs(
            self.content, self.style, self.pairing, split=split, size=size, seed=self.seed,
            problems=self.problems,
        )  # fmt: skip

    def setup(self, stage: str) -> None:
        """Lightning's hook: build the sets, unless `prepare` did."""
        if not hasattr(self, "train_set"):
            self.prepare()

    @property
    def workers(self) -> int:
        """Number of loader processes of this device."""
        if self._workers is not None:
            return self._workers
        local_ranks = 1 if self.trainer is None else self.trainer.num_devices
        return min(_MAX_WORKERS, cores(local_ranks=local_ranks))

    @property
    def epoch_images(self) -> int:
        """Number of pairs in an epoch."""
        return len(self.train_set)

    def train_dataloader(self) -> DataLoader[StylePair]:
        """An endless stream, from the number of images that the run has seen."""
        trainer = self.trainer
        assert trainer is not None
        stream = PairStream(
            self.epoch_images, batch_size=self.batch_size, seed=self.seed, rank=trainer.global_rank,
            ranks=trainer.world_size, position=lambda: cast(Any, trainer.lightning_module).clock.images_seen,
        )  # fmt: skip
        batches = PairBatches(self.train_set)
        self._loader = TrainLoader(
            batches, batch_sampler=stream, num_workers=self.workers, pin_memory=torch.cuda.is_available(),
            persistent_workers=self.workers > 0, prefetch_factor=self.prefetch if self.workers else None,
            collate_fn=unchanged,
        )  # fmt: skip
        return self._loader

    def waited_s(self) -> float:
        """Seconds that the training has waited for its next batch; 0 while it waits for none. From any thread."""
        return self._loader.waited_s() if hasattr(self, "_loader") else 0.0

    def reader(self) -> int:
        """Id of the process that reads the training's next batch."""
        return self._loader.reader()

    def close(self) -> None:
        """End the loader's worker processes."""
        if hasattr(self, "_loader"):
            self._loader.close()

    @property
    def val_count(self) -> int:
        """Number of fixed validation pairs: at most one per photograph, so that none counts twice."""
        return min(self.val_pairs, len(self.val_set.contents)) if len(self.val_set) else 0

    def val_dataloader(self) -> DataLoader[StylePair]:
        """The first `val_count` fixed pairs of the held-out images; each of n ranks takes every n-th.

        A rank without a pair repeats the first one without counting it, because Lightning needs a loader that is not
        empty.
        """
        trainer = self.trainer
        assert trainer is not None
        mine = range(trainer.global_rank, self.val_count, trainer.world_size) or range(min(self.val_count, 1))
        val_set = Subset(PairBatches(self.val_set), mine)
        return DataLoader(val_set, batch_size=self.batch_size, num_workers=0, collate_fn=unchanged)

    def style_crop(self, index: int) -> Tensor:
        """A fixed crop of the training paintings, uint8 (3, H, W) of `val_size`; a function of index alone."""
        return self._compared_set.style_crop(self.style_source(index), np.random.default_rng([self.seed, index]))

    def style_source(self, index: int) -> int:
        """The index of the painting that `style_crop(index)` is cut from."""
        return index % len(self.train_set.styles)

    def training_sets(self, photographs: int = 16) -> TrainingSets:
        """Whole training paintings, read on access, and `photographs` crops of photographs; in [-1, 1] on the CPU.

        If there are fewer photographs, each gives several crops, as later epochs cut them. They are augmented as in
        training, because what is measured on them should hold for what the generator is shown.
        """
        keys = (PairKey(*divmod(index, self.epoch_images)) for index in range(photographs))
        crops = to_float(torch.stack([self.train_set[key].content for key in keys]))
        with torch.random.fork_rng(devices=[]):  # the run's own draws stay what they are
            torch.default_generator.manual_seed(self.seed)  # torch.manual_seed would seed GPUs, too
            crops = self.augment(StylePair(crops, crops), together=True).content
        return TrainingSets(WholePaintings(self.train_set, self.image_size), crops)

    def on_after_batch_transfer(self, batch: StylePair, dataloader_idx: int) -> StylePair:
        """uint8 -> float in [-1, 1], contiguous (N, 3, H, W); augmented in training."""
        pair = StylePair(to_float(batch.content.contiguous()), to_float(batch.style.contiguous()))
        training = self.trainer is not None and self.trainer.training
        return self.augment(pair, together=self.pairing.same_place) if training else pair
