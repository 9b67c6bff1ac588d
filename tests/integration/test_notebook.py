"""The notebook runs from top to bottom, and what it prints to be typed is a command line of ours."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from box import fill_box
from conftest import compose_config
from PIL import Image

from stylegan_pl.config.command_line import for_hydra
from stylegan_pl.runs import painters

NOTEBOOK = Path(__file__).parents[2] / "examples/first_painting.ipynb"


@pytest.fixture
def cells() -> list[dict[str, Any]]:
    return [cell for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]


def test_no_outputs_are_kept(cells) -> None:
    assert cells and all(cell["outputs"] == [] and cell["execution_count"] is None for cell in cells)


def run_all(cells: list[dict[str, Any]]) -> dict[str, Any]:
    names: dict[str, Any] = {}
    for cell in cells:
        exec(compile("".join(cell["source"]), f"{NOTEBOOK.name}#{cell['id']}", "exec"), names)
    return names


def test_its_cells_run_in_order(cells, tmp_path, monkeypatch, capsys) -> None:
    if "starry_night" not in painters.names():  # a clone without the weights: one of random weights in its place
        fill_box(tmp_path, "starry_night")
        monkeypatch.setattr(painters, "folder", lambda: tmp_path)
    monkeypatch.chdir(tmp_path)
    names = run_all(cells)
    photograph, painting = names["photograph"], Image.open("painting.png")
    assert painting.size == photograph.size and not np.array_equal(painting, photograph)
    assert names["side_by_side"](photograph, painting).size == (2 * photograph.width, photograph.height)
    typed = capsys.readouterr().out.strip()
    assert typed.startswith("stylegan-pl train ")
    config = compose_config("train", for_hydra(typed.split()[2:], "train"))
    assert config.data.style.root == "my_paintings" and config.run_name == "my_painter"
