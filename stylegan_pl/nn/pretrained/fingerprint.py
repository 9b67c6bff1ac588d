"""A short hash of a network's weights."""

from hashlib import sha256

from torch import nn


def weights_hash(module: nn.Module) -> str | None:
    """12 hexadecimal digits of the SHA-256 of all parameters and buffers and their names; None if there are none.

    Values are converted to float32, so the hash is the same for a half-precision file and its float32 copy, and for
    .pth and .safetensors.
    """
    digest, any_weight = sha256(), False
    tensors = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    for name in sorted(tensors):
        values = tensors[name].detach().float().cpu().contiguous()
        digest.update(name.encode())
        digest.update(values.numpy().tobytes())
        any_weight = any_weight or values.numel() > 0
    return digest.hexdigest()[:12] if any_weight else None
