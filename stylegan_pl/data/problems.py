"""The list of files a run skipped: one CSV that all workers of all ranks append to."""

import csv
from collections.abc import Collection
from pathlib import Path

from filelock import FileLock

from stylegan_pl.errors import DataError


class Problems:
    """Files that cannot be used, each with its reason; too large a share of a set ends the run.

    Args:
        path: the CSV, made with the first problem.
        limit: share of bad files in a set beyond which the set itself is at fault.
    """

    def __init__(self, path: Path, *, limit: float = 0.05) -> None:
        self.path, self.limit = path, limit

    def read(self) -> dict[str, str]:
        """File -> reason; empty when there were none."""
        if not self.path.is_file():
            return {}
        with self.path.open(newline="", encoding="utf-8", errors="surrogateescape") as file:
            return {row["file"]: row["reason"] for row in csv.DictReader(file)}

    def report(self, file: Path, reason: str, siblings: Collection[Path]) -> None:
        """Note a bad file of the set `siblings`.

        Raises:
            DataError: more than `limit` of the set is bad.
        """
        with self._lock():  # workers of all ranks write here
            if str(file) not in self.read():
                self._append(file, reason)
        bad = self.read().keys() & {str(sibling) for sibling in siblings}
        if len(bad) > self.limit * len(siblings):
            raise DataError(
                f"{len(bad)} of {len(siblings)} images cannot be used, more than {self.limit:.0%} (the last: {reason})"
                f"; remove or mend the files listed in {self.path}"
            )

    def _lock(self) -> FileLock:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(self.path.with_name(f".{self.path.name}.lock"))

    def _append(self, file: Path, reason: str) -> None:
        with self.path.open("a", newline="", encoding="utf-8", errors="surrogateescape") as stream:
            writer = csv.writer(stream)
            if stream.tell() == 0:
                writer.writerow(["file", "reason"])
            writer.writerow([file, reason])
