"""Finds pretrained weights in a file or downloads them once, reads them without running code, and checks them."""

import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import torch
from torch import Tensor, nn

from stylegan_pl.errors import ConfigError, first_line
from stylegan_pl.nn.pretrained.tensor_files import UnreadableError, read_safetensors, read_torch


class Remedy(NamedTuple):
    """What an error message tells the user to type."""

    place: str  # usual key of the network in the config, which has `architecture` and `weights_path`
    family: str  # the kind of network whose keys the file must have
    architectures: str  # possible values of `architecture`
    instead: str  # an option that needs no weights
    library: str = "torchvision"  # the library that defines the keys


class WeightsError(ConfigError):
    """Weights cannot be loaded, or are of another network."""

    def __init__(self, message: str, remedy: Remedy) -> None:
        super().__init__(message)
        self.remedy = remedy

    def at(self, place: str) -> "WeightsError":
        """The same error for the key where this network was built, such as metric.kid_vgg.features.network."""
        usual = self.remedy.place
        message = str(self).replace(f"{usual}.", f"{place}.").replace(f"{usual}=", f"{usual}@{place}=")
        return WeightsError(message, self.remedy._replace(place=place))


def read_weights(architecture: str, weights_path: str | None, remedy: Remedy) -> dict[str, Tensor]:
    """The weights of an ImageNet network from a file, a URL, or (None) torchvision's download.

    Raises:
        WeightsError: the weights can neither be found nor downloaded.
        ConfigError: the file does not contain weights.
    """
    if weights_path is not None and not weights_path.startswith(("http://", "https://")):
        return read_file(Path(weights_path), remedy)
    return read_file(_download(architecture, weights_path or _torchvision_url(architecture), remedy), remedy)


def read_file(path: Path, remedy: Remedy) -> dict[str, Tensor]:
    """Name -> tensor of a .pth or .safetensors file; never runs its code."""
    if not path.is_file():
        raise WeightsError(
            f"{remedy.place}.weights_path: no file {path}; give a .pth or .safetensors file with {remedy.library}'s "
            f"{remedy.family} keys, or take {remedy.instead}, which needs none",
            remedy,
        )
    try:
        found = read_safetensors(path)[0] if path.suffix == ".safetensors" else read_torch(path)
    except UnreadableError as error:
        raise ConfigError(f"{path}: cannot be read as weights ({error}); remove it, or give another file") from error
    if not isinstance(found, dict):
        raise ConfigError(f"{path}: holds no weights by their names; give another file")
    return found


def load_weights(
    module: nn.Module, weights: Mapping[str, Tensor], remedy: Remedy, *, source: str, prefix: str = ""
) -> None:
    """Copy `weights[prefix + key]` into every key of the module, in the module's own precision.

    Raises:
        WeightsError: the weights are those of another network.
    """
    wanted = module.state_dict()
    found = {key: weights[f"{prefix}{key}"] for key in wanted if f"{prefix}{key}" in weights}
    wrong = [key for key in wanted if key not in found or found[key].shape != wanted[key].shape]
    if wrong:
        raise WeightsError(
            f"{source}: not the weights of this {remedy.family}, '{prefix}{wrong[0]}' is missing or of another shape; "
            f"check {remedy.place}.architecture ({remedy.architectures})",
            remedy,
        )
    module.load_state_dict({key: found[key].to(wanted[key].dtype) for key in wanted})


def _download(architecture: str, url: str, remedy: Remedy) -> Path:
    """Download a URL to torch's hub cache, only once."""
    name = Path(urlsplit(url).path).name
    digest = re.search(r"-([0-9a-f]{8,})\.", name)
    if digest is None:  # torchvision's names contain a hash; other URLs may have equal file names
        name = f"{sha256(url.encode()).hexdigest()[:8]}-{name}"
    cached = Path(torch.hub.get_dir(), "checkpoints", name)
    if cached.is_file():
        return cached
    try:
        cached.parent.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(url, str(cached), digest and digest.group(1), progress=False)
    except (OSError, RuntimeError) as error:
        raise WeightsError(
            f"{architecture}: the pretrained weights could not be downloaded from {url} ({first_line(error)}); give a "
            f"local file with {remedy.place}.weights_path=FILE (.pth or .safetensors), or take {remedy.instead}, "
            "which needs none",
            remedy,
        ) from error
    return cached


def _torchvision_url(architecture: str) -> str:
    from torchvision.models import get_model_weights  # slow to import, and needed only here

    weights: Any = get_model_weights(architecture)
    return weights.IMAGENET1K_V1.url
