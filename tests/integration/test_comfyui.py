"""The ComfyUI node, called as ComfyUI calls nodes."""

import importlib.util
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import compose_config
from test_stylize_odd_files import checkpoint  # noqa: F401 (a fixture)

from stylegan_pl import Stylizer
from stylegan_pl.export import export

FILE = Path(__file__).parents[2] / "integrations/comfyui/__init__.py"


def node():
    """As ComfyUI finds it: a module by its file, and a class in its table."""
    spec = importlib.util.spec_from_file_location("comfy_custom_node", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (found,) = module.NODE_CLASS_MAPPINGS.values()
    assert module.NODE_DISPLAY_NAME_MAPPINGS.keys() == module.NODE_CLASS_MAPPINGS.keys()
    return found


@pytest.mark.parametrize("kind", ["safetensors", pytest.param("onnx", marks=pytest.mark.slow)])
def test_the_node_paints_a_batch_with_an_exported_file(checkpoint, tmp_path, kind):  # noqa: F811
    file = tmp_path / f"picture.{kind}"
    assert export(compose_config("export", [f"ckpt={checkpoint}", f"output={file}", f"format={kind}"])) == 0
    found = node()
    image = torch.rand(2, 40, 36, 3, generator=torch.Generator().manual_seed(0))
    sockets = found.INPUT_TYPES()["required"]
    given = {"image": image, "file": str(file), "strength": sockets["strength"][1]["default"]}
    assert given.keys() == sockets.keys()
    (painted,) = getattr(found(), found.FUNCTION)(**given)
    assert painted.shape == image.shape and painted.dtype == torch.float32 and 0 <= painted.min() <= painted.max() <= 1
    pixels = (image[1].numpy() * 255).round().astype(np.uint8)
    expected = Stylizer.load(checkpoint)(pixels)
    levels = (painted[1].numpy() * 255).round()
    assert np.abs(levels - expected).max() <= 1  # of 255; an exported graph rounds otherwise


def test_a_picture_with_transparency_and_a_file_that_is_written_again(checkpoint, tmp_path):  # noqa: F811
    file = tmp_path / "picture.safetensors"
    assert export(compose_config("export", [f"ckpt={checkpoint}", f"output={file}"])) == 0
    found, image = node(), torch.rand(1, 40, 36, 4, generator=torch.Generator().manual_seed(0))
    (painted,) = found().stylize(image, str(file), 1.0)
    assert painted.shape == (1, 40, 36, 3)
    before = found.IS_CHANGED(file=str(file), strength=1.0)
    assert before == found.IS_CHANGED(file=str(file), strength=1.0) is not None
    os.utime(file, (1, 1))
    assert found.IS_CHANGED(file=str(file), strength=1.0) != before
