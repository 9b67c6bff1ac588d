"""What every metric of conf/metric has in common: ranks and batches do not matter, and nothing of it is saved."""

import copy
import math
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
from conftest import compose_config
from omegaconf import OmegaConf
from stand_ins import (
    CONTENT,
    PAINTINGS,
    STYLISED,
    add,
    build,
    is_clip,
    is_set,
    kind_of,
    looks_through_a_network,
    pictures,
    whole,
)

from stylegan_pl.config.conf_dir import conf_dir
from stylegan_pl.metrics.bootstrap import bootstrap_interval
from stylegan_pl.metrics.kinds import SetMetric
from stylegan_pl.metrics.two_sets import TwoSets

NAMES = sorted(path.stem for path in (conf_dir() / "metric").glob("*.yaml"))


@cache
def nodes() -> dict[str, dict[str, Any]]:
    """All of conf/metric, composed together."""
    config = compose_config("train", [f"metric=[{','.join(NAMES)}]"])
    return {name: OmegaConf.to_container(config.metric[name], resolve=True) for name in NAMES}


every = pytest.mark.parametrize("name", NAMES)


def close(found: float, expected: float) -> bool:
    return math.isclose(found, expected, rel_tol=1e-4, abs_tol=1e-6)


def test_a_file_gives_one_metric_of_its_own_name() -> None:
    assert sorted(compose_config("train", [f"metric=[{','.join(NAMES)}]"]).metric) == NAMES


# Ranks

SHARES = {  # paintings and stylised pictures of rank 0; rank 1 has the others
    "uneven and interleaved": ([0, 2, 3, 5, 6, 7], [1, 4]),
    "all on rank 1": ([], []),
    "paintings here, pictures there": (list(range(8)), []),
}


def others(here: list[int], n: int) -> list[int]:
    return [i for i in range(n) if i not in here]


def score_a_share(rank: int, folder: str, nodes: dict[str, dict[str, Any]]) -> None:
    """One of two processes; what it read goes to a file."""
    torch.set_num_threads(1)
    dist.init_process_group(  # a hang is an error after a minute
        "gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2, timeout=timedelta(seconds=60)
    )
    found = {}
    for name, node in nodes.items():
        for share, (paintings, stylised) in SHARES.items():
            metric = build(node)
            if is_clip(node):
                add(metric, paintings, stylised)
                with pytest.raises(ValueError, match="cannot be shared out to 2 processes"):
                    metric.read()
                continue
            if rank == 0:
                add(metric, paintings, stylised)
            else:
                add(metric, others(paintings, 8), others(stylised, 7))
            before = metric.n_pictures
            reading = metric.read(resamples=10)
            assert metric.n_pictures == before  # each rank has its own again
            among = metric.among_paintings() if isinstance(metric, SetMetric) else 0.0
            found[name, share] = (*reading, among)
    torch.save(found, f"{folder}/{rank}.pt")
    dist.destroy_process_group()


def test_one_process_equals_two_also_where_one_has_nothing(tmp_path: Path) -> None:
    # forked, since importing everything twice again takes ten times as long as the scores
    torch.multiprocessing.start_processes(score_a_share, args=(str(tmp_path), nodes()), nprocs=2, start_method="fork")
    wholes = {name: (metric := whole(node), metric.read(resamples=10)) for name, node in nodes().items()}
    for rank in (0, 1):
        found = torch.load(tmp_path / f"{rank}.pt", weights_only=False)
        assert len(found) == len(SHARES) * sum(not is_clip(node) for node in nodes().values())
        for (name, share), (value, interval, n_pictures, n_paintings, factors, among) in found.items():
            alone, expected = wholes[name]
            at = f"{name}, {share}, rank {rank}"
            assert close(value, expected.value), at
            assert (n_pictures, n_paintings) == (7, 8 if is_set(nodes()[name]) else 0), at
            assert all(map(close, interval, expected.interval)), at
            assert factors.keys() == expected.factors.keys(), at
            assert all(close(factors[key], expected.factors[key]) for key in factors), at
            if isinstance(alone, SetMetric):
                assert close(among, alone.among_paintings()), at


