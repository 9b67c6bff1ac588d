"""The page of a report: one HTML file that opens from disk and makes no network requests."""

import base64
import hashlib
from pathlib import Path

from markupsafe import Markup

from stylegan_pl.errors import DataError, first_line
from stylegan_pl.pictures.whole_file import written_whole
from stylegan_pl.report import curves, numbers
from stylegan_pl.report.contents import Report
from stylegan_pl.report.curves import groups
from stylegan_pl.report.pictures import gallery
from stylegan_pl.report.score_table import columns, provenance
from stylegan_pl.report.templates import TEMPLATES

_HERE = Path(__file__).parent
_COLOURS = 8  # of lines, in page.css


def write_page(report: Report, path: Path) -> None:
    """Write the page atomically; an existing page is replaced.

    Raises:
        DataError: the folder cannot be written.
    """
    text = page(report)
    try:
        with written_whole(path) as partial:
            partial.write_text(text, encoding="utf-8")
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({first_line(error)}); choose another output=") from error


def page(report: Report) -> str:
    """The HTML. Text from a user is escaped; a policy in the head forbids requests and all scripts but ours."""
    script = (_HERE / "page.js").read_text(encoding="utf-8")
    return TEMPLATES.get_template("page.html").render(
        report=report,
        single=len(report.entries) == 1,
        columns=columns(report),
        provenance=provenance(report),
        gallery=gallery(report),
        groups=groups(report),
        box=curves,
        numbers=numbers,
        colours=_COLOURS,
        # Markup: these two are our own files and must not be escaped
        style=Markup((_HERE / "page.css").read_text(encoding="utf-8")),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )
