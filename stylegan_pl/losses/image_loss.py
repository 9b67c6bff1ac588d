"""The interface of image losses: scalars of a stylised picture, its content, its style, and their features."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import cached_property

import torch
from torch import Tensor, nn

from stylegan_pl.contracts import Terms, TrainingSets
from stylegan_pl.nn.layers.features import FeatureNetwork, Features

Paint = Callable[[Tensor], Tensor]
"""Photographs -> stylised pictures by the generator in training; in this batch's styles if it takes a style."""

Extract = Callable[[Tensor], Features]
"""Images (N, 3, H, W) in [-1, 1] -> the feature network's layers, without gradients."""

Encode = Callable[[Tensor, Sequence[str]], Features]
"""Images, names of the generator's taps -> its encoder's activations there."""


class Views:
    """The input of image losses: one batch. Features are computed on first use, once for all losses.

    Args:
        stylised: G(x), (N, 3, H, W) in [-1, 1].
        content: x, as given to G.
        style: y.
        identity: G(y); None if no loss `needs_identity`.
        network: the feature network; None if no loss uses it.
        paint: G, for losses that need its output for other images.
        encode: G's encoder.
        mirrored: whether x, and so G(x), is mirrored left to right.
        stylised_features: features of G(x), if they are known already.
    """

    def __init__(
        self,
        stylised: Tensor,
        content: Tensor,
        style: Tensor,
        *,
        identity: Tensor | None = None,
        network: FeatureNetwork | None = None,
        paint: Paint | None = None,
        encode: Encode | None = None,
        mirrored: bool = False,
        stylised_features: Features | None = None,
    ) -> None:
        self.stylised, self.content, self.style = stylised.float(), content.float(), style.float()
        self.identity = None if identity is None else identity.float()
        self.mirrored = mirrored
        self._network, self._paint, self._encode = network, paint, encode
        if stylised_features:
            self.stylised_features = stylised_features  # sets the cached property
        device = stylised.device.type
        self._autocast = torch.autocast(
            device, dtype=torch.get_autocast_dtype(device), enabled=torch.is_autocast_enabled(device)
        )

    def features(self, image: Tensor) -> Features:
        """Layer -> features in float32, with gradients, of any pictures, (N, 3, H, W) in [-1, 1].

        Raises:
            ValueError: the model has no feature network.
        """
        if self._network is None:
            raise ValueError("an image loss reads features, and the model has no feature_network")
        with self._autocast:  # the network may run in half precision; losses need float32
            return {name: layer.float() for name, layer in self._network(image).items()}

    def paint(self, images: Tensor) -> Tensor:
        """G of other images: (N, 3, H, W) in [-1, 1] -> the same shape and range, float32, with gradients.

        Raises:
            ValueError: the model does not offer it.
        """
        if self._paint is None:
            raise ValueError("an image loss asks the generator for further pictures, and the model does not offer it")
        with self._autocast:
            return self._paint(images).float()

    def encode(self, images: Tensor, layers: Sequence[str]) -> Features:
        """Features of the generator's encoder at `layers`, (N, C, h, w) each, float32, with gradients.

        Raises:
            ValueError: the generator has no encoder.
        """
        if self._encode is None:
            raise ValueError("an image loss reads the generator's encoder, and this generator has no `encode`")
        with self._autocast:
            return {name: layer.float() for name, layer in self._encode(images, layers).items()}

    @cached_property
    def stylised_features(self) -> Features:
        """Features of G(x), with gradients."""
        return self.features(self.stylised)

    @cached_property
    def content_features(self) -> Features:
        """Features of x, without gradients."""
        with torch.no_grad():
            return self.features(self.content)

    @cached_property
    def style_features(self) -> Features:
        """Features of y, without gradients."""
        with torch.no_grad():
            return self.features(self.style)


class ImageLoss(nn.Module, ABC):
    """Base class of image losses: a scalar with a weight. A loss of weight 0 is not computed."""

    needs_features = False  # uses the feature network
    needs_identity = False  # uses G(y); a property if it depends on an option
    of_any_picture = True  # works without a generator, too, and if the picture's size is not y's
    needs_sets = False  # measures paintings and photographs before the first step
    needs_encoder = False  # uses the generator's encoder, so the generator must have `taps` and `encode`

    def __init__(self, *, weight: float) -> None:
        super().__init__()
        self.weight = weight

    def attach(self, generator: nn.Module) -> None:
        """Build what depends on the generator's channels; called once, by the model. Do not keep the generator."""

    def measure(self, sets: TrainingSets, extract: Extract) -> None:
        """Measure what the loss needs from the training sets; called once before the first step, also of a resumed run.

        Values that must stay as measured at the very start belong in a buffer, which a checkpoint restores before this
        call.

        Args:
            extract: the feature network.
        """

    def generator_input(self, photographs: Tensor) -> Tensor:
        """The generator's input in a training step: the photographs, some of which may be replaced.

        Args:
            photographs: (N, 3, H, W) in [-1, 1]; not changed.
        """
        return photographs

    @abstractmethod
    def forward(self, views: Views) -> Tensor:
        """The unweighted loss, a scalar."""


class ImageLosses(nn.ModuleDict):
    """Image losses by name; calling it gives one weighted term for each.

    Args:
        generator: passed to each loss's `attach`.
    """

    def __init__(self, losses: dict[str, ImageLoss] | None = None, generator: nn.Module | None = None) -> None:
        chosen = {name: loss for name, loss in (losses or {}).items() if loss.weight != 0}
        super().__init__(chosen)
        if generator is not None:
            for loss in chosen.values():
                loss.attach(generator)

    @property
    def need_features(self) -> bool:
        """Whether any loss uses the feature network."""
        return any(loss.needs_features for loss in self.values())

    @property
    def need_identity(self) -> bool:
        """Whether any loss uses G(y)."""
        return any(loss.needs_identity for loss in self.values())

    @property
    def need_sets(self) -> bool:
        """Whether any loss measures the sets before the first step."""
        return any(loss.needs_sets for loss in self.values())

    def measure(self, sets: TrainingSets, extract: Extract) -> None:
        """Call `measure` of every loss that `needs_sets`."""
        chosen: list[ImageLoss] = [loss for loss in self.values() if loss.needs_sets]  # type: ignore[misc]  # a ModuleDict
        for loss in chosen:
            loss.measure(sets, extract)

    def generator_input(self, photographs: Tensor) -> Tensor:
        """The generator's input, after every loss may have replaced some photographs; (N, 3, H, W)."""
        chosen: list[ImageLoss] = list(self.values())  # type: ignore[arg-type]  # a ModuleDict
        for loss in chosen:
            photographs = loss.generator_input(photographs)
        return photographs

    def forward(self, views: Views) -> Terms:
        """Name -> weight · loss; without autocast, because sums over a picture overflow half precision."""
        with torch.autocast(views.stylised.device.type, enabled=False):
            return {name: loss.weight * loss(views) for name, loss in self.items()}
