"""The list of files that a run skipped: one CSV file, to which all workers of all ranks append."""

import csv
from collections.abc import Collection
from pathlib import Path

from filelock import FileLock

from stylegan_pl.errors import DataError


class Problems:
    """Records files that cannot be used, with the reason; if they are too large a share of a set, the run ends.

    Args:
        path: the CSV file, created at the first problem.
        limit: largest share of bad files in a set.
    """

    def __init__(self, path: Path, *, limit: float = 0.05) -> None:
        self.path, self.limit = path, limit

    def read(self) -> dict[str, str]:
        """File -> reason; empty if there were no problems."""
        if not self.path.is_file():
            return {}
        with self.path.open(newline="", encoding="utf-8", errors="surrogateescape") as file:
            return {row["file"]: row["reason"] for row in csv.DictReader(file)}

    def forget_mended(self) -> None:
        """Remove the rows of files that have changed since the table was written; for the start of a resumed run."""
        if not self.path.is_file():
            return
        with self._lock():
            written, found = self.path.stat().st_mtime_ns, self.read()
            left = {file: reason for file, reason in found.items() if not _has_changed(Path(file), written)}
            if len(left) < len(found):
                self.path.unlink()
                for file, reason in left.items():
                    self._append(Path(file), reason)

    def report(self, file: Path, reason: str, siblings: Collection[Path]) -> None:
        """Record a bad file; `siblings` are all files of its set.

        Raises:
            DataError: more than `limit` of the set is bad.
        """
        with self._lock():  # workers of all ranks write the same file
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


def _has_changed(file: Path, since_ns: int) -> bool:
    try:
        found = file.stat()
    except OSError:
        return False
    return max(found.st_mtime_ns, found.st_ctime_ns) > since_ns
