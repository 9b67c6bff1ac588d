"""The typed roots of the configs: a wrong key or type fails at composition."""

from dataclasses import dataclass, field
from typing import Annotated, Any, NamedTuple

from omegaconf import MISSING, DictConfig, OmegaConf

from stylegan_pl.errors import ConfigError
from stylegan_pl.runs.precision import Precision

TEXTS = "a path or a name, or a list of them"
Texts = Annotated[Any, TEXTS]  # structured configs know no union of str and list[str]


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

    image_size: Any = MISSING  # pixels, or height and width
    batch_size: int = MISSING
    max_images: int | None = MISSING
    max_epochs: float | None = MISSING
    val_every_images: int = MISSING
    log_every_batches: int = MISSING

    start_from: str | None = None
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
    direction: str = "AtoB"
    stand_ins: bool = False
    augment: Any = None
    metric: dict[str, Any] = field(default_factory=dict)
    trainer: dict[str, Any] = MISSING
    callbacks: dict[str, Any] = MISSING
    logger: dict[str, Any] = field(default_factory=dict)
    sweep: Any = None


@dataclass
class PreviewConfig(TrainConfig):
    """`python -m stylegan_pl.preview`: a training's config, and a photograph."""

    # composed behind a training's files, whose choices a default here would undo
    tags: list[str] = MISSING
    ckpt_path: str | None = MISSING
    resume: str | None = MISSING
    adversarial: Any = MISSING
    penalty: Any = MISSING
    diff_augment: Any = MISSING
    image_loss: dict[str, Any] = MISSING
    feature_network: Any = MISSING
    scheduler: Any = MISSING
    augment: Any = MISSING
    metric: dict[str, Any] = MISSING
    logger: dict[str, Any] = MISSING
    sweep: Any = MISSING

    input: str = MISSING
    output: str = MISSING
    overwrite: bool = MISSING
    size: int | None = MISSING
    steps: int = MISSING
    minutes: float = MISSING
    step_size: float = MISSING


@dataclass
class FilmConfig:
    """`film.*` of stylize; see docs/film.md."""

    codec: str | None = None
    crf: float | None = 18.0
    bitrate: float | None = None
    options: Any = None  # a node of null: Hydra takes film.options={preset:slow} for it, and not for an empty mapping
    statistics_half_life: float | None = 2.0
    smoothing: float = 0.0
    cut_threshold: float | None = 0.1
    fps: float | None = None


@dataclass
class StylizeConfig:
    """`python -m stylegan_pl.stylize`."""

    ckpt: Texts = MISSING  # a path; for a sheet, or a list of them
    painter: Texts = None  # instead of ckpt: a name, all, or a list of names
    onnx: Texts = None  # instead of ckpt; typed as model=
    input: Texts = MISSING  # a file, a folder, a pattern, or a list of them
    output: str = MISSING
    device: str = MISSING
    precision: Precision = MISSING
    batch_size: int = MISSING
    overwrite: bool = MISSING
    resume: bool = MISSING
    image_format: str | None = MISSING
    first_frame: bool = MISSING
    quality: int = MISSING
    style: Texts = None  # one file or a list of them
    style_weights: list[float] | None = None
    strength: float | None = None
    stroke: float = MISSING
    style_size: int = MISSING
    keep_colour: Any = False  # a bool or a name
    mask: str | None = None
    sheet: bool = MISSING
    sheet_size: int = MISSING
    tile: Any = "auto"  # pixels, auto or null
    tile_exact: bool = MISSING
    memory_gb: float | None = None
    max_megapixels: float = MISSING
    film: FilmConfig = field(default_factory=FilmConfig)
    trust: list[str] = field(default_factory=list)
    run_dir: str = MISSING


@dataclass
class AppConfig:
    """`python -m stylegan_pl.app`."""

    ckpt: Texts = None  # a path or a list of them
    painter: Texts = None  # instead of ckpt: a name, all, or a list of names
    host: str = MISSING
    port: int = MISSING
    root_path: str | None = None
    hosts: list[str] = field(default_factory=list)
    max_upload_mb: float = MISSING
    max_megapixels: float = MISSING
    max_waiting: int = MISSING
    keep_minutes: float = MISSING
    style_size: int = MISSING
    tile: Any = "auto"  # pixels, auto or null
    tile_exact: bool = MISSING
    memory_gb: float | None = None
    film: FilmConfig = field(default_factory=FilmConfig)
    batch_size: int = MISSING
    device: str = MISSING
    precision: Precision = MISSING
    trust: list[str] = field(default_factory=list)
    run_dir: str = MISSING


@dataclass
class EvaluateConfig:
    """`python -m stylegan_pl.evaluate`."""

    ckpt: str | None = None
    painter: str | None = None  # instead of ckpt
    compare: Texts = None  # a path or a list of them
    output: str | None = None
    overwrite: bool = MISSING
    split: str = MISSING
    pairs: int | None = None
    style_crops: int | None = None
    image_size: Any = None  # pixels, or height and width; null
    seed: int | None = None
    resamples: int = MISSING
    content_loss: Any = MISSING
    metric: dict[str, Any] = field(default_factory=dict)
    cache: str | None = None
    data: Any = None
    direction: str = "AtoB"
    data_root: str = MISSING
    batch_size: int = MISSING
    device: str = MISSING
    precision: Precision | None = None
    trust: list[str] = field(default_factory=list)
    augment: Any = None
    run_dir: str = MISSING


