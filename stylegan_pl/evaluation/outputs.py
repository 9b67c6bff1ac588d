"""Chooses the folder of a report, and writes it; an existing report is never overwritten without `overwrite=true`."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stylegan_pl.errors import ConfigError
from stylegan_pl.evaluation.entrants import Entrant
from stylegan_pl.pictures.write import write_image
from stylegan_pl.report.as_json import metrics_json
from stylegan_pl.report.contents import Report
from stylegan_pl.report.grid import grid
from stylegan_pl.report.page import write_page
from stylegan_pl.runs.output_lock import alone_writing
from stylegan_pl.runs.painters import PREFIX


@contextmanager
def report_folder(found: list[Entrant], output: str | None, *, overwrite: bool) -> Iterator[Path]:
    """Create and hold the folder before the evaluation starts, so that an error is reported at once.

    Folders that were created are removed if the evaluation fails.

    Raises:
        ConfigError: the folder has a report, cannot be created, or another command writes there.
    """
    folder = _default(found) if output is None else Path(output)
    with alone_writing(folder, is_folder=True):
        if (folder / "index.html").exists() and not overwrite:
            raise ConfigError(f"{folder} holds a report already; type overwrite=true to replace it, or output=FOLDER")
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(
                f"output={folder}: cannot be made ({error.strerror}); type another output=FOLDER"
            ) from error
        yield folder


def _default(found: list[Entrant]) -> Path:
    if len(found) == 1 and found[0].checkpoint is not None and not found[0].source.startswith(PREFIX):
        beside = found[0].checkpoint.parent
        return (beside.parent if beside.name == "checkpoints" else beside) / "report"
    return Path("outputs", "compare", time.strftime("%Y-%m-%d_%H-%M-%S"))


def write_report(report: Report, folder: Path) -> list[Path]:
    """Write index.html, grid.png and metrics.json; returns their paths."""
    paths = [folder / name for name in ("index.html", "grid.png", "metrics.json")]
    started = time.perf_counter()
    write_page(report, paths[0])
    write_image(grid(report), paths[1])
    report.seconds["page"] = time.perf_counter() - started
    text = json.dumps(metrics_json(report), indent=2, ensure_ascii=False, allow_nan=False)
    paths[2].write_text(text + "\n", encoding="utf-8")
    return paths
