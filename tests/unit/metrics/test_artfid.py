"""ArtFID: 1 where nothing is to be bettered, its factors, and that a picture keeps its photograph."""

import pytest
import torch
from scipy.linalg import sqrtm
from stand_ins import SmallDistance, SmallVector, pictures
from torch import Tensor

from stylegan_pl.metrics.artfid import ArtFID
from stylegan_pl.metrics.fid import frechet_distance_of_sets


def metric(paintings: Tensor, stylised: Tensor, content: Tensor) -> ArtFID:
    artfid = ArtFID(features=SmallVector(), network=SmallDistance())
    artfid.add_paintings(paintings)
    artfid.add_stylised(stylised[:3], content[:3])
    artfid.add_stylised(stylised[3:], content[3:])
    return artfid


def test_untouched_pictures_that_are_the_paintings_score_1() -> None:
    same = pictures(9, seed=0)
    reading = metric(same, same.flip(0), same.flip(0)).read()
    assert reading.value == pytest.approx(1, abs=1e-5)
    assert reading.factors == {"lpips": 0, "fid": pytest.approx(0, abs=1e-5)}
    assert (reading.n_pictures, reading.n_paintings) == (9, 9)


def test_it_is_its_formula_with_scipys_root() -> None:
    paintings, stylised, content = pictures(8, seed=0), pictures(7, seed=1) * 0.5, pictures(7, seed=2)
    a, b = (SmallVector()(x).double() for x in (paintings, stylised))
    gap = (a.mean(0) - b.mean(0)).square().sum().item()
    cov_a, cov_b = a.T.cov().numpy(), b.T.cov().numpy()
    fid = gap + float((cov_a + cov_b - 2 * sqrtm(cov_a @ cov_b).real).trace())
    lpips = sum(SmallDistance()(x[None], y[None]).item() for x, y in zip(stylised, content, strict=True)) / 7
    reading = metric(paintings, stylised, content).read()
    assert reading.factors == {"lpips": pytest.approx(lpips, rel=1e-5), "fid": pytest.approx(fid, rel=1e-4)}
    assert reading.value == pytest.approx((1 + lpips) * (1 + fid), rel=1e-5)


def test_paintings_among_themselves_have_no_photographs() -> None:
    paintings = pictures(12, seed=0)
    artfid = metric(paintings, pictures(7, seed=1), pictures(7, seed=2))
    real = artfid._paintings()
    assert artfid.among_paintings() == pytest.approx(1 + frechet_distance_of_sets(real[::2], real[1::2]).item())


def test_a_picture_that_is_drawn_anew_brings_its_photograph() -> None:
    """Where pictures are either kept or ruined, LPIPS and FID go up and down together: the interval is wider."""
    paintings = pictures(30, seed=0) * 0.3
    ruined = torch.arange(30) % 2 == 0
    content = paintings.clone()
    stylised = torch.where(ruined[:, None, None, None], -0.9, content)
    together = metric(paintings, stylised, content)
    low, high = together.interval(samples=100)
    apart = metric(paintings, stylised, content)
    rows = torch.cat(list(apart.fake))
    rows[:, -1] = rows[:, -1].mean()  # the same factors, but drawing a picture anew no longer moves LPIPS
    apart.fake = [rows]
    assert apart.compute().item() == pytest.approx(together.compute().item(), rel=1e-5)
    other = apart.interval(samples=100)
    assert high - low > 1.2 * (other[1] - other[0])


def test_pictures_without_photographs_are_refused() -> None:
    with pytest.raises(ValueError, match="call add_stylised"):
        ArtFID(features=SmallVector(), network=SmallDistance()).update(pictures(2, seed=0), real=False)
