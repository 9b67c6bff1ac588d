"""What an image loss is: a scalar of a stylised picture beside its content, its style, and their features."""

from abc import ABC, abstractmethod
from functools import cached_property

import torch
from torch import Tensor, nn

from stylegan_pl.contracts import Terms
from stylegan_pl.nn.features import FeatureNetwork, Features


class Views:
    """One batch as image losses see it; features are computed when first asked for, once for all losses.

    Args:
        stylised: G(x), (N, 3, H, W) in [-1, 1].
        content: x.
        style: y.
        identity: G(y), only where a loss `needs_identity`.
        network: None when no loss looks through one.
    """

    def __init__(
        self,
        stylised: Tensor,
        content: Tensor,
        style: Tensor,
        *,
        identity: Tensor | None = None,
        network: FeatureNetwork | None = None,
    ) -> None:
        self.stylised, self.content, self.style = stylised.float(), content.float(), style.float()
        self.identity = None if identity is None else identity.float()
        self._network = network
        device = stylised.device.type
        self._autocast = torch.autocast(
            device, dtype=torch.get_autocast_dtype(device), enabled=torch.is_autocast_enabled(device)
        )

    def _features(self, image: Tensor) -> Features:
        if self._network is None:
            raise ValueError("an image loss reads features, and the model has no feature_network")
        with self._autocast:  # the network may run in half precision; what losses add up may not
            return {name: layer.float() for name, layer in self._network(image).items()}

    @cached_property
    def stylised_features(self) -> Features:
        """Layers of G(x), with gradients."""
        return self._features(self.stylised)

    @cached_property
    def content_features(self) -> Features:
        """Layers of x."""
        with torch.no_grad():
            return self._features(self.content)

    @cached_property
    def style_features(self) -> Features:
        """Layers of y."""
        with torch.no_grad():
            return self._features(self.style)


class ImageLoss(nn.Module, ABC):
    """A weighted scalar of the views. Weight 0 switches a loss off, at no cost."""

    needs_features = False  # reads layers of the feature network
    needs_identity = False  # reads G(y)

    def __init__(self, *, weight: float) -> None:
        super().__init__()
        self.weight = weight

    @abstractmethod
    def forward(self, views: Views) -> Tensor:
        """The unweighted loss, a scalar."""


class ImageLosses(nn.ModuleDict):
    """Any number of image losses by name; calling it gives one weighted term each."""

    def __init__(self, losses: dict[str, ImageLoss] | None = None) -> None:
        super().__init__({name: loss for name, loss in (losses or {}).items() if loss.weight != 0})

    @property
    def need_features(self) -> bool:
        """Whether any loss looks through the feature network."""
        return any(loss.needs_features for loss in self.values())

    @property
    def need_identity(self) -> bool:
        """Whether any loss looks at G(y)."""
        return any(loss.needs_identity for loss in self.values())

    def forward(self, views: Views) -> Terms:
        """Name -> weight · loss, in float32 also under autocast: sums over a picture overflow half precision."""
        with torch.autocast(views.stylised.device.type, enabled=False):
            return {name: loss.weight * loss(views) for name, loss in self.items()}
