"""Films that are no single recording in one file: joined ones, ones with a cover, folders of frames."""

import logging
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from conftest import compose_config
from omegaconf import DictConfig, OmegaConf
from PIL import Image
from torch import nn

av = pytest.importorskip("av")

from clips import FRAMES, HEIGHT, WIDTH, look, regular, scene, write_film  # noqa: E402

from stylegan_pl.errors import DataError, UserError  # noqa: E402
from stylegan_pl.inference.film.decode import Film  # noqa: E402
from stylegan_pl.inference.film.encode import Encoding  # noqa: E402
from stylegan_pl.inference.film.film import Painted, paint_film  # noqa: E402
from stylegan_pl.inference.film.frame_painter import FramePainter  # noqa: E402
from stylegan_pl.inference.film.library import is_film  # noqa: E402
from stylegan_pl.inference.film.numbered import NumberedFrames  # noqa: E402
from stylegan_pl.inference.film.source import MovingPictures  # noqa: E402
from stylegan_pl.inference.film.steadiness import Steadiness  # noqa: E402
from stylegan_pl.inference.painter import Painter  # noqa: E402
from stylegan_pl.stylizing.film import paint_one_film  # noqa: E402

QUICK = {"preset": "ultrafast"}


def painted(film: MovingPictures, output: Path) -> Painted:
    painter = FramePainter(Painter(nn.Identity()), Steadiness())
    return paint_film(film, output, painter, Encoding(crf=4, options=QUICK), batch_size=3)


def joined(folder: Path, parts: int, *, options: dict[str, str], start: int = 0) -> Path:
    """Recordings whose times all begin at `start` ticks, laid one behind another as `cat` does."""
    path = folder / "joined.ts"
    times = [start + time for time in regular()]
    for part in range(parts):
        write_film(folder / f"{part}.ts", scene(seed=part), times, options=options)
    path.write_bytes(b"".join((folder / f"{part}.ts").read_bytes() for part in range(parts)))
    return path


# --- times that start again


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
@pytest.mark.parametrize(("parts", "options"), [(2, QUICK), (3, {"preset": "medium", "bf": "2"})])
def test_joined_recordings_are_painted_one_behind_another(
    tmp_path: Path, suffix: str, parts: int, options: dict[str, str]
) -> None:
    source = joined(tmp_path, parts, options=options)
    with Film(source) as film:
        result = painted(film, tmp_path / f"painted{suffix}")
        assert film.restarts == parts - 1
    after = look(tmp_path / f"painted{suffix}")
    assert len(after.frames) == result.frames == parts * FRAMES
    steps = np.diff([float(time) for time in after.times])
    assert steps.min() > 0.03 and steps.max() < 0.14  # none squeezed; the parts' sound is a little longer than theirs
    assert abs(float(after.seconds) - parts * FRAMES / 25) < 0.1 * parts
    one = look(tmp_path / "0.ts")
    times = [float(when) for when, _ in after.sound]
    assert min(np.diff(times)) > 0
    opening = one.sound[0][1][7:]  # without ADTS' header, which .mp4 has no need of
    begins = [time for time, data in zip(times, after.sound, strict=True) if data[1].endswith(opening)]
    assert len(begins) == parts
    for part, begin in enumerate(begins):  # pictures and sound of a part begin as far apart as they did
        apart = float(after.times[part * FRAMES]) - begin
        assert abs(apart - float(one.times[0] - one.sound[0][0])) < 0.003


def test_a_film_whose_times_do_not_start_again_keeps_them(tmp_path: Path) -> None:
    times = [0, 24, 30, 60, 1500, 1524]  # a minute's pause is no restart, nor is a start that is not 0
    source = write_film(tmp_path / "a.mkv", scene(6), [time + 900 for time in times], options=QUICK, sound=False)
    with Film(source) as film:
        painted(film, tmp_path / "b.mkv")
        assert film.restarts == 0
    assert look(tmp_path / "b.mkv").times == look(source).times


def test_a_restart_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    source = joined(tmp_path, 2, options=QUICK)
    with caplog.at_level(logging.INFO):
        assert paint_one_film(config(source, tmp_path / "b.mp4"), lambda: Painter(nn.Identity())) == 0
    assert f"{source}: its timestamps start again once; the parts were joined one after another" in caplog.text


# --- covers


def with_cover(path: Path, *, first: bool, moving: bool = True, marked: bool = True) -> Path:
    """A film with a picture of 16 × 16 as a second stream of pictures, or the first; `marked`: as a cover."""
    with av.open(str(path), "w") as container:
        kinds = ["cover", "film"] if first else ["film", "cover"]
        streams = {}
        for kind in kinds:
            if kind == "film" and not moving:
                continue
            stream = container.add_stream("mjpeg" if kind == "cover" else "libx264", rate=25)
            stream.width, stream.height = (16, 16) if kind == "cover" else (WIDTH, HEIGHT)
            stream.pix_fmt = "yuvj420p" if kind == "cover" else "yuv420p"
            if kind == "cover" and marked:
                stream.disposition = av.stream.Disposition.attached_pic
            streams[kind] = stream
        cover = av.VideoFrame.from_ndarray(np.full((16, 16, 3), 200, np.uint8))
        for kind, stream in streams.items():
            pictures = [cover] if kind == "cover" else [av.VideoFrame.from_ndarray(frame) for frame in scene(8)]
            for number, picture in enumerate(pictures):
                picture.pts = number
                container.mux(stream.encode(picture))
            container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize(("suffix", "marked"), [(".mp4", True), (".mov", True), (".mp4", False), (".mkv", False)])
