"""Networks that are looked through, never trained."""

from torch import nn


def freeze(module: nn.Module) -> nn.Module:
    """Turn parameters into non-persistent buffers, in place.

    No optimizer finds them, no checkpoint or average carries them, `.to(device)` still moves them, and gradients
    still flow through to the input.
    """
    for layer in module.modules():
        for name, parameter in list(layer._parameters.items()):
            if parameter is not None:
                del layer._parameters[name]
                layer.register_buffer(name, parameter.detach(), persistent=False)
        layer._non_persistent_buffers_set.update(layer._buffers)
    return module.eval()
