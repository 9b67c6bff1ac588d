"""The order of training pairs: one endless stream, of which a run's position is the number of images seen."""

from collections.abc import Callable, Iterator

import numpy as np
from torch.utils.data import Sampler

from stylegan_pl.data.pairs import PairKey


class PairStream(Sampler[list[PairKey]]):
    """Epoch after epoch, each a permutation drawn from (seed, epoch), cut into global batches and dealt to ranks.

    Nothing but `position()` tells where to begin, so a run resumes in the middle of an epoch, on another number of
    ranks or with another batch size, at exactly the next image. Rank r of a global batch gets its r-th slice: two
    ranks × batch 2 see what one rank × batch 4 sees.

    Args:
        length: pairs in an epoch.
        batch_size: per rank.
        position: images seen so far, all ranks together; asked when iteration begins.
    """

    def __init__(
        self, length: int, *, batch_size: int, seed: int, rank: int, ranks: int, position: Callable[[], int]
    ) -> None:
        self.length, self.batch_size, self.seed = length, batch_size, seed
        self.rank, self.ranks, self.position = rank, ranks, position

    def __iter__(self) -> Iterator[list[PairKey]]:
        """Batches of this rank, without end."""
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