@dataclass
class ExportConfig:
    """`python -m stylegan_pl.export`."""

    ckpt: str = MISSING
    painter: str | None = None  # instead of ckpt
    output: str = MISSING
    format: str | None = None
    half: bool = MISSING
    int8: bool = MISSING
    calibration: str | None = None
    calibration_images: int = MISSING
    preprocessing: bool = MISSING
    opset: int = MISSING
    parity_sizes: list[list[int]] = MISSING
    about: str | None = None
    command: str | None = None
    licence: str | None = None
    overwrite: bool = MISSING
    trust: list[str] = field(default_factory=list)
    run_dir: str = MISSING


@dataclass
class PrepareConfig:
    """`python -m stylegan_pl.prepare`."""

    root: str = MISSING
    data_root: str = MISSING
    dataset: Any = None  # what to fetch
    shards: str | None = None
    run_dir: str = MISSING

    check: bool = MISSING
    data: Any = MISSING  # what to look through
    direction: str = "AtoB"
    image_size: Any = MISSING  # pixels, or height and width
    output: str = MISSING
    seed: int = MISSING
    batch_size: int = MISSING
    augment: Any = MISSING


class Range(NamedTuple):
    """Which numbers a key of the root takes."""

    least: float
    instead: str  # what to type
    most: float = float("inf")
    above: bool = False  # whether `least` itself is too little


RANGES = {
    "seed": Range(0, "seed=0", most=2**32 - 1),
    "image_size": Range(1, "image_size=256"),
    "batch_size": Range(1, "batch_size=1"),
    "max_images": Range(1, "max_images=100000, or max_images=null max_epochs=200"),
    "max_epochs": Range(0, "max_epochs=200, or max_epochs=null and max_images=100000", above=True),
    "val_every_images": Range(1, "val_every_images=10000, a large number for never"),
    "log_every_batches": Range(1, "log_every_batches=10"),
    "size": Range(16, "size=256"),
    "steps": Range(1, "steps=100"),
    "minutes": Range(0, "minutes=2", above=True),
    "step_size": Range(0, "step_size=0.03", above=True),
    "pairs": Range(1, "pairs=64"),
    "style_crops": Range(1, "style_crops=64"),
    "resamples": Range(0, "resamples=1000, or 0 for no interval"),
    "max_megapixels": Range(0, "max_megapixels=179", above=True),
    "memory_gb": Range(0, "memory_gb=4, or leave it out to use what is free", above=True),
    "style_size": Range(1, "style_size=512"),
    "strength": Range(0, "strength=0.8, from 0 (the photograph) to 1 (full style)", most=1),
    "quality": Range(1, "quality=95", most=100),
    "sheet_size": Range(16, "sheet_size=256"),
}
"""Key of a root, in every verb that has it -> its range; what lies deeper is told by the class that takes it."""


COUNTS = ("width", "levels", "n_layers", "scales", "filters", "patches", "pictures", "lr")
"""Keys that must be above 0 wherever they are: torch would tell of a negative dimension, or train upwards."""


def check_counts(config: DictConfig, place: str = "") -> None:
    """Raise for the first of `COUNTS`, however deep, that is 0 or less.

    Raises:
        ConfigError: one line with the key.
    """
    for key in map(str, config):
        if OmegaConf.is_missing(config, key) or OmegaConf.is_interpolation(config, key):
            continue
        value = config[key]
        if isinstance(value, DictConfig):
            check_counts(value, f"{place}{key}.")
        elif key in COUNTS and isinstance(value, int | float) and not value > 0:
            raise ConfigError(f"{place}{key}={value} must be above 0; type {place}{key}=NUMBER")


def check_image_size(size: Any) -> None:
    """Raise for what is no crop; structured configs know no union of a number and a list.

    Raises:
        ConfigError: one line with what to type instead.
    """
    typed = list(size) if OmegaConf.is_list(size) else [size, size]
    if len(typed) != 2 or any(not isinstance(side, int) or isinstance(side, bool) for side in typed):
        said = OmegaConf.to_container(size) if OmegaConf.is_list(size) else size
        raise ConfigError(f"image_size={said}: type pixels, image_size=256, or height and width, image_size=[256,384]")


def check_ranges(config: DictConfig) -> None:
    """Raise for the first number of a root that no run can do anything with.

    Raises:
        ConfigError: one line with what to type instead.
    """
    for key, (least, instead, most, above) in RANGES.items():
        if key not in config or OmegaConf.is_missing(config, key) or config[key] is None:
            continue
        value = min(config[key], default=0) if OmegaConf.is_list(config[key]) else config[key]
        if not least <= value <= most or (above and value == least):  # nan fails every comparison
            bound = (
                f"above {least:g}" if above else f"at least {least:g}" if not value > most else f"at most {most:.0f}"
            )
            raise ConfigError(f"{key}={value} must be {bound}; type {instead}")
