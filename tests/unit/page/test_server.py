"""Where the page listens, what it refuses, and that nothing of it is left."""

import logging
import os
import re
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image
from unit.page.example import page_config, studio, write_checkpoints

from stylegan_pl.errors import UserError
from stylegan_pl.page import server
from stylegan_pl.page.events import ONE_QUEUE, build, one_line
from stylegan_pl.page.server import address, application, listening, own_folder, serve, server_of
from stylegan_pl.pictures.write import write_image

pytest.importorskip("gradio")

from fastapi.testclient import TestClient


def test_a_port_that_is_taken_is_told_in_a_line():
    with listening("127.0.0.1", 0) as door:
        port = door.getsockname()[1]
        assert address(door, "127.0.0.1") == f"http://127.0.0.1:{port}/"
        with (
            pytest.raises(UserError, match=rf"^port={port} is taken.*port={port + 1}, or port=0"),
            listening("127.0.0.1", port),
        ):
            pass
    with listening("127.0.0.1", port):  # it is free again at once
        pass


def test_listens_to_this_machine_alone_unless_told():
    with listening("127.0.0.1", 0) as door, socket.socket() as caller:
        assert door.getsockname()[0] == "127.0.0.1"
        caller.connect(door.getsockname())
    with listening("0.0.0.0", 0) as door:
        assert address(door, "0.0.0.0").startswith("http://127.0.0.1:")


@pytest.mark.parametrize("host", ["no.such.host.invalid", "192.0.2.1"])
def test_an_address_that_is_not_ours(host):
    with pytest.raises(UserError, match=rf"^host={host}: .*type host=127\.0\.0\.1") as refused, listening(host, 0):
        pass
    assert "\n" not in str(refused.value)


