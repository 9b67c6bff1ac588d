"""Inception-v3's last pooled layer, with two protocols of resizing."""

from abc import abstractmethod

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from stylegan_pl.metrics.features import SetFeatures
from stylegan_pl.nn.pretrained.frozen import freeze
from stylegan_pl.nn.pretrained.wanted import pretrained_wanted
from stylegan_pl.nn.pretrained.weights import Remedy, load_weights, read_weights
from stylegan_pl.pictures.tensors import to_float, to_uint8

_SIDE = 299  # pixels per side in Inception-v3's training
_REMEDY = Remedy("metric.NAME.features", "Inception-v3", "inception_v3", "metric=[sliced_wasserstein]")


def resize_clean(images: Tensor, side: int = _SIDE) -> Tensor:
    """Protocol `fid_clean` (Parmar et al., 2022): PIL's antialiased bicubic per colour, clipped, not rounded.

    Pictures in [-1, 1] are first rounded to uint8, as in a PNG file.
    """
    pixels = to_uint8(images).float()
    resized = interpolate(pixels, size=(side, side), mode="bicubic", align_corners=False, antialias=True)
    return to_float(resized.clamp(0, 255))


def resize_legacy(images: Tensor, side: int = _SIDE) -> Tensor:
    """Protocol `fid_legacy`: bilinear without antialiasing, half-pixel centres; large pictures alias.

    Pictures in [-1, 1] are first rounded to uint8, never truncated.
    """
    pixels = to_uint8(images).float()
    return to_float(interpolate(pixels, size=(side, side), mode="bilinear", align_corners=False, antialias=False))


def resize_tensorflow(images: Tensor, side: int = _SIDE) -> Tensor:
    """Resizing of published FIDs: TensorFlow 1's bilinear, pixel i at position i · size / side; large pictures alias.

    Pictures, in [-1, 1], are rounded to uint8 first.
    """
    rows, columns = (torch.arange(side, device=images.device) * (size / side) for size in images.shape[-2:])
    return to_float(_lerp(_lerp(to_uint8(images).float(), rows, -2), columns, -1))


def _lerp(pixels: Tensor, places: Tensor, dim: int) -> Tensor:
    """Linear interpolation along one dimension; beyond the last pixel, the last is used."""
    low = places.long()
    high = (low + 1).clamp(max=pixels.shape[dim] - 1)
    part = (places - low).view(-1, *(1,) * (-1 - dim))
    below = pixels.index_select(dim, low)
    return below + (pixels.index_select(dim, high) - below) * part


class Inception(SetFeatures):
    """pool3 of Inception-v3 (Szegedy et al., 2016): 2048 numbers per picture.

    With torchvision's ImageNet weights, scores are comparable only with each other. Published FIDs and KIDs use
    TensorFlow's network of 2015: a file with its weights (1008 classes, as in `pt_inception-2015-12-05-6726825d.pth`)
    is recognised, and its network and input range are used.

    Args:
        architecture: `inception_v3`.
        weights_path: a local file (.pth or .safetensors) or an http(s) URL of one, of either network; None downloads
            torchvision's ImageNet weights into torch's hub cache.

    Attributes:
        of_2015: whether the weights are TensorFlow's.

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

        from stylegan_pl.nn.pretrained.inception_2015 import inception_2015, is_of_2015

        weights = read_weights(architecture, weights_path, _REMEDY) if pretrained_wanted() else {}
        self.of_2015 = is_of_2015(weights)
        self.weights_name = "Inception of 2015" if self.of_2015 else "torchvision's Inception"
        # the network was trained on [-1, 1], so torchvision's transform_input, for normalised input, is off
        network = (
            inception_2015()
            if self.of_2015
            else inception_v3(weights=None, aux_logits=False, transform_input=False, init_weights=False)
        )
        network.fc = nn.Identity()  # not used, so a file may lack its weights
        if weights:
            # counters of training batches, which are not used, and which files from before torch 0.4.1 lack
            counters = {k: v for k, v in network.state_dict().items() if k.endswith("num_batches_tracked")}
            load_weights(network, counters | weights, _REMEDY, source=weights_path or architecture)
        self.network = freeze(network)

    def forward(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] -> (N, 2048)."""
        resized = self._resized(images)
        return self.network((resized * 127.5 - 0.5) / 128 if self.of_2015 else resized)

    @abstractmethod
    def _resized(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] -> (N, 3, 299, 299)."""


class CleanInception(Inception):
    """Protocol `fid_clean`: pictures rounded to uint8, then PIL's antialiased bicubic to 299; see `Inception`."""

    resize = "fid_clean: rounded to uint8, PIL's antialiased bicubic to 299"

    def _resized(self, images: Tensor) -> Tensor:
        return resize_clean(images)


class LegacyInception(Inception):
    """Protocol `fid_legacy`: pictures rounded to uint8, then bilinear to 299, not antialiased; see `Inception`.

    Pixels are at half-pixel centres; with the weights of 2015, at TensorFlow 1's positions.
    """

    resize = "fid_legacy: rounded to uint8, bilinear to 299, not antialiased"

    def __init__(self, *, architecture: str = "inception_v3", weights_path: str | None = None) -> None:
        super().__init__(architecture=architecture, weights_path=weights_path)
        if self.of_2015:
            self.resize = "fid_legacy: rounded to uint8, TensorFlow 1's bilinear to 299, not antialiased"

    def _resized(self, images: Tensor) -> Tensor:
        return resize_tensorflow(images) if self.of_2015 else resize_legacy(images)
