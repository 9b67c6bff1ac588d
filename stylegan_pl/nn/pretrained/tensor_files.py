"""Reads files of tensors from untrusted sources, without running code, and verifies their checksums."""

import pickle
import zipfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor

from stylegan_pl.errors import first_line

SUM = "sha256"  # key of the checksum in the metadata of our .safetensors


class UnreadableError(Exception):
    """A file cannot be read; the message is a few words."""


def read_torch(path: Path) -> Any:
    """Read a file of `torch.save`, on the CPU.

    `torch.load` alone does not verify checksums, and its message for a refused file recommends to run the file's code.

    Raises:
        UnreadableError: the file is damaged, missing, or contains more than tensors and plain data.
    """
    try:
        if zipfile.is_zipfile(path):
            _check_archive(path)
        else:
            _check_beginning(path)
        return torch.load(path, map_location="cpu", weights_only=True)
    except UnreadableError:
        raise
    except pickle.UnpicklingError as error:
        if "unsupported" in str(error).lower():
            raise UnreadableError("it holds more than tensors and plain data, which could run code: refused") from error
        raise UnreadableError("it is damaged, or not a PyTorch file") from error
    except Exception as error:  # torch raises a dozen types for damaged files
        line = first_line(error)
        raise UnreadableError("it is damaged" if "weights_only" in line else line) from error


def _check_beginning(path: Path) -> None:
    """Refuse files that are neither an archive nor a pickle, because torch would guess their format."""
    with path.open("rb") as file:
        head = file.read(4)
    if not head:
        raise UnreadableError("it is empty")
    if head.startswith(b"PK"):
        raise UnreadableError("it is damaged: its end is missing")
    if head[:1] != b"\x80":  # a pickle of protocol 2 or later, as written by torch < 1.6
        raise UnreadableError("it is not a PyTorch file")


def _check_archive(path: Path) -> None:
    """Raise unless every part of torch's archive has its checksum."""
    with zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
        # a small compressed file may unpack to a huge one
        if any(part.compress_type != zipfile.ZIP_STORED for part in parts):
            raise UnreadableError("its parts are compressed, which PyTorch never does")
        if sum(part.file_size for part in parts) > path.stat().st_size:
            raise UnreadableError("its parts are larger than the file")
        damaged = archive.testzip()
    if damaged is not None:
        raise UnreadableError(f"it is damaged: {damaged} is not what was written")


def read_safetensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read a .safetensors file: name -> tensor, and the metadata.

    Raises:
        UnreadableError: the file is damaged or missing.
    """
    try:
        path.open("rb").close()  # safe_open calls a file that may not be read a missing one
        with safe_open(path, "pt") as file:
            metadata: dict[str, str] = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118  # it is no dict
    except Exception as error:  # safetensors' own type
        raise UnreadableError(first_line(error)) from error
    if SUM in metadata and metadata[SUM] != _sum(tensors, metadata):
        raise UnreadableError("it is damaged: its weights are not those that were written")
    return tensors, metadata


def safetensors_bytes(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> bytes:
    """The content of a .safetensors file, with a checksum in its metadata, because the format has none."""
    tensors = {key: value.detach().contiguous() for key, value in tensors.items()}
    return save(tensors, metadata={**metadata, SUM: _sum(tensors, metadata)})


def _sum(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> str:
    """SHA-256 of names, types, shapes and bytes, independent of their order."""
    digest = sha256()
    for key in sorted(metadata.keys() - {SUM}):
        digest.update(repr((key, metadata[key])).encode())
    for key in sorted(tensors):
        value = tensors[key]
        digest.update(repr((key, str(value.dtype), tuple(value.shape))).encode())
        digest.update(value.cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()
