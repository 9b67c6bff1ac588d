"""The types that are passed between packages, and the legend for shapes in comments.

Shapes: N images in a batch, C channels, H rows, W columns; an image is (3, H, W), RGB.
Ranges: uint8 in [0, 255] until a batch is on the device, then float in [-1, 1] (`pictures.tensors.to_float`).
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from torch import Tensor


class StylePair(NamedTuple):
    """A batch of content photographs and style paintings; row i of one is paired with row i of the other.

    Both are (N, 3, H, W): uint8 as a loader yields them, float in [-1, 1] as a model takes them.
    """

    content: Tensor
    style: Tensor


class TrainingSets(NamedTuple):
    """Training pictures that a loss may measure before the first step, in [-1, 1] on the model's device."""

    paintings: Sequence[tuple[str, Tensor]]  # file name, whole painting (1, 3, H, W) at the size crops are cut from
    photographs: Tensor  # (N, 3, H, W), crops as the generator will see them


class Progress(NamedTuple):
    """How far a run is, in images: the only unit that does not depend on batch size and number of devices."""

    images_seen: int
    total_images: int  # the whole budget
    epoch_images: int  # the larger of the two sets


Terms = dict[str, Tensor]
"""Named scalar losses, already multiplied by their weights: a player minimises their sum, and the dict is the log."""

OptimizerFactory = Callable[..., Any]
"""Parameters (or parameter groups) -> torch optimizer; Hydra's `_partial_: true`."""

Schedule = Callable[[Progress], float]
"""Progress -> factor of the base learning rate. It has no state, so nothing is restored when a run resumes."""
