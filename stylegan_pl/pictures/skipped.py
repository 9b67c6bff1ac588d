"""Reports the files in a folder that are skipped because they are not readable pictures."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

_PICTURES = {
    *(".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dng", ".erf", ".iiq", ".nef", ".nrw", ".orf", ".pef", ".raf", ".raw"),
    *(".rw2", ".sr2", ".srw", ".x3f"),
    *(".dds", ".eps", ".exr", ".hdr", ".pcx", ".psb", ".psd", ".svg", ".svgz", ".tga", ".wmf", ".xcf"),
    *(".bpg", ".j2k", ".jfi", ".jif", ".jp2", ".jpf", ".jpx", ".jxl", ".jxr", ".pjp", ".pjpeg"),
    *(".pbm", ".pgm", ".pnm", ".ppm"),
}
"""Other pictures, by the ending of their names: raw photographs, editors' files, drawings."""
_GIF = ".gif"
_KINDS = 4  # largest number of extensions named in a message


def is_unread_picture(path: Path, *, gifs: bool = False) -> bool:
    """Whether a file is a picture of a format that no run reads; `gifs`: whether GIFs are read."""
    suffix = path.suffix.lower()
    return suffix in _PICTURES or (suffix == _GIF and not gifs)


def describe_skipped(files: Sequence[Path], everything: int, *, first_frame: str | None = "first_frame") -> str:
    """`8 of 11 files are not readable images: 5 psd, 3 txt; convert the psd to JPEG or PNG`.

    Args:
        files: the skipped files, at least one.
        everything: number of all files.
        first_frame: the option with which GIFs are read; None: they are read.
    """
    kinds = Counter(path.suffix.lower() for path in files)
    named = [f"{count} {kind[1:] or 'without an ending'}" for kind, count in kinds.most_common(_KINDS)]
    others = sum(count for _, count in kinds.most_common()[_KINDS:])
    what = "is not a readable image" if len(files) == 1 else "are not readable images"
    line = f"{len(files)} of {everything} files {what}: {', '.join(named)}"
    line += f", {others} others" if others else ""
    pictures = [kind[1:] for kind, _ in kinds.most_common() if kind in _PICTURES]
    line += f"; to use the {', '.join(pictures)}, convert them to JPEG or PNG" if pictures else ""
    if first_frame is not None and kinds[_GIF]:
        line += f"; {first_frame}=true reads the first picture of a GIF"
    return line
