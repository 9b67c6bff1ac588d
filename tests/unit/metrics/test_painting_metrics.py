"""Probe, nearest painting and style distance against loops, and what each is there to tell."""

import numpy as np
import pytest
import torch
from torch import Tensor

from stylegan_pl.metrics.by_painting import numbered
from stylegan_pl.metrics.features import TapStatistics
from stylegan_pl.metrics.kinds import SetMetric
from stylegan_pl.metrics.nearest_painting import NearestPainting, distances
from stylegan_pl.metrics.probe import Probe, tiles
from stylegan_pl.metrics.style_distance import StyleDistance
from stylegan_pl.nn.pretrained.random_filters import RandomFilters


def features() -> TapStatistics:
    layers = {"scale1": 2.0, "colour": 0.5}
    return TapStatistics(network=RandomFilters(style_layers=layers, content_layers={}, size=3, filters=4))


def pictures(n: int, *, seed: int, strength: float = 0.2, bias: float = 0.0, side: int = 16) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    return (strength * torch.randn(n, 3, side, side, generator=random) + bias).clamp(-1, 1)


def of_layers(images: Tensor) -> list[np.ndarray]:
    """Of each layer (N, 2 C): mean and deviation of each channel."""
    answers = features().network(images.float())
    each = [answers[layer].double().flatten(2).numpy() for layer in ("scale1", "colour")]
    return [np.concatenate([x.mean(axis=2), np.sqrt(x.var(axis=2, ddof=1) + 1e-5)], axis=1) for x in each]


def fed(metric: SetMetric, paintings: Tensor, stylised: Tensor, sources: list[int] | None = None) -> SetMetric:
    metric.add_paintings(paintings, None if sources is None else torch.tensor(sources))
    metric.add_stylised(stylised, stylised)
    return metric


PAINTINGS, STYLISED = pictures(6, seed=0, bias=0.3), pictures(4, seed=1, strength=0.3)


def test_statistics_are_a_row_a_layer_and_zeros_behind_it() -> None:
    found = features()(STYLISED)
    assert found.shape == (4, 2, 8)
    for layer, expected in enumerate(of_layers(STYLISED)):
        np.testing.assert_allclose(found[:, layer], expected, rtol=1e-4, atol=1e-5)


def looped_nearest(paintings: Tensor, stylised: Tensor, skip: list[list[int]]) -> float:
    """Each picture's closest painting, those that it skips left out."""
    a, g = of_layers(paintings), of_layers(stylised)
    spread = [np.mean([np.sum((row - x.mean(axis=0)) ** 2) for row in x]) for x in a]
    found = []
    for i in range(len(stylised)):
        each = [
            np.mean([np.sum((g[layer][i] - a[layer][j]) ** 2) / (2 * spread[layer]) for layer in range(2)])
            for j in range(len(paintings))
            if j not in skip[i]
        ]
        found.append(min(each))
    return float(np.mean(found))


def test_nearest_painting_is_its_formula_picture_by_picture() -> None:
    metric = fed(NearestPainting(features=features()), PAINTINGS, STYLISED)
    assert metric.compute().item() == pytest.approx(looped_nearest(PAINTINGS, STYLISED, [[]] * 4), rel=1e-4)


def test_a_painting_is_never_compared_with_other_crops_of_itself() -> None:
    sources = [0, 0, 1, 1, 2, 2]
    crops = PAINTINGS.clone()
    crops[1::2] = crops[::2] + 0.01  # of the same painting, and almost the same
    metric = fed(NearestPainting(features=features()), crops, STYLISED, sources)
    own = [[j for j in range(6) if sources[j] == sources[i]] for i in range(6)]
    assert metric.among_paintings() == pytest.approx(looped_nearest(crops, crops, own), rel=1e-3)
    assert metric.among_paintings() > 10 * fed(NearestPainting(features=features()), crops, STYLISED).among_paintings()


def test_two_paintings_drawn_at_random_are_at_distance_1() -> None:
    kept = features()(pictures(60, seed=5, bias=0.2)).double()
    assert distances(kept, kept, kept).mean().item() == pytest.approx(1.0, rel=1e-6)  # one may be drawn twice


def test_style_distance_is_its_formula_layer_by_layer() -> None:
    a, g = of_layers(PAINTINGS), of_layers(STYLISED)
    each = [
        np.sum((x.mean(axis=0) - y.mean(axis=0)) ** 2) / np.mean([np.sum((row - x.mean(axis=0)) ** 2) for row in x])
        for x, y in zip(a, g, strict=True)
    ]
    metric = fed(StyleDistance(features=features()), PAINTINGS, STYLISED)
    assert metric.compute().item() == pytest.approx(float(np.mean(each)), rel=1e-4)


