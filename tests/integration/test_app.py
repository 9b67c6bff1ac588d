"""`python -m stylegan_pl.app`: the program from start to Ctrl-C, and its page in a real Chromium."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from box import box  # noqa: F401 (a fixture)
from PIL import Image, ImageOps
from preloaded import preloaded
from unit.page.example import noise, page_config, studio, write_checkpoints, write_uploads

from stylegan_pl import Stylizer
from stylegan_pl.errors import UserError
from stylegan_pl.pictures.read import pixel_limit
from stylegan_pl.pictures.srgb import to_srgb

pytest.importorskip("gradio")

from stylegan_pl.page.server import address, application, listening, own_folder, server_of

PATIENCE_MS = 60_000  # of a loaded machine
MAX_MEGAPIXELS = 0.5


@pytest.fixture(scope="module")
def ckpts(tmp_path_factory) -> tuple[Path, Path]:
    return write_checkpoints(tmp_path_factory.mktemp("ckpts"))


@pytest.mark.usefixtures("hears_sighup")
@pytest.mark.parametrize("asked", ["SIGINT", "SIGHUP"])
def test_listens_until_ctrl_c_or_a_closed_terminal_and_leaves_nothing(ckpts, tmp_path, asked):
    env = {**os.environ, "OMP_NUM_THREADS": "1", "TMPDIR": str(tmp_path), "HOME": str(tmp_path)}
    typed = [sys.executable, "-m", "stylegan_pl.app", f"ckpt={ckpts[0]}", "port=0", "device=cpu"]
    said = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(typed, env=env, cwd=tmp_path, **said) as app:
        assert app.stdout is not None
        lines = []
        while not lines or "the page: http://127.0.0.1:" not in lines[-1]:
            lines.append(app.stdout.readline())
            assert lines[-1], lines
        assert len(list(tmp_path.glob("stylegan-pl-page-*"))) == 1
        port = int(lines[-1].split(":")[3].split("/")[0])
        for _ in range(100):
            with socket.socket() as caller:
                caller.connect(("127.0.0.1", port))
                caller.sendall(b"GET / HTTP/1.0\r\n\r\n")
                if b"200 OK" in caller.recv(100):
                    break
        app.send_signal(getattr(signal, asked))
        lines += app.stdout.read().splitlines()
    assert app.returncode == 0, lines
    assert lines[-1] == "the page has ended; its files are deleted" and not any("Traceback" in line for line in lines)
    assert not list(tmp_path.glob("stylegan-pl-page-*")) and not list(tmp_path.glob("gradio*"))


def test_a_wrong_command_line_is_one_line(tmp_path):
    for typed, said in [
        (("ckpt=nowhere", "port=0"), "error: ckpt: no file or folder nowhere"),
        (("ckpt=x", "max_uplod_mb=3"), "did you mean 'max_upload_mb'?"),
    ]:
        done = preloaded("stylegan_pl.app", *typed, cwd=tmp_path)
        assert done.returncode == 2 and said in done.stderr and len(done.stderr.splitlines()) == 1


@contextmanager
def serving(*ckpts):
    """(address, studio) of a page that paints with these."""
    pytest.importorskip("playwright")
    config = page_config(*ckpts, max_megapixels=MAX_MEGAPIXELS, max_upload_mb=2)
    with listening("127.0.0.1", 0) as door, own_folder() as folder, pixel_limit(MAX_MEGAPIXELS):
        here = studio(folder, *ckpts, max_megapixels=MAX_MEGAPIXELS)
        server = server_of(application(here, config), here)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]})
        thread.start()
        try:
            yield address(door, "127.0.0.1"), here
        finally:  # after a failure, too: its thread would keep the tests from ending
            server.handle_exit(signal.SIGTERM, None)
            thread.join(20)
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def served(ckpts):
    """With both checkpoints."""
    with serving(*ckpts) as (site, here):
        yield site, here


@pytest.fixture(scope="module")
def site(served) -> str:
    return served[0]


@pytest.fixture
def page(browser, site):
    """Of both checkpoints."""
    with opened_at(browser, site) as opened:
        yield opened


@contextmanager
def opened_at(browser, site):
    """At the end no request has left this machine, and no script has failed."""
    troubles = []
    context = browser.new_context(accept_downloads=True)
    context.set_default_timeout(PATIENCE_MS)
    opened = context.new_page()
    opened.on("request", lambda sent: sent.url.startswith((site, "data:", "blob:")) or troubles.append(sent.url))
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.goto(site)
    opened.wait_for_selector("#picture input[type=file], #photograph img", state="attached")  # empty, or an example
    yield opened
    context.close()
    assert troubles == []


def drop(page, where: str, *files: Path) -> None:
    page.set_input_files(f"#{where} input[type=file]", [str(file) for file in files])


def download(page, button: str, folder: Path) -> Path:
    with page.expect_download() as waiting:
        page.click(f"#{button}")
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


def pixels(page, selector: str) -> np.ndarray:
    """What the browser shows of an image, shrunk to (24, 24, 3)."""
    page.wait_for_function(
        "s => document.querySelector(s)?.complete && document.querySelector(s).naturalWidth", arg=selector
    )
    shown = page.evaluate(
        """selector => { const canvas = document.createElement("canvas"); canvas.width = canvas.height = 24;
        const context = canvas.getContext("2d");
        context.drawImage(document.querySelector(selector), 0, 0, 24, 24);
        return Array.from(context.getImageData(0, 0, 24, 24).data) }""",
        selector,
    )
    return np.array(shown, dtype=float).reshape(24, 24, 4)[..., :3]


def paint(page, what: str, folder: Path) -> Path:
    """Press Paint, wait, take the result away."""
    page.click(f"#paint-{what}")
    page.wait_for_selector("#stop", state="visible")
    page.wait_for_selector("#stop", state="hidden")
    return download(page, f"{what}-file", folder)


def assert_told(page, said: str) -> None:
    """One line in a box that can be closed."""
    toast = page.locator(".toast-body")
    toast.wait_for()
    text = toast.inner_text()
    assert said in text and "Traceback" not in text and "/" not in text, text
    page.locator(".toast-close").click()
    toast.wait_for(state="hidden")


def stylized(ckpt: Path, upload: Path, **options) -> np.ndarray:
    with Image.open(upload) as image:
        return np.asarray(Stylizer.load(ckpt, device="cpu", **options)(ImageOps.exif_transpose(image)))


def test_a_picture_is_dropped_painted_compared_and_taken_away(page, ckpts, tmp_path):
    upload = write_uploads(tmp_path / "uploads")["turned.jpg"]
    drop(page, "picture", upload)
    photograph = pixels(page, "#photograph img")
    result = paint(page, "picture", tmp_path)
    assert result.name == "turned-painted.png"
    assert np.array_equal(np.asarray(Image.open(result)), stylized(ckpts[0], upload))
    before, after = (pixels(page, f"#slider img{kind}") for kind in (":not(.fixed)", ".fixed"))
    assert np.abs(before - photograph).mean() < 2 < 20 < np.abs(after - photograph).mean()
    page.click("#colour input[value=luma]")
    page.fill("#strength input[type=number]", "0.5")
    result = paint(page, "picture", tmp_path)
    expected = stylized(ckpts[0], upload, strength=0.5, keep_colour="luma")
    assert np.array_equal(np.asarray(Image.open(result)), expected)


def test_the_box_opens_with_a_photograph_and_paints_it_in_strokes_of_any_size(browser, box, tmp_path):  # noqa: F811
    with serving("painter:monet", "painter:vangogh") as (site, _), opened_at(browser, site) as page:
        photograph = Image.fromarray(skimage.data.astronaut())
        small = np.asarray(photograph.resize((24, 24), Image.Resampling.BOX), dtype=float)
        assert np.abs(pixels(page, "#photograph img") - small).mean() < 15  # shrunk in another way
        page.click("#name input")
        page.get_by_role("option", name="vangogh").click()
        page.fill("#stroke input[type=number]", "1.5")
        result = paint(page, "picture", tmp_path)
        expected = Stylizer.load("painter:vangogh", device="cpu", stroke=1.5)(photograph)
        assert np.array_equal(np.asarray(Image.open(result)), np.asarray(expected))


def test_what_browsers_cannot_show_is_shown(page, tmp_path):
    upload = write_uploads(tmp_path / "uploads")["cmyk.tif"]
    drop(page, "picture", upload)
    with Image.open(upload) as image:
        expected = np.asarray(image.convert("RGB").resize((24, 24), Image.Resampling.BOX), dtype=float)
    assert np.abs(pixels(page, "#photograph img") - expected).mean() < 25  # of noise, shrunk in another way


def test_another_painter_paints_after_paintings_that_are_dropped(page, ckpts, tmp_path):
    upload = write_uploads(tmp_path / "uploads")["clear.png"]
    paintings = [tmp_path / "swirls.png", tmp_path / "dots.png"]
    for seed, path in enumerate(paintings):
        Image.fromarray(noise(40, 60, seed + 9)).save(path)
    assert not page.locator("#style").is_visible()
    page.click("#name input")
    page.get_by_role("option", name="adain/best.ckpt").click()
    page.wait_for_selector("#style", state="visible")
    drop(page, "picture", upload)
    drop(page, "style", *paintings)
    page.wait_for_selector("#weight-1", state="visible")
    assert "dots.png" in page.inner_text("#weight-1") and not page.locator("#weight-2").is_visible()
    page.fill("#weight-1 input[type=number]", "0.25")
    result = paint(page, "picture", tmp_path)
    expected = Stylizer.load(ckpts[1], device="cpu", style=paintings, style_weights=[1, 0.25])(
        to_srgb(Image.open(upload))
    )
    assert np.array_equal(np.asarray(Image.open(result)), np.asarray(expected))


def test_what_is_wrong_is_told_in_a_line(page, tmp_path):
    broken, large = tmp_path / "a <b>broken.jpg", tmp_path / "large.png"
    broken.write_bytes(b"%PDF-1.4")
    Image.new("RGB", (1000, 600)).save(large)
    page.click("#paint-picture")
    assert_told(page, "drop a picture first")
    page.wait_for_selector("#stop", state="hidden")
    assert page.locator("#paint-picture").is_enabled()
    drop(page, "picture", broken)
    assert_told(page, "broken.jpg: cannot be read as an image")
    page.click("#picture button[aria-label='Clear']")
    drop(page, "picture", large)
    assert_told(page, "large.png: 1 megapixels, of at most 0; type max_megapixels=1 if you trust it")


def test_a_file_that_is_too_large_to_send(page, tmp_path):
    (tmp_path / "huge.bmp").write_bytes(bytes(2_100_000))
    drop(page, "picture", tmp_path / "huge.bmp")
    assert_told(page, "exceed the maximum allowed size")


def test_a_film_is_painted_with_its_sound(page, tmp_path):
    pytest.importorskip("av")
    from clips import FRAMES, look, scene, write_film

    clip = write_film(tmp_path / "clip.mp4", scene())
    page.get_by_role("tab", name="Film").click()
    page.wait_for_selector("#film", state="visible")
    drop(page, "film", clip)
    result = paint(page, "film", tmp_path)
    film, original = look(result), look(clip)
    assert result.name == "clip-painted.mp4" and len(film.frames) == FRAMES and film.times == original.times
    assert film.sound == original.sound
    assert np.abs(film.frames.astype(float) - original.frames).mean() > 10
    assert f"{FRAMES} frames" in page.inner_text("#note")
    assert page.wait_for_function("document.querySelector('#video video')?.duration > 0.7")
    page.get_by_role("tab", name="Picture").click()
    page.wait_for_selector("#paint-picture", state="visible")
    assert not page.locator("#video").is_visible()


@pytest.mark.parametrize("way", ["stop", "leave"])
def test_who_stops_or_leaves_keeps_nobody_waiting(page, served, tmp_path, monkeypatch, way):
    here, ended = served[1], threading.Event()

    def endless(upload, wish, session, report):
        with here.stops.painting(session) as stop:
            while not stop():
                report(1, 100)
                time.sleep(0.02)
        ended.set()
        raise UserError("stopped")

    monkeypatch.setattr(here, "film", endless)
    page.get_by_role("tab", name="Film").click()
    page.click("#paint-film")
    page.get_by_text("1/100 frames").first.wait_for()
    if way == "leave":
        page.close()
    else:
        page.click("#stop")
        assert_told(page, "stopped")
    assert ended.wait(PATIENCE_MS / 1000)


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_sticks_out_sideways(page, tmp_path, width):
    page.set_viewport_size({"width": width, "height": 800})
    drop(page, "picture", write_uploads(tmp_path / "uploads")["tile.bmp"])
    page.click("#paint-picture")
    page.wait_for_selector("#slider img")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
