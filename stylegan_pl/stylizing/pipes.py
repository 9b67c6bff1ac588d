"""`input=-` and `output=-`: a picture or a film through standard input and standard output."""

import io
import logging
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from omegaconf import DictConfig, OmegaConf
from PIL import Image, UnidentifiedImageError

from stylegan_pl.errors import ConfigError, DataError
from stylegan_pl.inference.film.library import PIPE, is_film
from stylegan_pl.pictures.opened import HEIC_BRANDS

_HEAD = 1 << 16  # bytes that identify a picture's format
_BRANDS = {*HEIC_BRANDS, b"ftypavif", b"ftypavis"}  # of formats that Pillow identifies by the whole file alone


def is_piped(config: DictConfig) -> bool:
    """Whether a `StylizeConfig` reads or writes a picture through a pipe; films handle pipes themselves."""
    if config.input == PIPE:
        return _is_picture(_head_of_stdin())
    return config.output == PIPE and not _makes_film(config.input)


def paint_piped(config: DictConfig, paint: Callable[..., int]) -> int:
    """Run `paint` on temporary files in place of `-`: a picture must be read completely before it is painted.

    Only the picture goes to standard output; messages go to standard error.
    """
    kind = config.image_format or "png"
    to_pipe = config.output == PIPE
    with tempfile.TemporaryDirectory(prefix="stylegan_pl_") as folder, lines_on_stderr() if to_pipe else nullcontext():
        piped = config.copy()
        if config.input == PIPE:
            # Readers look at the bytes, but an animated WebP is known by its name where a film is made of it.
            kind_of_input = "webp" if _head_of_stdin()[8:12] == b"WEBP" else "png"
            piped.input = str(Path(folder, f"standard input.{kind_of_input}"))
            with Path(piped.input).open("wb") as file:
                shutil.copyfileobj(sys.stdin.buffer, file)
        elif not Path(str(config.input)).is_file():
            raise ConfigError(f"output=-: one picture goes through a pipe, and input={config.input} is not one file")
        if to_pipe:
            piped.output = str(Path(folder, f"painted.{kind.lstrip('.')}"))
            piped.image_format = None
        code = paint(piped, output_name="stdout" if to_pipe else None)
        if to_pipe and Path(piped.output).is_file():
            _send(Path(piped.output))
    return code


def _send(picture: Path) -> None:
    try:
        with picture.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
        sys.stdout.buffer.flush()
    except OSError as error:
        said = "its reader has left" if isinstance(error, BrokenPipeError) else f"cannot be written ({error.strerror})"
        raise DataError(f"output=-: {said}") from error


@contextmanager
def lines_on_stderr() -> Iterator[None]:
    """Within it, messages for standard output go to standard error."""
    handlers = [h for h in logging.getLogger().handlers if isinstance(h, logging.StreamHandler)]
    before = [(handler, handler.setStream(sys.stderr)) for handler in handlers if handler.stream is sys.stdout]
    try:
        yield
    finally:
        for handler, stream in before:
            handler.setStream(stream)


def _head_of_stdin() -> bytes:
    """The first bytes of standard input; they can still be read afterwards."""
    head = b"" if sys.stdin.isatty() else sys.stdin.buffer.peek(_HEAD)  # type: ignore[union-attr]  # a BufferedReader
    if not head:
        raise ConfigError("input=-: nothing is piped in; type, for example: cat a.jpg | stylegan-pl stylize input=- …")
    return head


def _is_picture(head: bytes) -> bool:
    if head[4:12] in _BRANDS:
        return True
    try:
        Image.open(io.BytesIO(head)).close()
    except UnidentifiedImageError:
        return False
    except Exception:  # a known format whose header is longer than these bytes
        return True
    return True


def _makes_film(source: object) -> bool:
    return not OmegaConf.is_list(source) and is_film(source, PIPE)
