"""One endless stream of pairs, whoever deals it and wherever it begins."""

from itertools import islice

import pytest

from stylegan_pl.data.pairs import PairKey
from stylegan_pl.data.sampler import PairStream


def stream(
    length: int = 7, batch_size: int = 4, *, seed: int = 0, rank: int = 0, ranks: int = 1, position: int = 0
) -> PairStream:
    return PairStream(length, batch_size=batch_size, seed=seed, rank=rank, ranks=ranks, position=lambda: position)


def keys(source: PairStream, count: int) -> list[PairKey]:
    """The first `count` keys of a rank."""
    return [key for batch in islice(source, -(-count // source.batch_size)) for key in batch][:count]


@pytest.mark.parametrize("length", [1, 7, 64])
@pytest.mark.parametrize("batch_size", [1, 4, 10])
def test_every_epoch_visits_every_index_once(length: int, batch_size: int) -> None:
    seen = keys(stream(length, batch_size), 3 * length)
    for epoch in range(3):
        part = seen[epoch * length : (epoch + 1) * length]
        assert {key.epoch for key in part} == {epoch}
        assert sorted(key.index for key in part) == list(range(length))
    assert all(type(key.index) is int for key in seen)  # a NumPy integer would not pass every collate


def test_batches_are_full_even_across_epochs() -> None:
    assert [len(batch) for batch in islice(stream(7, 4), 20)] == [4] * 20


def test_another_epoch_or_seed_gives_another_order() -> None:
    first = keys(stream(50), 100)
    orders = [
        [key.index for key in first[:50]],
        [key.index for key in first[50:]],
        [key.index for key in keys(stream(50, seed=1), 50)],
        list(range(50)),
    ]
    assert all(a != b for number, a in enumerate(orders) for b in orders[:number])


def test_the_same_seed_gives_the_same_order() -> None:
    assert keys(stream(50), 120) == keys(stream(50), 120)


@pytest.mark.parametrize(("ranks", "batch_size"), [(1, 4), (2, 2), (4, 1)])
def test_ranks_together_see_what_one_rank_sees_batch_by_batch(ranks: int, batch_size: int) -> None:
    alone = list(islice(stream(7, 4), 10))
    dealt = [list(islice(stream(7, batch_size, rank=rank, ranks=ranks), 10)) for rank in range(ranks)]
    for number, batch in enumerate(alone):
        assert [key for hand in dealt for key in hand[number]] == batch


@pytest.mark.parametrize("position", [0, 1, 4, 6, 7, 13, 700])
@pytest.mark.parametrize(("ranks", "batch_size"), [(1, 4), (1, 3), (2, 2), (3, 5)])
def test_a_run_resumes_at_exactly_the_next_image(position: int, ranks: int, batch_size: int) -> None:
    whole = keys(stream(7, 4), position + 60)
    dealt = [islice(stream(7, batch_size, rank=rank, ranks=ranks, position=position), 60) for rank in range(ranks)]
    resumed = [key for hands in zip(*dealt, strict=True) for hand in hands for key in hand]
    assert resumed[:60] == whole[position:]


def test_the_position_is_asked_when_iteration_begins() -> None:
    """A checkpoint is restored after the loader is built."""
    seen = 0
    late = PairStream(7, batch_size=1, seed=0, rank=0, ranks=1, position=lambda: seen)
    seen = 5
    assert keys(late, 9) == keys(stream(7, 1), 14)[5:]
    seen = 12
    assert keys(late, 3) == keys(stream(7, 1), 15)[12:]


def test_two_iterations_at_once_do_not_disturb_each_other() -> None:
    source = stream(7, 1)
    one, other = iter(source), iter(source)
    ahead = [next(one)[0] for _ in range(20)]
    behind = []
    for _ in range(20):
        behind += next(other)
        next(one)
    assert behind == ahead
