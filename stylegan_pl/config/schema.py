"""The schemas of the configs: a wrong key or type fails at composition."""

from dataclasses import dataclass, field
from typing import Annotated, Any

from omegaconf import MISSING

from stylegan_pl.runs.precision import Precision

TEXTS = "a path or a name, or a list of them"
Texts = Annotated[Any, TEXTS]  # structured configs have no union of str and list[str]


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

    # parts of a method; a model's file chooses the ones it uses
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
    """`python -m stylegan_pl.preview`: the config of a training, and a photograph."""

    # composed after a training's files; a default here would override their choices
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
    options: Any = None  # null, because Hydra accepts film.options={preset:slow} for null, but not for an empty mapping
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
    stroke_at: int | None = MISSING
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
    stroke_at: int | None = MISSING
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
