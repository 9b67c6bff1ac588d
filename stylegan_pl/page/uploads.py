"""Files that were sent to the page, and no others: a browser may name any path of the machine as its upload."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stylegan_pl.errors import UserError


def only_uploads(page: Any, folder: Path) -> None:
    """Make a `gradio.Blocks` refuse every file outside the folder that uploads go to.

    Gradio looks at paths itself only in pages that it launched; in a mounted one it copies whatever is named, from the
    disk or from the web, to where the page reads it. So this comes before.
    """
    import gradio as gr

    gradios = page.preprocess_data

    async def preprocess_data(block_fn: Any, inputs: list[Any], *rest: Any, **options: Any) -> Any:
        for named in _files(inputs):
            try:
                check_upload(named, folder)
            except UserError as error:
                raise gr.Error(str(error), duration=None, print_exception=False) from None
        return await gradios(block_fn, inputs, *rest, **options)

    page.preprocess_data = preprocess_data


def check_upload(named: Any, folder: Path) -> None:
    """That a path is a file in the folder, links followed.

    Raises:
        UserError: it is not; the path is not repeated.
    """
    try:
        path = Path(named).resolve()
        inside = path.is_relative_to(folder.resolve())
    except (TypeError, ValueError, OSError, RuntimeError):  # no path at all, a zero byte, too long, links in a circle
        inside = False
    if not inside:
        raise UserError("only files that were dropped here are read")


def _files(data: Any) -> Iterator[Any]:
    """What stands under `path` in Gradio's descriptions of files, at any depth."""
    waiting = [data]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield from (value[key] for key in ("path",) if key in value)
            waiting += value.values()
        elif isinstance(value, list | tuple):
            waiting += value
