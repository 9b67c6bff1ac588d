"""The fuzzer itself: what it counts as a fault."""

import signal
import time
from pathlib import Path

import fuzz
import pytest


class Swallows(fuzz.Reader):
    """Takes any error for a damaged file."""

    def read(self, path: Path) -> None:
        try:
            time.sleep(30)
        except Exception:
            return


@pytest.fixture
def alarm(monkeypatch):
    monkeypatch.setattr(fuzz, "PATIENCE", 1)
    before = signal.signal(signal.SIGALRM, fuzz._too_slow)
    yield
    signal.signal(signal.SIGALRM, before)


def test_what_takes_too_long_is_a_fault_also_where_a_reader_swallows_errors(alarm, tmp_path):
    assert "more than 1 s" in fuzz._tried(Swallows(tmp_path), tmp_path / "file")
