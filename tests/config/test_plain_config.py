"""What is composed without Hydra is what Hydra composes, or nothing."""

import subprocess
import sys

import pytest
from conftest import compose_config
from fitting import command

from stylegan_pl.plain_config import plain_config
from stylegan_pl.schema import StylizeConfig

VALUES = [  # key, what is typed, whether it is plain
    ("input", "photo.jpg", True),
    ("input", "2024/a-b_c.d.jpg", True),
    ("input", "./../photos", True),
    ("input", "/photos/a.png", True),
    ("input", "512.png", True),
    ("input", "12", True),
    ("input", "0x1F", True),
    ("input", "007", False),
    ("strength", "00.5", False),
    ("input", "null_and_void", True),
    ("input", "1e3", False),
    ("input", "1_000", False),
    ("input", "nan", False),
    ("input", "-", False),
    ("input", "TRUE", False),
    ("input", "", False),
    ("input", "a,b", False),
    ("input", "[a,b]", False),
    ("input", "my photo.jpg", False),
    ("input", "${output}", False),
    ("input", "café.jpg", False),
    ("input", "'a.jpg'", False),
    ("output", "7", True),
    ("strength", "0.50", True),
    ("strength", "1", True),
    ("strength", "null", True),
    ("memory_gb", "-4", True),
    ("overwrite", "true", True),
    ("keep_colour", "coral", True),
    ("keep_colour", "false", True),
    ("precision", "bf16", True),
    ("tile", "auto", True),
    ("tile", "1024", True),
    ("film", "null", False),
    ("film.crf", "20", False),
    ("quality", "high", False),  # wrong: Hydra says so
    ("qualty", "90", False),
    ("+quality", "90", False),
    ("~quality", "90", False),
    ("hydra.verbose", "true", False),
]


@pytest.mark.parametrize(("key", "text", "plain"), VALUES)
def test_equals_hydras_or_is_left_to_it(key: str, text: str, plain: bool) -> None:
    typed = ["onnx=picture.onnx", f"{key}={text}"]
    config = plain_config("stylize", StylizeConfig, typed)
    assert (config is not None) == plain
    if config is not None:
        expected = compose_config("stylize", typed)
        assert config == expected and list(config) == list(expected)
        assert all(type(config._get_node(name)) is type(expected._get_node(name)) for name in config)


def test_later_words_win_and_flags_are_left_to_hydra() -> None:
    twice = plain_config("stylize", StylizeConfig, ["input=a", "input=b"])
    assert twice is not None and twice.input == "b"
    for flag in ("--help", "-m", "--cfg=job", "debug=true"):
        assert plain_config("stylize", StylizeConfig, ["input=a", flag]) is None


def test_mistakes_are_told_alike(tmp_path) -> None:
    """Once without Hydra, once with it: a quoted value is left to it."""
    for words, code, said in (
        (["input=a.jpg", "output=b.jpg"], 1, "no such file"),
        (["input=a.jpg"], 2, "output"),
        (["input=a.jpg", "output=b.jpg", "strength=high"], 2, "strength"),
    ):
        told = [
            command("stylegan_pl.stylize", f"model={model}", *words, cwd=tmp_path) for model in ("m.onnx", "'m.onnx'")
        ]
        assert [done.returncode for done in told] == [code, code]
        assert told[0].stderr == told[1].stderr and said in told[0].stderr and told[0].stderr.count("\n") == 1


def test_hydra_is_not_imported(tmp_path) -> None:
    script = "import sys; from stylegan_pl.stylize import main\ntry: main()\nfinally: print('hydra' in sys.modules)"
    words = ["model=m.onnx", "input=a.jpg", "output=b.jpg"]
    done = subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "False\n") and done.stderr.startswith("error: ")