def test_a_cover_is_not_the_film(tmp_path: Path, first: bool, suffix: str, marked: bool) -> None:
    source = with_cover(tmp_path / f"a{suffix}", first=first, marked=marked)
    with Film(source) as film:
        assert (film.look.width, film.look.height) == (WIDTH, HEIGHT)
        assert painted(film, tmp_path / "b.mp4").frames == 8


def test_a_cover_alone_is_no_film(tmp_path: Path) -> None:
    source = with_cover(tmp_path / "a.mp4", first=True, moving=False)
    with pytest.raises(DataError, match=r"a\.mp4: has no pictures but a cover"):
        Film(source)


# --- numbered frames


def frames(folder: Path, count: int = 12, *, name: str = "f{}.png", size: tuple[int, int] = (WIDTH, HEIGHT)) -> Path:
    folder.mkdir(exist_ok=True)
    for number, pixels in enumerate(scene(count, width=size[0], height=size[1]), 1):
        Image.fromarray(pixels).save(folder / name.format(number))
    return folder


def config(source: Path | str, output: Path, **film: object) -> DictConfig:
    typed = ["ckpt=x", "input=x", "output=x", "batch_size=4", "film.crf=4", "film.options={preset:ultrafast}"]
    composed = compose_config("stylize", typed)
    named = {f"film.{key}": value for key, value in film.items()}
    for key, value in {"input": str(source), "output": str(output), **named}.items():
        OmegaConf.update(composed, key, value)
    return composed


def test_a_folder_of_numbered_frames_is_a_film(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    source, output = frames(tmp_path / "frames"), tmp_path / "painted.mp4"
    (source / "notes.txt").touch()
    assert is_film(str(source), str(output)) and not is_film(str(source), str(tmp_path / "folder"))
    with caplog.at_level(logging.INFO):
        assert paint_one_film(config(source, output, fps=12.5), lambda: Painter(nn.Identity())) == 0
    after = look(output)
    assert after.times == [Fraction(2 * number, 25) for number in range(12)]  # 2 before 10
    assert after.seconds == Fraction(24, 25)
    assert np.abs(after.frames.astype(int) - scene(12)).mean() < 4
    assert "12 frames, f1.png to f12.png, at 12.5 a second (film.fps=)" in caplog.text
    assert "1 of 13 files is not a readable image: 1 txt" in caplog.text


def test_a_pattern_of_frames_is_a_film(tmp_path: Path) -> None:
    source = frames(tmp_path / "in", 5)
    frames(tmp_path / "in", 3, name="other{}.png")
    pattern, output = f"{source}/f*.png", tmp_path / "b.mkv"
    assert is_film(pattern, str(output))
    assert paint_one_film(config(pattern, output), lambda: Painter(nn.Identity())) == 0
    assert [float(time) for time in look(output).times] == [0, 0.04, 0.08, 0.12, 0.16]


def test_a_frame_that_cannot_be_read_is_left_out_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    source = frames(tmp_path / "in", 6)
    (source / "f3.png").write_bytes(b"no picture")
    assert paint_one_film(config(source, tmp_path / "b.mkv"), lambda: Painter(nn.Identity())) == 1
    assert [round(25 * float(time)) for time in look(tmp_path / "b.mkv").times] == [0, 1, 3, 4, 5]
    assert "f3.png: cannot be read as an image" in caplog.text


def test_frames_of_several_sizes_are_refused_before_anything_is_painted(tmp_path: Path) -> None:
    source = frames(tmp_path / "in", 3)
    frames(source, 1, name="x{}.png", size=(32, 32))
    with pytest.raises(DataError, match=r"x1\.png has 32×32 pixels, others 64×48; .* type output=FOLDER"):
        paint_one_film(config(source, tmp_path / "b.mp4"), lambda: pytest.fail("no painter is needed"))
    assert not (tmp_path / "b.mp4").exists()


@pytest.mark.parametrize(
    ("typed", "rate"),
    [("23.976023976", "24000/1001"), ("29.97002997", "30000/1001"), ("59.94", "2997/50"), ("0.001", "1/1000")],
)
def test_rates_of_television_are_known_by_their_digits(tmp_path: Path, typed: str, rate: str) -> None:
    source, output = frames(tmp_path / "in", 3), tmp_path / "b.mkv"
    with NumberedFrames(source, list(source.iterdir()), fps=float(typed)) as film:
        assert film.rate == Fraction(rate)
        painted(film, output)
    times = [float(time) for time in look(output).times]
    assert times[1] - times[0] == pytest.approx(float(1 / Fraction(rate)), abs=0.001)  # Matroska's milliseconds


def test_rates_that_cannot_be_are_refused(tmp_path: Path) -> None:
    source = frames(tmp_path / "in", 2)
    with pytest.raises(UserError, match=r"film\.fps=0(\.0)? is in frames a second"):
        NumberedFrames(source, list(source.iterdir()), fps=0.0)
    with pytest.raises(UserError, match=r"film\.fps=0\.0001 is in frames a second, from 0\.001"):
        NumberedFrames(source, list(source.iterdir()), fps=0.0001)
    film = write_film(tmp_path / "a.mp4", scene(3), options=QUICK)
    with pytest.raises(UserError, match=r"film\.fps= is for a folder of frames"):
        paint_one_film(config(film, tmp_path / "b.mp4", fps=24.0), lambda: Painter(nn.Identity()))
