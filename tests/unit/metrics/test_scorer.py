"""Several metrics at once: anchors, rounds, and what is kept between them."""

import math
import tempfile
from pathlib import Path

import pytest
import torch
from torch import Tensor

from stylegan_pl.metrics.features import PooledTaps
from stylegan_pl.metrics.fid import FID
from stylegan_pl.metrics.kid import KID, kernel_distance
from stylegan_pl.metrics.kinds import Paintings
from stylegan_pl.metrics.palette import PaletteDistance
from stylegan_pl.metrics.score import Score
from stylegan_pl.metrics.scorer import Scorer
from stylegan_pl.metrics.ssim import SSIM
from stylegan_pl.metrics.statistics_cache import StatisticsCache
from stylegan_pl.nn.pretrained.random_filters import RandomFilters


def pictures(n: int, *, seed: int, bias: float = 0.0) -> Tensor:
    noise = torch.rand(n, 3, 24, 24, generator=torch.Generator().manual_seed(seed)) - 0.5
    return (noise + bias).clamp(-1, 1)


def network(seed: int = 0) -> RandomFilters:
    return RandomFilters(style_layers={"scale1": 1.0, "scale2": 1.0}, content_layers={}, size=3, filters=6, seed=seed)


PHOTOGRAPHS, PAINTINGS = pictures(7, seed=1, bias=-0.3), pictures(9, seed=2, bias=0.4)
STYLISED = pictures(7, seed=3, bias=0.1)


def scorer(**options) -> Scorer:
    made = Scorer(
        {"palette": PaletteDistance(), "kid": KID(features=PooledTaps(network=network())), "ssim": SSIM()}, **options
    )
    made.anchor(Paintings.batches(PAINTINGS, None, 4), PHOTOGRAPHS.split(3))
    return made


def round_of(made: Scorer, stylised: Tensor, **options) -> dict[str, Score]:
    for batch, content in zip(stylised.split(3), PHOTOGRAPHS.split(3), strict=True):
        made.add(batch, content)
    return made.scores(**options)


def test_anchors_are_the_scores_of_photographs_and_of_paintings() -> None:
    scores = round_of(scorer(), STYLISED)
    vectors = PooledTaps(network=network())
    photographs, paintings, stylised = (vectors(x).double() for x in (PHOTOGRAPHS, PAINTINGS, STYLISED))
    assert scores["kid"].floor == pytest.approx(kernel_distance(paintings, photographs).item(), rel=1e-4)
    assert scores["kid"].value == pytest.approx(kernel_distance(paintings, stylised).item(), rel=1e-4)
    assert scores["ssim"].floor == pytest.approx(1.0, abs=1e-5)  # a photograph beside itself
    beside = SSIM()
    beside.update(PAINTINGS[:7], PHOTOGRAPHS)
    assert scores["ssim"].ceiling == pytest.approx(beside.compute().item(), rel=1e-5)
    palette = scores["palette"]
    assert palette.floor > palette.value > palette.ceiling > 0
    assert palette.gap_closed == pytest.approx((palette.floor - palette.value) / (palette.floor - palette.ceiling))
    assert (palette.n, palette.n_paintings, scores["ssim"].n, scores["ssim"].n_paintings) == (7, 9, 7, 0)


def test_every_round_is_of_its_own_pictures_alone() -> None:
    made = scorer()
    first, other, again = (round_of(made, x) for x in (STYLISED, PHOTOGRAPHS, STYLISED))
    for name in first:
        assert again[name].value == first[name].value
        assert other[name].value == pytest.approx(other[name].floor, abs=1e-6)
        assert other[name].value != first[name].value


def test_pairs_must_keep_their_order() -> None:
    """Shuffled pairs are another score of pairs, and the same one of sets."""
    made, shuffled = scorer(), scorer()
    right = round_of(made, PHOTOGRAPHS)
    wrong = round_of(shuffled, PHOTOGRAPHS.flip(0))
    assert wrong["ssim"].value < right["ssim"].value - 0.5
    assert wrong["palette"].value == pytest.approx(right["palette"].value, abs=1e-4)


def test_the_interval_is_asked_for_and_holds_the_score() -> None:
    made = scorer()
    assert round_of(made, STYLISED)["kid"].interval is None
    for score in round_of(made, STYLISED, resamples=50).values():
        low, high = score.interval
        assert low < score.value < high
        assert set(score.seconds) == {"features", "distances", "interval"}
        assert min(score.seconds.values()) > 0


def test_a_score_says_by_which_weights() -> None:
    score = round_of(scorer(), STYLISED)["kid"]
    assert len(score.weights) == 12
    assert score.weights != KID(features=PooledTaps(network=network(seed=1))).weights_hash
    assert round_of(scorer(), STYLISED)["palette"].weights is None
    assert score.weights_name is None and score.as_dict()["weights_name"] is None

    class Named(PooledTaps):
        weights_name = "ours"

    made = Scorer({"kid": KID(features=Named(network=network()))})
    made.anchor(Paintings.batches(PAINTINGS, None, 4), PHOTOGRAPHS.split(3))
    named = round_of(made, STYLISED)["kid"]
    assert named.weights_name == named.as_dict()["weights_name"] == "ours"


