"""A short name for the very weights that a network has."""

from hashlib import sha256

from torch import nn


def weights_hash(module: nn.Module) -> str | None:
    """12 hexadecimal digits of the SHA-256 of all parameters and buffers, names included; None where there are none.

    It is of the values in float32, so a file in half precision and the same loaded into single precision agree, and so
    do .pth and .safetensors.
    """
    digest, any_weight = sha256(), False
    tensors = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    for name in sorted(tensors):
        values = tensors[name].detach().float().cpu().contiguous()
        digest.update(name.encode())
        digest.update(values.numpy().tobytes())
        any_weight = any_weight or values.numel() > 0
    return digest.hexdigest()[:12] if any_weight else None