def test_the_folder_is_gradios_and_gone_afterwards(monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", "/mine")
    monkeypatch.delenv("GRADIO_ANALYTICS_ENABLED", raising=False)
    with pytest.raises(RuntimeError), own_folder() as folder:
        (folder / "a").mkdir()
        assert os.environ["GRADIO_TEMP_DIR"] == str(folder) and os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"
        raise RuntimeError
    assert not folder.exists()
    assert os.environ["GRADIO_TEMP_DIR"] == "/mine" and "GRADIO_ANALYTICS_ENABLED" not in os.environ


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    with own_folder() as folder:
        yield studio(folder, *write_checkpoints(tmp_path_factory.mktemp("ckpts")))


@pytest.fixture(scope="module")
def served(here):
    """(client, folder) of a page that takes 0.1 MB."""
    return TestClient(application(here, page_config(max_upload_mb=0.1)), base_url="http://localhost"), here.folder


def upload(client, size: int, name: str = "a.bin"):
    return client.post("/gradio_api/upload", files={"files": (name, os.urandom(size))})


def test_an_upload_goes_to_the_folder_or_is_refused_for_its_size(served):
    client, folder = served
    (path,) = upload(client, 99_000).json()
    assert path.startswith(f"{folder}{os.sep}") and Path(path).stat().st_size == 99_000
    before = sum(len(files) for *_, files in os.walk(folder))
    assert upload(client, 101_000).status_code == 413
    assert sum(len(files) for *_, files in os.walk(folder)) == before


def test_no_file_of_the_machine_is_given_out(served, tmp_path):
    client, _ = served
    (tmp_path / "secret.txt").write_text("secret")
    for path in (str(tmp_path / "secret.txt"), str(Path(__file__).resolve()), sys.executable):
        assert client.get(f"/gradio_api/file={path}").status_code in (403, 404)


def test_nothing_is_fetched_reported_or_offered_to_programs(served):
    client, _ = served
    config = client.get("/config").json()
    assert config["analytics_enabled"] is False and not config["footer_links"]
    assert not config.get("run_history") and not config.get("is_space")
    style = client.get("/theme.css").text  # fonts are the system's
    assert "system-ui" in style and not re.search(r"@font-face|@import|url\(.?http", style)
    assert config["stylesheets"] == []
    assert all(dependency["api_visibility"] == "private" for dependency in config["dependencies"])
    info = client.get("/gradio_api/info").json()
    assert info["named_endpoints"] == {} and info["unnamed_endpoints"] == {}
    assert client.get("/docs").status_code == client.get("/openapi.json").status_code == 404


def test_one_painting_at_a_time_and_so_many_waiting(served, here):
    page = build(here, max_waiting=3, keep_seconds=60)
    painting = [fn for fn in page.fns.values() if fn.concurrency_id == ONE_QUEUE]
    assert len(painting) == 2 and {fn.concurrency_limit for fn in painting} == {1}
    assert page._queue.max_size == 3 and page.delete_cache == (60, 60)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_signal_before_the_page_is_there_ends_it_as_ctrl_c_does(name, monkeypatch):
    asked, folders = getattr(signal, name), []

    def loading(*_, **__):
        folders.append(Path(os.environ["GRADIO_TEMP_DIR"]))
        signal.raise_signal(asked)

    def unheard(*_):
        raise RuntimeError("the signal would have ended the process")

    monkeypatch.setattr(server, "Painters", loading)
    before = signal.signal(asked, unheard)
    try:
        with pytest.raises(KeyboardInterrupt):
            serve(page_config("x"))
        assert signal.getsignal(asked) is unheard
    finally:
        signal.signal(asked, before)
    assert not folders[0].exists()


def test_what_is_painted_when_the_page_ends_is_deleted_too(tmp_path, monkeypatch):
    threads, folders = [], []

    class Ending:
        """A server that ends while a picture is being painted."""

        def __init__(self, _, studio):
            self.studio = studio

        def handle_exit(self, *_):
            """No signal comes."""

        def run(self, **_):
            begun = threading.Event()

            def paint():
                with self.studio.stops.painting("me"):
                    begun.set()
                    time.sleep(0.2)
                    write_image(Image.new("RGB", (8, 8)), self.studio.folder / "mine/painted.png")

            threads.append(threading.Thread(target=paint))
            folders.append(self.studio.folder)
            threads[0].start()
            begun.wait()

    monkeypatch.setattr(server, "server_of", Ending)
    assert serve(page_config(*write_checkpoints(tmp_path))) == 0
    threads[0].join()
    assert not folders[0].exists()


@pytest.mark.parametrize("button", ["paint-picture", "paint-film"])
def test_whoever_paints_cannot_begin_another_and_may_stop_from_the_queue_on(here, button):
    page = build(here, max_waiting=3, keep_seconds=60)
    names = {number: block.elem_id for number, block in page.blocks.items() if hasattr(block, "elem_id")}
    (begin,) = [
        fn for fn in page.fns.values() if [(names.get(at), what) for at, what in fn.targets] == [(button, "click")]
    ]
    visitor = SimpleNamespace(session_hash=button)
    shown = dict(zip([block.elem_id for block in begin.outputs], begin.fn(visitor), strict=True))
    assert not shown["paint-picture"]["interactive"] and not shown["paint-film"]["interactive"]
    assert shown["stop"]["visible"]
    here.stops.ask(button)
    with here.stops.painting(button) as stop:
        assert stop()
    begin.fn(visitor)
    with here.stops.painting(button) as stop:
        assert not stop()


def test_ctrl_c_ends_what_is_being_painted_and_a_second_one_waits_for_nobody(here):
    running = server_of(None, here)
    with here.stops.painting("me") as stop:
        assert not stop()
        running.handle_exit(signal.SIGINT, None)
        assert stop() and running.should_exit and not running.force_exit
        running.handle_exit(signal.SIGINT, None)
        assert running.force_exit


def test_a_fault_of_ours_is_a_line_on_the_page_and_all_of_it_in_the_log(here, caplog):
    import gradio as gr

    with caplog.at_level(logging.ERROR), pytest.raises(gr.Error) as told, one_line(here):
        raise RuntimeError(f"a secret of {here.folder}")
    assert told.value.message.startswith("something went wrong here") and not told.value.print_exception
    assert "a secret of" in caplog.text
    with pytest.raises(gr.Error) as told, one_line(here):
        raise UserError(f"{here.folder}/0f/ab/<img src=x>.jpg: no picture")
    assert told.value.message == "&lt;img src=x&gt;.jpg: no picture"
