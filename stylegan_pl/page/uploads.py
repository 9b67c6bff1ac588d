"""Restricts the page to uploaded files, because a request may name any path of this machine as its upload."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stylegan_pl.errors import UserError


def only_uploads(page: Any, folder: Path) -> None:
    """Make a `gradio.Blocks` refuse every file outside the folder of uploads.

    Gradio checks paths only in pages that it launches itself; in a mounted page it copies any named file or URL to
    where the page can read it. So this check runs before.
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
    """Raise unless a path, with links resolved, is a file in the folder.

    Raises:
        UserError: it is not; the message does not contain the path.
    """
    try:
        path = Path(named).resolve()
        inside = path.is_relative_to(folder.resolve())
    except (TypeError, ValueError, OSError, RuntimeError):  # not a path, a zero byte, too long, circular links
        inside = False
    if not inside:
        raise UserError("only files that were dropped here are read")


def _files(data: Any) -> Iterator[Any]:
    """All values of `path` in Gradio's descriptions of files, at any depth."""
    waiting = [data]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield from (value[key] for key in ("path",) if key in value)
            waiting += value.values()
        elif isinstance(value, list | tuple):
            waiting += value
