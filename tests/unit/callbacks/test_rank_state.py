"""Pools of earlier fakes, dealt to another number of ranks."""

import pytest
import torch

from stylegan_pl.callbacks.rank_state import deal


def numbered(*numbers: int) -> torch.Tensor:
    """Images whose every pixel is their number."""
    return torch.tensor(numbers, dtype=torch.float32).view(-1, 1, 1, 1).expand(-1, 3, 2, 2)


def numbers(images: torch.Tensor | None) -> list[int]:
    return [] if images is None else images[:, 0, 0, 0].int().tolist()


def test_as_many_ranks_get_their_own_back():
    shares = [numbered(1, 2, 3), numbered(4, 5), None]
    assert [numbers(deal(shares, rank, 3)) for rank in range(3)] == [[1, 2, 3], [4, 5], []]


@pytest.mark.parametrize("ranks", [1, 2, 4, 7])
def test_every_image_goes_to_exactly_one_rank(ranks):
    shares = [numbered(1, 2, 3), numbered(4, 5), numbered(6, 7, 8)]
    dealt = [numbers(deal(shares, rank, ranks)) for rank in range(ranks)]
    assert sorted(number for mine in dealt for number in mine) == list(range(1, 9))
    assert max(map(len, dealt)) - min(map(len, dealt)) <= 1


def test_a_pool_that_cannot_hold_all_takes_from_all():
    assert numbers(deal([numbered(1, 2), numbered(3, 4)], 0, 1))[:2] == [1, 3]


def test_empty_pools_stay_empty():
    assert deal([None, None], 0, 1) is None and deal([None], 1, 2) is None
