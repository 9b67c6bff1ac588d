"""metrics.csv in the run folder, continued when the run is."""

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
        """The writer, made when first used."""
        if self._experiment is None:
            self._experiment = _ContinuedWriter(self.log_dir)
        assert isinstance(self._experiment, ExperimentWriter)
        return self._experiment

    def drop_rows_after(self, images_seen: float) -> None:
        """Forget what a killed run logged past the checkpoint that it goes on from: it comes again."""
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
        """Nothing: config.yaml is the record."""


class _ContinuedWriter(ExperimentWriter):
    def save(self) -> None:
        """With the columns that the file has by now: somebody may have edited it while the run goes on."""
        self._check_log_dir_exists()
        super().save()

    def _check_log_dir_exists(self) -> None:
        """Go on with the columns of a file that is there (the parent deletes it)."""
        path = Path(self.metrics_file_path)
        if path.is_file():
            with path.open(newline="") as file:
                self.metrics_keys = next(csv.reader(file), [])


def _seen(head: list[str], row: list[str]) -> float:
    """Images seen at a row; infinite where it was cut off."""
    try:
        return float(row[head.index("images_seen")]) if len(row) == len(head) else math.inf
    except ValueError:
        return math.inf
