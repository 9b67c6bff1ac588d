"""Budgets: what is free, what was said, and the tile that keeps to it."""

import math
import mmap

import pytest
import torch

from stylegan_pl.errors import DataError, UserError
from stylegan_pl.inference import main_memory
from stylegan_pl.inference.onnx import memory as onnx_memory
from stylegan_pl.inference.tiling import memory

CPU = torch.device("cpu")


def test_a_tile_fills_the_budget_and_no_more():
    for budget, pixel_bytes, stride in ((1e9, 1000, 4), (3e8, 1234.5, 16), (2e9, 2000, 128)):
        side = memory.tile_side(budget, pixel_bytes, overlap=64, stride=stride)
        assert side % stride == 0 and side**2 * pixel_bytes <= budget < (side + stride) ** 2 * pixel_bytes
    assert memory.tile_side(1e15, 1000, overlap=64, stride=4) == 4096


def test_a_budget_without_room_for_a_tile_is_said_in_gb():
    with pytest.raises(UserError) as error:
        memory.tile_side(1e8, 2000, overlap=200, stride=4)
    needed = (2 * 200 + 64) ** 2 * 2000 / 1e9
    assert f"needs {needed:.1f} GB for its smallest tile (464 pixels), and may take 0.1" in str(error.value)
    assert memory.tile_side(needed * 1e9, 2000, overlap=200, stride=4) == 464


def test_what_was_said_is_for_the_whole_process(monkeypatch):
    monkeypatch.setattr(main_memory, "_resident", lambda: 1e9)
    assert memory.budget_bytes(4, CPU, 10**8) == 4e9 - 1e9 - 10 * 10**8
    monkeypatch.setattr(main_memory, "free_memory", lambda: 8e9)
    assert memory.budget_bytes(None, CPU, 10**8) == pytest.approx(0.7 * 8e9 - 1e9)


@pytest.mark.parametrize("value", [0, -1, math.nan])
def test_no_memory_is_said(value):
    with pytest.raises(UserError, match="must be above 0"):
        memory.budget_bytes(value, CPU, 1)


def test_a_containers_limit_counts(monkeypatch):
    monkeypatch.setattr(main_memory, "_meminfo_available", lambda: 8e9)
    monkeypatch.setattr(main_memory, "_cgroup_left", lambda: 2e9)
    assert main_memory.free_memory() == 2e9
    monkeypatch.setattr(main_memory, "_cgroup_left", lambda: None)
    assert main_memory.free_memory() == 8e9
    monkeypatch.setattr(main_memory, "_meminfo_available", lambda: None)
    assert main_memory.free_memory() > 1e8  # half of what the machine has


def test_this_machine_says_something_sensible():
    assert 1e7 < main_memory.free_memory() < 1e14
    before = main_memory._resident()
    with mmap.mmap(-1, 80_000_000) as ballast:  # torch might hand out memory that the process has already
        ballast.write(b"1" * len(ballast))
        assert main_memory._resident() - before > 0.5 * len(ballast)


def test_with_a_model_the_constant_part_of_memory_cancels_out(monkeypatch):
    peak = 0.0

    def paint(pictures):
        nonlocal peak
        peak = max(peak, 4e8 + 50 * pictures.shape[1] * pictures.shape[2])

    monkeypatch.setattr(onnx_memory, "_peak_bytes", lambda: peak)
    monkeypatch.setattr(main_memory, "_resident", lambda: 0)
    check = onnx_memory.MemoryCheck(paint, memory_gb=1)
    check("a.png", 5000, 3900)  # 0.975 GB
    with pytest.raises(DataError, match=r"a\.png: 5000×4100 pixels take about 1\.0 GB with model=, and 1\.0 may be"):
        check("a.png", 5000, 4100)
