"""Curves are read in bounded memory: long ones of a training are averaged, scores are kept."""

import tracemalloc
from itertools import pairwise
from pathlib import Path

from stylegan_pl.runs.curves import read_curves


def written(path: Path, rows: int) -> Path:
    lines = [f"{4 * row},{row * 1e-3},{row if row % 10 == 0 else ''}" for row in range(1, rows + 1)]
    path.write_text("\n".join(["images_seen,train/generator/style,val/kid", *lines]) + "\n")
    return path


def test_a_short_curve_is_what_was_logged(tmp_path):
    curves = read_curves(written(tmp_path / "metrics.csv", 1999))
    assert curves["train/generator/style"] == [(4.0 * row, row * 1e-3) for row in range(1, 2000)]


def test_of_a_long_one_neighbours_are_averaged_and_scores_stay(tmp_path):
    curves = read_curves(written(tmp_path / "metrics.csv", 30_001))
    assert curves["val/kid"] == [(4.0 * row, float(row)) for row in range(10, 30_001, 10)]
    points = curves["train/generator/style"]
    assert 1000 <= len(points) <= 2000
    apart = {round(later - earlier) for (earlier, _), (later, _) in pairwise(points[:-1])}
    assert apart == {4 * 16}  # all averages are of equally many
    assert all(abs(value - images / 4 * 1e-3) < 1e-9 for images, value in points)  # the curve is a straight line


def test_ten_times_as_many_losses_need_no_more_memory(tmp_path):
    peaks = []
    for rows in (4_000, 40_000):
        path = tmp_path / "metrics.csv"
        path.write_text("images_seen,train/a/b\n" + "".join(f"{row},{row}\n" for row in range(rows)))
        tracemalloc.start()
        read_curves(path)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]
