"""Painters in the box: found by name wherever a run or a file may stand, listed, and small."""

import json

import pytest
import torch
from box import box  # noqa: F401 (a fixture)
from conftest import compose_config
from omegaconf import OmegaConf

from stylegan_pl.config.painter_choice import choose_painter
from stylegan_pl.errors import ConfigError
from stylegan_pl.evaluation.entrants import entrants
from stylegan_pl.export import export
from stylegan_pl.exporting.facts import facts_of
from stylegan_pl.painters import answer
from stylegan_pl.runs import painters
from stylegan_pl.runs.checkpoint import load_generator, load_teacher, resolve
from stylegan_pl.stylize import stylize

IN_THE_BOX = painters.names()
SINGLE_MB, ALL_MB = 1.2, 7.2  # 10⁶ bytes


@pytest.mark.parametrize("name", IN_THE_BOX)
def test_each_that_comes_along_is_small_told_of_and_whole(name):
    told, card = painters.facts_of(name), painters.card_of(name)
    assert told["bytes"] <= SINGLE_MB * 1e6
    assert told["about"] and told["licence"] and told["licence"] in card
    facts = facts_of(painters.path_of(name))
    assert facts["command"] in card and facts["training"]["images_seen"] > 0
    weights = load_generator(painters.path_of(name)).state_dict().values()
    assert all(weight.dtype == torch.float32 and weight.isfinite().all() for weight in weights)


@pytest.mark.parametrize(
    ("file", "content", "typed"),
    [("", b"", []), ("", b"\xff" * 99, []), ("", b"", ["--json"]), (".md", b"\xff", [IN_THE_BOX[0]]),
     (".md", None, [IN_THE_BOX[0]])],
)  # fmt: skip
def test_one_that_an_installation_left_half_is_named_in_a_line(tmp_path, monkeypatch, file, content, typed):
    monkeypatch.setattr(painters, "folder", lambda: tmp_path)
    whole = tmp_path / f"{IN_THE_BOX[0]}.safetensors"
    whole.write_bytes(b"")
    path = whole.with_name(whole.name + file)
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError) as told:
        answer(typed)
    assert str(told.value).startswith(f"{path}: cannot be read (") and "\n" not in str(told.value)


def test_all_together_stay_small():
    assert sum(path.stat().st_size for path in painters.folder().iterdir() if path.is_file()) < ALL_MB * 1e6


def test_a_name_stands_wherever_a_run_may(box):  # noqa: F811
    path = box / "vangogh.safetensors"
    assert resolve("painter:vangogh") == path
    assert load_teacher("painter:vangogh") is not None
    (entrant,) = entrants(["painter:vangogh"])
    assert entrant.checkpoint == path


def test_half_precision_is_read_as_float32(box):  # noqa: F811
    weights = load_generator(resolve("painter:monet")).state_dict().values()
    assert all(weight.dtype == torch.float32 for weight in weights)
    assert all(torch.equal(weight, weight.half().float()) for weight in weights)  # the very numbers of the file


@pytest.mark.parametrize("verb", ["stylize", "app", "export", "evaluate"])
def test_painter_is_a_key_of_every_verb_that_paints(box, verb):  # noqa: F811
    config = compose_config(verb, ["painter=monet"])
    choose_painter(config)
    assert config.ckpt == "painter:monet"


def test_all_and_lists_where_several_may_be_named(box):  # noqa: F811
    for typed, chosen in (("all", ["painter:monet", "painter:vangogh"]), ("[vangogh]", ["painter:vangogh"])):
        config = compose_config("stylize", [f"painter={typed}"])
        with pytest.raises(ConfigError, match="one painter is asked for"):
            choose_painter(config)
        choose_painter(config, several=True)
        assert OmegaConf.to_container(config.ckpt) == chosen


def test_what_cannot_be_meant_is_one_line(box):  # noqa: F811
    for typed, said in [
        (["painter=monett"], "painter=monett: no painter of that name is in the box; did you mean 'monet'?"),
        (["painter=[monet,vang]"], "did you mean 'vangogh'?"),
        (["painter=monet", "ckpt=run"], "two generators"),
    ]:
        with pytest.raises(ConfigError) as refused:
            choose_painter(compose_config("stylize", typed), several=True)
        assert said in str(refused.value)
    with pytest.raises(ConfigError, match="did you mean 'vangogh'"):
        resolve("painter:vangog")


def test_without_a_generator_one_is_told_of(box):  # noqa: F811
    for verb in (stylize, export):
        config = compose_config(verb.__name__, ["output=x"])
        with pytest.raises(ConfigError, match="type painter=monet, one of 2 in the box, or ckpt=RUN_OR_FILE"):
            verb(config)


def test_an_empty_box_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(painters, "folder", lambda: tmp_path)
    assert answer([]) == "no painter is in the box"
    for typed in ("all", "monet"):
        with pytest.raises(ConfigError, match="type ckpt=RUN_OR_FILE"):
            choose_painter(compose_config("app", [f"painter={typed}"]), several=True)


def test_the_list(box):  # noqa: F811
    lines = answer([]).splitlines()
    assert lines[0].startswith("monet    0.") and lines[0].endswith("The manner of monet")
    assert "painter=monet" in lines[-1]
    assert answer(["vangogh"]).startswith("# vangogh.safetensors\n\nThe manner of vangogh")
    (box / "monet.jpg").write_bytes(b"")
    told = {painter["name"]: painter for painter in json.loads(answer(["--json"]))}
    assert list(told) == ["monet", "vangogh"]
    assert told["monet"]["thumbnail"] == str(box / "monet.jpg") and told["vangogh"]["thumbnail"] is None
    assert told["monet"]["bytes"] == (box / "monet.safetensors").stat().st_size
    for typed in (["vangog"], ["--jsn"], ["a", "b"], ["name=a"]):
        with pytest.raises(ConfigError):
            answer(typed)


def test_short_names_tell_painters_from_runs():
    assert painters.short_names(["painter:monet", "runs/a", "runs/b"]) == ["monet", "a", "b"]
    assert painters.short_names(["painter:monet", "runs/monet"]) == ["painter:monet", "monet"]
    assert painters.short_names(["painter:monet"], parts=2) == ["monet"]
