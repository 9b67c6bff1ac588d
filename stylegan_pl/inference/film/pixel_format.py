"""Chooses the pixel format of a painted film."""

import logging
import re

from stylegan_pl.errors import ConfigError
from stylegan_pl.inference.film.library import pyav
from stylegan_pl.inference.film.source import MovingPictures

_log = logging.getLogger(__name__)

_MEZZANINE = ("yuv422p10le", "yuv444p10le")  # the only formats of editing codecs such as ProRes


def pixel_format_for(codec: str, film: MovingPictures) -> str:
    """The film's own format if the encoder supports it, else 4:2:0 of the same depth, else 4:2:0 of 8 bits.

    A film with an odd side cannot be 4:2:0 and is stored in 4:4:4.

    Raises:
        ConfigError: there is no such encoder, or it supports none of these formats.
    """
    av = pyav()
    try:
        known = [pixels.name for pixels in av.Codec(codec, "w").video_formats or []]
    except ValueError as error:  # av.codec.UnknownCodecError is a ValueError
        raise ConfigError(
            f"film.codec={codec}: PyAV has no such encoder; try libx264, libx265, libvpx-vp9, libsvtav1"
        ) from error
    for name in _wanted(film):
        if name in known:
            if film.look.deep and not _is_deep(name):
                _log.warning("%s stores 8 bits a colour, the film has more; film.codec=libx265 keeps 10", codec)
            return name
    raise ConfigError(
        f"film.codec={codec} cannot store {film.look.width}×{film.look.height} pixels as {' or '.join(_wanted(film))}; "
        "type film.codec=libx264"
    )


def _wanted(film: MovingPictures) -> list[str]:
    own = (film.pixel_format or "yuv420p").replace("yuvj", "yuv")
    odd = film.look.width % 2 or film.look.height % 2
    plain = ["yuv444p"] if odd else ["yuv420p", "yuv444p"]
    deep = [f"{name}10le" for name in plain]
    if odd and film.look.deep:
        deep += ["yuv422p10le"] if film.look.width % 2 == 0 else []
    first = [own] if re.fullmatch(r"yuv4\d\dp(\d+le)?", own) and not _too_coarse(own, film) else []
    if film.look.quarter_turns % 2:
        first = [name for name in first if not name.startswith("yuv422")]  # a turn swaps the halved side
    return [*first, *(deep if film.look.deep else []), *plain, *_MEZZANINE]


def _too_coarse(name: str, film: MovingPictures) -> bool:
    """Whether the format halves chroma along an odd side."""
    return (film.look.width % 2 == 1 and not name.startswith("yuv444")) or (
        film.look.height % 2 == 1 and name.startswith(("yuv420", "yuv410", "yuv440"))
    )


def _is_deep(name: str) -> bool:
    return re.search(r"p\d+le$", name) is not None
