"""safetensors: weights and config, readable without running anything; `ckpt=` takes it back."""

import json
from pathlib import Path

import torch
from torch import nn

from stylegan_pl.exporting.facts import Facts
from stylegan_pl.nn.pretrained.tensor_files import safetensors_bytes
from stylegan_pl.runs.file_format import METADATA_KEY


def write_safetensors(generator: nn.Module, path: Path, facts: Facts, *, half: bool) -> None:
    """The generator's weights by their names in it; its config, with the other facts, in the header.

    Args:
        half: in half precision, half the file; whoever reads it computes in float32 again.
    """
    dtype = torch.float16 if half else None
    state = {
        key: value.detach().to(dtype if value.is_floating_point() else None).clone()
        for key, value in generator.state_dict().items()
    }
    content = safetensors_bytes(state, {METADATA_KEY: json.dumps(facts)})
    path.write_bytes(content)  # safetensors' own save_file would hide it from others
