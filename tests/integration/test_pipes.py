"""Pictures and films through `-`, and films from a camera."""

import io
import logging
import sys
from pathlib import Path

import numpy as np
import pytest
from images_on_disk import write_images
from PIL import Image
from test_stylize_odd_files import (
    checkpoint,  # noqa: F401 (a fixture)
    compose_config,
)

av = pytest.importorskip("av")

from clips import scene, write_film  # noqa: E402

from stylegan_pl.errors import DataError, UserError  # noqa: E402
from stylegan_pl.inference.film import library  # noqa: E402
from stylegan_pl.inference.film.decode import Film  # noqa: E402
from stylegan_pl.inference.film.library import Camera, camera  # noqa: E402
from stylegan_pl.stylize import stylize  # noqa: E402


class Stdout(io.TextIOWrapper):
    """Keeps what was written to it."""

    def __init__(self) -> None:
        self.kept = io.BytesIO()
        super().__init__(self.kept)


@pytest.fixture
def pipe(monkeypatch):
    """Give bytes to standard input and take those of standard output: a pipe, which cannot be rewound."""

    class Once(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: object) -> int:
            raise io.UnsupportedOperation("a pipe")

    def connect(given: bytes) -> io.BytesIO:
        out = Stdout()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(Once(given))))
        monkeypatch.setattr(sys, "stdout", out)
        return out.kept

    return connect


FAST = "film.options={preset:ultrafast}"


def call(ckpt: Path, source: object, output: object, *typed: str) -> int:
    config = compose_config("stylize", [f"ckpt={ckpt}", "device=cpu", "input=x", "output=x", *typed])
    config.input, config.output = str(source), str(output)
    return stylize(config)


def frames_of(film: object) -> list[np.ndarray]:
    with av.open(film) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


@pytest.mark.parametrize(("typed", "kind"), [([], "PNG"), (["image_format=webp"], "WEBP")])
def test_a_picture_goes_through_as_from_a_file(checkpoint, tmp_path, pipe, typed, kind):  # noqa: F811
    write_images(tmp_path / "photos", 1, size=40)
    photo = tmp_path / "photos/000.png"
    assert call(checkpoint, photo, tmp_path / "file.png") == 0
    written = pipe(photo.read_bytes())
    assert call(checkpoint, "-", "-", *typed) == 0
    with Image.open(io.BytesIO(written.getvalue())) as image, Image.open(tmp_path / "file.png") as expected:
        assert image.format == kind and image.size == expected.size
        if kind == "PNG":
            assert np.array_equal(np.asarray(image), np.asarray(expected))


@pytest.mark.parametrize("suffix", ["heic", "avif"])
def test_a_format_of_phones_that_is_longer_than_a_glance_is_a_picture(checkpoint, tmp_path, pipe, suffix):  # noqa: F811
    pillow_heif = pytest.importorskip("pillow_heif")
    photo = tmp_path / f"photo.{suffix}"
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (300, 300, 3), np.uint8))
    if suffix == "heic":
        pillow_heif.from_pillow(noise).save(photo, quality=95)
    else:
        noise.save(photo, quality=95)
    assert photo.stat().st_size > 1 << 16
    pipe(photo.read_bytes())
    assert call(checkpoint, "-", tmp_path / "painted.png") == 0
    assert Image.open(tmp_path / "painted.png").size == (300, 300)


def test_an_animated_webp_becomes_a_film(checkpoint, tmp_path, pipe):  # noqa: F811
    pictures = [Image.fromarray(frame) for frame in scene()[:4]]
    pictures[0].save(tmp_path / "a.webp", save_all=True, append_images=pictures[1:], duration=80)
    pipe((tmp_path / "a.webp").read_bytes())
    assert call(checkpoint, "-", tmp_path / "painted.mp4", FAST) == 0
    assert len(frames_of(str(tmp_path / "painted.mp4"))) == 4


def test_one_end_may_be_a_file(checkpoint, tmp_path, pipe):  # noqa: F811
    write_images(tmp_path / "photos", 1, size=40)
    photo = tmp_path / "photos/000.png"
    written = pipe(photo.read_bytes())
    assert call(checkpoint, "-", tmp_path / "in.png") == 0
    assert written.getvalue() == b""
    assert call(checkpoint, photo, "-") == 0
    assert written.getvalue() == (tmp_path / "in.png").read_bytes()


