"""Writes safetensors: weights and config, which can be read without running code; `ckpt=` accepts it."""

import json
from pathlib import Path

import torch
from torch import nn

from stylegan_pl.exporting.facts import Facts
from stylegan_pl.nn.pretrained.tensor_files import safetensors_bytes
from stylegan_pl.runs.file_format import METADATA_KEY


def write_safetensors(generator: nn.Module, path: Path, facts: Facts, *, half: bool) -> None:
    """Write the generator's weights by name, and its config and other facts in the header.

    Args:
        half: store weights in half precision, for half the file size; readers convert them to float32.
    """
    dtype = torch.float16 if half else None
    state = {
        key: value.detach().to(dtype if value.is_floating_point() else None).clone()
        for key, value in generator.state_dict().items()
    }
    content = safetensors_bytes(state, {METADATA_KEY: json.dumps(facts)})
    path.write_bytes(content)  # safetensors' save_file makes the file unreadable for other users
