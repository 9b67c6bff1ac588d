"""The result of the check: a table for people, check.json and check.csv for programs."""

import csv
import io
import json
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from textwrap import dedent
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from stylegan_pl.data.splits import SPLITS
from stylegan_pl.preparing.doctor.remarks import KINDS, Remark
from stylegan_pl.preparing.doctor.survey import SIDES, Picture

_WIDTH = 120  # characters
_EXAMPLES = 3  # files named under each kind of remark


def summary(pictures: Sequence[Picture]) -> dict[str, dict[str, dict[str, Any]]]:
    """Set -> split -> counts, sizes in pixels, modes as on disk."""
    return {
        side: {split: _summary_of([p for p in pictures if (p.side, p.split) == (side, split)]) for split in SPLITS}
        for side in SIDES
    }


def _summary_of(pictures: Sequence[Picture]) -> dict[str, Any]:
    read = [picture.facts for picture in pictures if picture.facts.problem is None]
    return {
        "files": len(pictures),
        "unreadable": len(pictures) - len(read),
        "too_small": sum(picture.too_small for picture in pictures),
        "rotated": sum(facts.rotated for facts in read),
        "shorter_side": _spread([min(facts.size) for facts in read]),
        "longer_side": _spread([max(facts.size) for facts in read]),
        "aspect": _spread([round(facts.size[0] / facts.size[1], 3) for facts in read]),
        "modes": dict(Counter(facts.mode for facts in read).most_common()),
        "formats": dict(Counter(facts.format for facts in read).most_common()),
    }


def _spread(values: Sequence[float]) -> dict[str, float] | None:
    return {"min": min(values), "median": median(values), "max": max(values)} if values else None


def table(found: dict[str, dict[str, dict[str, Any]]]) -> str:
    """One row per set and split with files; sizes as smallest, median, largest."""
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("set", "split"):
        drawn.add_column(name)
    for name in ("files", "unreadable", "too small", "shorter side", "width/height"):
        drawn.add_column(name, justify="right", no_wrap=True)
    drawn.add_column("modes")
    for side, splits in found.items():
        for split, of in splits.items():
            if of["files"]:
                modes = ", ".join(f"{mode} {count:,}" for mode, count in of["modes"].items())
                turned = f", {of['rotated']:,} turned by EXIF" if of["rotated"] else ""
                counts = [f"{of[key]:,}" for key in ("files", "unreadable", "too_small")]
                sizes = [_three(of["shorter_side"], 0), _three(of["aspect"], 2)]
                drawn.add_row(side, split, *counts, *sizes, modes + turned)
    text = io.StringIO()
    Console(file=text, width=_WIDTH, color_system=None).print(drawn)
    return dedent("\n".join(line.rstrip() for line in text.getvalue().splitlines() if line.strip()))


def _three(of: dict[str, float] | None, digits: int) -> str:
    return "" if of is None else " · ".join(f"{of[key]:.{digits}f}" for key in ("min", "median", "max"))


def verdict(remarks: Sequence[Remark], refusals: Sequence[str], *, usable: str) -> str:
    """The conclusion: no problems, or the number of remarks of each kind with advice."""
    if not remarks and not refusals:
        return f"no problems found: {usable}"
    lines = []
    for kind in KINDS:
        of_kind = [remark for remark in remarks if remark.kind is kind]
        if of_kind:
            lines.append(f"  {len(of_kind):,} {kind.what}; {kind.advice}")
            lines += [
                f"      {printable(remark.place.path)}: {printable(remark.text)}" for remark in of_kind[:_EXAMPLES]
            ]
            if len(of_kind) > _EXAMPLES:
                lines.append(f"      and {len(of_kind) - _EXAMPLES:,} more")
    lines += [f"  a run would end with this error: {printable(refusal)}" for refusal in refusals]
    count = len(remarks) + len(refusals)
    return "\n".join([f"{count:,} remark{'s' if count > 1 else ''}:", *lines])


def is_grave(remarks: Sequence[Remark], refusals: Sequence[str]) -> bool:
    """Whether scores would be wrong or a run would fail."""
    return bool(refusals) or any(remark.kind.grave for remark in remarks)


def write_json(path: Path, facts: dict[str, Any], remarks: Sequence[Remark], refusals: Sequence[str]) -> None:
    """Write check.json: the sets, the table, the number of remarks of each kind, errors that would end a run."""
    counts = Counter(remark.kind.name for remark in remarks)
    closing = {"remarks": dict(counts), "refusals": list(refusals), "usable": not is_grave(remarks, refusals)}
    path.write_text(json.dumps({**facts, **closing}, indent=2) + "\n")


def write_csv(path: Path, remarks: Sequence[Remark]) -> None:
    """Write check.csv: one row per remark; a file may have several."""
    with path.open("w", newline="", encoding="utf-8", errors="surrogateescape") as stream:
        writer = csv.writer(stream)
        writer.writerow(["file", "set", "split", "kind", "remark"])
        for remark in remarks:
            writer.writerow([remark.place.path, remark.place.side, remark.place.split, remark.kind.name, remark.text])


def printable(text: Path | str) -> str:
    """A file name as printable text, also if it is not valid UTF-8."""
    return os.fsencode(str(text)).decode("utf-8", "backslashreplace")
