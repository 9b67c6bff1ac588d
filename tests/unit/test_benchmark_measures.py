"""What the benchmarks measure: switches that are turned, the Trainer's share of a device's work, thirds of a film."""

import pytest
import torch

from benchmarks import framework_overhead
from benchmarks.film import thirds
from benchmarks.train_step import SWITCHES, turned


def test_a_switch_is_turned_from_where_it_was_typed() -> None:
    assert turned(SWITCHES["bf16"], ["image_size=64"]) == ["precision=bf16"]
    assert turned(SWITCHES["bf16"], ["precision=bf16"]) == ["precision=fp32"]
    assert turned(SWITCHES["one_forward"], ["model.game.one_forward=false"]) == ["model.game.one_forward=true"]
    assert all(turned(changes, []) == changes for changes in SWITCHES.values())


def test_a_trainers_batch_ends_with_the_devices_work(monkeypatch) -> None:
    happened = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: happened.append("waited"))
    framework_overhead._Turns(lambda: happened.append("bare step"), batches=9).on_train_batch_end(None)
    assert happened == ["waited", "bare step", "waited"]


@pytest.mark.parametrize("count", [3, 4, 5, 6, 31])
def test_a_film_has_three_thirds_however_many_looks(count) -> None:
    peaks = thirds([float(look) for look in range(count)])
    assert len(peaks) == 3 and peaks == sorted(set(peaks)) and peaks[-1] == count - 1


def test_a_film_that_is_painted_too_soon_is_one_line() -> None:
    with pytest.raises(SystemExit, match="painted within 0 s, too soon"):
        thirds([])
