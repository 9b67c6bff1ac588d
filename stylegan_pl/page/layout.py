"""The layout of the page."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from stylegan_pl.errors import UserError
from stylegan_pl.inference.film.library import EXTENSIONS as FILMS
from stylegan_pl.inference.film.library import pyav
from stylegan_pl.inference.stroke_size import BROADEST, FINEST
from stylegan_pl.pictures.read import READABLE

MOST_PAINTINGS = 6  # each has its own slider
COLOURS = [("Painting's", "no"), ("Photograph's", "luma"), ("Photograph's palette", "coral")]
EMPTY = "<div class='empty'>Drop a {}, choose, and press Paint.</div>"


class Controls(NamedTuple):
    """Gradio's components, by purpose."""

    picture_tab: Any
    film_tab: Any
    picture: Any
    film: Any
    name: Any
    strength: Any
    stroke: Any
    colour: Any
    style_box: Any
    style: Any
    weights: list[Any]
    paint_picture: Any
    paint_film: Any
    stop: Any
    picture_side: Any
    photograph: Any
    slider: Any
    picture_file: Any
    picture_empty: Any
    film_side: Any
    video: Any
    film_note: Any
    film_file: Any
    film_empty: Any

    @property
    def option_controls(self) -> list[Any]:
        """The controls that `events.paint_options` reads."""
        return [self.name, self.strength, self.stroke, self.colour, self.style, *self.weights]


def lay_out(names: Sequence[str], *, style_first: bool) -> Controls:
    """Create all controls, inside an open `gradio.Blocks`.

    Args:
        names: names of the generators.
        style_first: whether the first generator takes a style.
    """
    import gradio as gr

    gr.Markdown("# Photographs into paintings", elem_id="title")
    with gr.Row():
        with gr.Column(scale=2, min_width=320):
            found = _drops(gr) | _choices(gr, names, style_first) | _buttons(gr)
        with gr.Column(scale=3, min_width=320):
            found |= _results(gr)
    return Controls(**found)


def _drops(gr: Any) -> dict[str, Any]:
    with gr.Tabs():
        with gr.Tab("Picture", id="picture") as picture_tab:
            picture = gr.File(label="Photograph", file_types=sorted(READABLE), height=130, elem_id="picture")
        with gr.Tab("Film", id="film") as film_tab:
            try:
                pyav()
            except UserError as error:
                gr.Markdown(str(error))
            film = gr.File(label="Film", file_types=sorted(FILMS), height=130, elem_id="film")
    return {"picture_tab": picture_tab, "film_tab": film_tab, "picture": picture, "film": film}


def _choices(gr: Any, names: Sequence[str], style_first: bool) -> dict[str, Any]:
    several = len(names) > 1
    name = gr.Dropdown(list(names), value=names[0], label="Painter", visible=several, filterable=False, elem_id="name")
    with gr.Column(visible=style_first) as style_box:
        style = gr.File(
            label=f"Paint after (up to {MOST_PAINTINGS})", file_count="multiple", file_types=sorted(READABLE),
            height=130, elem_id="style",
        )  # fmt: skip
        weights = [
            gr.Slider(0, 1, 1, step=0.05, label="Share", visible=False, elem_id=f"weight-{place}")
            for place in range(MOST_PAINTINGS)
        ]
    strength = gr.Slider(0, 1, 1, step=0.05, label="Strength", info="0 is the photograph", elem_id="strength")
    stroke = gr.Slider(
        FINEST, BROADEST, 1, step=0.1, label="Stroke", info="finer or larger than learned", elem_id="stroke"
    )
    colour = gr.Radio(COLOURS, value="no", label="Colours", elem_id="colour")
    return {
        "name": name, "style_box": style_box, "style": style, "weights": weights, "strength": strength,
        "stroke": stroke, "colour": colour,
    }  # fmt: skip


def _buttons(gr: Any) -> dict[str, Any]:
    return {
        "paint_picture": gr.Button("Paint", variant="primary", elem_id="paint-picture"),
        "paint_film": gr.Button("Paint", variant="primary", visible=False, elem_id="paint-film"),
        "stop": gr.Button("Stop", visible=False, elem_id="stop"),
    }


def _results(gr: Any) -> dict[str, Any]:
    with gr.Column() as picture_side:
        picture_empty = gr.HTML(EMPTY.format("photograph"), padding=False)
        photograph = gr.Image(
            label="Photograph", visible=False, interactive=False, buttons=["fullscreen"], elem_id="photograph"
        )
        slider = gr.ImageSlider(
            label="Photograph | painting", visible=False, interactive=False, buttons=["fullscreen"], max_height=760,
            elem_id="slider",
        )  # fmt: skip
        picture_file = gr.DownloadButton("Download PNG, every pixel", visible=False, elem_id="picture-file")
    with gr.Column(visible=False) as film_side:
        film_empty = gr.HTML(EMPTY.format("film"), padding=False)
        video = gr.Video(label="Painting", visible=False, interactive=False, buttons=[], elem_id="video")
        film_note = gr.Markdown(visible=False, elem_id="note")
        film_file = gr.DownloadButton("Download the film", visible=False, elem_id="film-file")
    return {
        "picture_side": picture_side, "picture_empty": picture_empty, "photograph": photograph, "slider": slider,
        "picture_file": picture_file, "film_side": film_side, "film_empty": film_empty, "video": video,
        "film_note": film_note, "film_file": film_file,
    }  # fmt: skip
