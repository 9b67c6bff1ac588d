"""Builds the objects of a run from its config; only this file passes a DictConfig to them."""

import logging
import math
from dataclasses import fields
from pathlib import Path
from typing import Any

import lightning as L
import torch
from hydra.errors import InstantiationException
from hydra.utils import get_object, instantiate
from lightning.pytorch.loggers import Logger
from lightning.pytorch.profilers import Profiler
from lightning.pytorch.strategies import Strategy
from omegaconf import DictConfig, OmegaConf, open_dict

from stylegan_pl.callbacks.checkpoint_file import PlainFiles
from stylegan_pl.data.datamodule import StyleTransferData
from stylegan_pl.distributed.heartbeat import Heartbeat
from stylegan_pl.distributed.rank_pools import RankPools
from stylegan_pl.distributed.strategy import TwoPlayerDDP, cluster_environment
from stylegan_pl.errors import ConfigError, UserError, first_line
from stylegan_pl.loggers.csv import RunCSV
from stylegan_pl.loggers.steady import steady
from stylegan_pl.models.base import TwoPlayerModule
from stylegan_pl.models.parts import GameParts, Parts
from stylegan_pl.runs.checkpoint import load_teacher
from stylegan_pl.runs.device import device_kind, exact_precision, has_bf16
from stylegan_pl.runs.file_format import FORMAT_VERSION, VERSION_KEY
from stylegan_pl.runs.masked import masked
from stylegan_pl.runs.precision import Precision
from stylegan_pl.runs.ranks import launched
from stylegan_pl.training.precision import TwoPlayerMixedPrecision

_log = logging.getLogger(__name__)

_LOGGER_EXTRAS = ("tensorboard", "mlflow")  # of pyproject.toml


def plain(config: DictConfig) -> dict[str, Any]:
    """The resolved config as nested dicts, lists and scalars, which a checkpoint may hold."""
    container = OmegaConf.to_container(config, resolve=True, enum_to_str=True)
    assert isinstance(container, dict)
    return {str(key): value for key, value in container.items()}


def build_data(config: DictConfig) -> StyleTransferData:
    """The data module; it reads nothing yet."""
    return instantiate(config.data, _convert_="all")


def build_model(config: DictConfig) -> TwoPlayerModule:
    """The model; the feature network is built only if an image loss uses it, and a teacher is read from its file.

    Raises:
        ConfigError: nothing is left for the generator to learn.
    """
    node = config.model.copy()
    with open_dict(node):
        method: type[TwoPlayerModule] = get_object(node.pop("_target_"))
        if not _needs_features(node):
            node.feature_network = None
        taught = {"teacher": load_teacher(node.teacher)} if isinstance(node.get("teacher"), str) else {}
    given = {**instantiate(node, _convert_="all"), **taught}
    kind = GameParts if method.has_opponent else Parts
    parts = kind(**{field.name: given.pop(field.name) for field in fields(kind) if field.name in given})
    try:
        model = method(parts, **given)
    except UserError:
        raise
    except Exception as error:  # a constructor's own error, reported with its key as Hydra does
        raise InstantiationException(f"{first_line(error)}\nfull_key: model") from error
    if not model.has_goal:
        raise ConfigError(
            "the generator has nothing to learn: the weights of all terms and image losses are 0; type "
            "image_loss=[style,content], or model.adversarial_weight=1"
        )
    return model


def _needs_features(model: DictConfig) -> bool:
    losses = model.get("image_losses") or {}
    return model.get("feature_heads") is not None or any(
        loss.weight != 0 and getattr(get_object(loss._target_), "needs_features", True) for loss in losses.values()
    )


class ConfigKeeper(L.Callback):
    """Puts `config` (nested dicts, lists and scalars) and the format's version into every checkpoint.

    The file alone is then enough to resume or to paint. Passwords and keys are masked.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        self.config = masked(config)

    def on_save_checkpoint(self, trainer: L.Trainer, pl_module: L.LightningModule, checkpoint: dict[str, Any]) -> None:
        """Lightning's hook: add the config and the version."""
        checkpoint["config"] = self.config
        checkpoint[VERSION_KEY] = FORMAT_VERSION


