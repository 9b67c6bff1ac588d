"""Charts: scales, ticks, averages, what is drawn where."""

import math

import numpy as np
import pytest
from unit.report.example import comparison, entry, photographs, report, score

from stylegan_pl.report.axis import Axis, axis_of
from stylegan_pl.report.bar import bars
from stylegan_pl.report.curves import BOTTOM, LEFT, RIGHT, TOP, averaged, chart, groups, thinned

PHOTOS = photographs(2, 16)


def drawn(points: str) -> np.ndarray:
    return np.array([[float(number) for number in pair.split(",")] for pair in points.split()])


def test_linear_and_logarithmic_places():
    linear, log = Axis(0, 10, 100, 0), Axis(1, 1000, 0, 300, log=True)
    assert [linear.place(v) for v in (0, 2.5, 10)] == [100, 75, 0]
    assert [log.place(v) for v in (1, 10, 100, 1000)] == [0, 100, 200, 300]
    assert log.place(-5) == 0 and linear.place(99) == 0  # beyond the ends


def test_logarithmic_only_over_decades_of_positive_numbers():
    falling = [100 * 0.9**i for i in range(60)]
    assert axis_of(falling, 0, 1).log and not axis_of([*falling, -1.0], 0, 1).log
    assert not axis_of([1.0, 2.0, 20.0], 0, 1).log
    assert not axis_of([1.0] * 99 + [1e6], 0, 1).log  # one outlier
    assert not axis_of(falling, 0, 1, may_be_log=False).log


@pytest.mark.parametrize("seed", range(20))
def test_ticks_are_few_round_and_inside(seed):
    random = np.random.default_rng(seed)
    low, high = np.sort(random.normal(size=2) * 10.0 ** random.integers(-6, 6))
    ticks = Axis(low, high, 0, 1000).ticks()
    assert 2 <= len(ticks) <= 7
    steps = np.diff([place for place, _ in ticks])
    assert np.allclose(steps, steps[0], atol=0.21) and ticks[0][0] >= 0 and ticks[-1][0] <= 1000
    log = Axis(10.0**-seed, 10.0 ** (seed + 2), 0, 1000, log=True).ticks()
    assert 2 <= len(log) <= 8 and all(label.lstrip("0.").startswith("1") for _, label in log)


def test_a_constant_has_a_scale():
    for value in (0.0, 3.0, -2.0):
        axis = axis_of([value, value], 0, 100)
        assert axis.place(value) == 50 and axis.ticks()


def test_average_is_the_weighted_sum():
    values = np.random.default_rng(0).normal(size=30)
    weights = 0.5 ** (np.arange(30)[::-1] / 4)
    assert averaged(values.tolist(), 4)[-1] == pytest.approx((weights * values).sum() / weights.sum())
    assert averaged([2.0] * 5, 3) == pytest.approx([2.0] * 5)


def test_thinning_keeps_the_mean_and_short_lines():
    points = [(float(i), math.sin(i)) for i in range(3000)]
    few = thinned(points, 300)
    assert len(few) == 300 and np.mean([y for _, y in few]) == pytest.approx(np.mean([y for _, y in points]))
    assert thinned(points[:300], 300) == points[:300]


def test_a_line_goes_where_its_numbers_are():
    made = chart("val/x", [entry("a", PHOTOS, curves={"val/x": [(0.0, 5.0), (50.0, 10.0), (100.0, 0.0)]})])
    line = drawn(made.lines[0].points)
    assert line[:, 0].tolist() == [LEFT, (LEFT + RIGHT) / 2, RIGHT]
    assert line[1, 1] < line[0, 1] < line[2, 1]  # up is less
    assert line[0, 1] == pytest.approx((TOP + BOTTOM) / 2, abs=0.1)
    assert made.lines[0].smooth is None and len(made.lines[0].marks) == 3


def test_noisy_losses_are_averaged_scores_are_not():
    noise = [(float(i), float(i % 2)) for i in range(100)]
    made = {name: chart(name, [entry("a", PHOTOS, curves={name: noise})]) for name in ("train/generator/x", "val/x")}
    smooth, raw = (
        drawn(text)[-50:, 1] for text in (made["train/generator/x"].lines[0].smooth, made["val/x"].lines[0].points)
    )
    assert np.ptp(smooth) < 0.6 * np.ptp(raw) and made["val/x"].lines[0].smooth is None


