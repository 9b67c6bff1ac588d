"""Checkpoint files: which one is meant, whether it is whole, and the generator it holds."""

import importlib
import inspect
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from hydra.utils import get_object
from safetensors import safe_open
from torch import Tensor, nn

from stylegan_pl.box.painters import PREFIX, path_of
from stylegan_pl.errors import ConfigError, UserError, first_line
from stylegan_pl.from_file import Permitted, build
from stylegan_pl.nn.pretrained import without_pretrained

_log = logging.getLogger(__name__)

_ROOMS = ("stylegan_pl.generators.", "stylegan_pl.nn.")  # what a checkpoint's config may build
METADATA_KEY = "stylegan_pl"
"""Of the facts (generator's config, training, scores, …) as JSON in the metadata of a file that `export` wrote."""


def resolve(run_or_file: str, *, option: str = "ckpt") -> Path:
    """A run folder -> its best checkpoint, else its last; a file -> itself; `painter:NAME` -> one from the box.

    Args:
        option: where it was typed.

    Raises:
        UserError: there is none, with what to type.
        ConfigError: no painter of that name.
    """
    if run_or_file.startswith(PREFIX):
        return path_of(run_or_file.removeprefix(PREFIX))
    path = Path(run_or_file)
    if path.is_file():
        return path
    if not path.is_dir():
        raise UserError(
            f"{option}: no file or folder {path}; give a .ckpt or a run folder such as outputs/train/NAME/DATE"
        )
    for name in ("best.ckpt", "last.ckpt"):
        for folder in (path / "checkpoints", path):
            if (folder / name).is_file():
                if option in ("ckpt", "ckpt_path"):
                    _log.info("checkpoint: %s", folder / name)
                return folder / name
    raise UserError(f"{option}: no checkpoint in {path}; has the run reached its first validation? (status.json tells)")


def load(path: Path) -> dict[str, Any]:
    """Read a checkpoint without running any code from it.

    Raises:
        UserError: the file is truncated or no checkpoint of ours.
    """
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises a dozen types for damaged files
        raise UserError(f"{path}: cannot be read as a checkpoint ({first_line(error)})") from error
    if not isinstance(checkpoint, dict) or "config" not in checkpoint or "state_dict" not in checkpoint:
        raise UserError(f"{path}: not a checkpoint of stylegan_pl (it has no config and weights)")
    return checkpoint


def newest_good(folder: Path) -> Path | None:
    """The newest whole checkpoint of a run folder, or None; damaged ones are passed over with a line."""
    for path in sorted((folder / "checkpoints").glob("*.ckpt"), key=lambda p: p.stat().st_mtime, reverse=True):
        try:
            load(path)
        except UserError as error:
            _log.warning("passed over: %s", error)
            continue
        return path
    return None


def load_generator(path: Path, *, trusted: Sequence[str] = ()) -> nn.Module:
    """The generator a file holds, averaged weights where they were kept; in eval mode on the CPU.

    Raises:
        UserError: the file is damaged, no checkpoint of ours, or would build something else than our networks.
    """
    node, weights = _held_generator(path)
    with without_pretrained():  # the checkpoint has them
        generator: nn.Module = build(node, path, networks(trusted), nn.Module)
    try:
        generator.load_state_dict(weights)
    except RuntimeError as error:  # torch lists every key in a line of its own
        raise UserError(
            f"{path}: its weights are not those of the generator its config names; another version of stylegan_pl may "
            "have made it: paint with that one, or train again"
        ) from error
    return generator.eval().requires_grad_(False)


def load_teacher(run_or_file: str) -> nn.Module:
    """The generator of `model.teacher`, as `load_generator` reads it.

    Raises:
        UserError: there is none, or none that can be read.
        ConfigError: it paints in any style, which a student of one style cannot follow.
    """
    path = resolve(run_or_file, option="model.teacher")
    try:
        teacher = load_generator(path)
    except UserError as error:
        raise UserError(f"model.teacher: {error}; type model.teacher=RUN_OR_FILE of another training") from error
    if getattr(teacher, "takes_style", False):
        raise ConfigError(
            f"model.teacher={run_or_file}: {type(teacher).__name__} paints in the style of a second picture, and a "
            "student learns one style; give a run of another method, such as model=cut"
        )
    return teacher


def _held_generator(path: Path) -> tuple[Any, dict[str, Tensor]]:
    """Config node and weights, by their names in it, of the generator in a file; other kinds branch off here."""
    if path.suffix == ".safetensors":
        return _exported(path)
    checkpoint = load(path)
    try:
        node = checkpoint["config"]["model"]["generator"]
    except (KeyError, TypeError) as error:
        raise UserError(f"{path}: not a checkpoint of stylegan_pl (its config names no model.generator)") from error
    state = checkpoint["state_dict"]
    prefix = "ema.averaged." if any(key.startswith("ema.averaged.") for key in state) else "generator."
    return node, {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}


def _exported(path: Path) -> tuple[Any, dict[str, Tensor]]:
    """`_held_generator` of a file that `export format=safetensors` wrote."""
    try:
        with safe_open(path, "pt") as file:
            facts = json.loads((file.metadata() or {}).get(METADATA_KEY, "{}"))
            weights = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118  # it is no dict
    except Exception as error:  # a type of safetensors' own, or json's
        raise UserError(f"{path}: cannot be read as safetensors ({first_line(error)})") from error
    if not isinstance(facts, dict) or "generator" not in facts:
        raise UserError(
            f"{path}: its header names no generator of stylegan_pl; python -m stylegan_pl.export writes one"
        )
    return facts["generator"], weights


def networks(trusted: Sequence[str] = ()) -> Permitted:
    """What a generator's config may call: our networks, and ways to draw first weights.

    Each is asked for from the very module that defines it: `stylegan_pl.nn.vgg.torch.hub.load` begins as ours do, too.

    Args:
        trusted: further packages or modules, all of whose parts are allowed.
    """
    names = [name.rstrip(".") for name in trusted if name.strip(".")]

    def permitted(target: str) -> Any:
        if any(target.startswith(f"{name}.") for name in names):  # whole segments: `my` is not `mymalware`
            try:
                return get_object(target)
            except Exception as error:  # whatever importing a package of theirs raises
                raise UserError(
                    f"its config names '{target}', which cannot be imported ({first_line(error)})"
                ) from error
        found = _ours(target)
        if found is None:
            raise UserError(
                f"its config would run '{target[:200]}', no network of stylegan_pl; refused. If you trust the file, "
                "type trust=[MODULE]"
            )
        return found

    return permitted


def _ours(target: str) -> Any:
    module, _, name = target.rpartition(".")
    if not module.startswith(_ROOMS):
        return None
    try:
        found = getattr(importlib.import_module(module), name, None)
    except (ImportError, ValueError):  # `…seed.SeedGenerator` is no module
        return None
    network = inspect.isclass(found) and issubclass(found, nn.Module)
    draws = inspect.isfunction(found) and module == "stylegan_pl.nn.init"
    return found if (network or draws) and found.__module__ == module else None
