"""The Python interface to a trained generator: `from stylegan_pl import Stylizer`."""

from collections.abc import Sequence
from os import PathLike
from typing import TypeVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from stylegan_pl.inference.load_painter import Path, load_painter
from stylegan_pl.inference.painter import Painter
from stylegan_pl.inference.stroke_size import STROKE_AT
from stylegan_pl.inference.tiling.tile_plan import Tiling
from stylegan_pl.pictures.srgb import to_srgb
from stylegan_pl.pictures.tensors import image_to_tensor, tensor_to_image

Picture = TypeVar("Picture", Image.Image, np.ndarray, Tensor)


class Stylizer:
    """Paints pictures; a painting has the size and kind (PIL, array or tensor) of its picture.

    >>> import numpy as np, torch
    >>> from stylegan_pl import Stylizer
    >>> from stylegan_pl.inference.painter import Painter
    >>> stylizer = Stylizer(Painter(torch.nn.Tanh()))  # or Stylizer.load("outputs/train/coco_vangogh/DATE")
    >>> photograph = np.zeros((37, 50, 3), dtype=np.uint8)
    >>> painting = stylizer(photograph)
    >>> painting.shape, painting.dtype
    ((37, 50, 3), dtype('uint8'))

    Args:
        painter: paints batches of tensors.
    """

    def __init__(self, painter: Painter) -> None:
        self.painter = painter

    @classmethod
    def load(
        cls,
        ckpt: Path,
        *,
        style: Path | Sequence[Path] = (),
        style_weights: Sequence[float] | None = None,
        style_size: int = 512,
        strength: float | None = None,
        stroke: float = 1.0,
        stroke_at: int | None = STROKE_AT,
        keep_colour: bool | str | None = None,
        tile: int | str | None = "auto",
        memory_gb: float | None = None,
        device: str = "auto",
        precision: str = "auto",
        trust: Sequence[str] = (),
    ) -> "Stylizer":
        """From a run folder or a checkpoint file; for the options see `python -m stylegan_pl.stylize --help`.

        Raises:
            ConfigError: no checkpoint, or options that do not go with it.
        """
        painter = load_painter(
            ckpt, style=style, style_weights=style_weights, style_size=style_size, strength=strength, stroke=stroke,
            stroke_at=stroke_at, keep_colour=keep_colour, tiling=Tiling(tile, memory_gb), device=device,
            precision=precision, trust=trust,
        )  # fmt: skip
        return cls(painter)

    def __call__(self, image: Picture, *, mask: Image.Image | np.ndarray | Tensor | None = None) -> Picture:
        """Paint one picture, or a batch of tensors.

        Args:
            image: a PIL picture of any mode; or an array (H, W, 3) or (H, W), uint8 or float in [0, 1]; or a tensor
                (3, H, W) or (N, 3, H, W), uint8 or float in [-1, 1].
            mask: where to paint: a PIL picture or an array (H, W), white is painted; or a tensor (H, W) in [0, 1].

        Returns:
            The kind of `image`: PIL pictures in mode RGB, arrays (H, W, 3), tensors of the same shape, type and device.

        Raises:
            TypeError: it is no picture.
            ValueError: the shape or type of numbers is another, or values are out of range.
        """
        if isinstance(image, Image.Image):
            pictures = image_to_tensor(to_srgb(image))[None]
            return tensor_to_image(self._paint(pictures, mask)[0])
        if isinstance(image, np.ndarray):
            return _to_array(self._paint(_from_array(image), mask)[0], image.dtype)
        if not isinstance(image, Tensor):
            opening = f"; open it first: PIL.Image.open({str(image)!r})"
            hint = opening if isinstance(image, str | PathLike) else ""
            raise TypeError(f"a picture is a PIL image, an array or a tensor, got {type(image).__name__}{hint}")
        pictures = _checked(image)
        painted = self._paint(pictures.cpu(), mask)
        return painted.view(image.shape).to(image.device)

    def _paint(self, pictures: Tensor, mask: Image.Image | np.ndarray | Tensor | None) -> Tensor:
        if mask is None:
            return self.painter(pictures)
        share = _mask(mask)
        if share.shape != pictures.shape[-2:]:
            raise ValueError(
                f"the mask is {tuple(share.shape)}, the picture {tuple(pictures.shape[-2:])} (rows, columns)"
            )
        return self.painter(pictures, share.expand(len(pictures), 1, -1, -1))


def _from_array(image: np.ndarray) -> Tensor:
    if image.ndim == 2:
        image = np.repeat(image[..., None], 3, axis=2)
    if image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
        raise ValueError(f"an array must be (H, W, 3) or (H, W), got {image.shape}; drop alpha by image[..., :3]")
    pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None]  # a copy, because torch needs a writable array
    if image.dtype == np.uint8:
        return pixels
    if not np.issubdtype(image.dtype, np.floating):
        raise ValueError(f"an array must be uint8 or float in [0, 1], got {image.dtype}")
    if not bool(((image >= -1e-4) & (image <= 1 + 1e-4)).all()):  # also True for nan
        raise ValueError(f"an array of floats must be in [0, 1], got {image.min():.3g} to {image.max():.3g}")
    return pixels.float() * 2 - 1


def _to_array(painted: Tensor, dtype: np.dtype) -> np.ndarray:
    pixels = painted.permute(1, 2, 0).numpy()
    return np.ascontiguousarray(pixels if dtype == np.uint8 else ((pixels + 1) / 2).clip(0, 1).astype(dtype))


def _checked(image: Tensor) -> Tensor:
    """The tensor as (N, 3, H, W), after checks of shape, type and range."""
    pictures = image[None] if image.dim() == 3 else image
    if pictures.dim() != 4 or pictures.shape[1] != 3 or 0 in pictures.shape:
        raise ValueError(f"a tensor must be (3, H, W) or (N, 3, H, W), got {tuple(image.shape)}")
    if pictures.dtype == torch.uint8:
        return pictures
    if not pictures.is_floating_point():
        raise ValueError(f"a tensor must be uint8 or float in [-1, 1], got {image.dtype}")
    if not bool((pictures.abs() <= 1 + 1e-4).all()):  # also True for nan
        least, most = float(pictures.min()), float(pictures.max())
        raise ValueError(f"a tensor of floats must be in [-1, 1], got {least:.3g} to {most:.3g}")
    return pictures


def _mask(mask: Image.Image | np.ndarray | Tensor) -> Tensor:
    """A mask of any kind -> (H, W) in [0, 1]."""
    if isinstance(mask, Image.Image):
        mask = np.array(to_srgb(mask).convert("L"))  # to_srgb scales 16 bits, which convert would clip
    share = torch.as_tensor(mask)
    share = share.float() / 255 if share.dtype == torch.uint8 else share.float()
    if share.dim() != 2 or not bool(((share >= 0) & (share <= 1)).all()):
        raise ValueError(f"a mask must be (H, W), uint8 or in [0, 1], got {tuple(share.shape)}")
    return share
