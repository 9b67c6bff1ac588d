"""The numbers of a report for programs: metrics.json."""

import math
from typing import Any

from stylegan_pl.report.contents import Entry, Report


def metrics_json(report: Report) -> dict[str, Any]:
    """The report as JSON, in the same schema for one entry and for several.

    ```
    {
      "title": text, "made": text,
      "data": {label: text},
      "seconds": {part: number},
      "scores": {metric: score},      # of the only entry; {} if several are compared
      "entries": [{"name": text, "source": text, "kind": text, "scores": {metric: score},
                   "cost": {label: text}, "symptoms": [text]}]
    }
    ```

    A score is `Score.as_dict()`: `["scores"]["kid"]["floor"]`. Missing values and nan are null.
    """
    entries = [_entry(entry) for entry in report.entries]
    return {
        "title": report.title,
        "made": report.made,
        "data": dict(report.data),
        "seconds": {part: round(took, 3) if math.isfinite(took) else None for part, took in report.seconds.items()},
        "scores": entries[0]["scores"] if len(entries) == 1 else {},
        "entries": entries,
    }


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "source": entry.source,
        "kind": entry.kind,
        "scores": {metric: score.as_dict() for metric, score in entry.scores.items()},
        "cost": dict(entry.cost),
        "symptoms": list(entry.symptoms),
    }
