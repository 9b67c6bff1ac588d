"""Instance norm in the layout that convolutions are fastest in."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def instance_norm(features: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float) -> Tensor:
    """(x − mean) / √(var + ε) over each picture's positions, (N, C, H, W) -> the same, in the layout that it came in.

    torch's own turns channels-last features into rows of channels and back, in every block. Here:

    - on a CPU, batch norm of one picture at a time: the same sums, by a kernel that reads channels-last as it lies;
    - inside torch.compile, the formula: the compiler fuses it with the activation and the sum that follow;
    - elsewhere torch's, since nothing else was measured there.

    Raises:
        ValueError: one position, which has no spread.
    """
    if torch.compiler.is_compiling() and features.device.type != "cpu":
        return _formula(features, weight, bias, eps)
    if features.device.type != "cpu" or features.numel() == 0:
        return F.instance_norm(features, weight=weight, bias=bias, eps=eps)
    pictures = features.split(1)  # split: its gradient is one concatenation, that of indexing a sum of zeros
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
    """`nn.InstanceNorm2d` without running statistics by `instance_norm`; parameters and names are the parent's."""

    @staticmethod
    def suits(layer: nn.Module) -> bool:
        """Whether a layer is a norm that can be turned into this one."""
        return type(layer) is nn.InstanceNorm2d and not layer.track_running_stats

    def forward(self, input: Tensor) -> Tensor:  # `input`: the parent's name
        """(N, C, H, W) -> the same."""
        return instance_norm(input, self.weight, self.bias, self.eps)
