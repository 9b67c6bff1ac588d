"""Logistic regression: classifies rows of numbers into two classes."""

from typing import NamedTuple

import numpy as np
import torch
from scipy.optimize import minimize
from torch import Tensor


class Logistic(NamedTuple):
    """p(second class | x) = σ(w · (x − mean) / std + bias)."""

    mean: Tensor
    std: Tensor
    weights: Tensor
    bias: float

    def logits(self, rows: Tensor) -> Tensor:
        """(…, d) -> (…); above 0: second class."""
        return (rows - self.mean) / self.std @ self.weights + self.bias


def logistic_regression(first: Tensor, second: Tensor, *, penalty: float) -> Logistic:
    """Fit to rows of both classes, (M, d) and (N, d) in float64.

    Minimises ½ (mean log-loss of the first class + mean log-loss of the second) + penalty/2 · ‖w‖², so both classes
    have equal weight for any M and N. Columns are normalised to mean 0 and standard deviation 1; constant columns are
    ignored.
    """
    rows = torch.cat([first, second])
    std, mean = torch.std_mean(rows, dim=0, correction=0)
    std = torch.where(std > 1e-12 * rows.abs().amax(dim=0).clamp(min=1e-300), std, torch.inf)
    scaled = (rows - mean) / std
    signs = torch.cat([-torch.ones(len(first)), torch.ones(len(second))]).to(rows)
    shares = 0.5 / torch.where(signs < 0, len(first), len(second))

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        given = torch.from_numpy(parameters).to(rows)
        weights, bias = given[:-1], given[-1]
        margins = signs * (scaled @ weights + bias)
        value = (shares * torch.nn.functional.softplus(-margins)).sum() + penalty / 2 * weights.square().sum()
        slopes = -shares * signs * torch.sigmoid(-margins)
        slope = torch.cat([scaled.T @ slopes + penalty * weights, slopes.sum()[None]])
        return float(value), slope.numpy()

    found = minimize(loss, np.zeros(rows.shape[1] + 1), jac=True, method="L-BFGS-B", options={"gtol": 1e-6})
    return Logistic(mean, std, torch.from_numpy(found.x[:-1]).to(rows), float(found.x[-1]))
