"""metrics.csv in the run's folder, which a resumed run continues."""

import csv
import math
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
        with path.open(newline="") as file:
            head, *rows = list(csv.reader(file)) or [[]]
        kept = [row for row in rows if _seen(head, row) <= images_seen]
        if len(kept) == len(rows):
            return
        with written_whole(path) as partial, partial.open("w", newline="") as file:
            csv.writer(file).writerows([head, *kept] if kept else [])

    def log_hyperparams(self, params: object = None) -> None:
        """Log nothing, because config.yaml has everything."""


class _ContinuedWriter(ExperimentWriter):
    def save(self) -> None:
        """Save with the file's present columns, because a user may edit it during the run."""
        self._check_log_dir_exists()
        super().save()

    def _check_log_dir_exists(self) -> None:
        """Continue an existing file with its columns (the parent class would delete it)."""
        path = Path(self.metrics_file_path)
        if path.is_file():
            with path.open(newline="") as file:
                self.metrics_keys = next(csv.reader(file), [])


def _seen(head: list[str], row: list[str]) -> float:
    """Images seen in a row; infinite if the row is truncated."""
    try:
        return float(row[head.index("images_seen")]) if len(row) == len(head) else math.inf
    except ValueError:
        return math.inf
