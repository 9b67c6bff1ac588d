"""Photographs, and every detector as conf/ has it."""

from functools import cache
from pathlib import Path

import numpy as np
import skimage
import torch
from conftest import compose_config
from hydra.utils import instantiate
from PIL import Image
from torch import Tensor

from stylegan_pl.data.sources.brushstrokes import paint
from stylegan_pl.diagnosis.symptom import PictureDetector
from stylegan_pl.pictures.tensors import image_to_tensor, tensor_to_image, to_float

NAMES = ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "camera.png", "motorcycle_left.png")


@cache
def photographs() -> Tensor:
    """(6, 3, 128, 128) of scikit-image's."""
    pictures = []
    for name in NAMES:
        image = Image.open(Path(skimage.__file__).parent / "data" / name).convert("RGB")
        side = min(image.size)
        left, top = ((length - side) // 2 for length in image.size)
        square = image.crop((left, top, left + side, top + side)).resize((128, 128), Image.Resampling.LANCZOS)
        pictures.append(to_float(image_to_tensor(square)))
    return torch.stack(pictures)


@cache
def painted() -> Tensor:
    """Each in brush strokes of a palette of Van Gogh's."""
    pixels = [np.asarray(tensor_to_image(photo)) for photo in photographs()]
    strokes = [paint(pixel, brush_radii=(6, 3, 2), seed=index) for index, pixel in enumerate(pixels)]
    return torch.stack([to_float(image_to_tensor(Image.fromarray(picture))) for picture in strokes])


@cache
def detectors() -> list[PictureDetector]:
    """Those of pictures, with the numbers of conf/."""
    node = compose_config("train", ["run_dir=unused"]).callbacks.diagnosis.detectors
    built = instantiate(node, _convert_="all").values()
    return [detector for detector in built if isinstance(detector, PictureDetector)]


def examine(content: Tensor, stylised: Tensor) -> set[str]:
    """Names of what they are said to suffer from."""
    found = [detector.look(content, stylised) for detector in detectors()]
    return {symptom.name for symptom in found if symptom is not None}
