"""Lets image losses measure both sets before the first step."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor

from stylegan_pl.contracts import TrainingSets
from stylegan_pl.models.method import Method
from stylegan_pl.nn.layers.features import Features


def measure(
    model: Method,
    sets: TrainingSets,
    *,
    seed: int,
    precision: Callable[[], AbstractContextManager[Any]] = nullcontext,
) -> None:
    """Call `measure` of the model's image losses, without gradients.

    Args:
        seed: of random draws, which then do not depend on what was built before: a resumed run measures the same.
        precision: context in which the feature network runs; its features are converted to float32.
    """
    network = model.feature_network
    assert network is not None  # every loss that measures uses it

    def extract(images: Tensor) -> Features:
        with precision():
            found = network(images.to(model.device))
        return {name: layer.float() for name, layer in found.items()}

    gpus = [model.device] if model.device.type == "cuda" else []
    with torch.no_grad(), torch.random.fork_rng(devices=gpus):
        torch.manual_seed(seed)
        model.image_losses.measure(sets, extract)
