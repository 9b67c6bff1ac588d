"""3×3 convolutions with a quarter of the multiplications (Lavin and Gray, 2016), for float32 on a CPU.

F(4×4, 3×3) computes 4 × 4 outputs from 6 × 6 inputs with 36 multiplications instead of 144. With the paper's Bᵀ, G and
Aᵀ, Y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A for each tile d and filter g; summed over channels, ⊙ becomes 36 matrix products.

Rounding differs: float32 results are within 1e-5 of a direct convolution's, relative to their standard deviation. cuDNN
uses such algorithms by itself; oneDNN has none for x86.
"""

import torch
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx
from torch.nn import functional as F

_RESULTS, _INPUTS = 4, 6  # side of a tile's outputs and inputs
_LEAST_CHANNELS = 128  # with fewer, transforms cost more than is saved (measured)
_LEAST_TILES = 32  # with fewer, transforming the filters costs more than is saved

_B_T = [
    [4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0],
    [0, -2, -1, 2, 1, 0], [0, 2, -1, -2, 1, 0], [0, 4, 0, -5, 0, 1],
]  # fmt: skip
_G = [
    [1 / 4, 0, 0], [-1 / 6, -1 / 6, -1 / 6], [-1 / 6, 1 / 6, -1 / 6],
    [1 / 24, 1 / 12, 1 / 6], [1 / 24, -1 / 12, 1 / 6], [0, 0, 1],
]  # fmt: skip
_A_T = [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]]


