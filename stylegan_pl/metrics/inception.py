"""Inception-v3's last pooled layer, by two protocols of resizing."""

from abc import abstractmethod

from torch import Tensor, nn
from torch.nn.functional import interpolate

from stylegan_pl.images import to_float, to_uint8
from stylegan_pl.metrics.features import SetFeatures
from stylegan_pl.nn.frozen import freeze
from stylegan_pl.nn.pretrained import pretrained_wanted
from stylegan_pl.nn.weights import Remedy, load_weights, read_weights

_SIDE = 299  # pixels that Inception-v3 was trained with
_REMEDY = Remedy("metric.NAME.features", "Inception-v3", "inception_v3", "metric=[sliced_wasserstein]")


def resize_clean(images: Tensor, side: int = _SIDE) -> Tensor:
    """Protocol `fid_clean` (Parmar et al., 2022): PIL's antialiased bicubic on each colour, clipped, not rounded.

    Pictures, in [-1, 1], are rounded to uint8 first, as a PNG of them would be.
    """
    pixels = to_uint8(images).float()
    resized = interpolate(pixels, size=(side, side), mode="bicubic", align_corners=False, antialias=True)
    return to_float(resized.clamp(0, 255))


def resize_legacy(images: Tensor, side: int = _SIDE) -> Tensor:
    """Protocol `fid_legacy`: bilinear without antialiasing, half-pixel centres; large pictures alias.

    Pictures, in [-1, 1], are rounded to uint8 first, never truncated.
    """
    pixels = to_uint8(images).float()
    return to_float(interpolate(pixels, size=(side, side), mode="bilinear", align_corners=False, antialias=False))


class Inception(SetFeatures):
    """pool3 of Inception-v3 (Szegedy et al., 2016), 2048 numbers a picture, with torchvision's ImageNet weights.

    Published FIDs and KIDs come from the TensorFlow network of 2015, whose weights are others: scores by this one are
    comparable among themselves, not with published tables.

    Args:
        architecture: `inception_v3`.
        weights_path: a local file (.pth or .safetensors, torchvision's keys) or an http(s) URL of one; None downloads
            torchvision's ImageNet weights into torch's hub cache.

    Raises:
        UserError: the weights can neither be found nor downloaded; the message lists the remedies.
    """

    layers = "pool3"

    def __init__(self, *, architecture: str = "inception_v3", weights_path: str | None = None) -> None:
        super().__init__()
        if architecture != "inception_v3":
            raise ValueError(
                f"architecture must be inception_v3, got '{architecture}'; try metrics.features.PooledTaps"
            )
        from torchvision.models import inception_v3  # slow to import, and needed only here

        # [-1, 1] is what the network was trained on; torchvision's transform_input would undo ImageNet's means
        network = inception_v3(weights=None, aux_logits=False, transform_input=False, init_weights=False)
        network.fc = nn.Identity()  # nobody looks that deep, so a file may lack it
        if pretrained_wanted():
            weights = read_weights(architecture, weights_path, _REMEDY)
            # counters of training batches, which files from before torch 0.4.1 lack and nothing here reads
            counters = {k: v for k, v in network.state_dict().items() if k.endswith("num_batches_tracked")}
            load_weights(network, counters | weights, _REMEDY, source=weights_path or architecture)
        self.network = freeze(network)

    def forward(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] -> (N, 2048)."""
        return self.network(self._resized(images))

    @abstractmethod
    def _resized(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] -> (N, 3, 299, 299)."""


class CleanInception(Inception):
    """Protocol `fid_clean`: pictures rounded to uint8, then PIL's antialiased bicubic to 299; see `Inception`."""

    resize = "fid_clean: rounded to uint8, PIL's antialiased bicubic to 299"

    def _resized(self, images: Tensor) -> Tensor:
        return resize_clean(images)


class LegacyInception(Inception):
    """Protocol `fid_legacy`: pictures rounded to uint8, then bilinear to 299, not antialiased; see `Inception`."""

    resize = "fid_legacy: rounded to uint8, bilinear to 299, not antialiased"

    def _resized(self, images: Tensor) -> Tensor:
        return resize_legacy(images)
