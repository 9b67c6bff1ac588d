"""Lines of progress where there is no terminal."""

import logging

from stylegan_pl.pictures import progress as module


def test_a_line_now_and_then_with_the_time_left(monkeypatch, caplog):
    now = 0.0
    monkeypatch.setattr(module.time, "monotonic", lambda: now)
    with caplog.at_level(logging.INFO), module.progress(10) as report:
        for _ in range(9):
            now += 20
            report(1)
        now += 100
        report(1)
    # 30 s or more after the last line: at 40, 80, 120 and 160 s, at 20 s a picture; none when all is done
    assert caplog.messages == [
        "painting: 2.0 of 10, 3 min left",
        "painting: 4.0 of 10, 2 min left",
        "painting: 6.0 of 10, 80 s left",
        "painting: 8.0 of 10, 40 s left",
    ]


def test_short_work_is_not_talked_about(caplog):
    with caplog.at_level(logging.INFO), module.progress(3) as report:
        for _ in range(3):
            report(1)
    assert not caplog.messages
