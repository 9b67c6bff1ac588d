"""Connects the page's controls with the functions of `Studio`."""

import html
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stylegan_pl.errors import UserError
from stylegan_pl.page.films import PLAYED, summary
from stylegan_pl.page.layout import MOST_PAINTINGS, Controls, lay_out
from stylegan_pl.page.painters import PaintOptions
from stylegan_pl.page.studio import Studio
from stylegan_pl.page.uploads import only_uploads

_log = logging.getLogger(__name__)

ONE_QUEUE = "painting"  # handlers with this name run one after the other
HIDDEN = {"api_visibility": "private"}  # no programming interface besides the page


def build(studio: Studio, *, max_waiting: int, keep_seconds: int) -> Any:
    """The page, a `gradio.Blocks`.

    Args:
        max_waiting: largest number of waiting paintings; further visitors are told that the queue is full.
        keep_seconds: seconds after which files are deleted.
    """
    import gradio as gr

    painters = studio.painters
    every = min(keep_seconds, 600)
    with gr.Blocks(title="stylegan_pl", analytics_enabled=False, delete_cache=(every, keep_seconds)) as page:
        controls = lay_out(painters.names, style_first=painters.takes_style(painters.names[0]))
        _on_choices(studio, controls)
        _on_picture(studio, controls)
        _on_film(studio, controls)
        _on_stopping(studio, controls, page)
        if painters.from_the_box:  # created for each visitor, because files here are deleted after a while
            page.load(lambda: str(studio.example()), None, controls.picture, show_progress="hidden", **HIDDEN)
    page.queue(default_concurrency_limit=1, max_size=max_waiting, api_open=False)
    only_uploads(page, studio.folder)
    return page


def paint_options(
    name: str, strength: float, stroke: float, colour: str, style: Sequence[str] | None, *weights: float
) -> PaintOptions:
    """The values of the controls as a `PaintOptions`.

    Raises:
        UserError: there are more paintings than sliders.
    """
    paintings = tuple(Path(path) for path in style or ())
    if len(paintings) > MOST_PAINTINGS:
        raise UserError(f"{len(paintings)} paintings to paint after; take at most {MOST_PAINTINGS}")
    shares = list(weights[: len(paintings)]) if len(paintings) > 1 else None
    return PaintOptions(name, strength, stroke, None if colour == "no" else colour, paintings, shares)


@contextmanager
def one_line(studio: Studio) -> Iterator[None]:
    """Within it, errors are shown on the page in one line; errors that are not the user's are logged with traceback."""
    import gradio as gr

    try:
        yield
    except UserError as error:
        message = studio.without_folders(str(error))
        raise gr.Error(html.escape(message), duration=None, print_exception=False) from None
    except Exception:  # a visitor must not see details of the machine
        _log.exception("the page could not do what was asked")
        message = "something went wrong here; whoever runs this page finds it in the log"
        raise gr.Error(message, duration=None, print_exception=False) from None


def _on_choices(studio: Studio, on: Controls) -> None:
    import gradio as gr

    def styles(name: str) -> Any:
        return gr.update(visible=studio.painters.takes_style(name))

    def shares(style: list[str] | None) -> list[Any]:
        names = [Path(path).name for path in style or []]
        if len(names) < 2:
            names = []  # one painting needs no sliders
        padded = names[:MOST_PAINTINGS] + [""] * (MOST_PAINTINGS - len(names))
        return [gr.update(visible=bool(name), label=name or "Share") for name in padded]

    on.name.change(styles, on.name, on.style_box, show_progress="hidden", **HIDDEN)
    on.style.change(shares, on.style, on.weights, show_progress="hidden", **HIDDEN)
    sides = [on.picture_side, on.paint_picture, on.film_side, on.paint_film]
    for tab, is_picture in ((on.picture_tab, True), (on.film_tab, False)):
        seen = [gr.update(visible=is_picture)] * 2 + [gr.update(visible=not is_picture)] * 2
        tab.select(lambda seen=seen: seen, None, sides, show_progress="hidden", queue=False, **HIDDEN)


def _on_picture(studio: Studio, on: Controls) -> None:
    import gradio as gr

    hide, show = gr.update(visible=False), gr.update(visible=True)
    waiting = gr.Progress()  # Gradio passes its own to parameters with such a default

    def dropped(upload: str | None) -> list[Any]:
        if upload is None:
            return [show, gr.update(value=None, visible=False), hide, hide]
        with one_line(studio):
            return [hide, gr.update(value=str(studio.preview(upload)), visible=True), hide, hide]

    def paint(request: gr.Request, upload: str | None, progress: Any = waiting, *option_controls: Any) -> list[Any]:
        with one_line(studio):
            session = str(request.session_hash)
            done = studio.picture(
                upload, paint_options(*option_controls), session, lambda share: progress(share, desc="painting")
            )
        both = (str(done.photograph), str(done.painting))
        return [hide, hide, gr.update(value=both, visible=True), gr.update(value=str(done.result), visible=True)]

    results = [on.picture_empty, on.photograph, on.slider, on.picture_file]
    on.picture.change(dropped, on.picture, results, show_progress="hidden", **HIDDEN)
    _paints(studio, on, on.paint_picture, paint, [on.picture, *on.option_controls], results, results[:3])


def _on_film(studio: Studio, on: Controls) -> None:
    import gradio as gr

    hide, waiting = gr.update(visible=False), gr.Progress()

    def paint(request: gr.Request, upload: str | None, progress: Any = waiting, *option_controls: Any) -> list[Any]:
        def report(done: int, frames: int | None) -> None:
            progress((done, frames), desc="painting", unit="frames")

        with one_line(studio):
            film = studio.film(upload, paint_options(*option_controls), str(request.session_hash), report)
        plays = film.result.suffix in PLAYED
        video = gr.update(value=str(film.result), visible=True) if plays else gr.update(value=None, visible=False)
        file = gr.update(value=str(film.result), visible=True)
        return [hide, video, gr.update(value=summary(film.facts), visible=True), file]

    results = [on.film_empty, on.video, on.film_note, on.film_file]
    _paints(studio, on, on.paint_film, paint, [on.film, *on.option_controls], results, results[:2])


def _paints(
    studio: Studio, on: Controls, button: Any, paint: Any, inputs: list[Any], results: list[Any], shown: list[Any]
) -> None:
    """Let a button paint; meanwhile there is a Stop button, no other painting can be begun, and progress is shown."""
    import gradio as gr

    buttons = [on.paint_picture, on.paint_film, on.stop]

    def swapped(begins: bool) -> list[Any]:
        return [gr.update(interactive=not begins)] * 2 + [gr.update(visible=begins)]

    def begin(request: gr.Request) -> list[Any]:
        studio.stops.press(str(request.session_hash))
        return swapped(True)

    quick: dict[str, Any] = {"show_progress": "hidden", "queue": False, **HIDDEN}
    begun = button.click(begin, None, buttons, **quick)
    painted = begun.then(
        paint, inputs, results, show_progress_on=shown, concurrency_id=ONE_QUEUE, concurrency_limit=1, **HIDDEN
    )
    for ended in (painted.success, painted.failure):  # `then` does not run after a failure
        ended(lambda: swapped(False), None, buttons, **quick)


def _on_stopping(studio: Studio, on: Controls, page: Any) -> None:
    import gradio as gr

    def ask(request: gr.Request) -> None:
        studio.stops.ask(str(request.session_hash))

    on.stop.click(ask, None, None, queue=False, **HIDDEN)
    page.unload(ask)