def test_charts_are_grouped_scores_first_and_anchors_are_lines():
    curves = {
        "train/discriminator/adversarial": [(1.0, 1.0)], "train/generator/style": [(1.0, 1.0)],
        "train/generator/learning_rate": [(1.0, 1e-3)], "val/kid": [(1.0, 0.2)], "val/kid_floor": [(1.0, 0.3)],
        "val/kid_ceiling": [(1.0, 0.1)], "val/kid_gap_closed": [(1.0, 0.5)], "val/lonely_floor": [(1.0, 1.0)],
        "train/empty": [], "train/lost": [(1.0, math.nan)],
    }  # fmt: skip
    found = groups(report(entry("a", PHOTOS, curves=curves)))
    shown = {group.title: [each.name for each in group.charts] for group in found}
    assert shown == {
        "Scores on validation photographs": ["val/kid", "val/lonely_floor"],
        "Generator": ["train/generator/style"],
        "Discriminator": ["train/discriminator/adversarial"],
        "Rates": ["train/generator/learning_rate"],
    }
    assert list(shown) == ["Scores on validation photographs", "Generator", "Discriminator", "Rates"]  # in this order
    (floor, floor_label), (ceiling, ceiling_label) = found[0].charts[0].anchors
    assert (floor_label, ceiling_label) == ("floor", "ceiling") and TOP <= floor < ceiling <= BOTTOM


def test_anchors_that_differ_are_not_drawn():
    curves = [{"val/kid": [(1.0, 0.2)], "val/kid_floor": [(1.0, floor)]} for floor in (0.3, 0.4)]
    entries = [entry(str(i), PHOTOS, curves=each) for i, each in enumerate(curves)]
    assert chart("val/kid", entries).anchors == [] and chart("val/kid", entries[:1]).anchors != []


def test_entries_share_a_scale_and_keep_their_colours():
    made = comparison()
    made.entries[0] = entry("none", PHOTOS, curves={})
    assert [line.entry for line in chart("val/kid", made.entries).lines] == [1, 2]


@pytest.mark.parametrize("way", [1, -1])
def test_bar_is_from_floor_to_ceiling_whichever_way_is_better(way):
    made = score(way * 0.25, way * 1.0, 0.0, interval=tuple(sorted((way * 0.5, 0.0))), higher_is_better=way < 0)
    (bar,) = bars([made])
    share = lambda position: (position - bar.floor) / (bar.ceiling - bar.floor)  # noqa: E731
    assert bar.floor < bar.ceiling and share(bar.value) == pytest.approx(0.75, abs=1e-3)
    assert (share(bar.low), share(bar.high)) == pytest.approx((0.5, 1.0), abs=1e-3)


def test_bars_of_a_metric_share_a_scale_and_hold_what_is_beyond():
    beyond, within = bars([score(3.0, 1.0, 0.0, interval=(2.5, 4.0)), score(0.5, 1.0, 0.0, interval=None)])
    assert (beyond.floor, beyond.ceiling) == (within.floor, within.ceiling)
    assert beyond.low == 0 <= beyond.value < beyond.high < within.floor < within.value < within.ceiling <= 100
    assert within.low is within.high is None


def test_no_bar_where_nothing_lies_between():
    assert bars([score(0.5, 0.2, 1.0), score(0.5, 1.0, 1.0, of_sets=False), score(math.nan)]) == [None, None, None]
    assert bars([score(0.5, 0.2, 1.0, of_sets=False)]) != [None]


def test_labels_of_anchors_do_not_overlap():
    ends = {"floor": 0.300, "recoloured": 0.299, "ceiling": 0.1}
    curves = {"val/kid": [(1.0, 0.2)], **{f"val/kid_{end}": [(1.0, value)] for end, value in ends.items()}}
    (first, second, third) = chart("val/kid", [entry("a", PHOTOS, curves=curves)]).anchors
    assert [label for _, label in (first, second, third)] == ["floor, recoloured", "", "ceiling"]
    assert first[0] < second[0] < third[0]  # the lines stay where they are
