"""Pools of earlier fakes, dealt to another number of ranks."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from stylegan_pl.distributed.rank_pools import RankPools, deal
from stylegan_pl.nn.training.image_pool import ImagePool


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


class Model(nn.Module):
    """Two pools, as CycleGAN has, and one that keeps nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.none = ImagePool(3), ImagePool(3), ImagePool(0)


def filled(first: list[float], second: list[float]) -> Model:
    model = Model()
    for pool, values in ((model.first, first), (model.second, second)):
        if values:
            pool(torch.tensor(values).view(-1, 1, 1, 1))
    return model


def held(model: Model) -> list[list[float]]:
    images = [pool.get_extra_state()["images"] for pool in (model.first, model.second)]
    return [[] if kept is None else kept.flatten().tolist() for kept in images]


def saved(monkeypatch, *models: Model) -> list[dict]:
    """What each rank's checkpoint holds; ranks are asked in turn, the first one last, as it gathers."""
    own: dict[int, object] = {}
    checkpoints: list[dict] = [{} for _ in models]
    for rank in reversed(range(len(models))):

        def gather(mine, shares, rank=rank) -> None:
            own[rank] = mine
            if shares is not None:
                assert len(shares) == len(models)
                shares[:] = [own[other] for other in range(len(models))]

        monkeypatch.setattr(torch.distributed, "gather_object", gather)
        trainer = SimpleNamespace(world_size=len(models), global_rank=rank, is_global_zero=rank == 0)
        RankPools().on_save_checkpoint(trainer, models[rank], checkpoints[rank])
    return checkpoints


def test_one_checkpoint_has_the_pools_of_all_ranks_and_each_gets_its_own_back(monkeypatch):
    first, second, third = filled([1, 2], [10]), filled([3], [11, 12]), filled([4, 5], [])
    checkpoint, *others = saved(monkeypatch, first, second, third)
    assert set(checkpoint["pools"]) == {"first", "second"} and not any(others)
    for rank, whose in enumerate((first, second, third)):
        resumed = filled([99], [99])  # Lightning has loaded the first rank's
        trainer = SimpleNamespace(world_size=3, global_rank=rank)
        RankPools().on_load_checkpoint(trainer, resumed, checkpoint)
        assert held(resumed) == held(whose)


def test_on_another_number_of_ranks_none_is_in_two_pools(monkeypatch):
    checkpoint, _ = saved(monkeypatch, filled([1, 2, 3], [10]), filled([4, 5, 6], []))
    for ranks in (1, 3, 4):
        dealt = []
        for rank in range(ranks):
            resumed = filled([99], [99])
            RankPools().on_load_checkpoint(SimpleNamespace(world_size=ranks, global_rank=rank), resumed, checkpoint)
            dealt.append(held(resumed))
        images = [image for pools in dealt for image in pools[0]]
        assert len(set(images)) == len(images) and set(images) <= {1, 2, 3, 4, 5, 6}
        assert len(images) == min(6, 3 * ranks)
        assert sorted(image for pools in dealt for image in pools[1]) == [10]


def test_one_rank_alone_has_its_pool_in_its_weights(monkeypatch):
    (checkpoint,) = saved(monkeypatch, filled([1, 2], [10]))
    assert checkpoint == {}
    resumed = filled([1, 2], [10])
    RankPools().on_load_checkpoint(SimpleNamespace(world_size=1, global_rank=0), resumed, checkpoint)
    assert held(resumed) == [[1, 2], [10]]
    second = filled([1, 2, 3], [])  # gone on with on two ranks: what there is is dealt
    RankPools().on_load_checkpoint(SimpleNamespace(world_size=2, global_rank=1), second, checkpoint)
    assert held(second) == [[2], []]
