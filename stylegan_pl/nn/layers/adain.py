"""Adaptive instance normalisation: gives features the channel statistics of a style (Huang and Belongie, 2017)."""

from typing import NamedTuple

import torch
from torch import Tensor


class Statistics(NamedTuple):
    """Mean and standard deviation of each channel, (N, C, 1, 1) each, at least float32."""

    mean: Tensor
    std: Tensor


def channel_statistics(features: Tensor, eps: float = 1e-5) -> Statistics:
    """μ and σ of each channel over its positions; σ² = Σ (f − μ)² / (HW − 1) + eps, unbiased as in the reference.

    Raises:
        ValueError: there is only one position, whose variance is undefined.
    """
    positions = features.shape[-2] * features.shape[-1]
    if not torch.compiler.is_compiling() and positions < 2:  # sizes are symbolic in an exported graph
        raise ValueError("AdaIN needs at least two positions, got features of one; give a larger image")
    features = features.to(torch.promote_types(features.dtype, torch.float32))  # sums need at least float32
    variance, mean = torch.var_mean(features, dim=(2, 3), correction=1, keepdim=True)
    return Statistics(mean, (variance + eps).sqrt())


def restyle(content_features: Tensor, style: Statistics, eps: float = 1e-5) -> Tensor:
    """σ_s · (f − μ(f)) / σ(f) + μ_s, (N, C, H, W) in the content's type.

    It is affine in (μ_s, σ_s): for weights w with Σ w = 1, Σ_k w_k · restyle(f, s_k) = restyle(f, Σ_k w_k s_k).
    """
    mean, std = channel_statistics(content_features, eps)
    return (style.std * (content_features - mean) / std + style.mean).to(content_features.dtype)


def adain(content_features: Tensor, style_features: Tensor, eps: float = 1e-5) -> Tensor:
    """Content features with the channel statistics of the style's; (N, C, H, W) and (N, C, h, w) -> (N, C, H, W).

    >>> import torch
    >>> from stylegan_pl.nn.layers.adain import adain, channel_statistics
    >>> content, style = torch.rand(1, 4, 8, 8), 5 + 2 * torch.rand(1, 4, 16, 12)
    >>> painted = adain(content, style)
    >>> torch.allclose(channel_statistics(painted).mean, channel_statistics(style).mean, atol=1e-5)
    True
    """
    return restyle(content_features, channel_statistics(style_features, eps), eps)
