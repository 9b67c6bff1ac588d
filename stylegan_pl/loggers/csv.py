"""metrics.csv in the run's folder, which a resumed run continues."""

import csv
import errno
import math
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from lightning.pytorch.loggers import CSVLogger
from lightning.pytorch.loggers.csv_logs import ExperimentWriter

from stylegan_pl.pictures.whole_file import written_whole


class RunCSV(CSVLogger):
    """Lightning's CSV logger, writing `metrics.csv` into the run folder itself and never deleting earlier rows."""

    def __init__(self, run_dir: str, *, flush_logs_every_n_steps: int = 1) -> None:
        super().__init__(run_dir, name="", version="", flush_logs_every_n_steps=flush_logs_every_n_steps)

    @property
    def experiment(self) -> ExperimentWriter:
        """The writer, created on first use."""
        if self._experiment is None:
            self._experiment = _ContinuedWriter(self.log_dir)
        assert isinstance(self._experiment, ExperimentWriter)
        return self._experiment

    def drop_rows_after(self, images_seen: float) -> None:
        """Remove rows after the checkpoint from which a killed run resumes, because they are logged again."""
        path = Path(self.log_dir) / "metrics.csv"
        if not path.is_file():
            return
        head, *rows = list(_read(path)) or [[]]
        kept = [row for row in rows if _seen(head, row) <= images_seen]
        if len(kept) == len(rows):
            return
        with written_whole(path) as partial, partial.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([head, *kept] if kept else [])

    def log_hyperparams(self, params: object = None) -> None:
        """Log nothing, because config.yaml has everything."""


class _ContinuedWriter(ExperimentWriter):
    def save(self) -> None:
        """Save with the file's present columns, because a user may edit it during the run."""
        Path(self.log_dir).mkdir(parents=True, exist_ok=True)  # someone may remove or rename a run's folder
        if (path := Path(self.metrics_file_path)).is_fifo():  # opening it would wait for ever
            raise FileExistsError(errno.EEXIST, "it is a named pipe", str(path))
        self._check_log_dir_exists()
        super().save()

    def _check_log_dir_exists(self) -> None:
        """Continue an existing file with its columns (the parent class would delete it)."""
        path = Path(self.metrics_file_path)
        if path.is_file():
            self.metrics_keys = next(_read(path), [])

    def _rewrite_with_new_header(self, fieldnames: list[str]) -> None:
        """Add columns (the parent class would empty the file first, and a kill or a full disk then lose all rows)."""
        path = Path(self.metrics_file_path)
        head, *rows = list(_read(path)) or [[]]
        with written_whole(path) as partial, partial.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fieldnames)
            writer.writeheader()
            writer.writerows(dict(zip(head, row, strict=False)) for row in rows)


def _read(path: Path) -> Iterator[list[str]]:
    """The rows of a file, the names of columns first; a damaged file ends where it cannot be read."""
    with path.open(newline="", encoding="utf-8", errors="replace") as file, suppress(csv.Error):
        yield from csv.reader(file)


def _seen(head: list[str], row: list[str]) -> float:
    """Images seen in a row; infinite if the row is truncated."""
    try:
        return float(row[head.index("images_seen")]) if len(row) == len(head) else math.inf
    except ValueError:
        return math.inf
