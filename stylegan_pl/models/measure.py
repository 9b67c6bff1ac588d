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
    model: Method, sets: TrainingSets, precision: Callable[[], AbstractContextManager[Any]] = nullcontext
) -> None:
    """Call `measure` of the model's image losses, without gradients.

    Args:
        precision: context in which the feature network runs; its features are converted to float32.
    """
    network = model.feature_network
    assert network is not None  # every loss that measures uses it

    def extract(images: Tensor) -> Features:
        with precision():
            found = network(images.to(model.device))
        return {name: layer.float() for name, layer in found.items()}

    with torch.no_grad():
        model.image_losses.measure(sets, extract)
