"""Which signals end a run: a closed terminal's, too, unless `nohup` has it ignored."""

import os
import signal

import pytest

from stylegan_pl.callbacks.graceful_stop import PREEMPTED, GracefulStop, StoppedEarly, ending_at_once

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows sends none")


@pytest.fixture
def at_first(request):
    """What is done at SIGHUP as the process starts."""
    before = signal.signal(signal.SIGHUP, request.param)
    yield request.param
    assert signal.signal(signal.SIGHUP, before) == request.param


@pytest.mark.parametrize("at_first", [signal.SIG_DFL], indirect=True)
def test_a_closed_terminal_is_heard(at_first):
    stop = GracefulStop()
    with stop.listening():
        os.kill(os.getpid(), signal.SIGHUP)
    assert stop.received == signal.SIGHUP


@pytest.mark.parametrize("at_first", [signal.SIG_DFL], indirect=True)
def test_while_setting_up_it_ends_the_run(at_first):
    with pytest.raises(StoppedEarly) as ended, ending_at_once():
        os.kill(os.getpid(), signal.SIGHUP)
    assert ended.value.code == PREEMPTED and not ended.value.wants_requeue


@pytest.mark.parametrize("at_first", [signal.SIG_IGN], indirect=True)
def test_under_nohup_the_run_goes_on(at_first):
    stop = GracefulStop()
    with ending_at_once(), stop.listening():
        os.kill(os.getpid(), signal.SIGHUP)
    assert stop.received is None
