"""Opens films, cameras and pipes with PyAV, and decides whether an input is a film."""

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from stylegan_pl.errors import ConfigError, not_there
from stylegan_pl.pictures.inputs import is_pattern

PIPE = "-"  # standard input, standard output

EXTENSIONS = frozenset(
    {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".mts", ".wmv", ".flv", ".ogv", ".3gp"}
)
_MOVING_PICTURES = {".gif", ".png", ".apng", ".avif", ".webp"}  # a film only if the output is one
_SELF_CONTAINED = (
    *(
        "mov",
        "matroska",
        "avi",
        "mpegts",
        "mpeg",
        "mpegvideo",
        "h264",
        "hevc",
        "m4v",
        "asf",
        "flv",
        "ogg",
        "gif",
        "apng",
    ),
    *("nut", "ivf", "mjpeg", "mxf", "dv", "rm", "yuv4mpegpipe"),
)
"""FFmpeg's names of films; its playlists (hls, concat, dash, …) would open other files, and addresses."""
_CAMERA = re.compile(r"camera(?::(?P<which>.+))?|/dev/video\d+")


class Camera(NamedTuple):
    """A camera's name and format for FFmpeg."""

    device: str
    format: str


def camera(source: object) -> Camera | None:
    """The camera named by `camera`, `camera:1` or `/dev/video1`; None if `source` is not a camera."""
    found = _CAMERA.fullmatch(str(source))
    if found is None:
        return None
    which = found["which"] or "0"
    if sys.platform == "darwin":
        return Camera(which, "avfoundation")
    if sys.platform == "win32":
        return Camera(f"video={which}", "dshow")  # Windows names cameras
    return Camera(str(source) if str(source).startswith("/dev/") else f"/dev/video{which}", "v4l2")


def is_live(source: object) -> bool:
    """Whether it is a stream of unknown length that can be read only once: a camera or standard input."""
    return str(source) == PIPE or camera(source) is not None


def opened(source: Path | str) -> Any:
    """PyAV's container of a file, standard input or a camera."""
    av, device = pyav(), camera(source)
    if device is not None:
        return av.open(device.device, format=device.format)
    whole = {"format_whitelist": ",".join(_SELF_CONTAINED)}
    return av.open(sys.stdin.buffer if str(source) == PIPE else for_ffmpeg(source), options=whole)


def for_ffmpeg(path: Path | str) -> str:
    """A file's absolute path: of a relative one, FFmpeg takes what stands before a colon for a protocol."""
    return str(Path(path).absolute())


def pyav() -> ModuleType:
    """Import PyAV, which is an optional package for films.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        import av
    except ImportError as error:
        raise ConfigError("films need PyAV, which is not installed; type pip install 'stylegan-pl[film]'") from error
    av.logging.set_level(None)  # errors are exceptions; codecs' messages are not needed
    return av


def is_film(source: object, output: object) -> bool:
    """Whether an input is a film: by its extension, or, for animated pictures and folders of frames, by the output's.

    Frames are a folder or a pattern. Cameras and standard input are always films here, because pictures through a pipe
    are handled before.
    """
    if not isinstance(source, str | Path):
        return False
    if is_live(source):
        return True
    suffix = Path(source).suffix.lower()
    if suffix in EXTENSIONS and not Path(source).is_dir():
        return True
    return makes_film(output) and (suffix in _MOVING_PICTURES or are_frames(source))


def makes_film(output: object) -> bool:
    """Whether an output is a film, by its extension."""
    return Path(str(output)).suffix.lower() in EXTENSIONS and not Path(str(output)).is_dir()


def are_frames(source: object) -> bool:
    """Whether an input is a folder or a pattern of pictures, from which a film can be made."""
    return not is_live(source) and (Path(str(source)).is_dir() or is_pattern(str(source)))


def check_paths(source: Path, output: Path, *, overwrite: bool) -> None:
    """Check input and output before anything is painted.

    Raises:
        ConfigError: the input is missing, or the output is not a film, is the input, or exists already.
    """
    if not is_live(source) and not are_frames(source) and not source.is_file():
        raise ConfigError(f"input={source}: {not_there(str(source), 'no such file')}")
    if str(output) == PIPE:
        return
    if output.is_dir() or output.suffix.lower() not in EXTENSIONS:
        known = " ".join(sorted(EXTENSIONS))
        if str(source) == PIPE:
            raise ConfigError(
                f"input=-: what comes is no picture that could be read; for a film, output={output} must be one "
                f"({known})"
            )
        is_folder = output.is_dir() or not output.suffix
        what = f"type output={output / source.with_suffix('.mp4').name}" if is_folder else f"type one of {known}"
        raise ConfigError(f"output={output}: input={source} is a film, so output= must be one, too; {what}")
    if output.exists() and not is_live(source) and not are_frames(source) and output.samefile(source):
        raise ConfigError(f"output={output} is the input, and inputs are never overwritten; choose another output=")
    if output.exists() and not overwrite:
        raise ConfigError(f"output={output} is there already; type overwrite=true or another output=")
