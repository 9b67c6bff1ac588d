"""Repeated borders: torch's own padding, and the sum of slices that the compiler is given for it."""

import pytest
import torch
from torch import nn
from torch.nn.functional import pad

from stylegan_pl.nn.layers.replicate import ReplicatingConv2d, replicated


@pytest.mark.parametrize("compiling", [False, True])
@pytest.mark.parametrize("width", [1, 3])
@pytest.mark.parametrize("size", [(5, 7), (1, 1), (2, 1)])
def test_equals_torchs_padding(monkeypatch, compiling: bool, width: int, size: tuple[int, int]) -> None:
    features = torch.randn(2, 3, *size, requires_grad=True)
    expected = pad(features, [width] * 4, mode="replicate")
    weights = torch.randn_like(expected)
    (gradient,) = torch.autograd.grad((expected * weights).sum(), features)
    monkeypatch.setattr(torch.compiler, "is_compiling", lambda: compiling)
    found = replicated(features, width)
    assert torch.equal(found, expected)
    torch.testing.assert_close(torch.autograd.grad((found * weights).sum(), features)[0], gradient)


@pytest.mark.parametrize("dilation", [1, 2, 4])
def test_is_torchs_convolution(dilation: int) -> None:
    ours = ReplicatingConv2d(3, 4, 3, dilation=dilation)
    theirs = nn.Conv2d(3, 4, 3, padding=dilation, dilation=dilation, padding_mode="replicate")
    theirs.load_state_dict(ours.state_dict())
    features = torch.randn(2, 3, 5, 6)
    assert torch.equal(ours(features), theirs(features))
