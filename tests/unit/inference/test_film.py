"""A film comes back painted, with its times, its sound and its shape."""

import errno
import os
import signal
import sys
import weakref
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import compose_config
from omegaconf import OmegaConf
from torch import Tensor, nn

av = pytest.importorskip("av")

from clips import FRAMES, HEIGHT, WIDTH, look, regular, scene, write_film  # noqa: E402

from stylegan_pl.errors import DataError, UserError  # noqa: E402
from stylegan_pl.inference.film import frames as frames_module  # noqa: E402
from stylegan_pl.inference.film.animated_webp import AnimatedWebP  # noqa: E402
from stylegan_pl.inference.film.decode import Film  # noqa: E402
from stylegan_pl.inference.film.encode import Encoding, Painting  # noqa: E402
from stylegan_pl.inference.film.film import FlickerMeter, Painted, paint_film  # noqa: E402
from stylegan_pl.inference.film.frame_painter import FramePainter  # noqa: E402
from stylegan_pl.inference.film.library import is_film, pyav  # noqa: E402
from stylegan_pl.inference.film.steadiness import Steadiness  # noqa: E402
from stylegan_pl.inference.film.stop import asked_to_stop  # noqa: E402
from stylegan_pl.inference.painter import Painter  # noqa: E402
from stylegan_pl.stylizing.film import paint_one_film  # noqa: E402

IRREGULAR = [0, 24, 30, 60, 100, 160, 161, 200, 300, 420, 424, 480, 500, 520, 560, 600, 640, 660, 700, 733]
FINE = Encoding(crf=4, options={"preset": "ultrafast"})
QUICK = {"preset": "ultrafast"}


class Invert(nn.Module):
    """x ↦ −x."""

    def forward(self, x: Tensor) -> Tensor:
        return -x


def painted(source: Path, output: Path, network: nn.Module | None = None, *, batch_size: int = 3, **given) -> Painted:
    encoding = given.pop("encoding", FINE)
    steadiness = Steadiness(**given.pop("steadiness", {}))
    painter = FramePainter(Painter(network or nn.Identity()), steadiness)
    with Film(source) as film:
        return paint_film(film, output, painter, encoding, batch_size=batch_size, **given)


def gap(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a.astype(float) - b.astype(float)).mean())


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("regular.mp4", {}),
        ("irregular.mp4", {"times": IRREGULAR}),
        ("reordered.mp4", {"times": IRREGULAR, "options": {"preset": "medium", "bf": "3"}}),
        ("late.mkv", {"times": [time + 900 for time in IRREGULAR]}),
        ("sound.mov", {"sound_codec": "pcm_s16le"}),
        ("open.webm", {"codec": "libvpx-vp9", "sound_codec": "libopus", "options": {"b": "0", "cpu-used": "8"}}),
        ("silent.mp4", {"sound": False}),
    ],
)
def test_frames_times_durations_and_sound_are_the_films(tmp_path: Path, name: str, options: dict) -> None:
    options = {"options": QUICK, **options}
    source = write_film(tmp_path / name, scene(), **options)
    result = painted(source, tmp_path / f"painted_{name}", encoding=Encoding(crf=4))
    before, after = look(source), look(tmp_path / f"painted_{name}")
    assert len(after.frames) == len(before.frames) == result.frames == FRAMES
    assert after.times == before.times
    assert after.seconds == before.seconds
    assert after.sound == before.sound
    assert bool(after.sound) == options.get("sound", True)
    assert after.metadata["title"] == "a clip"
    assert after.pixel_format == before.pixel_format
    assert gap(before.frames, after.frames) < 2.5


def test_frames_are_painted_in_their_order(tmp_path: Path) -> None:
    source = write_film(tmp_path / "clip.mp4", scene(step=3), options=QUICK)
    painted(source, tmp_path / "painted.mp4", Invert())
    before, after = look(source), look(tmp_path / "painted.mp4")
    errors = [gap(255 - before.frames[t], after.frames[t]) for t in range(FRAMES)]
    assert max(errors) < 3
    assert gap(255 - before.frames[3], after.frames[5]) > 3  # the order can be seen


def test_an_option_that_the_encoder_does_not_have_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    source = write_film(tmp_path / "clip.mp4", scene(4), sound=False, options=QUICK)
    painted(source, tmp_path / "a.mp4", encoding=Encoding(crf=4, options={"prest": "slow", "preset": "ultrafast"}))
    assert caplog.messages == ["film.options: libx264 has no option prest; it is left out"]


