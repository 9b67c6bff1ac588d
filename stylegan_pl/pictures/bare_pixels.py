"""Strips metadata from image files, because damaged metadata makes readers refuse a good picture."""

import zlib
from typing import NamedTuple

_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
_CHUNKS = {b"tRNS", b"eXIf", b"acTL", b"fcTL", b"fdAT"}  # kept: transparency, orientation, animation
_LARGEST_PROFILE = 64 * 2**20  # bytes, unpacked; a larger profile is an attack
_SCAN, _COMMENT = 0xDA, 0xFE
_APPLICATIONS = range(0xE2, 0xEE)  # not APP0 and APP14 (meaning of colours), nor APP1 (orientation)


class BarePixels(NamedTuple):
    """An image file without metadata."""

    content: bytes  # a file of the same pixels
    profile: bytes | None  # its colour profile, if it was removed from the content


def bare_pixels(content: bytes) -> BarePixels | None:
    """Remove texts and everything else that is not needed to display a PNG or JPEG, even if it is damaged or too long.

    Returns:
        None if `content` is of another format.
    """
    if content.startswith(_PNG):
        return _bare_png(content)
    return _bare_jpeg(content) if content.startswith(_JPEG) else None


def _bare_png(content: bytes) -> BarePixels:
    kept, profile, place = [_PNG], None, len(_PNG)
    while place + 12 <= len(content):
        end = place + 12 + int.from_bytes(content[place : place + 4], "big")
        chunk, kind = content[place:end], content[place + 4 : place + 8]
        is_critical = not kind[0] & 0x20  # a capital letter: required by every reader
        if is_critical or (kind in _CHUNKS and _is_whole(chunk)):
            kept.append(chunk)
        elif kind == b"iCCP" and _is_whole(chunk):
            profile = _unpacked(chunk[8:-4])
        place = end
    return BarePixels(b"".join(kept), profile)


def _is_whole(chunk: bytes) -> bool:
    return zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:], "big")


def _unpacked(data: bytes) -> bytes | None:
    """The profile of an iCCP chunk, which contains a name, a zero byte, the method, and the profile."""
    unpacking = zlib.decompressobj()
    try:
        profile = unpacking.decompress(data.partition(b"\0")[2][1:], _LARGEST_PROFILE)
    except zlib.error:
        return None
    return None if unpacking.unconsumed_tail else profile


def _bare_jpeg(content: bytes) -> BarePixels:
    kept, place = [_JPEG], len(_JPEG)
    while place + 4 <= len(content) and content[place] == 0xFF and content[place + 1] != _SCAN:
        end = place + 2 + int.from_bytes(content[place + 2 : place + 4], "big")
        if content[place + 1] not in _APPLICATIONS and content[place + 1] != _COMMENT:
            kept.append(content[place:end])
        place = end
    return BarePixels(b"".join([*kept, content[place:]]), None)