def test_json_has_no_nan() -> None:
    score = Score(
        1.0, 2.0, math.nan, (0.5, 1.5), 4, 3, higher_is_better=False, of_sets=True, weights=None, resize="none"
    )
    told = score.as_dict()
    assert told["ceiling"] is None and told["gap_closed"] is None and told["interval"] == [0.5, 1.5]
    assert not score.has_gap


def count_looks(monkeypatch) -> list[int]:
    looks: list[int] = []
    forward = PooledTaps.forward

    def counted(self, images):
        looks.append(len(images))
        return forward(self, images)

    monkeypatch.setattr(PooledTaps, "forward", counted)
    return looks


def kid_through(folder, *, seed: int = 0, paintings: Tensor = PAINTINGS) -> tuple[float, float]:
    made = Scorer({"kid": KID(features=PooledTaps(network=network(seed)))}, cache=StatisticsCache(str(folder)))
    made.anchor(Paintings.batches(paintings, None, 4), PHOTOGRAPHS.split(7))
    made.add(STYLISED, PHOTOGRAPHS)
    score = made.scores()["kid"]
    return score.value, score.ceiling


def test_paintings_are_looked_at_once(monkeypatch, tmp_path) -> None:
    looks = count_looks(monkeypatch)
    first = kid_through(tmp_path)
    assert sum(looks) == 9 + 3 * 7
    looks.clear()
    assert kid_through(tmp_path) == first
    assert sum(looks) == 3 * 7


def test_metrics_that_look_through_one_network_look_once(monkeypatch) -> None:
    """And say what each says alone."""
    looks = count_looks(monkeypatch)
    kinds = {"kid": KID, "fid": FID, "kid_again": KID}
    together = Scorer({name: kind(features=PooledTaps(network=network())) for name, kind in kinds.items()})
    other = Scorer({"kid": KID(features=PooledTaps(network=network(seed=1)))})
    for made in (together, other):
        made.anchor(Paintings.batches(PAINTINGS, None, 4), PHOTOGRAPHS.split(3))
    scores, others = round_of(together, STYLISED), round_of(other, STYLISED)
    assert sum(looks) == 2 * (9 + 3 * 7)
    for name, kind in kinds.items():
        alone = Scorer({name: kind(features=PooledTaps(network=network()))})
        alone.anchor(Paintings.batches(PAINTINGS, None, 4), PHOTOGRAPHS.split(3))
        score = round_of(alone, STYLISED)[name]
        found = scores[name]
        assert (found.value, found.floor, found.ceiling) == (score.value, score.floor, score.ceiling)
        assert found.weights == score.weights
    assert others["kid"].value != scores["kid"].value


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_pictures_of_a_run_in_half_precision_are_looked_at_once_too(monkeypatch, dtype) -> None:
    looks = count_looks(monkeypatch)
    kinds = {"kid": KID, "fid": FID}
    made = Scorer({name: kind(features=PooledTaps(network=network())) for name, kind in kinds.items()})
    made.anchor(Paintings.batches(PAINTINGS, None, 4), PHOTOGRAPHS.split(3))
    looks.clear()
    made.add(STYLISED.to(dtype), PHOTOGRAPHS.to(dtype))
    assert sum(looks) == len(STYLISED)
    found = made.scores()
    made.add(STYLISED.to(dtype).float(), PHOTOGRAPHS)
    assert {name: score.value for name, score in made.scores().items()} == {n: s.value for n, s in found.items()}


def test_other_paintings_and_other_weights_are_other_files(monkeypatch, tmp_path) -> None:
    looks = count_looks(monkeypatch)
    kid_through(tmp_path)
    changed = PAINTINGS.clone()
    changed[0, 0, 0, 0] += 1 / 127.5
    assert kid_through(tmp_path, paintings=changed) != kid_through(tmp_path)
    kid_through(tmp_path, seed=1)
    assert sum(looks) == 3 * (9 + 21) + 21
    assert len(list(tmp_path.glob("*.safetensors"))) == 3


def test_a_damaged_file_is_made_anew(tmp_path) -> None:
    first = kid_through(tmp_path)
    (path,) = tmp_path.glob("*.safetensors")
    path.write_bytes(path.read_bytes()[:40])
    assert kid_through(tmp_path) == first
    assert kid_through(tmp_path) == first


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path, caplog) -> None:
    (tmp_path / "file").write_text("")
    assert math.isfinite(kid_through(tmp_path / "file" / "below")[0])
    assert "cannot be kept" in caplog.text


def test_anchors_laid_again_forget_the_paintings_before() -> None:
    made, fresh = scorer(), scorer()
    others = PAINTINGS.flip(-1) * 0.5
    for each in (made, fresh):
        each.anchor(Paintings.batches(others, None, 4), PHOTOGRAPHS.split(3))
    made.anchor(Paintings.batches(PAINTINGS, None, 4), PHOTOGRAPHS.split(3))
    assert made.anchors == scorer().anchors
    assert fresh.anchors["kid"] != made.anchors["kid"]
    assert round_of(made, STYLISED)["kid"].n_paintings == len(PAINTINGS)


def test_a_user_without_a_home_has_a_cache(monkeypatch):
    """`docker run --user 1234`: no HOME, and no line in /etc/passwd."""

    def none() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", none)
    assert StatisticsCache().folder == Path(tempfile.gettempdir(), "stylegan_pl", "statistics")
