"""Which rank is named, with a store in memory and ranks that are threads."""

import threading
import time

import pytest
import torch

from stylegan_pl.distributed import heartbeat as module
from stylegan_pl.distributed.heartbeat import Heartbeat


@pytest.fixture
def ranks(monkeypatch):
    """Three ranks' heartbeats; who is ended, and why."""
    monkeypatch.setattr(module, "_LATER_S", 0.0)
    store, found = torch.distributed.HashStore(), []
    for rank in range(3):
        one = Heartbeat(timeout_s=1.0)
        one._store, one._rank, one._ranks, one.ended = store, rank, 3, []
        one.end = one.ended.append
        one._beat(0)
        found.append(one)
    yield found
    for one in found:
        one._stop()


def live(*beating: Heartbeat) -> None:
    for one in beating:
        one._thread = threading.Thread(target=one._live, daemon=True)
        one._thread.start()


def test_nobody_is_named_while_all_keep_up(ranks):
    live(*ranks)
    for images in (2, 4, 6, 8):
        for one in ranks:
            one._images = images
        time.sleep(0.5)
    assert ranks[0].silent() is None and [one.ended for one in ranks] == [[], [], []]


def test_a_rank_whose_beats_stop_is_named(ranks):
    live(ranks[0], ranks[1])  # rank 2 is frozen
    assert ranks[1].silent().startswith("rank 2 (") and "does not respond" in ranks[1].silent()
    time.sleep(1.5)
    assert len(ranks[0].ended) == 1 and ranks[0].ended[0].startswith("rank 2 (")
    assert ranks[1].ended == []  # all but the first watch the first


def test_a_rank_that_lives_and_stays_behind_is_named(ranks):
    ranks[0]._images = ranks[1]._images = 8
    ranks[2]._images = 6  # as in a file system that does not answer
    live(*ranks)
    time.sleep(0.3)
    assert ranks[1].silent().startswith("rank 2 (") and "at 6 images" in ranks[1].silent()
    time.sleep(1.5)
    assert len(ranks[0].ended) == 1 and "at 6 images" in ranks[0].ended[0]


def test_all_notice_that_the_first_is_gone(ranks):
    live(ranks[1], ranks[2])
    time.sleep(2.0)
    assert all(one.ended and one.ended[0].startswith("rank 0 (") for one in ranks[1:])
