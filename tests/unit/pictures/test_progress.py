"""What is said of a long job, on a terminal and where there is none."""

import pytest

from stylegan_pl.pictures import progress as module
from stylegan_pl.pictures.progress import Progress


@pytest.fixture
def clock(monkeypatch):
    """Time that passes when it is told to."""

    class Clock:
        now = 0.0

    monkeypatch.setattr(module.time, "monotonic", lambda: Clock.now)
    return Clock


def test_a_line_now_and_then_with_the_time_left(clock, capsys):
    with Progress("painting", 10) as bar:
        for _ in range(9):
            clock.now += 20
            bar.advance(1)
        clock.now += 100
        bar.advance(1)
    # 30 s or more after the last line: at 40, 80, 120 and 160 s, at 20 s a picture; none when all is done
    shown = capsys.readouterr()
    assert shown.err.splitlines() == [
        "painting: 2 of 10, 3 min left",
        "painting: 4 of 10, 2 min left",
        "painting: 6 of 10, 1 min left",
        "painting: 8 of 10, 40 s left",
    ]
    assert shown.out == ""


def test_what_was_done_before_is_no_part_of_the_pace(clock, capsys):
    with Progress("training", 1000, done=400, pace=lambda rate: f"{rate:.1f} images/s") as bar:
        clock.now += 50
        assert bar.is_due
        bar.reach(500, note="G style 1.2")
        assert not bar.is_due
    assert capsys.readouterr().err == "training: 500 of 1000, 2.0 images/s, 4 min left, G style 1.2\n"


def test_a_slow_first_step_is_no_part_of_the_pace(clock, capsys):
    with Progress("training", 1000, pace=lambda rate: f"{rate:.1f} images/s") as bar:
        clock.now += 60
        bar.time_from(4)
        clock.now += 50
        bar.reach(104)
    assert capsys.readouterr().err == "training: 104 of 1000, 2.0 images/s, 7 min left\n"


def test_without_a_total_what_is_done_is_counted(clock, capsys):
    with Progress("painting", None) as bar:
        clock.now += 40
        bar.advance(7)
        clock.now += 40
        bar.reach(8, 16)  # known by now
    assert capsys.readouterr().err.splitlines() == ["painting: 7", "painting: 8 of 16, 1 min left"]


def test_short_work_is_not_talked_about(capsys):
    with Progress("painting", 3) as bar:
        for _ in range(3):
            bar.advance(1)
    assert capsys.readouterr() == ("", "")


def test_a_terminal_has_a_bar_that_ends_full(monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with Progress("painting", 3) as bar:
        for _ in range(3):
            bar.advance(1)
    shown = capsys.readouterr()
    assert "painting" in shown.err and "3 of 3" in shown.err and shown.out == ""
