"""The sets that a checkpoint was trained on, told by its config: what it is judged on unless told otherwise."""

from pathlib import Path
from typing import Any

from hydra.utils import instantiate

from stylegan_pl.data.folder import ImageFolder
from stylegan_pl.data.pairing import Pairing
from stylegan_pl.errors import DataError, UserError

_ALLOWED = (
    "stylegan_pl.data.folder.ImageFolder",
    "stylegan_pl.data.single.SingleImage",
    "stylegan_pl.data.pairing.Unpaired",
    "stylegan_pl.data.pairing.PairedByName",
)
"""What is built from a file that may come from anyone; its download instructions are not followed."""


def sets_of(config: dict[str, Any], path: Path) -> tuple[ImageFolder, ImageFolder, Pairing]:
    """Content, style and pairing of a checkpoint's own config.

    Raises:
        UserError: its config would run something else, or its folders are not here; the message says what to type.
    """
    data = config.get("data") or {}
    content, style, pairing = (_built(data.get(key), path) for key in ("content", "style", "pairing"))
    for name, folder in (("content", content), ("style", style)):
        if not Path(folder.root).exists():
            raise DataError(
                f"{path.name} was trained on data.{name}.root={folder.root}, which is not here; type data=folders "
                "data.content.root=PHOTOS data.style.root=PAINTINGS, or data=sample"
            )
    return content, style, pairing


def _built(node: Any, path: Path) -> Any:
    if not isinstance(node, dict) or node.get("_target_") not in _ALLOWED or "${" in str(node):
        target = node.get("_target_") if isinstance(node, dict) else node
        raise UserError(
            f"{path}: its data are '{target}', which is not built from a file; type data=folders "
            "data.content.root=PHOTOS data.style.root=PAINTINGS"
        )
    return instantiate({key: value for key, value in node.items() if key != "source"}, _convert_="all")