def test_pictures_like_one_painting_are_near_it_and_far_from_the_mean() -> None:
    paintings = torch.cat([pictures(1, seed=s, bias=(-0.6, -0.3, 0.0, 0.3, 0.6)[s % 5]) for s in range(10)])
    like_one = paintings[:1].repeat(4, 1, 1, 1) + 0.01 * pictures(4, seed=9)
    like_mean = pictures(4, seed=11, bias=0.0)
    nearest = [fed(NearestPainting(features=features()), paintings, x).compute() for x in (like_one, like_mean)]
    of_set = [fed(StyleDistance(features=features()), paintings, x).compute() for x in (like_one, like_mean)]
    assert nearest[0] < 0.1 * nearest[1] or nearest[0] < 1e-3
    assert of_set[0] > of_set[1]


# The probe


def probe(**options) -> Probe:
    return Probe(features=features(), crop=16, **options)


def test_a_picture_is_judged_by_its_squares_around_the_middle() -> None:
    image = torch.arange(2 * 3 * 37 * 50.0).view(2, 3, 37, 50)
    found = tiles(image, 16)
    expected = [image[:, :, top : top + 16, left : left + 16] for top in (2, 18) for left in (1, 17, 33)]
    assert torch.equal(found, torch.stack(expected, dim=1))
    assert torch.equal(tiles(image, 64), image[:, None])


def test_photographs_are_none_and_what_is_like_paintings_is_one() -> None:
    photographs, paintings = pictures(12, seed=0, side=32), pictures(12, seed=1, strength=0.35, side=32)
    metric = probe()
    metric.add_paintings(paintings)
    metric.add_stylised(photographs, photographs)
    assert metric.compute() <= 0.15
    assert metric.among_paintings() >= 0.85
    metric.keeps_paintings = True
    metric.reset()
    half = torch.cat([pictures(6, seed=2, strength=0.35, side=32), photographs[6:]])
    metric.add_stylised(half, photographs)
    assert 0.35 < metric.compute() < 0.65


def test_nobody_is_judged_by_a_fit_that_saw_him() -> None:
    """Labels that say nothing can be learned by heart, as there are more numbers than pictures: not here."""
    same = pictures(40, seed=3)
    by_heart = probe(penalty=1e-6)
    by_heart.add_paintings(same[:20], torch.arange(20))
    by_heart.add_stylised(same[20:], same[20:])
    assert 0.2 < by_heart.compute() < 0.8
    assert 0.2 < by_heart.among_paintings() < 0.8


def test_crops_of_one_painting_are_kept_from_a_fit_together() -> None:
    """Four paintings, five almost equal crops each, which say nothing but who they are."""
    originals, photographs = pictures(4, seed=4), pictures(20, seed=5)
    crops = originals.repeat_interleave(5, dim=0) + 0.003 * pictures(20, seed=6)
    together, apart = (probe(penalty=1e-6) for _ in range(2))
    together.add_paintings(crops, torch.arange(4).repeat_interleave(5))
    apart.add_paintings(crops)
    for metric in (together, apart):
        metric.add_stylised(photographs, photographs)
    assert apart.among_paintings() > 0.95
    assert together.among_paintings() < 0.9


def test_what_a_photograph_became_does_not_decide_who_judges_it() -> None:
    photographs, paintings = pictures(9, seed=0), pictures(9, seed=1, strength=0.22)
    shares = []
    for others in (photographs[1:], pictures(8, seed=7, bias=0.5)):
        metric = probe()
        metric.add_paintings(paintings)
        metric.add_stylised(torch.cat([photographs[:1], others]), photographs)
        real, fake = metric._sets()
        shares.append([fold.judge.weights for fold in metric._folds(real, fake)])
    for a, b in zip(*shares, strict=True):
        torch.testing.assert_close(a, b)


def test_the_photographs_are_looked_at_once(monkeypatch) -> None:
    looks = []
    forward = TapStatistics.forward
    monkeypatch.setattr(TapStatistics, "forward", lambda self, x: looks.append(len(x)) or forward(self, x))
    photographs = pictures(3, seed=0)
    metric = probe()
    metric.keeps_paintings = True
    metric.add_paintings(pictures(4, seed=1))
    metric.add_stylised(photographs, photographs)
    metric.reset()
    metric.add_stylised(pictures(3, seed=2), photographs.clone())
    assert looks == [4, 3, 3]
    assert metric.n_pictures == 3


def test_photographs_are_needed() -> None:
    with pytest.raises(ValueError, match=r"call add_stylised\(images, content\)"):
        probe().update(STYLISED, real=False)
    with pytest.raises(ValueError, match="crop must be at least 16, folds at least 2"):
        probe(folds=1)


def test_a_crop_of_an_unknown_painting_stands_for_its_own() -> None:
    assert numbered(torch.tensor([7.0, -1, 7, 2, -1])).tolist() == [1, 2, 1, 0, 3]
    assert numbered(torch.tensor([4.0, 4, 4])).tolist() == [0, 1, 2]
    assert numbered(torch.tensor([-1.0, -1])).tolist() == [0, 1]
