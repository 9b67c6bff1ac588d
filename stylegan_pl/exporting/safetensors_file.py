"""safetensors: weights and config, readable without running anything; `ckpt=` takes it back."""

import json
from pathlib import Path

import torch
from safetensors.torch import save
from torch import nn

from stylegan_pl.checkpoint import METADATA_KEY
from stylegan_pl.exporting.facts import Facts


def write_safetensors(generator: nn.Module, path: Path, facts: Facts, *, half: bool) -> None:
    """The generator's weights by their names in it; its config, with the other facts, in the header.

    Args:
        half: in half precision, half the file; whoever reads it computes in float32 again.
    """
    dtype = torch.float16 if half else None
    state = {
        key: value.detach().to(dtype if value.is_floating_point() else None).clone().contiguous()
        for key, value in generator.state_dict().items()
    }
    path.write_bytes(save(state, metadata={METADATA_KEY: json.dumps(facts)}))  # save_file would hide it from others
