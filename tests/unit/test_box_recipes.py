"""The painters that come along, and the commands that make them again."""

import pytest
from conftest import compose_config
from images_on_disk import write_images
from omegaconf import OmegaConf
from PIL import Image

from experiments.painters import make
from experiments.painters.make import RECIPES, main, rendered
from stylegan_pl.data.sources.renderers.cartoon import Cartoon
from stylegan_pl.data.splits import list_images
from stylegan_pl.runs import painters
from stylegan_pl.runs.checkpoint import held_generator


def test_every_painter_in_the_box_is_made_by_a_command():
    assert sorted(RECIPES) == painters.names()


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_the_command_builds_the_network_that_lies_in_the_box(name):
    (node, _), facts = held_generator(painters.path_of(name)), painters.facts_of(name)
    for stage in RECIPES[name].stages:
        typed = OmegaConf.to_container(compose_config("train", stage).model.generator, resolve=True)
        for key in ("width", "blocks", "dilations", "grey"):
            assert typed.get(key) == node.get(key)
        assert typed["_target_"].rpartition(".")[2] == node["_target_"].rpartition(".")[2]
    assert facts["licence"] == "MIT" and facts["bytes"] < 1.2e6
    if RECIPES[name].renderer is not None:  # the others were made before there was this command
        assert f"experiments.painters.make {name}" in painters.card_of(name)


def test_pairs_have_one_name_and_one_size(tmp_path):
    write_images(tmp_path / "photographs", 3, size=40)
    pairs = rendered(Cartoon(), tmp_path / "photographs", tmp_path / "pairs")
    sides = [list_images(pairs / side) for side in ("content", "style")]
    assert [path.name for path in sides[0]] == [path.name for path in sides[1]] == ["0000.png", "0001.png", "0002.png"]
    before = sides[1][0].stat().st_mtime_ns
    rendered(Cartoon(), tmp_path / "photographs", tmp_path / "pairs")  # what is there is not drawn again
    assert sides[1][0].stat().st_mtime_ns == before
    write_images(tmp_path / "others", 2, size=48)
    rendered(Cartoon(), tmp_path / "others", tmp_path / "pairs")  # of other photographs: drawn anew
    assert [len(list_images(pairs / side)) for side in ("content", "style")] == [2, 2]
    assert sides[1][0].stat().st_mtime_ns != before


def test_a_pair_that_was_stopped_in_mid_write_is_drawn_again(tmp_path, monkeypatch):
    write_images(tmp_path / "photographs", 2, size=40)
    saved = Image.Image.save

    def stopped(image, target, *args, **kwargs):
        saved(image, target, *args, **kwargs)
        if image.getpixel((0, 0)) == (0, 0, 0):  # a drawing, not a photograph
            raise KeyboardInterrupt

    monkeypatch.setattr(Image.Image, "save", stopped)
    with pytest.raises(KeyboardInterrupt):
        rendered(lambda pixels, seed: 0 * pixels, tmp_path / "photographs", tmp_path / "pairs")
    monkeypatch.undo()
    assert not list_images(tmp_path / "pairs/style")
    rendered(Cartoon(), tmp_path / "photographs", tmp_path / "pairs")
    assert len(list_images(tmp_path / "pairs/style")) == 2


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        (["oil"], "type photographs=FOLDER"),
        (["renoir", "photographs=x"], "type p"),
        (["vangogh", "paintings=y"], "type photographs=FOLDER"),
    ],
)
def test_what_a_painter_needs_is_asked_for(typed, line, capsys):
    assert main(typed) == 2
    assert line in capsys.readouterr().err


def test_an_unknown_painter_gets_the_list(capsys):
    assert main(["rembrandt"]) == 2
    listed = capsys.readouterr().out
    assert all(name in listed for name in RECIPES)


def test_stages_start_from_each_other(monkeypatch):
    calls = []
    monkeypatch.setattr(make, "call", lambda *typed: calls.append(typed))
    assert main(["vangogh", "photographs=p", "paintings=many"]) == 0
    folders, starts, sets = (
        [[word.split("=", 1)[1] for word in typed if word.startswith(f"{key}=")] for typed in calls[:2]]
        for key in ("hydra.run.dir", "start_from", "data.style.root")
    )
    first, second = (f"outputs/painters/vangogh/stage{number}" for number in (1, 2))
    assert folders == [[first], [second]]
    assert starts == [["null"], [first]]
    assert sets == [["many"], ["many"]]
    assert calls[2][:2] == ("export", f"ckpt={second}")


def test_a_typed_override_goes_before_the_recipes_own_and_onto_the_card(monkeypatch):
    calls = []
    monkeypatch.setattr(make, "call", lambda *typed: calls.append(typed))
    assert main(["vangogh", "photographs=p", "paintings=many", "max_images=7", "start_from=painter:oil"]) == 0
    for _, *typed in calls[:2]:
        assert compose_config("train", typed[: typed.index("resume=auto") - 1]).max_images == 7
    starts = [[word for word in typed if word.startswith("start_from=")][-1] for typed in calls[:2]]
    assert starts == ["start_from=painter:oil", "start_from=outputs/painters/vangogh/stage1"]
    (command,) = [word for word in calls[2] if word.startswith("command=")]
    assert command.endswith("max_images=7 start_from=painter:oil")
    assert "overwrite=true" in calls[2]  # the command can be repeated


def test_the_failure_of_a_verb_is_its_own_line(monkeypatch):
    monkeypatch.setattr(make.subprocess, "run", lambda command, **_: make.subprocess.CompletedProcess(command, 75))
    with pytest.raises(SystemExit) as ended:
        make.call("train")
    assert ended.value.code == 75
