"""The typed roots of the configs: a wrong key or type fails at composition."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING


class Precision(Enum):
    """Arithmetic of a run. Names are Lightning's, less the punctuation that enum names cannot hold."""

    auto = "auto"  # bf16 on GPUs that have it, else float32
    fp32 = "32-true"
    bf16 = "bf16-mixed"
    fp16 = "16-mixed"


@dataclass
class TrainConfig:
    """`python -m stylegan_pl.train`."""

    run_name: str = MISSING
    run_dir: str = MISSING
    data_root: str = MISSING
    tags: list[str] = field(default_factory=list)

    seed: int = MISSING
    deterministic: bool = MISSING
    device: str = MISSING
    precision: Precision = MISSING

    image_size: int = MISSING
    batch_size: int = MISSING
    max_images: int | None = MISSING
    max_epochs: float | None = MISSING
    val_every_images: int = MISSING
    log_every_batches: int = MISSING

    ckpt_path: str | None = None
    resume: str | None = None

    # what a method is made of; a model's file says which of these it uses
    model: Any = MISSING
    adversarial: Any = None
    penalty: Any = None
    diff_augment: Any = None
    image_loss: dict[str, Any] = field(default_factory=dict)
    feature_network: Any = None
    scheduler: Any = None

    data: Any = MISSING
    augment: Any = None
    metric: dict[str, Any] = field(default_factory=dict)
    trainer: dict[str, Any] = MISSING
    callbacks: dict[str, Any] = MISSING
    logger: dict[str, Any] = field(default_factory=dict)


@dataclass
class StylizeConfig:
    """`python -m stylegan_pl.stylize`."""

    ckpt: str = MISSING
    input: str = MISSING
    output: str = MISSING
    device: str = MISSING
    precision: Precision = MISSING
    batch_size: int = MISSING
    overwrite: bool = MISSING
    image_format: str | None = MISSING
    style: Any = None  # one file or a list of them
    style_weights: list[float] | None = None
    strength: float | None = None
    style_size: int = MISSING
    trust: list[str] = field(default_factory=list)
    run_dir: str = MISSING


@dataclass
class PrepareConfig:
    """`python -m stylegan_pl.prepare`."""

    root: str = MISSING
    data_root: str = MISSING
    dataset: Any = MISSING
    run_dir: str = MISSING


SCHEMAS: dict[str, type] = {"train": TrainConfig, "stylize": StylizeConfig, "prepare": PrepareConfig}
"""Verb -> typed root."""


def register() -> None:
    """Make the schemas known to Hydra as `train_schema`, `stylize_schema`, …"""
    store = ConfigStore.instance()
    for verb, schema in SCHEMAS.items():
        store.store(name=f"{verb}_schema", node=schema)
