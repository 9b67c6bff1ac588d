"""What can be evaluated: a checkpoint, or pictures that any program has painted."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import torch
import yaml
from torch import Tensor, nn

from stylegan_pl.data.folder import ImageFolder
from stylegan_pl.errors import UnfitData, UserError
from stylegan_pl.evaluation.fixed_set import Photograph
from stylegan_pl.evaluation.painted_folder import PaintedFolder
from stylegan_pl.inference.any_size import pad_to_stride
from stylegan_pl.inference.finish import check_is_finite
from stylegan_pl.pictures.crop_size import CropSize
from stylegan_pl.pictures.tensors import to_float, to_uint8
from stylegan_pl.runs.checkpoint import load, load_generator
from stylegan_pl.runs.masked import masked
from stylegan_pl.runs.record import RunRecord


class System(ABC):
    """Something that has a painting for each photograph."""

    name: str  # short, for tables
    source: str  # as typed
    kind: str  # run, checkpoint or pictures

    @abstractmethod
    def paint(self, photographs: Sequence[Photograph]) -> Tensor:
        """Paint photographs: uint8 (N, 3, H, W), in their order."""

    @abstractmethod
    def cost(self) -> dict[str, str]:
        """Label -> what training and painting cost, in words."""

    def config_text(self) -> str | None:
        """The composed config of its training as YAML; None if unknown."""
        return None

    @property
    def record(self) -> RunRecord | None:
        """The record in its run's folder; None if there is no run."""
        return None


@dataclass
class Checkpoint(System):
    """A trained generator; with averaged weights, if the file has them.

    Args:
        path: the file.
        device: where it paints.
        dtype: of the arithmetic; float32, or half precision under autocast.
        trust: prefixes of modules whose networks the config may build, besides this package's.
    """

    name: str
    source: str
    path: Path
    device: torch.device
    dtype: torch.dtype
    trust: Sequence[str] = ()
    kind: str = field(init=False)

    def __post_init__(self) -> None:
        self.kind = "run" if Path(self.source).is_dir() else "checkpoint"

    @cached_property
    def _generator(self) -> nn.Module:
        return load_generator(self.path, trusted=self.trust).to(self.device)

    @cached_property
    def record(self) -> RunRecord | None:
        """The record of the file's folder, or of a folder above."""
        folders = [folder for folder in self.path.resolve().parents[:2] if (folder / "status.json").is_file()]
        return RunRecord(folders[0]) if folders else None

    @torch.inference_mode()
    def paint(self, photographs: Sequence[Photograph]) -> Tensor:
        """Paint photographs: uint8 (N, 3, H, W), rounded as in a PNG file.

        Raises:
            UserError: the generator paints nan or infinite numbers.
        """
        content = torch.stack([photograph.content for photograph in photographs])
        height, width = content.shape[-2:]
        inputs = [pad_to_stride(to_float(content.to(self.device)), int(getattr(self._generator, "stride", 4)))]
        if getattr(self._generator, "takes_style", False):
            inputs.append(to_float(self._styles(photographs).to(self.device)))
        with torch.autocast(self.device.type, dtype=self.dtype, enabled=self.dtype != torch.float32):
            stylised = self._generator(*inputs)
        try:
            check_is_finite(stylised)
        except UserError as error:  # of which entrant
            raise UserError(f"{self.source}: {error}") from error
        return to_uint8(stylised[..., :height, :width]).cpu()

    def _styles(self, photographs: Sequence[Photograph]) -> Tensor:
        styles = [photograph.style for photograph in photographs if photograph.style is not None]
        if len(styles) < len(photographs):
            raise UnfitData(f"{self.source} paints in the style of a second picture; type data.style.root=PAINTINGS")
        return torch.stack(styles)

    def cost(self) -> dict[str, str]:
        """See `System`."""
        parameters = sum(p.numel() for p in self._generator.parameters())
        return {
            "generator's parameters": f"{parameters:,}",
            "checkpoint": f"{self.path.name}, {self.path.stat().st_size / 2**20:.1f} MiB",
            **({} if self.record is None else self.record.cost()),
        }

    def config_text(self) -> str | None:
        """See `System`; an exported file only has its generator's config."""
        if self.path.suffix == ".safetensors":
            return None
        return yaml.safe_dump(masked(load(self.path)["config"]), sort_keys=False, allow_unicode=True)


@dataclass
class Pictures(System):
    """Pictures on disk, each named after its photograph.

    Args:
        folder: the folder of the pictures.
        content: the set of photographs; pictures are shrunk and cropped like these.
        size: pixels of the crop, or its height and width.
    """

    name: str
    source: str
    folder: Path
    content: ImageFolder
    size: CropSize
    kind: str = "pictures"

    @cached_property
    def _painted(self) -> PaintedFolder:
        return PaintedFolder(self.folder, self.content, self.size)

    def paint(self, photographs: Sequence[Photograph]) -> Tensor:
        """See `System`.

        Raises:
            DataError: a photograph has no picture, or its picture has another aspect ratio.
        """
        return torch.stack([self._painted.crop_of(photograph) for photograph in photographs])

    def cost(self) -> dict[str, str]:
        """See `System`."""
        return {"pictures": f"{len(self._painted)} files"}
