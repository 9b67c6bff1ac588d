"""What fails in a logger is told once, and never reaches the run."""

import logging
import threading

import pytest
from lightning.pytorch.loggers import CSVLogger, Logger

from stylegan_pl.loggers.steady import steady


class Broken(CSVLogger):
    calls = 0

    def log_metrics(self, metrics, step=None) -> None:
        self.calls += 1
        raise ConnectionError("the server is gone\nfor good")

    def finalize(self, status) -> None:
        self.calls += 1


def test_a_logger_that_fails_is_told_once_and_left_alone(tmp_path, caplog):
    logger = steady(broken := Broken(str(tmp_path)), "mine")
    with caplog.at_level(logging.WARNING):
        for step in range(3):
            logger.log_metrics({"a": 1.0}, step=step)
        logger.finalize("success")
    assert logger is broken and isinstance(logger, Logger)
    assert broken.calls == 1  # nothing more is handed to what may wait for a server
    (line,) = caplog.messages
    assert line == (
        "logger.mine failed and is left alone from now on (ConnectionError: the server is gone); the run goes on"
    )


def test_a_logger_that_works_gets_everything_and_ctrl_c_passes(tmp_path, monkeypatch):
    logger = CSVLogger(str(tmp_path))
    steady(logger, "mine").log_metrics({"a": 1.0}, step=0)
    logger.save()
    assert list(tmp_path.rglob("metrics.csv"))

    class Interrupted(CSVLogger):
        def log_metrics(self, metrics, step=None) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        steady(Interrupted(str(tmp_path)), "mine").log_metrics({"a": 1.0}, step=0)


def test_a_logger_that_cannot_be_opened_is_left_out_and_told(tmp_path, caplog):
    class Unreachable(CSVLogger):
        @property
        def experiment(self):
            raise TimeoutError("no answer")

    with caplog.at_level(logging.WARNING):
        assert steady(Unreachable(str(tmp_path)), "mine") is None
    assert caplog.messages == [
        "logger.mine cannot be opened and is left out (TimeoutError: no answer); the run goes on"
    ]


class Silent(CSVLogger):
    """Behind it stands a process that takes what it is given, and never answers."""

    patience_s = 0.2
    gone = False

    def log_metrics(self, metrics, step=None) -> None:
        threading.Event().wait()

    def let_go(self) -> None:
        self.gone = True


def test_a_call_that_does_not_come_back_is_left_behind_and_told_once(tmp_path, caplog):
    logger = steady(Silent(str(tmp_path)), "mine")
    with caplog.at_level(logging.WARNING):
        for step in range(3):
            logger.log_metrics({"a": 1.0}, step=step)
        logger.finalize("success")
    assert caplog.messages == [
        "logger.mine failed and is left alone from now on (NoAnswer: no answer within 0.2 s); the run goes on"
    ]
    assert logger.gone


def test_only_a_call_that_sends_files_may_take_longer(tmp_path, caplog):
    class Sends(Silent):
        sending_s = 60.0

        def finalize(self, status) -> None:
            threading.Event().wait(0.5)
            self.sent = True

    (logger := steady(Sends(str(tmp_path)), "mine")).finalize("success")
    assert logger.sent and not caplog.messages
    logger.log_metrics({"a": 1.0}, step=0)
    assert "(NoAnswer: no answer within 0.2 s)" in caplog.text


def test_a_logger_that_does_not_open_in_time_is_left_out(tmp_path, caplog):
    class Opening(Silent):
        @property
        def experiment(self):
            threading.Event().wait()

    with caplog.at_level(logging.WARNING):
        assert steady(waiting := Opening(str(tmp_path)), "mine") is None
    assert caplog.messages == [
        "logger.mine cannot be opened and is left out (NoAnswer: no answer within 0.2 s); the run goes on"
    ]
    assert waiting.gone


def test_a_logger_is_opened_and_called_in_one_thread(tmp_path):
    seen = []  # an SQLite connection is of use in its own thread alone

    class Threads(CSVLogger):
        @property
        def experiment(self):
            seen.append(threading.get_ident())
            return super().experiment

    steady(Threads(str(tmp_path)), "mine").log_metrics({"a": 1.0}, step=0)
    assert len(seen) > 1 and len(set(seen)) == 1


def test_a_method_may_call_others_of_its_logger(tmp_path, caplog):
    class Saves(CSVLogger):
        patience_s = 5
        saved = False

        def save(self) -> None:
            self.saved = True

        def finalize(self, status) -> None:
            self.save()

    (logger := steady(Saves(str(tmp_path)), "mine")).finalize("success")
    assert logger.saved and not caplog.messages
