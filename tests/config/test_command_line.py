"""A path or a name reaches the program letter by letter, in every verb; the rest of Hydra's grammar goes on working."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import compose_config
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf
from preloaded import preloaded

from stylegan_pl.config.command_line import for_hydra
from stylegan_pl.config.conf_dir import conf_dir
from stylegan_pl.config.static_signature import signature_of
from stylegan_pl.config.text_keys import TEXT_PARTS
from stylegan_pl.config.verbs import VERBS
from stylegan_pl.errors import ConfigError

NAMES = [
    "2024_05_01", "2023.10", "1e3", "007", "nan", "true", "NULL", "-", "-a.jpg", "写真", "été.jpg", "Paris, 2023",
    "a=b", "a,b.jpg", "x=y=z.png", "my photos (2023)", "IMG (1).jpg", "it's", 'say "no".png', "C#", "50%.png", "a:b",
    "a{1}", "trip [2023]/*.jpg", "images=000000004.ckpt", "runs/lr=0.1,seed=2/best.ckpt", " padded ", "back\\slash",
    "end\\", "$HOME", "photos/**/*.jpg", "choice(a,b)", "@me", "plain.jpg", "a|b&c;d", "l'été, 'quoted'",
    "~nobody-of-this-name/x",
]  # fmt: skip
PLACES = [
    ("train", "data.content.root"), ("train", "run_name"), ("train", "ckpt_path"), ("train", "hydra.run.dir"),
    ("train", "model.teacher"), ("train", "feature_network.weights_path"), ("train", "data.cache"),
    ("train", "logger.wandb.project"), ("stylize", "input"), ("stylize", "output"), ("stylize", "ckpt"),
    ("stylize", "mask"), ("stylize", "style"), ("app", "ckpt"), ("evaluate", "ckpt"), ("evaluate", "compare"),
    ("evaluate", "output"), ("evaluate", "data.style.root"), ("export", "ckpt"), ("export", "output"),
    ("export", "calibration"), ("export", "licence"), ("prepare", "root"), ("prepare", "data.content.root"),
]  # fmt: skip


def read(verb: str, *words: str) -> list[tuple[str, Any]]:
    """(key, value) as Hydra reads a command line of ours."""
    parsed = OverridesParser.create().parse_overrides(for_hydra(words, verb))
    assert not any(override.is_sweep_override() for override in parsed)
    return [(override.key_or_group, override.value()) for override in parsed]


@pytest.mark.parametrize("name", NAMES)
def test_every_verb_reads_a_name_letter_by_letter(name: str) -> None:
    for verb, key in PLACES:
        assert read(verb, f"{key}={name}") == [(key, name)]


def test_debug_shortens_also_what_is_typed_behind_it() -> None:
    words = ["+debug=smoke", "seed=1", "+experiment=my_painter"]
    assert for_hydra(words, "train") == ["seed=1", "+experiment=my_painter", "+debug=smoke"]
    flags = ["--cfg", "job"]  # argparse wants all overrides next to each other
    assert for_hydra([*words, *flags], "train") == ["seed=1", "+experiment=my_painter", "+debug=smoke", *flags]


def test_a_flags_value_is_no_run() -> None:
    assert for_hydra(["compare", "a", "b", "--cfg", "job"], "evaluate") == ["compare=['a','b']", "--cfg", "job"]


@pytest.mark.parametrize("name", NAMES)
def test_in_a_list_too(name: str) -> None:
    if "," not in name and not name.endswith("\\"):
        assert read("stylize", f"input=[{name},b.jpg]") == [("input", [name.strip(), "b.jpg"])]
    if name.endswith("\\"):
        return  # Hydra takes \\' before a list's comma for an escaped quote, whatever stands before it
    if not name.startswith("-"):  # a flag, as in any program; ./-a.jpg is a name
        assert read("evaluate", "compare", name, "runs/a") == [("compare", [name, "runs/a"])]


def test_it_arrives_in_the_config() -> None:
    words = for_hydra(
        ["input=2024_05_01", "output=2024_06_02", "ckpt=images=000000004.ckpt", "strength=0.5"], "stylize"
    )
    config = compose_config("stylize", words)
    assert (config.input, config.output, config.ckpt) == ("2024_05_01", "2024_06_02", "images=000000004.ckpt")
    assert config.strength == 0.5
    words = for_hydra(["run_name=2023.10", "data.content.root=it's", "data.style.include=[a b.jpg,1_0]"], "train")
    config = compose_config("train", words)
    assert (config.run_name, config.data.content.root) == ("2023.10", "it's")
    assert config.data.style.include == ["a b.jpg", "1_0"]


@pytest.mark.parametrize(
    ("verb", "word", "value"),
    [
        ("stylize", "input=[a.jpg,b.jpg]", ["a.jpg", "b.jpg"]),
        ("stylize", 'input=["a, 1.jpg",b.jpg]', ["a, 1.jpg", "b.jpg"]),
        ("stylize", "ckpt=[run1, run 2]", ["run1", "run 2"]),
        ("stylize", "input=[2023]/x", "[2023]/x"),
        ("stylize", "output=[2023]", "[2023]"),  # a single path
        ("stylize", "input='a.jpg'", "a.jpg"),
        ("stylize", 'input="a,b.jpg"', "a,b.jpg"),
        ("stylize", "mask=null", None),
        ("stylize", "strength=0.5", 0.5),
        ("stylize", "tile=null", None),
        ("stylize", "style_weights=[3,1]", [3, 1]),
        ("stylize", "film.options={preset:slow}", {"preset": "slow"}),
        ("stylize", "output=${input}/painted", "${input}/painted"),
        ("train", "hydra.run.dir=outputs/${run_name}/2023.10", "outputs/${run_name}/2023.10"),
        ("train", "tags=[2023.10,b]", ["2023.10", "b"]),
        ("train", "image_loss=[style,content]", ["style", "content"]),
        ("train", "seed=1_0", 10),
        ("export", "parity_sizes=[[128,128],[250,333]]", [[128, 128], [250, 333]]),
    ],
)
def test_lists_numbers_and_references_are_read_as_before(verb: str, word: str, value: Any) -> None:
    assert read(verb, word) == [(word.partition("=")[0], value)]


def test_the_home_folder_is_meant_by_a_tilde(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me, myself")
    assert read("stylize", "input=~/a.jpg", "output=~") == [
        ("input", "/home/me, myself/a.jpg"), ("output", "/home/me, myself"),
    ]  # fmt: skip
    assert read("train", "data.content.root=~/photos") == [("data.content.root", "/home/me, myself/photos")]
    assert read("stylize", "input=[~/a.jpg,b]") == [("input", ["/home/me, myself/a.jpg", "b"])]
    assert for_hydra(["~logger.wandb"], "train") == ["~logger.wandb"]


def test_sweeps_split_at_commas() -> None:
    words = for_hydra(["-m", "data.style.root=monet,van gogh,'a, b'", "seed=1,2", "run_name=choice(x,y)"], "train")
    assert words == ["-m", "data.style.root=monet,van gogh,'a, b'", "seed=1,2", "run_name=choice(x,y)"]
    (styles, seeds, names) = OverridesParser.create().parse_overrides(words[1:])
    assert list(styles.sweep_iterator()) == ["monet", "'van gogh'", "'a, b'"] or styles.is_sweep_override()
    assert seeds.is_sweep_override() and names.is_sweep_override()
    (root,) = OverridesParser.create().parse_overrides(for_hydra(["-m", "run_name=2023.10,1_0"], "train")[1:])
    assert [eval(text) for text in root.sweep_string_iterator()] == ["2023.10", "1_0"]
    (one,) = OverridesParser.create().parse_overrides(for_hydra(["-m", "run_name=2023.10"], "train")[1:])
    assert one.value() == "2023.10"


def test_a_shells_list_of_runs_may_hold_equals_signs() -> None:
    words = ["compare", "runs/lr=0.1", "runs/lr=0.2", "split=all", "data.style.root=a b", "feature_network@metric.x=y"]
    assert read("evaluate", *words) == [
        ("compare", ["runs/lr=0.1", "runs/lr=0.2"]), ("split", "all"), ("data.style.root", "a b"),
        ("feature_network", "y"),
    ]  # fmt: skip


def test_model_names_a_file_for_stylize_alone() -> None:
    assert read("stylize", "model=2024_05.onnx") == [("onnx", "2024_05.onnx")]
    assert read("train", "model=cut") == [("model", "cut")]


@pytest.mark.parametrize(
    ("verb", "words", "said"),
    [
        ("stylize", ["photo.jpg"], "'photo.jpg' is not an option; options are typed KEY=VALUE, such as ckpt=RUN"),
        (
            "train",
            ["--dataroot", "x", "--batch-size", "4"],
            "--dataroot: type data_root=x (the folder holds content/ and style/",
        ),
        ("train", ["--batch-size", "4"], "--batch-size: type batch_size=4"),
        ("train", ["--batch-size=4", "--name", "y"], "--batch-size: type batch_size=4; --name: type run_name=y"),
        (
            "train",
            ["--model", "cycle_gan", "--gpu_ids", "-1"],
            "type model=cyclegan; --gpu_ids: type trainer=cpu",
        ),
        ("train", ["--model", "--name"], "--model: type model=VALUE; --name: type run_name=NAME"),
        ("stylize", ["--results_dir", "o"], "--results_dir: type output=o"),
        ("train", ["-n", "x"], "-n: no option 'n'; --help lists them"),
        (
            "train",
            ["batch_size", "4"],
            "'batch_size' is not an option; options are typed KEY=VALUE, such as batch_size=4",
        ),
        ("train", ["+experiment", "sample"], "such as +experiment=sample"),
        (
            "train",
            ["batch_size="],
            "batch_size= has no value; type it directly after the =",
        ),
        ("train", ["max_minutes="], "type it directly after the =, or max_minutes=null for none"),
        ("train", ["logger="], "type it directly after the =, or logger=none for none"),
        ("train", ["debug=off"], "debug=off: type debug=false"),
        ("train", ["debug=0"], "debug=0: type debug=false"),
        ("train", ["+experiment=null"], "+experiment=null: leave it out"),
        ("train", ["model=null"], "model=null: a group needs a name; type model=NAME, one of "),
        ("train", ["trainer=false"], "type trainer=NAME, one of "),
        ("evaluate", ["metric=null"], "to have none, type metric=[]"),
        ("stylize", ["painter=", "input=x"], "painter= has no value"),
        ("train", ["image_loss=[style,", "content]"], "image_loss=[style, content]: a list has commas and no spaces"),
        (
            "stylize",
            ["input=my", "photos"],
            "input=my photos: a path or a name with spaces needs quotes, as in input='",
        ),
        ("train", ["logger=null"], "logger=null: a group needs a name; to have none, type logger=none"),
        ("train", ["sweep=null"], "sweep=null: a group needs a name; to have none, type '~sweep'"),
    ],
)
def test_words_that_are_no_options_are_answered(verb: str, words: list[str], said: str) -> None:
    with pytest.raises(ConfigError) as error:
        for_hydra(words, verb)
    assert said in str(error.value) and "\n" not in str(error.value)


def test_null_is_offered_only_where_it_can_be_typed() -> None:
    for verb, key in (("train", "batch_size"), ("train", "launcher"), ("app", "host")):
        with pytest.raises(ConfigError) as error:
            for_hydra([f"{key}="], verb)
        assert str(error.value) == f"{key}= has no value; type it directly after the ="


@pytest.mark.parametrize("shown", ["--cfg job", "-c job -p model --resolve", "-m", "--info=searchpath", "-h --resolve"])
def test_flags_of_hydra_pass(shown: str) -> None:  # Hydra takes one of --cfg, -m and --info
    words = ["--config-dir", "a b", "--config-name", "config", *shown.split(), "~logger.wandb"]
    assert for_hydra(words, "train") == words


def test_every_path_and_name_of_conf_is_known() -> None:
    """A text among the options of a class in conf/ is one of `TEXT_PARTS`, or a word whose values the class lists."""
    words = {"architecture", "mode", "first_player", "layer", "encoder_layer", "monitor", "members"}
    words |= {"pooling", "upsample_mode"}
    lightnings = {"model_registry", "gradient_clip_algorithm"}
    found: dict[str, set[Any]] = {}
    for target in {
        target for path in conf_dir().rglob("*.yaml") for target in targets(yaml.safe_load(path.read_text()))
    }:
        signature = signature_of(target)
        for key, parameter in signature.parameters.items() if signature else ():
            found.setdefault(key, set()).add(parameter.annotation)
    texts = {key for key, kinds in found.items() if kinds & {str, str | None, list[str]}}
    assert texts - set(TEXT_PARTS) == words | lightnings
    numbers = {key for key, kinds in found.items() if kinds & {int, float, bool, int | None, float | None, bool | None}}
    assert numbers & set(TEXT_PARTS) == set()


def targets(node: Any) -> list[str]:
    """All `_target_`s of a parsed file."""
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else []
    own = [node["_target_"]] if isinstance(node, dict) and "_target_" in node else []
    return own + [target for child in children for target in targets(child)]


def test_the_table_of_verbs_is_whole() -> None:
    for name, verb in VERBS.items():
        if verb.schema is None:
            assert verb.function == f"stylegan_pl.{name}.main"
            continue
        assert (conf_dir() / f"{name}.yaml").is_file() and verb.function == f"stylegan_pl.{name}.{name}"
        assert verb.options == f"stylegan_pl.{name}.{name.capitalize()}Config"
        words = [word.replace("RUN", "run") for word in verb.example.split()]
        assert OmegaConf.is_dict(compose_config(name, for_hydra(words, name)))


def test_a_missing_folder_is_named_as_it_was_typed(tmp_path: Path) -> None:
    done = preloaded("stylegan_pl.train", "data.content.root=写真, 2023 (a=b)", "run_name=2023.10", cwd=tmp_path)
    assert done.returncode == 2 and "no folder 写真, 2023 (a=b);" in done.stderr and done.stderr.count("\n") == 1