# Batches


@every
def test_batches_do_not_matter(name: str) -> None:
    metric, node = build(nodes()[name]), nodes()[name]
    for n in range(8):
        add(metric, slice(n, n + 1), slice(n, n + 1))  # the last has a painting and no picture
    found, expected = metric.read(resamples=10), whole(node).read(resamples=10)
    assert close(found.value, expected.value)
    assert all(map(close, found.interval, expected.interval))
    assert (found.n_pictures, found.n_paintings) == (expected.n_pictures, expected.n_paintings)


@every
def test_the_interval_is_around_the_value_and_every_time_the_same(name: str) -> None:
    metric = whole(nodes()[name])
    reading = metric.read(resamples=20)
    low, high = reading.interval
    assert low < high
    reach = high - low
    assert low - 0.5 * reach <= reading.value <= high + 0.5 * reach
    assert metric.read(resamples=20) == reading
    assert metric.interval(samples=20) == reading.interval
    assert metric.read().interval is None


@every
def test_better_is_where_the_table_of_metrics_says(name: str) -> None:
    table = (Path(__file__).parents[3] / "docs/metrics.md").read_text()
    table = table.partition("| name | what | needs | better |")[2]
    (row,) = (line for line in table.splitlines() if line.startswith(f"| `{name}` |"))
    better = row.split(" | ")[3]
    assert better.startswith(("higher", "lower"))
    assert kind_of(nodes()[name]).higher_is_better == better.startswith("higher")


SHORT_CUTS = ["fid_clean", "fid_legacy", "artfid", "gram_distance", "adain_distance"]  # of what they compute once


@pytest.mark.parametrize("name", SHORT_CUTS)
def test_an_interval_by_a_short_cut_is_that_of_rows_drawn_anew(name: str) -> None:
    metric = whole(nodes()[name])
    assert type(metric)._interval is not TwoSets._interval
    value = float(metric.compute())
    expected = bootstrap_interval(metric._sets(), metric._distance, samples=20, around=value)
    assert all(map(close, metric.interval(samples=20), expected))


@every
def test_the_order_of_pictures_matters_to_clips_alone(name: str) -> None:
    mixed, other = [3, 0, 6, 1, 5, 2, 4], [5, 2, 7, 0, 1, 6, 4, 3]
    metric = build(nodes()[name])
    add(metric, other, mixed)
    found, expected = metric.read(resamples=10), whole(nodes()[name]).read(resamples=10)
    assert close(found.value, expected.value) is not is_clip(nodes()[name])
    if not is_clip(nodes()[name]):
        assert all(map(close, found.interval, expected.interval))


@every
def test_pictures_are_counted_and_forgotten(name: str) -> None:
    metric = whole(nodes()[name])
    assert (metric.n_pictures, metric.n_paintings) == (7, 8 if is_set(nodes()[name]) else 0)
    first = metric.compute().item()
    metric.reset()
    assert (metric.n_pictures, metric.n_paintings) == (0, 0)
    add(metric, slice(None), slice(None))
    assert metric.compute().item() == first


@every
@pytest.mark.filterwarnings("ignore:.*before the ``update``")
def test_nothing_to_compare_is_told_in_a_sentence(name: str) -> None:
    with pytest.raises(ValueError, match="to compare; call update"):
        build(nodes()[name]).compute()


@every
def test_photographs_belong_to_pictures(name: str) -> None:
    """Where they matter at all, a wrong number of them is refused and swapping them changes the score."""
    metric = build(nodes()[name])
    if not is_set(nodes()[name]) or name in ("artfid", "probe"):
        with pytest.raises(ValueError, match="each picture stands beside its photograph"):
            metric.add_stylised(STYLISED[:3], CONTENT[:4])
        metric.reset()
    if is_set(nodes()[name]):
        metric.add_paintings(PAINTINGS)
    if name == "probe":  # of photographs it learns, whichever is whose
        return
    metric.add_stylised(STYLISED, CONTENT.roll(1, 0))
    matters = not is_set(nodes()[name]) or name == "artfid"
    assert (metric.compute().item() != whole(nodes()[name]).compute().item()) is matters