def test_lines_keep_out_of_the_picture(checkpoint, tmp_path, pipe, capsys):  # noqa: F811
    write_images(tmp_path / "photos", 1, size=40)
    written = pipe((tmp_path / "photos/000.png").read_bytes())
    handler = logging.StreamHandler(sys.stdout)
    logging.getLogger().addHandler(handler)
    level = logging.getLogger().level
    logging.getLogger().setLevel(logging.INFO)
    try:
        assert call(checkpoint, "-", "-") == 0
    finally:
        logging.getLogger().removeHandler(handler)
        logging.getLogger().setLevel(level)
    assert written.getvalue().startswith(b"\x89PNG")
    assert "1 of 1 pictures painted -> stdout" in capsys.readouterr().err
    assert handler.stream is sys.stdout  # given back


def test_a_film_goes_through_as_from_a_file(checkpoint, tmp_path, pipe):  # noqa: F811
    clip = write_film(tmp_path / "clip.mkv", scene()[:8], options={"preset": "ultrafast"})
    assert call(checkpoint, clip, tmp_path / "file.mkv", FAST) == 0
    written = pipe(clip.read_bytes())
    assert call(checkpoint, "-", "-", FAST) == 0
    through, expected = frames_of(io.BytesIO(written.getvalue())), frames_of(str(tmp_path / "file.mkv"))
    assert len(through) == len(expected) == 8
    assert all(np.array_equal(a, b) for a, b in zip(through, expected, strict=True))


@pytest.mark.parametrize(
    ("given", "output", "said"),
    [
        (b"no picture, no film", "painted.png", "what comes is no picture that could be read"),
        (b"no picture, no film", "painted.mp4", "-: cannot be read as a film"),
        (b"", "painted.mp4", "input=-: nothing is piped in"),
    ],
)
def test_what_cannot_be_painted_is_told_in_a_line(checkpoint, tmp_path, pipe, given, output, said):  # noqa: F811
    pipe(given)
    with pytest.raises((UserError, DataError), match=said) as told:
        call(checkpoint, "-", tmp_path / output)
    assert "\n" not in str(told.value) and not (tmp_path / output).exists()


class Gone(io.BytesIO):
    """A pipe whose reader has left, as `head -c` does."""

    def write(self, _: object) -> int:
        raise BrokenPipeError(32, "Broken pipe")


@pytest.mark.parametrize("film", [False, True])
def test_a_reader_that_leaves_is_told_in_a_line(checkpoint, tmp_path, pipe, monkeypatch, film):  # noqa: F811
    write_images(tmp_path / "photos", 1, size=40)
    clip = write_film(tmp_path / "clip.mkv", scene()[:4], options={"preset": "ultrafast"})
    pipe(b"")
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(Gone()))
    with pytest.raises(DataError, match=r"^output=-: its reader has left$"):
        call(checkpoint, clip if film else tmp_path / "photos/000.png", "-")


def test_a_folder_does_not_go_through_a_pipe(checkpoint, tmp_path, pipe):  # noqa: F811
    write_images(tmp_path / "photos", 2, size=40)
    pipe(b"")
    with pytest.raises(UserError, match="one picture goes through a pipe"):
        call(checkpoint, tmp_path / "photos", "-")


@pytest.mark.parametrize(
    ("platform", "typed", "device"),
    [
        ("linux", "camera", Camera("/dev/video0", "v4l2")),
        ("linux", "camera:2", Camera("/dev/video2", "v4l2")),
        ("linux", "/dev/video1", Camera("/dev/video1", "v4l2")),
        ("darwin", "camera", Camera("0", "avfoundation")),
        ("win32", "camera:HD Webcam", Camera("video=HD Webcam", "dshow")),
        ("linux", "camera.mp4", None),
        ("linux", "cameras", None),
    ],
)
def test_cameras_by_name(monkeypatch, platform, typed, device):
    monkeypatch.setattr(sys, "platform", platform)
    assert camera(typed) == device


def test_a_camera_is_painted_until_it_is_stopped(checkpoint, tmp_path, monkeypatch):  # noqa: F811
    """FFmpeg's test picture, which never ends, as the camera; Ctrl-C comes while its sixth frame is decoded."""
    import signal

    monkeypatch.setattr(library, "camera", lambda source: Camera("testsrc=size=48x32:rate=10", "lavfi"))
    seen = 0
    timed = Film._timed

    def interrupted(self, frame, to_picture):
        nonlocal seen
        seen += 1
        if seen == 6:
            signal.raise_signal(signal.SIGINT)
        return timed(self, frame, to_picture)

    monkeypatch.setattr(Film, "_timed", interrupted)
    assert call(checkpoint, "camera", tmp_path / "painted.mp4", FAST) == 130
    assert 5 <= len(frames_of(str(tmp_path / "painted.mp4"))) <= 6


def test_without_a_camera_a_line_says_so(checkpoint, tmp_path):  # noqa: F811
    with pytest.raises(DataError, match=r"no camera to be opened at .*; type input=camera:1 for another"):
        call(checkpoint, "camera:97", tmp_path / "painted.mp4")
