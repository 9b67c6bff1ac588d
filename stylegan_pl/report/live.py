"""The page of a run in progress: it reloads itself from disk, without a server."""

import base64
import io
import time
from dataclasses import dataclass, field
from pathlib import Path

from markupsafe import Markup
from PIL import Image, ImageOps

from stylegan_pl.pictures.whole_file import written_whole
from stylegan_pl.report import curves
from stylegan_pl.report.contents import Entry, Report
from stylegan_pl.report.curves import groups
from stylegan_pl.report.templates import TEMPLATES
from stylegan_pl.runs.curves import Curves

_HERE = Path(__file__).parent
_COLOURS = 8  # of lines, in page.css
_SIDE = 1100  # pixels of the grid's longer side
_RELOAD_S = 15


@dataclass(frozen=True)
class LiveRun:
    """The facts of the run that the page shows.

    Attributes:
        title: its name.
        state: running, or how it ended; a page of a run that has ended does not reload.
        facts: label -> text: images, speed, time left.
        grid: a data URI of the newest samples; None: there are none yet.
        scores, symptoms: lines.
        curves: of metrics.csv.
    """

    title: str
    state: str
    facts: dict[str, str]
    grid: str | None = None
    scores: list[str] = field(default_factory=list)
    symptoms: list[str] = field(default_factory=list)
    curves: Curves = field(default_factory=dict)


def write_live(run: LiveRun, path: Path) -> None:
    """Write the page atomically, so that a reader never sees half of it."""
    with written_whole(path) as partial:
        partial.write_text(live_page(run), encoding="utf-8")


def live_page(run: LiveRun) -> str:
    """The HTML; it makes no network requests, and text from a user is escaped."""
    entry = Entry(run.title, "", "run", {}, [], run.curves, None, {}, [])
    report = Report(run.title, "", [], [], [entry], {}, {})
    return TEMPLATES.get_template("live.html").render(
        run=run, report=report, groups=groups(report), box=curves, colours=_COLOURS, reload_s=_RELOAD_S,
        written=time.strftime("%Y-%m-%d %H:%M:%S"), style=Markup((_HERE / "page.css").read_text(encoding="utf-8")),
    )  # fmt: skip


def grid_uri(path: Path) -> str:
    """A sample grid as a picture embedded in the page."""
    with Image.open(path) as grid:
        picture = grid.convert("RGB")
    if max(picture.size) > _SIDE:
        picture = ImageOps.contain(picture, (_SIDE, _SIDE))
    data = io.BytesIO()
    picture.save(data, "WEBP", quality=88, method=4)
    return f"data:image/webp;base64,{base64.b64encode(data.getvalue()).decode()}"
