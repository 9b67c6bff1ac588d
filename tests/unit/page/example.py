"""Two checkpoints of a few thousand weights, uploads of every kind, and the page's config for them."""

from functools import partial
from pathlib import Path

import numpy as np
import torch
from conftest import compose_config
from omegaconf import DictConfig, OmegaConf
from PIL import Image

from stylegan_pl.generators.adain import AdaINGenerator
from stylegan_pl.generators.mobile import MobileGenerator
from stylegan_pl.nn.layers.conv_encoder import ConvEncoder
from stylegan_pl.nn.layers.decoders import ResidualDecoder
from stylegan_pl.page.painters import Painters
from stylegan_pl.page.studio import Studio

FILM = {"options": {"preset": "ultrafast"}, "crf": 4.0, "codec": None, "bitrate": None}
STEADY = {"statistics_half_life": 2.0, "smoothing": 0.0, "cut_threshold": 0.1}
_MOBILE = {"_target_": "stylegan_pl.generators.mobile.MobileGenerator", "blocks": 1, "width": 16}
_ADAIN = {
    "_target_": "stylegan_pl.generators.adain.AdaINGenerator",
    "encoder": {"_target_": "stylegan_pl.nn.layers.conv_encoder.ConvEncoder", "width": 8},
    "decoder": {"_target_": "stylegan_pl.nn.layers.decoders.ResidualDecoder", "_partial_": True, "blocks": 1},
}


def write_checkpoints(folder: Path) -> tuple[Path, Path]:
    """One that has learned its style, in a run folder, and one that takes any, a file."""
    torch.manual_seed(0)
    learned = folder / "vangogh/2026-11-23/checkpoints/best.ckpt"
    any_style = folder / "adain/best.ckpt"
    adain = AdaINGenerator(encoder=ConvEncoder(width=8), decoder=partial(ResidualDecoder, blocks=1))
    _save(learned, MobileGenerator(blocks=1, width=16), _MOBILE)
    _save(any_style, adain, _ADAIN)
    return learned.parents[1], any_style


def _save(path: Path, generator: torch.nn.Module, node: dict) -> None:
    path.parent.mkdir(parents=True)
    state = {f"generator.{name}": value for name, value in generator.state_dict().items()}
    torch.save({"config": {"model": {"generator": node}}, "state_dict": state}, path)


def page_config(*ckpts: Path, **changes) -> DictConfig:
    """As the command line composes it, on the CPU."""
    typed = ["device=cpu", "port=0", "film.crf=4", "+film.options.preset=ultrafast"]
    config = compose_config("app", ["ckpt=x", *typed])
    OmegaConf.update(config, "ckpt", [str(path) for path in ckpts])
    for key, value in changes.items():
        OmegaConf.update(config, key, value)
    return config


def studio(folder: Path, *ckpts: Path, max_megapixels: float = 10, **options) -> Studio:
    """What the page works with."""
    painters = Painters([str(path) for path in ckpts], device="cpu", **options)
    return Studio(painters, folder, film={**FILM, **STEADY}, max_megapixels=max_megapixels)


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    """uint8 (H, W, 3)."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def write_uploads(folder: Path) -> dict[str, Path]:
    """Name -> a picture that Gradio's own reader would show otherwise, or browsers not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    colours = Image.fromarray(noise(34, 50))
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "a camera"  # lies on its side
    grey = np.random.default_rng(1).integers(0, 65536, (33, 41), dtype=np.uint16)
    turned, wide, cmyk, clear, tile = (
        folder / name for name in ("turned.jpg", "wide.png", "cmyk.tif", "clear.png", "tile.bmp")
    )
    colours.save(turned, exif=exif, quality=95)
    Image.fromarray(grey).save(wide)
    colours.convert("CMYK").save(cmyk)
    alpha = colours.convert("RGBA")
    alpha.putalpha(colours.convert("L"))
    alpha.save(clear)
    Image.fromarray(noise(150, 200)).save(tile)
    return {path.name: path for path in (turned, wide, cmyk, clear, tile)}
