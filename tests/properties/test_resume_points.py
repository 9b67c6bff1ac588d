"""Stopped anywhere and gone on, on any number of ranks: what follows is what would have followed."""

import itertools

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from stylegan_pl.data.pairs import PairKey
from stylegan_pl.data.sampler import PairStream
from stylegan_pl.distributed.rank_pools import deal
from stylegan_pl.nn.augment.ada import AdaptiveAugment
from stylegan_pl.nn.augment.diff_augment import DiffAugment
from stylegan_pl.nn.training.image_pool import ImagePool


def seen(count: int, *, length: int, seed: int, position: int, ranks: int, batch_size: int) -> list[PairKey]:
    """The next `count` keys of all ranks together, from a position on."""
    streams = [
        iter(PairStream(length, batch_size=batch_size, seed=seed, rank=rank, ranks=ranks, position=lambda: position))
        for rank in range(ranks)
    ]
    dealt = (key for _ in itertools.count() for stream in streams for key in next(stream))
    return list(itertools.islice(dealt, count))


@given(
    st.integers(1, 30), st.integers(0, 2**32 - 1), st.integers(0, 10**6), st.integers(0, 200),
    st.integers(1, 5), st.integers(1, 6),
)  # fmt: skip
def test_the_stream_is_one_whoever_reads_it_from_wherever(length, seed, begin, stop, ranks, batch_size):
    whole = seen(stop + 40, length=length, seed=seed, position=begin, ranks=1, batch_size=1)
    resumed = seen(40, length=length, seed=seed, position=begin + stop, ranks=ranks, batch_size=batch_size)
    assert resumed == whole[stop:]
    assert [key.epoch for key in whole] == [(begin + place) // length for place in range(len(whole))]
    for epoch in {key.epoch for key in whole}:
        indices = [key.index for key in whole if key.epoch == epoch]
        assert len(set(indices)) == len(indices) and set(indices) <= set(range(length))


def handed_back(pool: ImagePool, batches: range, size: int) -> list[Tensor]:
    """A step's draws are of its place, as a run seeds them."""
    found = []
    for number in batches:
        torch.manual_seed(number)
        found.append(pool(torch.full((size, 1, 1, 1), float(number)) + torch.arange(size).view(-1, 1, 1, 1) / 10))
    return found


@given(st.integers(0, 6), st.integers(1, 3), st.integers(0, 12), st.integers(0, 8))
def test_a_pool_goes_on_as_it_would_have(capacity, batch, before, after):
    whole = handed_back(ImagePool(capacity), range(before + after), batch)
    first, second = ImagePool(capacity), ImagePool(capacity)
    handed_back(first, range(before), batch)
    second.load_state_dict(first.state_dict())
    resumed = handed_back(second, range(before, before + after), batch)
    assert all(torch.equal(a, b) for a, b in zip(whole[before:], resumed, strict=True))
    made = {(n, k) for n in range(before + after) for k in range(batch)}
    for picture in torch.cat(whole).flatten().tolist() if whole else []:
        assert (int(picture), round(picture % 1 * 10)) in made  # nothing is made up


@given(st.lists(st.integers(-3, 3), max_size=25), st.integers(1, 5), st.integers(0, 25))
def test_ada_goes_on_as_it_would_have(signs, interval, stop):
    def observed(augment: AdaptiveAugment, part: list[int]) -> AdaptiveAugment:
        for sign in part:
            augment.observe([torch.tensor([float(sign), 1.0])], 4)
        return augment

    def fresh() -> AdaptiveAugment:
        return AdaptiveAugment(DiffAugment(), interval=interval, ramp_images=50, most=0.7)

    whole, second = observed(fresh(), signs), fresh()
    second.load_state_dict(observed(fresh(), signs[:stop]).state_dict())
    observed(second, signs[stop:])
    assert torch.equal(second.p, whole.p) and torch.equal(second.signs, whole.signs)
    assert (second.steps, second.images) == (whole.steps, whole.images)
    assert 0 <= whole.p <= 0.7


@given(st.lists(st.none() | st.integers(1, 6), min_size=1, max_size=5), st.integers(1, 6))
def test_pools_are_dealt_so_that_no_image_is_lost_or_doubled(sizes, ranks):
    numbers = itertools.count()
    shares = [None if n is None else torch.tensor([[float(next(numbers))] for _ in range(n)]) for n in sizes]
    dealt = [deal(shares, rank, ranks) for rank in range(ranks)]
    images = sorted(x for share in dealt if share is not None for x in share.flatten().tolist())
    assert images == sorted(x for share in shares if share is not None for x in share.flatten().tolist())
    counts = [0 if share is None else len(share) for share in dealt]
    if len(shares) != ranks:
        assert max(counts) - min(counts) <= 1