def _matrices(dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
    """Bᵀ (6, 6), G ⊗ G (36, 9), Aᵀ (4, 6); filters are transformed by one product with a Kronecker product."""
    # the CPU explicitly, because this module may be imported inside a `torch.device("meta")` context
    inputs, filters, results = (torch.tensor(matrix, dtype=torch.float64, device="cpu") for matrix in (_B_T, _G, _A_T))
    return inputs.to(dtype), torch.kron(filters, filters).to(dtype), results.to(dtype)


_MATRICES = {dtype: _matrices(dtype) for dtype in (torch.float32, torch.float64)}


def _both_sides(matrix: Tensor, tiles: Tensor) -> Tensor:
    """M d Mᵀ of every tile d, M (b, a): (a, a, K) -> (b, b, K)."""
    outputs, inputs = matrix.shape
    rows = (matrix @ tiles.reshape(inputs, -1)).view(outputs, inputs, -1)
    return torch.bmm(matrix.expand(outputs, -1, -1), rows)


def winograd_conv3x3(features: Tensor, weight: Tensor) -> Tensor:
    """`conv2d` without padding and bias: (N, C, H + 2, W + 2), (O, C, 3, 3) -> (N, O, H, W), channels last.

    It can be differentiated any number of times.
    """
    height, width = features.shape[2] - 2, features.shape[3] - 2
    down, right = -height % _RESULTS, -width % _RESULTS
    if down or right:  # pad to whole tiles; the rest is cut off below
        features = F.pad(features, (0, right, 0, down))
    results: Tensor = _Winograd.apply(features, weight)
    return results[:, :, :height, :width] if down or right else results


class _Winograd(torch.autograd.Function):
    """Saves only features and weight for the backward pass, because their transforms are several times as large."""

    @staticmethod
    def forward(ctx: FunctionCtx, features: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(features, weight)
        images, _, height, width = features.shape
        outputs, high, wide = len(weight), (height - 2) // _RESULTS, (width - 2) // _RESULTS
        products = torch.bmm(_tiles(features), _filters(weight).transpose(1, 2))  # (36, tiles, O)
        results = _both_sides(_MATRICES[features.dtype][2], products.view(_INPUTS, _INPUTS, -1))
        results = results.view(_RESULTS, _RESULTS, images, high, wide, outputs)
        return results.permute(2, 3, 0, 4, 1, 5).reshape(images, height - 2, width - 2, outputs).permute(0, 3, 1, 2)

    @staticmethod
    def backward(ctx: FunctionCtx, gradient: Tensor) -> tuple[Tensor | None, Tensor | None]:
        features, weight = ctx.saved_tensors  # type: ignore[attr-defined]
        needs_features, needs_weight = ctx.needs_input_grad  # type: ignore[attr-defined]
        _, of_filters, to_results = _MATRICES[features.dtype]
        images, outputs, height, width = gradient.shape
        high, wide = height // _RESULTS, width // _RESULTS
        tiles = gradient.permute(0, 2, 3, 1).reshape(images, high, _RESULTS, wide, _RESULTS, outputs)
        tiles = tiles.permute(2, 4, 0, 1, 3, 5).reshape(_RESULTS, _RESULTS, -1)
        products = _both_sides(to_results.T, tiles).view(_INPUTS**2, -1, outputs)  # (36, tiles, O)
        of_features = _untiled(torch.bmm(products, _filters(weight)), features.shape) if needs_features else None
        of_weight = None
        if needs_weight:
            transformed = torch.bmm(products.transpose(1, 2), _tiles(features))  # (36, O, C)
            of_weight = (of_filters.T @ transformed.flatten(1)).T.reshape(weight.shape)
        return of_features, of_weight


def _tiles(features: Tensor) -> Tensor:
    """Bᵀ d B of every tile: (N, C, H + 2, W + 2) -> (36, tiles, C)."""
    tiles = features.unfold(2, _INPUTS, _RESULTS).unfold(3, _INPUTS, _RESULTS)  # (N, C, H/4, W/4, 6, 6)
    tiles = tiles.permute(4, 5, 0, 2, 3, 1).reshape(_INPUTS, _INPUTS, -1)
    return _both_sides(_MATRICES[features.dtype][0], tiles).view(_INPUTS**2, -1, features.shape[1])


def _filters(weight: Tensor) -> Tensor:
    """G g Gᵀ of every filter: (O, C, 3, 3) -> (36, O, C)."""
    return (_MATRICES[weight.dtype][1] @ weight.reshape(-1, 9).T).view(-1, *weight.shape[:2])


def _untiled(transformed: Tensor, shape: torch.Size) -> Tensor:
    """The adjoint of `_tiles`: overlapping tiles are added."""
    images, channels, height, width = shape
    high, wide, over = (height - 2) // _RESULTS, (width - 2) // _RESULTS, _INPUTS - _RESULTS
    tiles = _both_sides(_MATRICES[transformed.dtype][0].T, transformed.view(_INPUTS, _INPUTS, -1))
    tiles = tiles.view(_INPUTS, _INPUTS, images, high, wide, channels)
    rows = tiles.new_zeros(images, high + 1, _RESULTS, _INPUTS, wide, channels)
    rows[:, :high] = tiles[:_RESULTS].permute(2, 3, 0, 1, 4, 5)
    rows[:, 1:, :over] += tiles[_RESULTS:].permute(2, 3, 0, 1, 4, 5)
    rows = rows.flatten(1, 2)[:, :height]  # (N, H + 2, 6, W/4, C)
    columns = tiles.new_zeros(images, height, wide + 1, _RESULTS, channels)
    columns[:, :, :wide] = rows[:, :, :_RESULTS].transpose(2, 3)
    columns[:, :, 1:, :over] += rows[:, :, _RESULTS:].transpose(2, 3)
    return columns.flatten(2, 3)[:, :, :width].permute(0, 3, 1, 2)


class WinogradConv2d(nn.Conv2d):
    """A 3×3 convolution of stride 1 that uses `winograd_conv3x3` if that is faster."""

    @staticmethod
    def suits(layer: nn.Module) -> bool:
        """Whether a layer can be replaced by this one."""
        return (
            type(layer) is nn.Conv2d
            and layer.kernel_size == (3, 3)
            and layer.stride == layer.dilation == (1, 1)
            and layer.padding == (1, 1)
            and layer.groups == 1
            and layer.padding_mode in ("zeros", "reflect", "replicate", "circular")
            and min(layer.in_channels, layer.out_channels) >= _LEAST_CHANNELS
        )

    def forward(self, input: Tensor) -> Tensor:  # `input`: the parent's name
        """(N, C, H, W) -> (N, O, H, W)."""
        if not self._pays(input):
            return super().forward(input)
        mode = "constant" if self.padding_mode == "zeros" else self.padding_mode
        results = winograd_conv3x3(F.pad(input, (1, 1, 1, 1), mode=mode), self.weight)
        return results if self.bias is None else results + self.bias[:, None, None]

    def _pays(self, features: Tensor) -> bool:
        images, _, height, width = features.shape
        tiles = images * (height // _RESULTS) * (width // _RESULTS)
        single = features.dtype == self.weight.dtype and features.dtype in (torch.float32, torch.float64)
        return (
            features.device.type == "cpu" and single and not torch.is_autocast_enabled("cpu") and tiles >= _LEAST_TILES
        )
