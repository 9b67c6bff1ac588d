"""Freezes networks that are used but never trained."""

from torch import nn


def freeze(module: nn.Module, *, persistent: bool = False) -> nn.Module:
    """Turn parameters into buffers, in place.

    Optimizers then do not find them, `.to(device)` still moves them, and gradients still flow to the input. A frozen
    module can be frozen again, to change `persistent`.

    Args:
        persistent: whether the weights are saved in checkpoints, so that their original file is not needed any more.
    """
    for layer in module.modules():
        for name, parameter in list(layer._parameters.items()):
            if parameter is not None:
                del layer._parameters[name]
                layer.register_buffer(name, parameter.detach(), persistent=persistent)
        if persistent:
            layer._non_persistent_buffers_set.difference_update(layer._buffers)
        else:
            layer._non_persistent_buffers_set.update(layer._buffers)
    return module.eval()
