"""What fails in a logger is told once, and never reaches the run."""

import logging

import pytest
from lightning.pytorch.loggers import CSVLogger, Logger

from stylegan_pl.loggers.steady import opens, steady


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
        assert not opens(Unreachable(str(tmp_path)), "mine")
    assert caplog.messages == [
        "logger.mine cannot be opened and is left out (TimeoutError: no answer); the run goes on"
    ]
    assert opens(CSVLogger(str(tmp_path)), "mine")
