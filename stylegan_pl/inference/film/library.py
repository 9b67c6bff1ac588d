"""PyAV, which reads and writes films; what is a film by its name, and where films come from that are no files."""

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from stylegan_pl.errors import ConfigError
from stylegan_pl.pictures.inputs import is_pattern

PIPE = "-"  # standard input, standard output

EXTENSIONS = frozenset(
    {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".mts", ".wmv", ".flv", ".ogv", ".3gp"}
)
_MOVING_PICTURES = {".gif"}  # a film where a film is to come out
_SELF_CONTAINED = (
    *("mov", "matroska", "avi", "mpegts", "mpeg", "mpegvideo", "h264", "hevc", "m4v", "asf", "flv", "ogg", "gif"),
    *("nut", "ivf", "mjpeg", "mxf", "dv", "rm", "yuv4mpegpipe"),
)
"""FFmpeg's names of films; its playlists (hls, concat, dash, …) would open other files, and addresses."""
_CAMERA = re.compile(r"camera(?::(?P<which>.+))?|/dev/video\d+")


class Camera(NamedTuple):
    """As FFmpeg opens it."""

    device: str
    format: str


def camera(source: object) -> Camera | None:
    """The camera that is meant by `camera`, `camera:1` or `/dev/video1`; None: no camera is."""
    found = _CAMERA.fullmatch(str(source))
    if found is None:
        return None
    which = found["which"] or "0"
    if sys.platform == "darwin":
        return Camera(which, "avfoundation")
    if sys.platform == "win32":
        return Camera(f"video={which}", "dshow")  # by the camera's name
    return Camera(str(source) if str(source).startswith("/dev/") else f"/dev/video{which}", "v4l2")


def is_live(source: object) -> bool:
    """Whether it comes as it goes: no file whose length is known, or that could be read again."""
    return str(source) == PIPE or camera(source) is not None


def opened(source: Path | str) -> Any:
    """PyAV's container of a file, of standard input or of a camera."""
    av, device = pyav(), camera(source)
    if device is not None:
        return av.open(device.device, format=device.format)
    whole = {"format_whitelist": ",".join(_SELF_CONTAINED)}
    return av.open(sys.stdin.buffer if str(source) == PIPE else str(source), options=whole)


def pyav() -> ModuleType:
    """The library, imported where it is used: only those who paint films need it.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        import av
    except ImportError as error:
        raise ConfigError("films need PyAV, which is not installed; type pip install 'stylegan-pl[film]'") from error
    av.logging.set_level(None)  # what matters is raised; the rest is chatter of codecs
    return av


def is_film(source: object, output: object) -> bool:
    """Whether a call's input is one film: by the ending of its name, or, for a GIF and for frames, of the output's.

    Frames are a folder or a pattern. So is a camera, and what comes through a pipe: pictures there are taken care of
    before.
    """
    if not isinstance(source, str | Path):
        return False
    if is_live(source):
        return True
    suffix = Path(source).suffix.lower()
    if suffix in EXTENSIONS and not Path(source).is_dir():
        return True
    makes_film = Path(str(output)).suffix.lower() in EXTENSIONS and not Path(str(output)).is_dir()
    return makes_film and (suffix in _MOVING_PICTURES or are_frames(source))


def are_frames(source: object) -> bool:
    """Whether an input is several pictures, so that a film is made of them: a folder, or a pattern."""
    return not is_live(source) and (Path(str(source)).is_dir() or is_pattern(str(source)))


def check_paths(source: Path, output: Path, *, overwrite: bool) -> None:
    """Refuse what would be painted in vain, before anything is.

    Raises:
        ConfigError: nothing to read, nowhere to write, or a file that is there.
    """
    if not is_live(source) and not are_frames(source) and not source.is_file():
        raise ConfigError(f"input={source}: no such file")
    if str(output) == PIPE:
        return
    if output.is_dir() or output.suffix.lower() not in EXTENSIONS:
        known = " ".join(sorted(EXTENSIONS))
        if str(source) == PIPE:
            raise ConfigError(
                f"input=-: what comes is no picture that could be read; for a film, output={output} must be one "
                f"({known})"
            )
        raise ConfigError(f"output={output}: input={source} is a film, so output= must be one, too ({known})")
    if output.exists() and not is_live(source) and not are_frames(source) and output.samefile(source):
        raise ConfigError(f"output={output} is the input, and inputs are never overwritten; choose another output=")
    if output.exists() and not overwrite:
        raise ConfigError(f"output={output} is there already; type overwrite=true or another output=")