def build_trainer(config: DictConfig, run_dir: Path) -> L.Trainer:
    """The Trainer with loggers and callbacks; precision, strategy and intervals in images are resolved here."""
    callbacks = [*instantiate(config.callbacks, _convert_="all").values(), ConfigKeeper(plain(config))]
    loggers = build_loggers(config)
    node = plain(config.trainer)
    device = device_kind(str(node["accelerator"]))
    node |= _devices(node, device)
    node["strategy"] = strategy = _strategy(config, node, device, run_dir)
    node |= _precision(config.precision, device)
    node["plugins"] = [*(node.get("plugins") or []), cluster_environment(), PlainFiles()]
    callbacks += _of_ranks(strategy)
    trainer: L.Trainer = instantiate(
        node, callbacks=callbacks, logger=loggers or False, deterministic=config.deterministic,
        default_root_dir=str(run_dir), max_epochs=-1, check_val_every_n_epoch=None, val_check_interval=1,
        log_every_n_steps=config.log_every_batches, use_distributed_sampler=False, _convert_="all",
    )  # fmt: skip
    trainer.val_check_interval = _val_batches(config, trainer.world_size)
    profiler: Profiler = trainer.profiler  # type: ignore[attr-defined]  # set by a connector
    if config.trainer.profiler is not None:  # the profiler that does nothing would leave an empty file
        profiler.dirpath, profiler.filename = profiler.dirpath or run_dir, profiler.filename or "profile"
    return trainer


def build_loggers(config: DictConfig) -> list[Logger]:
    """The loggers of the config; a logger that fails, now or later, is reported once and does not end the run.

    metrics.csv is the run's own record: if it fails, the run ends.

    Raises:
        ConfigError: a logger's package is not installed, or an option is wrong.
    """
    built: list[Logger] = []
    for key, node in config.logger.items():
        name = str(key)
        try:
            logger: Logger = instantiate(node, _convert_="all")
        except InstantiationException as error:
            if not isinstance(error.__cause__, ModuleNotFoundError):
                raise
            extra = f"pip install 'stylegan-pl[{name}]'" if name in _LOGGER_EXTRAS else "pip install it"
            missing = first_line(error.__cause__)
            raise ConfigError(
                f"logger.{name}: a package is missing ({missing}); {extra}, or type logger=csv"
            ) from error
        if isinstance(logger, RunCSV):
            built.append(logger)
        elif (opened := steady(logger, name)) is not None:
            built.append(opened)
    return built


def _val_batches(config: DictConfig, ranks: int) -> int:
    """Batches between validations: a multiple of a step's batches, so that no checkpoint falls inside a step."""
    accumulate = config.model.mechanics.accumulate_batches
    per_step = config.batch_size * ranks * accumulate
    return accumulate * max(1, math.ceil(config.val_every_images / per_step))


def _devices(trainer: dict[str, Any], device: str) -> dict[str, int]:
    """Number of machines, and of devices on each: as torchrun or srun started them, otherwise as typed.

    Raises:
        ConfigError: the typed number differs from the number of processes that were started.
    """
    found, devices = launched(), trainer["devices"]
    if found is None:
        if devices == "auto":
            devices = torch.cuda.device_count() if device == "cuda" else 1
        return {"devices": devices, "num_nodes": trainer["num_nodes"]}
    nodes, local = found
    if devices not in ("auto", local):
        raise ConfigError(
            f"trainer.devices={devices}, but {local} processes were started on this machine; type trainer=ddp, "
            "which uses all of them"
        )
    return {"devices": local, "num_nodes": nodes}


def _strategy(config: DictConfig, node: dict[str, Any], device: str, run_dir: Path) -> str | Strategy:
    """Our DDP if there are several devices; one of Lightning's strategies if it is named, such as `fsdp`."""
    strategy, devices = node["strategy"], node["devices"]
    ours = {"_target_": f"{TwoPlayerDDP.__module__}.{TwoPlayerDDP.__qualname__}"}
    if strategy in ("auto", "ddp"):
        strategy = ours
    if not isinstance(strategy, dict):
        return strategy
    if (devices if isinstance(devices, int) else 2) * node["num_nodes"] == 1:
        return "auto"
    built: Strategy = instantiate(strategy, _convert_="all")
    if isinstance(built, TwoPlayerDDP):
        built.config, built.run_dir = plain(config), run_dir.resolve()
    return built


def _of_ranks(strategy: str | Strategy) -> list[L.Callback]:
    """Callbacks of several ranks; one rank has the pools, too, because it may resume a run of several."""
    watched = [Heartbeat(timeout_s=strategy.timeout_s)] if isinstance(strategy, TwoPlayerDDP) else []
    return [RankPools(), *watched]


def _precision(precision: Precision, device: str) -> dict[str, Any]:
    exact = exact_precision(precision, device)
    if precision is Precision.bf16 and device == "cpu" and not has_bf16(device):
        _log.warning(
            "precision=bf16: this processor has no instructions for bfloat16, so a step takes many times as long; "
            "type precision=fp32, or bf16_if_fast"
        )
    return {"plugins": [TwoPlayerMixedPrecision(device)]} if exact is Precision.fp16 else {"precision": exact.value}
