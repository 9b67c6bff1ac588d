"""Checkpoint files: finds the right one, checks that it is complete, and loads its generator."""

import json
import logging
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from stylegan_pl.errors import ConfigError, UserError, first_line, not_there
from stylegan_pl.nn.pretrained.tensor_files import SUM, UnreadableError, read_safetensors, read_torch
from stylegan_pl.runs.file_format import METADATA_KEY, VERSION_KEY, check_version
from stylegan_pl.runs.from_file import check_plain
from stylegan_pl.runs.network_from_file import EXTRA_STATE, network_from_file
from stylegan_pl.runs.painters import PREFIX, names, path_of
from stylegan_pl.runs.renamed import with_new_names

_log = logging.getLogger(__name__)


def resolve(run_or_file: str, *, option: str = "ckpt") -> Path:
    """A run folder -> its best checkpoint, or its last; a file -> itself; `painter:NAME` -> a file of the box.

    Args:
        option: the option where it was typed, for the message.

    Raises:
        ConfigError: there is no such checkpoint; the line says what to type.
    """
    if run_or_file.startswith(PREFIX):
        return path_of(run_or_file.removeprefix(PREFIX))
    path = Path(run_or_file)
    if path.is_file():
        return path
    if not path.is_dir():
        known = f"; painter:{run_or_file} is in the box" if run_or_file in names() else ""
        what = f"no file or folder {path}; give a .ckpt or a run folder such as outputs/train/NAME/DATE{known}"
        raise ConfigError(f"{option}: {not_there(run_or_file, what)}")
    for name in ("best.ckpt", "last.ckpt"):
        for folder in (path / "checkpoints", path):
            if (folder / name).is_file():
                if option in ("ckpt", "ckpt_path"):
                    _log.info("checkpoint: %s", folder / name)
                return folder / name
    raise ConfigError(f"{option}: no checkpoint in {path}; has the run been saved yet? (see status.json)")


def load(path: Path) -> dict[str, Any]:
    """Read a checkpoint without running any code from it; the returned config uses today's class names.

    Raises:
        ConfigError: the file is damaged, from a newer version, or not a checkpoint of stylegan_pl.
    """
    if not path.is_file():  # reading a named pipe would wait for ever
        raise ConfigError(f"{path}: cannot be read as a checkpoint (it is not a file, or a link to a missing file)")
    if path.suffix == ".onnx":
        raise ConfigError(f"{path}: an ONNX file holds no named weights; in stylize, type model={path}")
    try:
        checkpoint = read_torch(path)
    except UnreadableError as error:
        raise ConfigError(f"{path}: cannot be read as a checkpoint ({error})") from error
    if not isinstance(checkpoint, dict) or "config" not in checkpoint or "state_dict" not in checkpoint:
        raise ConfigError(f"{path}: not a checkpoint of stylegan_pl (it has no config and weights)")
    check_version(checkpoint.get(VERSION_KEY), path)
    if not isinstance(checkpoint["config"], dict) or not _is_state(checkpoint["state_dict"]):
        raise ConfigError(f"{path}: not a checkpoint of stylegan_pl (its config or its weights have a wrong type)")
    check_plain(checkpoint["config"], path)
    return {**checkpoint, "config": with_new_names(checkpoint["config"])}


def _is_state(state: Any) -> bool:
    """Whether it has tensors by name, besides the extra states of modules (a pool of pictures, ADA's strength)."""
    return isinstance(state, dict) and all(
        isinstance(key, str) and (isinstance(value, Tensor) or key.endswith(EXTRA_STATE))
        for key, value in state.items()
    )


def newest_good(folder: Path) -> Path | None:
    """The undamaged checkpoint of a run folder that has seen the most images, or None; damaged ones are reported.

    File times are not used: a copied folder or a changed clock would make them wrong. Of equals, `last.ckpt` is taken.
    """
    seen = {path: images_seen(path) for path in (folder / "checkpoints").glob("*.ckpt")}
    for path in sorted(seen, key=lambda path: (seen[path], path.name == "last.ckpt", path.name), reverse=True):
        try:
            load(path)
        except UserError as error:
            _log.warning("skipped: %s", error)
            continue
        return path
    return None


def images_seen(path: Path) -> float:
    """The number of images that a checkpoint has seen, without loading its tensors; infinite if it cannot be read."""
    if not path.is_file():
        return math.inf
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except Exception:  # `load` reports the error
        return math.inf
    seen = checkpoint.get("images_seen") if isinstance(checkpoint, dict) else None
    return float(seen) if isinstance(seen, int | float) and 0 <= seen < 1e15 else -1.0


def load_generator(path: Path, *, trusted: Sequence[str] = ()) -> nn.Module:
    """The generator of a file, with averaged weights if the file has them; in eval mode on the CPU.

    Raises:
        ConfigError: the file is damaged, no checkpoint of stylegan_pl, or would build something else than a network.
    """
    node, weights = held_generator(path)
    return network_from_file(node, weights, path, trusted).eval().requires_grad_(False)


def load_teacher(run_or_file: str) -> nn.Module:
    """The generator of `model.teacher`, as `load_generator` reads it.

    Raises:
        ConfigError: there is no such file, or it cannot be read.
        ConfigError: it paints in any style; a student learns only one style.
    """
    path = resolve(run_or_file, option="model.teacher")
    try:
        teacher = load_generator(path)
    except UserError as error:
        raise ConfigError(f"model.teacher: {error}; type model.teacher=RUN_OR_FILE of another training") from error
    if getattr(teacher, "takes_style", False):
        raise ConfigError(
            f"model.teacher={run_or_file}: {type(teacher).__name__} paints in the style of a second picture, and a "
            "student learns one style; give a run of another method, such as model=cut"
        )
    return teacher


def held_generator(path: Path) -> tuple[Any, dict[str, Tensor]]:
    """The config node and the weights by name of the generator in a file of any kind."""
    if path.suffix == ".safetensors":
        return _exported(path)
    checkpoint = load(path)
    try:
        node = checkpoint["config"]["model"]["generator"]
    except (KeyError, TypeError) as error:
        raise ConfigError(f"{path}: not a checkpoint of stylegan_pl (its config names no model.generator)") from error
    state = checkpoint["state_dict"]
    prefix = "ema.averaged." if any(key.startswith("ema.averaged.") for key in state) else "generator."
    return node, {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}


def _exported(path: Path) -> tuple[Any, dict[str, Tensor]]:
    """`held_generator` of a file that `export format=safetensors` wrote."""
    facts, weights = exported(path)
    return facts["generator"], weights


def exported(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """The facts that `export format=safetensors` wrote, with the config under `generator`, and the weights.

    Raises:
        ConfigError: the file is damaged, from a newer version, or not written by `export`.
    """
    try:
        weights, metadata = read_safetensors(path)
        facts = json.loads(metadata.get(METADATA_KEY, "{}"))
    except (UnreadableError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: cannot be read as safetensors ({first_line(error)})") from error
    if not isinstance(facts, dict) or "generator" not in facts:
        raise ConfigError(
            f"{path}: its header names no generator of stylegan_pl; python -m stylegan_pl.export writes one"
        )
    if check_version(facts.get(VERSION_KEY), path) >= 1 and SUM not in metadata:
        raise ConfigError(f"{path}: cannot be read as safetensors (it is damaged: its checksum is missing)")
    check_plain(facts, path)
    named: dict[str, Any] = with_new_names(facts)
    return named, weights
