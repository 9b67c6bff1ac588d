"""Types of options that several verbs have."""

from dataclasses import dataclass
from typing import Annotated, Any

TEXTS = "a path or a name, or a list of them"
Texts = Annotated[Any, TEXTS]  # structured configs have no union of str and list[str]


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
