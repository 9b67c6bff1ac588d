"""A terminal that is closed, or lacks letters, ends no work and hides no exit code."""

import errno
import io
import logging.config
import sys

import pytest
from omegaconf import OmegaConf

from stylegan_pl.config.cli import _speak_of_any_name
from stylegan_pl.config.conf_dir import conf_dir
from stylegan_pl.errors import leave
from stylegan_pl.pictures.progress import Progress

NAME = "caf\udce9 → 写真"  # as Python has a file's name in Latin 1, and letters that ASCII lacks


class Closed(io.StringIO):
    """What a terminal's file does once the window is gone."""

    def __init__(self, *, was_terminal: bool) -> None:
        super().__init__()
        self.was_terminal = was_terminal

    def isatty(self) -> bool:
        return self.was_terminal

    def write(self, text: str) -> int:
        raise OSError(errno.EIO, "Input/output error")


@pytest.mark.parametrize("was_terminal", [True, False])
def test_progress_goes_on(monkeypatch, was_terminal):
    monkeypatch.setattr("stylegan_pl.pictures.progress.LINE_EVERY_S", 0.0)
    monkeypatch.setattr(sys, "stderr", Closed(was_terminal=was_terminal))
    with Progress("painting", 3, every_s=0.0) as bar:
        bar.advance(1)
        bar.advance(1)
    assert bar.done == 2


def test_the_exit_code_is_kept(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Closed(was_terminal=False))
    with pytest.raises(SystemExit) as ended:
        leave(2, "error: a line that nobody reads")
    assert ended.value.code == 2


def test_any_name_can_be_printed(monkeypatch):
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii", errors="strict"))
    _speak_of_any_name()
    print(NAME, flush=True)
    assert written.getvalue() == b"caf\\udce9 \\u2192 \\u5199\\u771f\n"


def test_any_name_can_be_logged(tmp_path):
    settings = OmegaConf.to_container(OmegaConf.load(conf_dir() / "hydra/job_logging/stylegan_pl.yaml"))
    handler = {**settings["handlers"]["file"], "filename": str(tmp_path / "train.log")}
    settings = {"version": 1, "formatters": settings["formatters"], "handlers": {"file": handler}}
    odd = {"handlers": ["file"], "propagate": False}  # pytest would capture the name, which xdist cannot send
    logging.config.dictConfig(settings | {"loggers": {"odd names": odd}, "disable_existing_loggers": False})
    logging.getLogger("odd names").error("%s", NAME)
    logging.getLogger("odd names").handlers[0].close()
    assert (tmp_path / "train.log").read_text(encoding="utf-8").endswith("caf\\udce9 → 写真\n")
