"""Rebuilds the image sets that a checkpoint was trained on, from its config; they are `evaluate`'s default."""

import dataclasses
from pathlib import Path
from typing import Any

from stylegan_pl.data.folder import ImageFolder
from stylegan_pl.data.pairing import PairedByName, Pairing, Unpaired
from stylegan_pl.data.side_by_side import Half
from stylegan_pl.data.single import SingleImage
from stylegan_pl.errors import ConfigError, UnfitData, UserError
from stylegan_pl.runs.from_file import build

_PERMITTED = {
    f"{kind.__module__}.{kind.__name__}": kind for kind in (ImageFolder, SingleImage, Half, Unpaired, PairedByName)
}
"""What is built from a file that may come from anyone; its download instructions are not followed."""


def sets_of(
    config: dict[str, Any], path: Path, data_root: str | None = None
) -> tuple[ImageFolder, ImageFolder, Pairing]:
    """Content, style and pairing from a checkpoint's config.

    Args:
        path: the checkpoint, for messages.
        data_root: folder that replaces the training's `data_root`; None: the same folder as in training.

    Raises:
        ConfigError: the config names a class that is not permitted, or a folder is missing; the message says what to
            type.
    """
    data = config.get("data")
    data = data if isinstance(data, dict) else {}
    folders = (_folder(data.get(side), path) for side in ("content", "style"))
    content, style = (_moved(folder, str(config.get("data_root", "data")), data_root) for folder in folders)
    for name, folder in (("content", content), ("style", style)):
        if not Path(folder.root).exists():
            before = config.get("data_root", "data")
            raise UnfitData(
                f"{path.name} was trained on data.{name}.root={folder.root}, which is not here; type data_root=FOLDER, "
                f"which holds now what was below {before}, or data=folders data.content.root=PHOTOS "
                "data.style.root=PAINTINGS, or data=sample"
            )
    if data.get("fast_reading") is False:
        content, style = (dataclasses.replace(folder, fast=False) for folder in (content, style))
    return content, style, _built(data.get("pairing"), path, Pairing)


def _folder(node: Any, path: Path) -> ImageFolder:
    known = {key: value for key, value in node.items() if key != "source"} if isinstance(node, dict) else node
    folder: ImageFolder = _built(known, path, ImageFolder)
    return folder


def _moved(folder: ImageFolder, before: str, now: str | None) -> ImageFolder:
    if now is None or not Path(folder.root).is_relative_to(before):
        return folder
    return dataclasses.replace(folder, root=str(now / Path(folder.root).relative_to(before)))


def _built(node: Any, path: Path, kind: type) -> Any:
    try:
        return build(node, path, _permitted, kind)
    except UserError as error:
        raise ConfigError(f"{error}; type data=folders data.content.root=PHOTOS data.style.root=PAINTINGS") from error


def _permitted(target: str) -> Any:
    if target not in _PERMITTED:
        raise ConfigError(f"its data are {target[:200]!r}, which is not built from a file")
    return _PERMITTED[target]