@pytest.mark.parametrize("suffix", ["avi", "wmv"])
def test_frames_keep_their_order_where_they_have_one_time(tmp_path: Path, suffix: str) -> None:
    source = write_film(tmp_path / "clip.mp4", scene(), sound=False, options=QUICK)
    painted(source, tmp_path / f"painted.{suffix}")
    after = look(tmp_path / f"painted.{suffix}")
    assert len(after.times) == FRAMES and after.times == sorted(after.times)
    assert gap(look(source).frames, after.frames) < 3


def test_a_colon_in_a_name_is_no_protocol(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_film(tmp_path / "2024-01-01T12:30.mp4", scene(4), sound=False, options=QUICK)
    assert painted(Path("2024-01-01T12:30.mp4"), Path("at:noon/painted.mp4")).frames == 4
    assert len(look(tmp_path / "at:noon/painted.mp4").frames) == 4


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_turned_film_is_painted_and_stored_upright(tmp_path: Path, turns: int) -> None:
    if not hasattr(av.VideoStream, "set_display_rotation"):
        pytest.skip("this PyAV writes no rotation")
    source = write_film(tmp_path / "turned.mp4", scene(), rotation=90 * turns, options=QUICK)
    assert look(source).rotation % 360 == 90 * turns
    seen: list[Tensor] = []

    class Watching(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            seen.append(x)
            return x

    painted(source, tmp_path / "painted.mp4", Watching())
    after = look(tmp_path / "painted.mp4")
    upright = np.rot90(scene(), turns, axes=(1, 2))
    assert after.rotation == 0
    assert after.frames.shape == upright.shape
    assert gap(after.frames, upright) < 4
    assert seen[0].shape[-2:] == upright.shape[1:3]
    assert after.times == look(source).times


def test_ten_bits_stay_ten(tmp_path: Path) -> None:
    ramp = np.linspace(30000, 34000, WIDTH).round().astype(np.uint16)  # 16 levels of 8 bits, 63 of 10
    clip = np.broadcast_to(ramp[None, None, :, None], (6, HEIGHT, WIDTH, 3))
    source = write_film(tmp_path / "deep.mp4", clip, pixel_format="yuv420p10le", options=QUICK)
    painted(source, tmp_path / "painted.mp4")
    after = look(tmp_path / "painted.mp4")
    assert after.pixel_format == "yuv420p10le"
    assert len(np.unique(after.frames[0, HEIGHT // 2, :, 1])) > 40
    assert gap(after.frames, clip) < 257  # a level of 8 bits


def test_an_encoder_of_eight_bits_is_told_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    source = write_film(tmp_path / "deep.mkv", scene(4), pixel_format="yuv420p10le", options=QUICK)
    painted(source, tmp_path / "painted.mkv", encoding=Encoding("libvpx", crf=10))
    assert look(tmp_path / "painted.mkv").pixel_format == "yuv420p"
    assert "8 bits" in caplog.text


@pytest.mark.parametrize("matrix", [1, 5, 2])
def test_colours_are_the_films_whatever_its_matrix(tmp_path: Path, matrix: int) -> None:
    red = np.zeros((4, HEIGHT, WIDTH, 3), dtype=np.uint8) + np.array([200, 40, 90], dtype=np.uint8)
    source = write_film(tmp_path / "red.mp4", red, matrix=matrix, options=QUICK)
    seen: list[Tensor] = []

    class Watching(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            seen.append((x + 1) * 127.5)
            return x

    painted(source, tmp_path / "painted.mp4", Watching())
    assert (seen[0].mean(dim=(0, 2, 3)) - torch.tensor([200.0, 40.0, 90.0])).abs().max() < 4
    with av.open(str(tmp_path / "painted.mp4")) as container:
        frame = next(container.decode(video=0))
        assert int(frame.colorspace) == matrix
        rgb = frame.to_ndarray(format="rgb24", src_colorspace=5 if matrix == 2 else matrix)
    assert np.abs(rgb.mean(axis=(0, 1)) - [200, 40, 90]).max() < 5


@pytest.mark.parametrize(("height", "width"), [(47, 63), (47, 64), (48, 63), (2, 16)])
def test_sizes_are_exact_where_chroma_cannot_be_halved(tmp_path: Path, height: int, width: int) -> None:
    clip = scene(3, height=height, width=width)
    source = write_film(tmp_path / "odd.mp4", clip, pixel_format="yuv444p", options=QUICK)
    painted(source, tmp_path / "painted.mp4", nn.Sequential(nn.Conv2d(3, 3, 1)))
    assert look(tmp_path / "painted.mp4").frames.shape == clip.shape


def test_flicker_is_measured_within_scenes(tmp_path: Path) -> None:
    clip = np.concatenate([scene(8, seed=1), 255 - scene(8, seed=1)])
    source = write_film(tmp_path / "cut.mp4", clip, regular(16), options=QUICK)

    class Half(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return 0.5 * x

    result = painted(source, tmp_path / "painted.mp4", Half())
    decoded = look(source).frames.astype(float) / 127.5
    changes = [np.abs(decoded[t] - decoded[t - 1]).mean() for t in range(1, 16) if t != 8]
    assert result.scenes == 2
    assert result.flicker is not None
    assert result.flicker.film == pytest.approx(np.mean(changes), rel=0.03)
    assert result.flicker.painting == pytest.approx(np.mean(changes) / 2, rel=0.1)  # pictures are rounded to 8 bits
    assert result.flicker.added == pytest.approx(np.mean(changes) / 2, rel=0.1)


def test_the_measure_of_flicker_holds_as_much_after_many_frames_as_after_few() -> None:
    meter, held = FlickerMeter(), []
    for _ in range(10):
        meter.add(torch.zeros(3, 3, 4, 4), torch.zeros(3, 3, 4, 4), [0])
        held.append(sum(len(value) for value in vars(meter).values() if isinstance(value, list)))
    assert held[0] == held[-1] and meter.read() == (0, 0, 0)


def test_the_number_of_frames_is_not_guessed_without_a_duration(tmp_path: Path) -> None:
    source = write_film(tmp_path / "raw.h264", scene(5), sound=False, options=QUICK)
    with Film(source) as film:
        assert film.frames is None
        assert (
            paint_film(
                film, tmp_path / "a.mkv", FramePainter(Painter(Invert()), Steadiness()), FINE, batch_size=2
            ).frames
            == 5
        )


@pytest.mark.parametrize("batch_size", [1, 4])
def test_few_frames_are_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch_size: int) -> None:
    source = write_film(tmp_path / "long.mp4", scene(60), regular(60), options=QUICK)
    alive: list[weakref.ref] = []
    convert = frames_module.ToPictures.__call__

    def watched(self, frame) -> Tensor:
        picture = convert(self, frame)
        alive.append(weakref.ref(picture))
        return picture

    monkeypatch.setattr(frames_module.ToPictures, "__call__", watched)
    most: list[int] = []

    def count(_: float) -> None:
        most.append(sum(picture() is not None for picture in alive))

    painted(source, tmp_path / "painted.mp4", batch_size=batch_size, report=count)
    assert len(alive) == 60
    assert max(most) <= batch_size + 1


@pytest.mark.usefixtures("hears_sighup")
@pytest.mark.parametrize("how", ["flag", "SIGINT", "SIGTERM", "SIGHUP", "SIGHUP twice", "interrupt"])
def test_stopped_it_leaves_a_film_of_what_was_painted(tmp_path: Path, how: str) -> None:
    source = write_film(tmp_path / "clip.mp4", scene(), options=QUICK)
    output = tmp_path / "painted.mp4"
    batches = 0

    def report(_: float) -> None:
        nonlocal batches
        batches += 1
        if batches == 2 and how.startswith("SIG"):
            name, *again = how.split()  # a terminal that closes is told of by the system, and then by the shell
            for _ in (name, *again):
                os.kill(os.getpid(), signal.Signals[name])
        if batches == 2 and how == "interrupt":
            raise KeyboardInterrupt

    handler = signal.getsignal(signal.SIGINT)  # none where a shell started the tests in its background
    with asked_to_stop() as asked:
        stop = (lambda: batches == 2) if how == "flag" else asked
        result = painted(source, output, batch_size=4, report=report, stop=stop)
    assert result.stopped
    assert result.frames == 8
    before, after = look(source), look(output)
    assert after.times == before.times[:8]
    assert gap(after.frames, before.frames[:8]) < 2.5
    assert after.sound
    assert list(tmp_path.iterdir()) == [path for path in tmp_path.iterdir() if path in (source, output)]
    assert signal.getsignal(signal.SIGINT) is handler


def test_a_signal_while_the_end_is_written_does_not_cost_the_film(tmp_path: Path, monkeypatch) -> None:
    source = write_film(tmp_path / "clip.mp4", scene(), options=QUICK)
    finish = Painting.finish

    def interrupted(self: Painting, *, whole: bool) -> None:
        for name in ("SIGINT", "SIGINT", "SIGTERM", "SIGHUP"):
            os.kill(os.getpid(), signal.Signals[name])
        finish(self, whole=whole)

    monkeypatch.setattr(Painting, "finish", interrupted)
    with asked_to_stop() as stop:
        painted(source, tmp_path / "painted.mp4", stop=stop)
    assert len(look(tmp_path / "painted.mp4").frames) == FRAMES


def test_a_closed_terminal_stays_ignored_under_nohup() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with asked_to_stop() as stop:
            os.kill(os.getpid(), signal.SIGHUP)
            assert not stop()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_sound_that_nobody_knows_is_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    source = write_film(tmp_path / "clip.mkv", scene(), options=QUICK)
    source.write_bytes(source.read_bytes().replace(b"A_AAC", b"A_XYZ"))
    assert painted(source, tmp_path / "painted.mkv").frames == FRAMES
    assert f"{source}: its audio stream is of an unknown kind and is left out" in caplog.messages
    assert not look(tmp_path / "painted.mkv").sound


def test_a_second_signal_interrupts_at_once() -> None:
    with pytest.raises(KeyboardInterrupt), asked_to_stop() as stop:
        os.kill(os.getpid(), signal.SIGINT)
        assert stop()
        os.kill(os.getpid(), signal.SIGINT)
        while True:
            pass


def test_an_error_leaves_what_was_there(tmp_path: Path) -> None:
    source = write_film(tmp_path / "clip.mp4", scene(), options=QUICK)
    output = tmp_path / "painted.mp4"
    output.write_bytes(b"precious")

    class Broken(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            raise RuntimeError("out of luck")

    with pytest.raises(RuntimeError, match="out of luck"):
        painted(source, output, Broken())
    assert output.read_bytes() == b"precious"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip.mp4", "painted.mp4"]


def test_a_film_cut_off_is_painted_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = write_film(tmp_path / "whole.mkv", scene(step=3), options=QUICK)
    broken = tmp_path / "broken.mkv"
    broken.write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 3])
    result = painted(broken, tmp_path / "painted.mkv")
    assert 0 < result.frames < FRAMES
    assert len(look(tmp_path / "painted.mkv").frames) == result.frames


@pytest.mark.parametrize("suffix", ["gif", "png", "avif", "webp"])
def test_an_animated_picture_becomes_a_film(tmp_path: Path, suffix: str) -> None:
    from PIL import Image

    pictures = [Image.fromarray(frame) for frame in scene(5, step=4)]
    source, output = tmp_path / f"anim.{suffix}", tmp_path / "painted.mp4"
    pictures[0].save(source, save_all=True, append_images=pictures[1:], duration=80)
    assert paint_one_film(call(source, output), lambda: Painter(Invert())) == 0
    after = look(output)
    assert [float(time) for time in after.times] == pytest.approx([0.0, 0.08, 0.16, 0.24, 0.32])
    assert gap(255 - np.stack([np.asarray(picture) for picture in pictures]), after.frames) < 8  # a palette's colours


def test_an_animated_webp_has_its_own_times_and_is_damaged_from_a_picture_on(tmp_path: Path) -> None:
    from PIL import Image

    pictures = [Image.fromarray(frame) for frame in scene(4, step=4)]
    source = tmp_path / "anim.webp"
    pictures[0].save(source, save_all=True, append_images=pictures[1:], duration=[40, 200, 0, 70], lossless=True)
    frames = list(AnimatedWebP(source))
    assert [(frame.pts, frame.duration) for frame in frames] == [(0, 40), (40, 200), (240, 100), (340, 70)]
    for picture, frame in zip(pictures, frames, strict=True):
        assert gap(np.asarray(picture), frame.picture.permute(1, 2, 0).numpy()) < 1
    source.write_bytes(source.read_bytes()[: source.stat().st_size * 3 // 5])
    with pytest.raises(DataError, match=r"anim\.webp: cannot be read as a film"):
        list(AnimatedWebP(source))


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "cannot be read"), (b"%PDF-1.4 nothing", "cannot be read"), (b"\0" * 5000, "cannot be read")],
)
def test_what_is_no_film_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(content)
    with pytest.raises(DataError, match=said) as caught:
        Film(path)
    assert "film.mp4" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("output", "encoding", "said"),
    [
        ("p.mp4", {"codec": "h265"}, "film.codec=h265 is no encoder"),
        ("p.mp4", {"codec": "mpeg4"}, "film.crf=null"),
        ("p.webm", {}, "p.mkv"),  # AAC
        ("p.mkv", {"codec": "gif", "crf": None}, "libx264"),  # a palette
    ],
)
def test_what_cannot_be_written_is_told_before_it_is_painted(
    tmp_path: Path, output: str, encoding: dict, said: str
) -> None:
    source = write_film(tmp_path / "clip.mp4", scene(4), options=QUICK)
    with pytest.raises(UserError, match=said) as caught:
        painted(source, tmp_path / output, encoding=Encoding(**encoding), report=lambda _: pytest.fail("was painted"))
    assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mp4"]


@pytest.mark.parametrize("given", [{"crf": 70}, {"bitrate": 0}, {"bitrate": 8_000_000}])
def test_numbers_out_of_range(given: dict) -> None:
    with pytest.raises(UserError, match=next(iter(given))):
        Encoding(**given)


def test_a_full_disk_is_not_advised_another_kind_of_film(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write_film(tmp_path / "a.mp4", scene(4), options=QUICK)

    def full(self: Painting) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Painting, "_opened", full)
    with pytest.raises(DataError, match=r"cannot be written \(No space left on device\); choose another output="):
        painted(source, tmp_path / "b.mp4")


def test_a_bitrate_takes_the_place_of_quality(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (FRAMES, HEIGHT, WIDTH, 3), dtype=np.uint8)
    source = write_film(tmp_path / "noise.mp4", noise, sound=False, options=QUICK)
    for name, bitrate in (("low", 0.1), ("high", 1.0)):
        painted(source, tmp_path / f"{name}.mp4", encoding=Encoding(bitrate=bitrate))
    assert 3 * (tmp_path / "low.mp4").stat().st_size < (tmp_path / "high.mp4").stat().st_size


def test_films_are_known_by_name() -> None:
    assert is_film("a/B.MP4", "out.mp4")
    assert is_film("anim.gif", "out.webm") and is_film("anim.png", "out.mkv")
    assert not is_film("anim.gif", "out.png")
    assert not is_film("photo.jpg", "out.jpg")
    assert not is_film(["a.mp4", "b.mp4"], "out")


def test_without_pyav_a_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(UserError, match=r"pip install 'stylegan-pl\[film\]'"):
        pyav()


def call(source: Path, output: Path, **given):
    config = compose_config("stylize", ["ckpt=x", "input=x", "output=x", "batch_size=4", "film.crf=4"])
    for key, value in {"input": str(source), "output": str(output), **given}.items():
        OmegaConf.update(config, key, value)
    return config


def test_a_call_says_the_flicker_of_both(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    source = write_film(tmp_path / "clip.mp4", scene(), options=QUICK)
    assert paint_one_film(call(source, tmp_path / "painted.mp4"), lambda: Painter(Invert())) == 0
    assert "painting 0.0" in caplog.text and ", film 0.0" in caplog.text and "changes differ by 0.0" in caplog.text
    assert "20 frames" in caplog.text


def test_a_mask_leaves_the_film_where_it_is_dark(tmp_path: Path) -> None:
    from PIL import Image

    source = write_film(tmp_path / "clip.mp4", scene(), options=QUICK)
    mask = Image.new("L", (WIDTH, HEIGHT))
    mask.paste(255, (WIDTH // 2, 0, WIDTH, HEIGHT))
    mask.save(tmp_path / "mask.png")
    config = call(source, tmp_path / "painted.mp4", mask=str(tmp_path / "mask.png"))
    assert paint_one_film(config, lambda: Painter(Invert())) == 0
    before, after = look(source).frames, look(tmp_path / "painted.mp4").frames
    left, right = slice(0, WIDTH // 2 - 4), slice(WIDTH // 2 + 4, WIDTH)
    assert gap(before[:, :, left], after[:, :, left]) < 3
    assert gap(255 - before[:, :, right], after[:, :, right]) < 3


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("clip.mp4", "is the input"),
        ("there.mp4", "overwrite=true"),
        ("painted.png", "must be one"),
        ("out", r"type output=.*out/clip\.mp4"),
    ],
)
def test_outputs_that_cannot_be(tmp_path: Path, output: str, said: str) -> None:
    source = write_film(tmp_path / "clip.mp4", scene(2), options=QUICK)
    (tmp_path / "there.mp4").write_bytes(b"")
    with pytest.raises(UserError, match=said):
        paint_one_film(call(source, tmp_path / output), lambda: pytest.fail("was loaded"))


@pytest.mark.parametrize(
    "playlist",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{film}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile {name}\n",
    ],
)
def test_a_playlist_of_other_files_is_no_film(tmp_path: Path, playlist: str) -> None:
    """Somebody's upload must not show what else is on this machine."""
    film = write_film(tmp_path / "private.ts", scene()[:6])
    upload = tmp_path / "upload.mp4"
    upload.write_text(playlist.format(film=film, name=film.name))
    with pytest.raises(DataError, match=r"upload\.mp4: cannot be read as a film"):
        Film(upload)
