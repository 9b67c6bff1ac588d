"""Optimises the pixels of a photograph under a run's image losses: the aim of a generator trained with them."""

import logging
import time
from pathlib import Path

import numpy as np
import torch
from omegaconf import DictConfig
from PIL import Image
from torch import Tensor

from stylegan_pl.contracts import StylePair, Terms
from stylegan_pl.data.datamodule import StyleTransferData
from stylegan_pl.errors import ConfigError
from stylegan_pl.models.base import TwoPlayerModule
from stylegan_pl.models.fakes import Fakes
from stylegan_pl.models.measure import measure
from stylegan_pl.pictures.crop_size import sides
from stylegan_pl.pictures.read import read_image
from stylegan_pl.pictures.tensors import grid, image_to_tensor, to_float
from stylegan_pl.pictures.write import check_is_free, write_image
from stylegan_pl.runs.device import inference_device, inference_dtype
from stylegan_pl.runs.output_lock import alone_writing
from stylegan_pl.training.build import build_data, build_model

_log = logging.getLogger(__name__)

_INSIDE = 0.97  # of the range: a pixel at the end of the range has no gradient


def paint_pixels(config: DictConfig) -> int:
    """Preview by a composed `PreviewConfig`: write photograph | painting, and report each loss before and after.

    Raises:
        UserError: one line with what to type instead.
    """
    output = Path(config.output)
    with alone_writing(output, is_folder=False):
        check_is_free(output, overwrite=config.overwrite)  # again: torch took seconds to import
        return _paint_pixels(config)


def _paint_pixels(config: DictConfig) -> int:
    device = inference_device(config.device)
    photograph = _photograph(Path(config.input), config.size or min(sides(config.image_size)))
    torch.manual_seed(config.seed)
    model = build_model(config).to(device)
    left_out = leave_out_what_needs_a_generator(model)
    data = build_data(config)
    data.prepare()
    if left_out:
        _log.info("left out, because they need a generator or a painting of the same scene: %s", ", ".join(left_out))
    _log.info(
        "%d × %d pixels, %d paintings, image losses %s; a preview uses no discriminator",
        photograph.shape[3], photograph.shape[2], len(data.train_set.styles), ", ".join(model.image_losses),
    )  # fmt: skip
    dtype = inference_dtype(config.precision, device)
    if model.image_losses.need_sets:
        measure(model, data.training_sets(), seed=config.seed)
    started = time.monotonic()
    with torch.autocast(device.type, dtype=dtype, enabled=dtype != torch.float32):
        painting = PixelPainting(model, data, photograph.to(device), step_size=config.step_size)
        before = painting.losses()
        for _ in range(config.steps):
            painting.step()
            if time.monotonic() - started > 60 * config.minutes:
                break
        after = painting.losses()
    write_image(grid([[photograph[0], painting.picture()[0]]]), Path(config.output))
    _log.info("%d steps in %.0f s: %s", painting.steps, time.monotonic() - started, config.output)
    for name, value in before.items():
        _log.info("  %-20s %.4g → %.4g", name, float(value), float(after[name]))
    return 0


def leave_out_what_needs_a_generator(model: TwoPlayerModule) -> list[str]:
    """Remove, in place, the image losses that need more than one picture; returns their names.

    Raises:
        ConfigError: none is left.
    """
    left_out = [name for name, loss in model.image_losses.items() if not loss.of_any_picture]
    for name in left_out:
        del model.image_losses[name]
    if not len(model.image_losses):
        left = f": {', '.join(left_out)} need more than a picture" if left_out else ""
        raise ConfigError(
            f"{type(model).__name__} has no image loss that can be previewed{left}, and an adversarial loss cannot be "
            "previewed; type image_loss=[style,content], or an +experiment= with image losses"
        )
    return left_out


class PixelPainting:
    """A picture that starts as the photograph and minimises the weighted sum of a model's image losses.

    Adam moves w in tanh(w), so colours stay colours. As in training, each step uses a random crop of another painting.

    Args:
        model: its `image_terms` are minimised.
        photograph: (1, 3, H, W) in [-1, 1].
        step_size: Adam's.
    """

    def __init__(
        self, model: TwoPlayerModule, data: StyleTransferData, photograph: Tensor, *, step_size: float
    ) -> None:
        self.model, self.data, self.photograph = model, data, photograph
        self.steps = 0
        self._pixels = torch.atanh(_INSIDE * photograph).requires_grad_()
        self._optimizer = torch.optim.Adam([self._pixels], lr=step_size)

    def picture(self) -> Tensor:
        """The current picture, (1, 3, H, W) in [-1, 1]."""
        return torch.tanh(self._pixels.detach()) / _INSIDE

    def losses(self) -> Terms:
        """Each weighted loss of the current picture, with the first painting as style."""
        with torch.no_grad():
            return self._terms(0)

    def step(self) -> None:
        """One step of Adam."""
        self._optimizer.zero_grad(set_to_none=True)
        torch.stack(list(self._terms(self.steps).values())).sum().backward()
        self._optimizer.step()
        self.steps += 1

    def _terms(self, at: int) -> Terms:
        painting = self.data.train_set.style_crop(
            at % len(self.data.train_set.styles), np.random.default_rng([self.data.seed, at])
        )
        style = to_float(painting[None]).to(self.photograph.device)
        stylised = torch.tanh(self._pixels) / _INSIDE
        return self.model.image_terms(StylePair(self.photograph, style), Fakes(stylised=stylised))


def _photograph(path: Path, size: int) -> Tensor:
    """A file -> (1, 3, H, W) in [-1, 1], its shorter side resized to `size` pixels."""
    image = read_image(path, at_least=size)
    scale = size / min(image.size)
    width, height = (max(size, round(side * scale)) for side in image.size)
    return to_float(image_to_tensor(image.resize((width, height), Image.Resampling.LANCZOS))[None])
