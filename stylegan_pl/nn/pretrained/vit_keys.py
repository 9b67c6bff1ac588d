"""Keys of a vision transformer's deepest layer, which describe a picture's structure (Tumanyan et al., 2022)."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from stylegan_pl.errors import ConfigError
from stylegan_pl.nn.pretrained.frozen import freeze
from stylegan_pl.nn.pretrained.imagenet import ImageNetInput
from stylegan_pl.nn.pretrained.wanted import pretrained_wanted
from stylegan_pl.nn.pretrained.weights import Remedy, WeightsError, load_weights, read_weights

_PLACE, _INSTEAD = "metric.NAME.network", "metric=[ssim]"


class ViTKeys(nn.Module):
    """Keys of the deepest block of a ViT for every token, class token first, with all heads concatenated.

    Pictures of any shape are resized to the network's square by antialiased bicubic interpolation.

    Args:
        architecture: timm's name of a plain ViT. `vit_small_patch8_224.dino` is DINO's ViT-S/8 (Caron et al., 2021).
        weights_path: a local file (.pth or .safetensors, keys of timm, which are those of DINO's own release) or an
            http(s) URL of one; None downloads the release that timm names into torch's hub cache.

    Raises:
        ConfigError: timm is not installed, has no such network, or the weights can neither be found nor downloaded.
    """

    def __init__(self, *, architecture: str = "vit_small_patch8_224.dino", weights_path: str | None = None) -> None:
        super().__init__()
        network = _plain_vit(architecture)
        if pretrained_wanted():
            remedy = Remedy(_PLACE, architecture, "timm's name of a ViT", _INSTEAD, library="timm")
            source = weights_path or _release(network, remedy)
            load_weights(network, read_weights(architecture, source, remedy), remedy, source=source)
        self.side: int = network.patch_embed.img_size[0]
        self.resize = f"antialiased bicubic to {self.side}"
        self.normalise = ImageNetInput(mean=network.pretrained_cfg["mean"], std=network.pretrained_cfg["std"])
        self.network: Any = freeze(network)

    def forward(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] -> (N, 1 + patches, width)."""
        size = (self.side, self.side)
        if images.shape[-2:] != size:
            images = interpolate(images, size=size, mode="bicubic", align_corners=False, antialias=True).clamp(-1, 1)
        seen: list[Tensor] = []
        # a hook for this call only, so that copies of this module use their own network
        handle = self.network.blocks[-1].attn.qkv.register_forward_hook(lambda _, __, qkv: seen.append(qkv))
        try:
            self.network.forward_features(self.normalise(images))
        finally:
            handle.remove()
        return seen[0].chunk(3, dim=-1)[1]  # queries, keys, values

    def train(self, mode: bool = True) -> "ViTKeys":
        """Frozen: stays in eval mode when its parent trains."""
        return super().train(False)


def _plain_vit(architecture: str) -> Any:
    try:
        import timm  # imported here, because it is an optional package
    except ImportError as error:
        raise ConfigError(
            f"{_PLACE}: DINO's network needs timm; type pip install 'stylegan-pl[timm]', or take {_INSTEAD}"
        ) from error
    if not timm.is_model(architecture):
        raise ConfigError(f"{_PLACE}.architecture: timm has no '{architecture}'; try vit_small_patch8_224.dino")
    network = timm.create_model(architecture, num_classes=0)
    blocks = getattr(network, "blocks", None)
    if not blocks or not hasattr(getattr(blocks[-1], "attn", None), "qkv"):
        raise ConfigError(f"{_PLACE}.architecture: '{architecture}' is no plain ViT; try vit_small_patch8_224.dino")
    return network


def _release(network: Any, remedy: Remedy) -> str:
    url = network.pretrained_cfg.get("url")
    if not url:
        raise WeightsError(
            f"{remedy.family}: timm names no file of its weights; give one with {remedy.place}.weights_path=FILE "
            f"(.pth or .safetensors), or take {remedy.instead}, which needs none",
            remedy,
        )
    return str(url)


def self_similarity(keys: Tensor) -> Tensor:
    """Cosine similarity of the keys of all pairs of tokens: (N, T, d) -> (N, T, T)."""
    unit = keys / torch.linalg.vector_norm(keys, dim=2, keepdim=True).clamp_min(1e-8)
    return unit @ unit.transpose(1, 2)
