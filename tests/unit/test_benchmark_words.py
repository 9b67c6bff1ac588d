"""What is typed for a benchmark is read word by word: what cannot be meant is told before hours are spent."""

import sys
from importlib import import_module

import pytest

from benchmarks.typed import chosen_of, keyed


def test_words_become_options() -> None:
    words = ["sizes=64,128", "n=[1,5]", "minutes=0.5", "out=a=b", "+experiment=x", "generator@model.generator=y"]
    assert keyed(words, numbers=("sizes", "n", "minutes"), others=("out",), verb="train") == {
        "sizes": "64,128", "n": "[1,5]", "minutes": "0.5", "out": "a=b",
        "+experiment": "x", "generator@model.generator": "y",
    }  # fmt: skip
    assert chosen_of("[cut,ast]", ["ast", "cut", "vanilla"], "methods") == ["cut", "ast"]


@pytest.mark.parametrize(
    ("benchmark", "words", "said"),
    [
        ("leaderboard", ["pairs"], "'pairs' is no KEY=VALUE"),
        ("leaderboard", ["pairs=many"], "pairs=many: 'many' is no number"),
        ("leaderboard", ["pars=3"], "no option 'pars'; did you mean 'pairs'?"),
        ("leaderboard", ["methods=[cat]"], "methods=[cat]: no 'cat'; did you mean 'cut'?"),
        ("how_many", ["n=[1,five]", "photographs=a", "paintings=b"], "'[1,five]' is no number"),
        ("gpu", ["minuts=3"], "no option 'minuts'; did you mean 'minutes'?"),
        ("leaderboard", ["data.contnt.root=x"], "Could not override 'data.contnt.root'"),
        ("gpu", ["repetitions=few"], "'few' is no number"),
        ("quality", ["switches=bf15"], "no 'bf15'; did you mean 'bf16'?"),
        ("quality", ["seads=1"], "no option 'seads'; did you mean 'seeds'?"),
        ("pixels", ["stps=3"], "no option 'stps'; did you mean 'steps'?"),
        ("cost", ["sizes=small"], "'small' is no number"),
        ("train_step", ["repetitions=x"], "'x' is no number"),
        ("reference_step", ["repetitons=3"], "no option 'repetitons'; did you mean 'repetitions'?"),
        ("data", ["set=coco"], "no option 'set'; did you mean 'sets'?"),
        ("data", ["sets=cocoa"], "no 'cocoa'; did you mean 'coco'?"),
        ("stylize", ["backend=eager"], "no option 'backend'; did you mean 'backends'?"),
        ("stylize_lite", ["turns=1"], "type model=…"),
        ("film", ["second=3"], "no option 'second'; did you mean 'seconds'?"),
        ("distil", ["teacher=a", "student=b", "sides=big"], "'big' is no number"),
    ],
)
def test_a_wrong_word_is_one_line_before_any_work(benchmark, words, said, monkeypatch, tmp_path, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [benchmark, *words])
    with pytest.raises(SystemExit) as ended:
        import_module(f"benchmarks.{benchmark}").main()
    line = str(ended.value)
    assert line.startswith("error: ") and said in line and "\n" not in line
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".json"]
