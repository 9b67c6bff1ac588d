"""A terminal that is closed, or lacks letters, ends no work and hides no exit code."""

import errno
import io
import logging.config
import os
import subprocess
import sys
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from stylegan_pl.config.conf_dir import conf_dir
from stylegan_pl.config.json_result import json_on_stdout
from stylegan_pl.config.streams import tolerant_streams
from stylegan_pl.errors import exit_with
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
        exit_with(2, "error: a line that nobody reads")
    assert ended.value.code == 2


def broken_pipe() -> int:
    """To which one may write, and nobody reads."""
    reads, writes = os.pipe()
    os.close(reads)
    return writes


@pytest.mark.parametrize("target", ["pipe", "disk"])
def test_messages_that_nobody_can_read_end_no_work(monkeypatch, capsys, target):
    number = broken_pipe() if target == "pipe" else os.open("/dev/full", os.O_WRONLY)
    with os.fdopen(number, "w") as stream:  # closing it flushes it, as Python does at its end
        monkeypatch.setattr(sys, "stdout", stream)
        log = logging.getLogger("nobody reads")
        with tolerant_streams():
            handler = logging.StreamHandler(sys.stdout)
            log.addHandler(handler)
            for line in range(3):
                print(line)
                log.error("%d", line)
            log.removeHandler(handler)
        assert sys.stdout is stream
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("typed", [["painters"], [], ["train", "--help"], ["stylize", "--version"]], ids=str)
def test_a_list_cut_short_is_no_error(typed):
    """As `stylegan-pl painters | head -1`, once head has its line."""
    pipe = broken_pipe()
    try:
        done = subprocess.run([sys.executable, "-m", "stylegan_pl", *typed], stdout=pipe, stderr=subprocess.PIPE)
    finally:
        os.close(pipe)
    assert (done.returncode, done.stderr) == (0, b"")


def test_files_do_not_get_the_numbers_of_closed_streams(tmp_path):
    """What a C library says would be written into a checkpoint otherwise."""
    code = "import sys; from stylegan_pl.config.streams import tolerant_streams\nwith tolerant_streams():"
    code += f" open({str(tmp_path / 'number')!r}, 'w').write(str(open({os.devnull!r}).fileno() + sys.stderr.isatty()))"
    closed = 'exec "$@" <&- >&- 2>&-'
    done = subprocess.run(["sh", "-c", closed, "sh", sys.executable, "-c", code])
    assert done.returncode == 0 and int((tmp_path / "number").read_text()) > 2


def test_a_result_that_cannot_be_written_is_an_error(monkeypatch, capsys):
    with Path("/dev/full").open("w") as stream, monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", stream)
        with pytest.raises(SystemExit) as ended, tolerant_streams(), json_on_stdout(dict):
            sys.exit(0)
    assert ended.value.code == 1
    assert capsys.readouterr().err == "error: standard output cannot be written (No space left on device)\n"


def test_any_name_can_be_printed(monkeypatch):
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii", errors="strict"))
    with tolerant_streams():
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
