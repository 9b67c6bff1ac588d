"""A box of tiny painters, in place of the one that comes with the package."""

from pathlib import Path

import pytest
import torch
from conftest import RESNET
from hydra.utils import instantiate

from stylegan_pl.exporting.card import card
from stylegan_pl.exporting.safetensors_file import write_safetensors
from stylegan_pl.runs import painters


def fill_box(folder: Path, *names: str) -> None:
    """Painters of random weights, each as `export format=safetensors half=true` writes it."""
    for seed, name in enumerate(names):
        torch.manual_seed(seed)
        facts = {"generator": RESNET, "about": f"The manner of {name}", "licence": "CC0", "command": "train seed=1"}
        write_safetensors(instantiate(RESNET), folder / f"{name}.safetensors", facts, half=True)
        text = card(f"{name}.safetensors", {**facts, "file": {}}, [], "")
        (folder / f"{name}.safetensors.md").write_text(text, encoding="utf-8")


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Its folder, with a painter `monet` and a painter `vangogh`."""
    folder = tmp_path / "box"
    folder.mkdir()
    fill_box(folder, "vangogh", "monet")
    monkeypatch.setattr(painters, "folder", lambda: folder)
    return folder
