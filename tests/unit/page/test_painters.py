"""The page paints what `stylize` and `Stylizer` paint with the same options."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from unit.page.example import noise, write_checkpoints

from stylegan_pl import Stylizer
from stylegan_pl.errors import UserError
from stylegan_pl.page.events import paint_options
from stylegan_pl.page.painters import Painters, PaintOptions


@pytest.fixture(scope="module")
def ckpts(tmp_path_factory):
    return write_checkpoints(tmp_path_factory.mktemp("ckpts"))


@pytest.fixture(scope="module")
def painters(ckpts):
    return Painters([str(path) for path in ckpts], device="cpu", style_size=64)


@pytest.fixture(scope="module")
def paintings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("paintings")
    for seed, name in enumerate(("a.png", "b.png"), start=5):
        Image.fromarray(noise(70, 80, seed)).save(folder / name)
    return [folder / "a.png", folder / "b.png"]


PHOTOGRAPH = torch.from_numpy(noise(36, 44)).permute(2, 0, 1)


@pytest.mark.parametrize(
    "options",
    [{}, {"strength": 0.4}, {"stroke": 1.5}, {"keep_colour": "luma"}, {"strength": 0.7, "keep_colour": "coral"}],
)
def test_a_learned_style_paints_as_stylizer(ckpts, painters, options):
    expected = Stylizer.load(ckpts[0], device="cpu", **options)(PHOTOGRAPH)
    assert torch.equal(painters.painter(PaintOptions("vangogh/2026-11-23", **options))(PHOTOGRAPH[None])[0], expected)


@pytest.mark.parametrize(
    "options", [{}, {"strength": 0.3}, {"style_weights": [3.0, 1.0]}, {"stroke": 0.7}, {"keep_colour": "luma"}]
)
def test_any_style_paints_as_stylizer(ckpts, painters, paintings, options):
    expected = Stylizer.load(ckpts[1], device="cpu", style=paintings, style_size=64, **options)(PHOTOGRAPH)
    painted = painters.painter(PaintOptions("adain/best.ckpt", style=paintings, **options))(PHOTOGRAPH[None])[0]
    assert torch.equal(painted, expected)


def test_one_painting_after_the_other_leaves_nothing_behind(painters):
    plain = PaintOptions("vangogh/2026-11-23")
    before = painters.painter(plain)(PHOTOGRAPH[None])
    weak = painters.painter(PaintOptions(plain.name, strength=0.0))(PHOTOGRAPH[None])
    assert torch.equal(weak[0], PHOTOGRAPH) and torch.equal(painters.painter(plain)(PHOTOGRAPH[None]), before)


def test_paintings_do_not_trouble_a_learned_style(painters, paintings):
    given = PaintOptions("vangogh/2026-11-23", style=paintings, style_weights=[1, 2])
    assert not painters.takes_style(given.name) and painters.takes_style("adain/best.ckpt")
    assert torch.equal(
        painters.painter(given)(PHOTOGRAPH[None]), painters.painter(PaintOptions(given.name))(PHOTOGRAPH[None])
    )


def test_wishes_that_cannot_be_granted(painters, paintings):
    with pytest.raises(UserError, match="drop one, or several"):
        painters.painter(PaintOptions("adain/best.ckpt"))
    with pytest.raises(UserError, match="all paintings have weight 0"):
        painters.painter(PaintOptions("adain/best.ckpt", style=paintings, style_weights=[0, 0]))
    with pytest.raises(UserError, match="strength"):
        painters.painter(PaintOptions("vangogh/2026-11-23", strength=1.5))


def test_what_the_controls_say():
    assert paint_options("x", 0.5, 1.5, "no", None, 1, 1, 1) == PaintOptions("x", 0.5, 1.5)
    assert paint_options("x", 1, 1, "luma", ["a"], 0, 1, 1) == PaintOptions(
        "x", 1, 1, "luma", (Path("a"),)
    )  # alone, it has all the weight
    assert paint_options("x", 1, 1, "coral", ["a", "b"], 0.2, 0.4, 1) == PaintOptions(
        "x", 1, 1, "coral", (Path("a"), Path("b")), [0.2, 0.4]
    )
    with pytest.raises(UserError, match="7 paintings to paint after; take at most 6"):
        paint_options("x", 1, 1, "no", list("abcdefg"), *np.ones(6))
