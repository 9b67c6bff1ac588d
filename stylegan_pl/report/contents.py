"""The content of a report. `evaluate` fills it; the other files of this folder only show it."""

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from stylegan_pl.metrics.score import Score


class Photo(NamedTuple):
    """A photograph that all entries paint."""

    name: str
    image: Tensor  # uint8 (3, H, W)


@dataclass(frozen=True)
class Picture:
    """The result of one photograph.

    Attributes:
        name: of the photograph, as in `Report.photographs`.
        stylised: uint8 (3, H, W).
        content_loss: distance from the photograph, smaller is closer; None if it was not measured.
    """

    name: str
    stylised: Tensor
    content_loss: float | None


@dataclass(frozen=True)
class Entry:
    """One evaluated system: a run, a checkpoint, or a folder of pictures from any program.

    Attributes:
        name: short and unique on the page.
        source: the path as typed.
        kind: "run", "checkpoint" or "pictures".
        scores: metric -> its score, in the order to be shown.
        pictures: of the same photographs in the same order for every entry of a report.
        curves: name in the log (train/generator/style, val/kid) -> (images seen, value) in order; empty when unknown.
        config: as YAML; None when there is none.
        cost: label -> text with its unit: "images seen", "training seconds", "peak memory", "parameters", "device".
        symptoms: of the diagnosis, one line each; empty if nothing was found or there was no diagnosis.
    """

    name: str
    source: str
    kind: str
    scores: dict[str, Score]
    pictures: list[Picture]
    curves: dict[str, list[tuple[float, float]]]
    config: str | None
    cost: dict[str, str]
    symptoms: list[str]


@dataclass(frozen=True)
class Report:
    """One evaluation: one entry, or several to compare.

    Attributes:
        title: of the page.
        made: date and machine, in a line.
        photographs: a picture that is not among them by name is shown without its photograph.
        paintings: a few crops of the style set, uint8 (3, H, W).
        entries: one for `evaluate`, several for `compare`; in the order to be shown.
        data: label -> text: sets, counts, size, crops.
        seconds: of this evaluation, by part: reading, painting, features, distances, intervals, page.
    """

    title: str
    made: str
    photographs: list[Photo]
    paintings: list[Tensor]
    entries: list[Entry]
    data: dict[str, str]
    seconds: dict[str, float]
