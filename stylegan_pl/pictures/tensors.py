"""Converts between pictures and tensors, and between uint8 and [-1, 1]; no other code does."""

import numpy as np
import torch
from PIL import Image
from torch import Tensor


def to_float(image: Tensor) -> Tensor:
    """uint8 in [0, 255] -> float32 in [-1, 1]; 0 ↦ -1 and 255 ↦ 1 exactly.

    >>> import torch
    >>> from stylegan_pl.pictures.tensors import to_float
    >>> to_float(torch.tensor([0, 255], dtype=torch.uint8))
    tensor([-1.,  1.])
    """
    return image.to(torch.float32) / 127.5 - 1.0


def to_uint8(image: Tensor) -> Tensor:
    """Float in [-1, 1] -> uint8, rounded to nearest; values outside the range are clipped.

    >>> import torch
    >>> from stylegan_pl.pictures.tensors import to_uint8
    >>> to_uint8(torch.tensor([-1.0, 0.0, 1.0, 1.5]))
    tensor([  0, 128, 255, 255], dtype=torch.uint8)
    """
    return ((image.float().clamp(-1, 1) + 1.0) * 127.5).round().to(torch.uint8)


def image_to_tensor(image: Image.Image) -> Tensor:
    """RGB picture -> uint8 tensor (3, H, W)."""
    return torch.from_numpy(np.array(image, dtype=np.uint8)).permute(2, 0, 1).contiguous()


def tensor_to_image(image: Tensor) -> Image.Image:
    """(3, H, W), uint8 or float in [-1, 1] -> RGB picture."""
    pixels = to_uint8(image) if image.is_floating_point() else image
    return Image.fromarray(pixels.permute(1, 2, 0).contiguous().cpu().numpy())


def grid(rows: list[list[Tensor]], *, gap: int = 4) -> Image.Image:
    """Rows of equally sized images, (3, H, W) in [-1, 1] -> one picture with white gaps of `gap` pixels."""
    height, width = rows[0][0].shape[-2:]
    columns = max(len(row) for row in rows)
    sheet = Image.new("RGB", (columns * (width + gap) + gap, len(rows) * (height + gap) + gap), (255, 255, 255))
    for y, row in enumerate(rows):
        for x, image in enumerate(row):
            sheet.paste(tensor_to_image(image), (gap + x * (width + gap), gap + y * (height + gap)))
    return sheet
