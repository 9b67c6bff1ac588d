"""PyAV, which reads and writes films, and what is a film by its name."""

from pathlib import Path
from types import ModuleType

from stylegan_pl.errors import UserError

EXTENSIONS = frozenset(
    {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".mts", ".wmv", ".flv", ".ogv", ".3gp"}
)
_MOVING_PICTURES = {".gif"}  # a film where a film is to come out


def pyav() -> ModuleType:
    """The library, imported where it is used: only those who paint films need it.

    Raises:
        UserError: it is not installed.
    """
    try:
        import av
    except ImportError as error:
        raise UserError("films need PyAV, which is not installed; type pip install 'stylegan-pl[film]'") from error
    av.logging.set_level(None)  # what matters is raised; the rest is chatter of codecs
    return av


def is_film(source: object, output: object) -> bool:
    """Whether a call's input is one film: by the ending of its name, or, for a GIF, of the output's."""
    if not isinstance(source, str | Path):
        return False
    suffix = Path(source).suffix.lower()
    return suffix in EXTENSIONS or (suffix in _MOVING_PICTURES and Path(str(output)).suffix.lower() in EXTENSIONS)


def check_paths(source: Path, output: Path, *, overwrite: bool) -> None:
    """Refuse what would be painted in vain, before anything is.

    Raises:
        UserError: nothing to read, nowhere to write, or a file that is there.
    """
    if not source.is_file():
        raise UserError(f"input={source}: no such file")
    if output.is_dir() or output.suffix.lower() not in EXTENSIONS:
        known = " ".join(sorted(EXTENSIONS))
        raise UserError(f"output={output}: input={source} is a film, so output= must be one, too ({known})")
    if output.exists() and output.samefile(source):
        raise UserError(f"output={output} is the input, and inputs are never overwritten; choose another output=")
    if output.exists() and not overwrite:
        raise UserError(f"output={output} is there already; type overwrite=true or another output=")
