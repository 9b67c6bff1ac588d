"""A checksum in the metadata of an .onnx file, because the format has none, and onnxruntime notices no flipped bit."""

from hashlib import sha256

KEY = "sha256"  # of the metadata; the value is the SHA-256 of the file's bytes with 64 zeros in its place
EMPTY = "0" * 64
_BEFORE = b"\x0a\x06sha256\x12\x40"  # the entry in protobuf's encoding: both fields' numbers and lengths, and the key


def with_sum(content: bytes) -> bytes:
    """Put the checksum into a file's bytes, whose metadata have `EMPTY` under `KEY`."""
    before, _, after = _parts(content)
    return before + sha256(content).hexdigest().encode() + after


def is_damaged(content: bytes) -> bool:
    """Whether the bytes are not those that were written; files without a checksum are not known to be damaged."""
    before, found, after = _parts(content)
    return bool(found) and sha256(before + EMPTY.encode() + after).hexdigest().encode() != found


def _parts(content: bytes) -> tuple[bytes, bytes, bytes]:
    """What is before the checksum, the checksum, and what comes after it; the last two are empty if there is none."""
    start = content.rfind(_BEFORE) + len(_BEFORE)  # metadata are behind the weights
    if start < len(_BEFORE):
        return content, b"", b""
    return content[:start], content[start : start + len(EMPTY)], content[start + len(EMPTY) :]
