"""Writes files for PyTorch programs without this package: torch.export and TorchScript."""

import io
import json
import shutil
import warnings
import zipfile
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram

from stylegan_pl.exporting.facts import Facts
from stylegan_pl.inference.any_size import stride_of
from stylegan_pl.runs.file_format import METADATA_KEY

_FACTS = f"{METADATA_KEY}.json"


def write_torch_export(generator: nn.Module, path: Path, facts: Facts) -> None:
    """Write an `ExportedProgram` of free size: (N, 3, H, W) in [-1, 1], sides multiples of the stride.

    torch adds the traced example as a pickle; it is emptied, so that the file only has JSON and raw weights.
    """
    shapes = [{0: Dim.DYNAMIC, 2: Dim.DYNAMIC, 3: Dim.DYNAMIC}, {2: Dim.DYNAMIC, 3: Dim.DYNAMIC}, None]
    example = _example(generator)
    program: ExportedProgram = torch.export.export(generator, example, dynamic_shapes=tuple(shapes[: len(example)]))
    raw = io.BytesIO()  # into a file on a full disk, torch's writer would end the process
    torch.export.save(program, raw, extra_files={_FACTS: json.dumps(facts)})
    _without_pickles(raw, path)


def write_torchscript(generator: nn.Module, path: Path, facts: Facts) -> None:
    """Write a traced `ScriptModule` for `torch.jit.load`, also in C++; interface as in `write_torch_export`.

    PyTorch has deprecated TorchScript. Its format contains pickles, which torch.jit's reader parses without running
    Python; the other formats contain none.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(generator, _example(generator), check_trace=False)
        raw = io.BytesIO()  # as above
        torch.jit.save(traced, raw, _extra_files={_FACTS: json.dumps(facts)})
    path.write_bytes(raw.getvalue())


def load_torch_export(path: Path) -> nn.Module:
    """The module of a file of `write_torch_export`."""
    return torch.export.load(path).module()


def load_torchscript(path: Path) -> nn.Module:
    """The module of a file of `write_torchscript`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.load(str(path))


def _example(generator: nn.Module) -> tuple[Tensor, ...]:
    stride = max(stride_of(generator), 16)
    images = torch.zeros(2, 3, 4 * stride, 6 * stride)
    if not getattr(generator, "takes_style", False):
        return (images,)
    return images, torch.zeros(1, 3, 3 * stride, 5 * stride), torch.tensor(1.0)


def _without_pickles(source: io.BytesIO, target: Path) -> None:
    """Copy the archive with empty sample inputs: torch needs the entry, and reads an empty one as no inputs."""
    with zipfile.ZipFile(source) as archive, zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as kept:
        for item in archive.infolist():
            with archive.open(item) as part, kept.open(item.filename, "w") as into:
                if not item.filename.endswith((".pt", ".pkl")):
                    shutil.copyfileobj(part, into)
