"""What an image loss is: a scalar of a stylised picture beside its content, its style, and their features."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import cached_property

import torch
from torch import Tensor, nn

from stylegan_pl.contracts import Terms, TrainingSets
from stylegan_pl.nn.layers.features import FeatureNetwork, Features

Paint = Callable[[Tensor], Tensor]
"""Photographs -> stylised pictures by the generator in training, in the style of this batch where it takes one."""

Look = Callable[[Tensor], Features]
"""Images -> the feature network's layers of them."""

Encode = Callable[[Tensor, Sequence[str]], Features]
"""Images, names of the generator's taps -> its encoder's activations there."""


class Views:
    """One batch as image losses see it; features are computed when first asked for, once for all losses.

    Args:
        stylised: G(x), (N, 3, H, W) in [-1, 1].
        content: x, as G saw it.
        style: y.
        identity: G(y), only where a loss `needs_identity`.
        network: None when no loss looks through one.
        paint: G itself, for losses that ask it about other images.
        encode: G's encoder.
        mirrored: whether x here, and so G(x), is the photograph mirrored left to right.
        stylised_features: layers of G(x), where somebody has computed them already.
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
            self.stylised_features = stylised_features  # in the cached property's place
        device = stylised.device.type
        self._autocast = torch.autocast(
            device, dtype=torch.get_autocast_dtype(device), enabled=torch.is_autocast_enabled(device)
        )

    def features(self, image: Tensor) -> Features:
        """The feature network's layers of any picture, (N, 3, H, W) in [-1, 1], float32, with gradients.

        Raises:
            ValueError: the model has no feature network.
        """
        if self._network is None:
            raise ValueError("an image loss reads features, and the model has no feature_network")
        with self._autocast:  # the network may run in half precision; what losses add up may not
            return {name: layer.float() for name, layer in self._network(image).items()}

    def paint(self, images: Tensor) -> Tensor:
        """G of other images, (N, 3, H, W) in [-1, 1] -> the same, float32, with gradients."""
        if self._paint is None:
            raise ValueError("an image loss asks the generator for further pictures, and the model does not offer it")
        with self._autocast:
            return self._paint(images).float()

    def encode(self, images: Tensor, layers: Sequence[str]) -> Features:
        """The generator's encoder at `layers`, float32, with gradients."""
        if self._encode is None:
            raise ValueError("an image loss reads the generator's encoder, and this generator has no `encode`")
        with self._autocast:
            return {name: layer.float() for name, layer in self._encode(images, layers).items()}

    @cached_property
    def stylised_features(self) -> Features:
        """Layers of G(x), with gradients."""
        return self.features(self.stylised)

    @cached_property
    def content_features(self) -> Features:
        """Layers of x."""
        with torch.no_grad():
            return self.features(self.content)

    @cached_property
    def style_features(self) -> Features:
        """Layers of y."""
        with torch.no_grad():
            return self.features(self.style)


class ImageLoss(nn.Module, ABC):
    """A weighted scalar of the views. Weight 0 switches a loss off, at no cost."""

    needs_features = False  # reads layers of the feature network
    needs_identity = False  # reads G(y); a property where an option decides
    of_any_picture = True  # can be asked of a picture that no generator made, of another size than y
    needs_sets = False  # measures paintings and photographs before the first step
    needs_encoder = False  # reads the generator's encoder, so the generator must have `taps` and `encode`

    def __init__(self, *, weight: float) -> None:
        super().__init__()
        self.weight = weight

    def attach(self, generator: nn.Module) -> None:
        """Called once by the model that owns the loss: build what depends on the generator's widths; do not keep it."""

    def measure(self, sets: TrainingSets, look: Look) -> None:
        """Called once before the first step, also of a resumed run: measure what the loss compares with.

        What must stay as it was measured at the very start belongs in a buffer, so that a checkpoint brings it back
        before this is called.

        Args:
            look: pictures -> layers of the feature network, without gradients.
        """

    def shown(self, photographs: Tensor) -> Tensor:
        """What the generator is given in a training step: the photographs, or others in the place of some of them.

        Args:
            photographs: (N, 3, H, W) in [-1, 1]; not changed.
        """
        return photographs

    @abstractmethod
    def forward(self, views: Views) -> Tensor:
        """The unweighted loss, a scalar."""


class ImageLosses(nn.ModuleDict):
    """Any number of image losses by name; calling it gives one weighted term each.

    Args:
        generator: the one that the losses judge; losses that read its encoder fit themselves to it.
    """

    def __init__(self, losses: dict[str, ImageLoss] | None = None, generator: nn.Module | None = None) -> None:
        chosen = {name: loss for name, loss in (losses or {}).items() if loss.weight != 0}
        super().__init__(chosen)
        if generator is not None:
            for loss in chosen.values():
                loss.attach(generator)

    @property
    def need_features(self) -> bool:
        """Whether any loss looks through the feature network."""
        return any(loss.needs_features for loss in self.values())

    @property
    def need_identity(self) -> bool:
        """Whether any loss looks at G(y)."""
        return any(loss.needs_identity for loss in self.values())

    @property
    def need_sets(self) -> bool:
        """Whether any loss measures the sets before the first step."""
        return any(loss.needs_sets for loss in self.values())

    def measure(self, sets: TrainingSets, look: Look) -> None:
        """Let every loss that wants to measure the sets do so."""
        chosen: list[ImageLoss] = [loss for loss in self.values() if loss.needs_sets]  # type: ignore[misc]  # a ModuleDict
        for loss in chosen:
            loss.measure(sets, look)

    def shown(self, photographs: Tensor) -> Tensor:
        """The photographs, with what any loss puts in the place of some; (N, 3, H, W)."""
        chosen: list[ImageLoss] = list(self.values())  # type: ignore[arg-type]  # a ModuleDict
        for loss in chosen:
            photographs = loss.shown(photographs)
        return photographs

    def forward(self, views: Views) -> Terms:
        """Name -> weight · loss, in float32 also under autocast: sums over a picture overflow half precision."""
        with torch.autocast(views.stylised.device.type, enabled=False):
            return {name: loss.weight * loss(views) for name, loss in self.items()}
