"""Networks that are looked through, never trained."""

from torch import nn


def freeze(module: nn.Module, *, persistent: bool = False) -> nn.Module:
    """Turn parameters into buffers, in place.

    No optimizer finds them, `.to(device)` still moves them, and gradients still flow through to the input. A module
    that is frozen already can be frozen again, to change its mind about `persistent`.

    Args:
        persistent: whether checkpoints and averages carry its weights, so that they can do without their source.
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