# Paintings


@pytest.mark.parametrize("name", [name for name in NAMES if is_set(nodes()[name])])
def test_paintings_are_kept_given_away_and_put_back(name: str) -> None:
    metric = whole(nodes()[name])
    expected = metric.read(resamples=10)
    metric.keeps_paintings = True
    metric.reset()
    assert (metric.n_pictures, metric.n_paintings) == (0, 8)
    add(metric, [], slice(None))
    assert metric.read(resamples=10) == expected
    twin = build(nodes()[name])
    twin.add_paintings(pictures(3, seed=9))
    twin.load_paintings({key: rows.clone() for key, rows in metric.paintings_state().items()})
    assert twin.n_paintings == 8
    twin.add_stylised(STYLISED, CONTENT)
    assert twin.read(resamples=10) == expected
    assert build(nodes()[name]).paintings_state() == {}


@pytest.mark.parametrize("name", [name for name in NAMES if is_set(nodes()[name])])
def test_half_of_the_paintings_against_the_other_is_nearer_than_noise(name: str) -> None:
    metric = whole(nodes()[name])
    among = metric.among_paintings()
    assert math.isfinite(among)
    far = build(nodes()[name])
    far.add_paintings(PAINTINGS)
    blobs = torch.nn.functional.interpolate(pictures(8, seed=4)[..., :4, :4], size=32, mode="bilinear")
    far.add_stylised(0.3 * blobs - 0.6, pictures(8, seed=5))
    assert among > far.compute() if metric.higher_is_better else among < far.compute()
    one = build(nodes()[name])
    one.add_paintings(PAINTINGS[:1])
    assert math.isnan(one.among_paintings())


@pytest.mark.parametrize("name", [name for name in NAMES if is_set(nodes()[name])])
def test_what_is_stored_is_named_after_all_that_it_depends_on(name: str) -> None:
    key = build(nodes()[name]).paintings_key
    assert key == build(nodes()[name]).paintings_key
    if key is not None:
        assert key != build(nodes()[name], seed=1).paintings_key


# Weights


@every
def test_weights_are_told_by_a_hash_and_are_in_no_checkpoint(name: str) -> None:
    metric = whole(nodes()[name])
    if looks_through_a_network(nodes()[name]):
        assert metric.weights_hash == build(nodes()[name]).weights_hash
        assert len(metric.weights_hash) == 12
        assert metric.weights_hash != build(nodes()[name], seed=1).weights_hash
        assert not close(metric.compute().item(), whole(nodes()[name], seed=1).compute().item())
    else:
        assert metric.weights_hash is None
    assert not metric.state_dict()
    assert not list(metric.parameters())


@every
def test_it_is_a_number_with_a_direction_and_without_graph(name: str) -> None:
    metric = build(nodes()[name])
    if is_set(nodes()[name]):
        metric.add_paintings(PAINTINGS.clone().requires_grad_())
    metric.add_stylised(STYLISED.clone().requires_grad_(), CONTENT.clone().requires_grad_())
    value = metric.compute()
    assert value.shape == () and value.isfinite()
    assert value.abs() > 1e-4  # so that the comparisons above are of something
    assert not value.requires_grad
    assert kind_of(nodes()[name]).higher_is_better is (name in ("ssim", "probe"))
    assert metric.resize
    twin = copy.deepcopy(metric)
    twin.reset()
    assert metric.n_pictures == 7


@every
def test_the_runs_precision_does_not_matter(name: str) -> None:
    with torch.autocast("cpu", torch.bfloat16):
        metric = whole(nodes()[name])
    assert metric.compute().item() == whole(nodes()[name]).compute().item()
