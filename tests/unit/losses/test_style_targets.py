"""Which paintings are mixed."""

import itertools

import pytest
import torch

from stylegan_pl.errors import ConfigError
from stylegan_pl.losses.style_targets import (
    AllPaintings,
    CoherentGroup,
    NearestGroup,
    NearestPainting,
    OnePainting,
    k_means,
)

NAMES = ["a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg", "f.jpg"]
TIGHT = torch.tensor([[0.0, 0.0], [0.1, 0.0], [0.0, 0.1], [5.0, 5.0], [9.0, 5.0], [5.0, 9.0]])


def test_rows_are_shares():
    for target in (
        AllPaintings(),
        OnePainting(name="c"),
        CoherentGroup(groups=2),
        NearestGroup(groups=2),
        NearestPainting(),
    ):
        mixtures = target.mixtures(TIGHT, NAMES)
        torch.testing.assert_close(mixtures.sum(dim=1), torch.ones(len(mixtures)))


def test_one_painting_by_a_part_of_its_name():
    assert OnePainting(name="c").mixtures(TIGHT, NAMES).tolist() == [[0, 0, 1, 0, 0, 0]]
    assert OnePainting().mixtures(TIGHT[:1], NAMES[:1]).tolist() == [[1]]


@pytest.mark.parametrize("name", ["jpg", "z", None])
def test_an_unclear_name_is_answered_with_names(name):
    with pytest.raises(ConfigError, match=r"of 6 paintings; type a part of one file's name .*a\.jpg"):
        OnePainting(name=name).mixtures(TIGHT, NAMES)


def test_the_coherent_group_is_the_tight_one():
    assert CoherentGroup(groups=2).mixtures(TIGHT, NAMES)[0].nonzero().flatten().tolist() == [0, 1, 2]


def test_a_lonely_painting_is_no_group():
    lonely = torch.tensor([[0.0], [0.1], [0.2], [0.15], [0.05], [50.0]])
    assert CoherentGroup(groups=2).mixtures(lonely, NAMES)[0][5] == 0


def test_a_group_is_not_tighter_because_it_is_smaller():
    def ring(count, radius, centre):
        angles = torch.arange(count) * 2 * torch.pi / count
        return torch.stack([centre + radius * angles.cos(), radius * angles.sin()], dim=1)

    described = torch.cat([ring(7, 1.0, 0.0), ring(3, 1.3, 100.0)])  # squared distances: 1 each, and 1.69 each
    (found,) = CoherentGroup(groups=2).mixtures(described, [str(at) for at in range(10)])
    assert found.tolist() == pytest.approx([1 / 7] * 7 + [0] * 3)


def test_k_means_is_the_best_of_all_partitions():
    labels, centres = k_means(TIGHT, 2, seed=0)
    cost = (TIGHT - centres[labels]).square().sum()
    costs = []
    for chosen in itertools.product([0, 1], repeat=len(TIGHT)):
        at = torch.tensor(chosen)
        sides = [TIGHT[at == side] for side in (0, 1) if bool((at == side).any())]
        costs.append(sum((side - side.mean(dim=0)).square().sum() for side in sides))
    assert cost <= min(costs) * 1.0001


@pytest.mark.parametrize("groups", [1, 3, 6, 9])
def test_no_cluster_is_empty(groups):
    labels, centres = k_means(TIGHT, groups, seed=1)
    assert sorted(set(labels.tolist())) == list(range(len(centres)))


def test_equal_paintings_are_one_cluster():
    labels, centres = k_means(torch.ones(4, 3), 3, seed=0)
    assert labels.tolist() == [0, 0, 0, 0]
    assert len(centres) == 1
