"""The order of training pairs: an endless stream, in which a run's position is the number of images seen."""

from collections.abc import Callable, Iterator

import numpy as np
from torch.utils.data import Sampler

from stylegan_pl.data.pairs import PairKey


class PairStream(Sampler[list[PairKey]]):
    """Yields batches of keys without end. Each epoch is a permutation from (seed, epoch), split into batches and ranks.

    The start depends only on `position()`. So a run resumes at exactly the next image, in the middle of an epoch, on
    another number of ranks or with another batch size. Rank r gets the r-th slice of a global batch: two ranks with
    batch size 2 see the same images as one rank with batch size 4.

    Args:
        length: number of pairs in an epoch.
        batch_size: pairs per rank.
        position: returns images seen so far, all ranks together; called when iteration begins.
    """

    def __init__(
        self, length: int, *, batch_size: int, seed: int, rank: int, ranks: int, position: Callable[[], int]
    ) -> None:
        self.length, self.batch_size, self.seed = length, batch_size, seed
        self.rank, self.ranks, self.position = rank, ranks, position

    def __iter__(self) -> Iterator[list[PairKey]]:
        """This rank's batches of keys, without end."""
        start = self.position() + self.rank * self.batch_size
        while True:
            yield [self._key(start + offset) for offset in range(self.batch_size)]
            start += self.ranks * self.batch_size

    def _key(self, position: int) -> PairKey:
        epoch, offset = divmod(position, self.length)
        return PairKey(epoch, int(self._permutation(epoch)[offset]))

    def _permutation(self, epoch: int) -> np.ndarray:
        if getattr(self, "_cached", (None,))[0] != epoch:
            self._cached = (epoch, np.random.default_rng([self.seed, epoch]).permutation(self.length))
        return self._cached[1]
