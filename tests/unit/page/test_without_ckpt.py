"""The page where nothing is named: the painters in the box, and a photograph to begin with."""

import importlib.util

import numpy as np
import pytest
import skimage.data
from box import box  # noqa: F401 (a fixture)
from conftest import compose_config
from PIL import Image
from unit.page.example import studio

from stylegan_pl.app import app
from stylegan_pl.errors import ConfigError
from stylegan_pl.page import server
from stylegan_pl.page.painters import PaintOptions
from stylegan_pl.runs import painters


@pytest.fixture
def served(monkeypatch):
    """What would be served."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    configs = []
    monkeypatch.setattr(server, "serve", lambda config: configs.append(config) or 0)
    return configs


@pytest.mark.parametrize(
    ("typed", "chosen"),
    [
        ([], ["painter:vangogh", "painter:monet"]),  # it opens with strokes
        (["painter=all"], ["painter:monet", "painter:vangogh"]),
        (["painter=vangogh"], ["painter:vangogh"]),
        (["ckpt=run"], ["run"]),
        (["ckpt=['painter:monet',run]"], ["painter:monet", "run"]),
    ],
)
def test_who_paints(box, served, typed, chosen):  # noqa: F811
    assert app(compose_config("app", typed)) == 0
    assert server.checkpoints(served[0].ckpt) == chosen


def test_an_empty_box_asks_for_a_checkpoint(served, tmp_path, monkeypatch):
    monkeypatch.setattr(painters, "folder", lambda: tmp_path)
    with pytest.raises(ConfigError, match="no generator is named; type ckpt=RUN_OR_FILE"):
        app(compose_config("app", []))


def test_the_photograph_is_painted_as_if_it_had_been_dropped(box, tmp_path):  # noqa: F811
    here = studio(tmp_path, "painter:monet", "painter:vangogh")
    assert here.painters.names == ["monet", "vangogh"]
    first, second = here.example(), here.example()
    assert first != second  # a visitor's own, which may be deleted
    assert np.array_equal(np.asarray(Image.open(first)), skimage.data.astronaut())
    done = here.picture(str(first), PaintOptions("vangogh"), "me")
    assert Image.open(done.result).size == (512, 512)


def test_it_is_shown_where_the_box_alone_paints(box, tmp_path):  # noqa: F811
    pytest.importorskip("gradio")
    from stylegan_pl.page.server import application

    for ckpts, shown in ((["painter:monet"], True), (["painter:monet", str(box / "vangogh.safetensors")], False)):
        config = compose_config("app", ["device=cpu"])
        config.ckpt = ckpts
        page = application(studio(tmp_path, *ckpts), config)
        blocks = next(
            route.app.get_blocks() for route in page.routes if hasattr(getattr(route, "app", None), "get_blocks")
        )
        loads = [fn for fn in blocks.fns.values() if any(event == "load" for _, event in fn.targets)]
        assert bool(loads) is shown
