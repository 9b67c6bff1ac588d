"""Instance norm that keeps the memory layout of its input."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def instance_norm(features: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float) -> Tensor:
    """(x − mean) / √(var + ε) over each picture's positions, (N, C, H, W) -> the same shape and layout.

    torch's converts channels-last features to another layout and back, in every block. Instead, this uses:

    - on a CPU: batch norm of one picture at a time, which gives the same result and can read channels-last memory;
    - inside torch.compile: the formula, which the compiler fuses with the following activation and sum;
    - elsewhere: torch's, because nothing else was measured.

    Raises:
        ValueError: there is only one position, whose variance is 0.
    """
    if torch.compiler.is_compiling() and features.device.type != "cpu":
        return _formula(features, weight, bias, eps)
    if features.device.type != "cpu" or features.numel() == 0:
        return F.instance_norm(features, weight=weight, bias=bias, eps=eps)
    pictures = features.split(1)  # the gradient of split is one concatenation; indexing would add tensors of zeros
    normed = [F.batch_norm(picture, None, None, weight, bias, training=True, eps=eps) for picture in pictures]
    return normed[0] if len(normed) == 1 else torch.cat(normed)


def _formula(features: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float) -> Tensor:
    wide = features.float() if features.dtype in (torch.float16, torch.bfloat16) else features
    variance, mean = torch.var_mean(wide, dim=(2, 3), correction=0, keepdim=True)
    normed = (wide - mean) * torch.rsqrt(variance + eps)
    if weight is not None and bias is not None:
        normed = normed * weight[:, None, None] + bias[:, None, None]
    return normed.to(features.dtype)


class LayoutKeepingInstanceNorm(nn.InstanceNorm2d):
    """`nn.InstanceNorm2d` without running statistics, computed by `instance_norm`; same parameters and names."""

    @staticmethod
    def suits(layer: nn.Module) -> bool:
        """Whether a layer can be replaced by this one."""
        return type(layer) is nn.InstanceNorm2d and not layer.track_running_stats

    def forward(self, input: Tensor) -> Tensor:  # `input`: the parent's name
        """(N, C, H, W) -> the same."""
        return instance_norm(input, self.weight, self.bias, self.eps)
