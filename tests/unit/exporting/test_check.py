"""The format is taken from the file's ending, and a contradiction is answered."""

from pathlib import Path

import pytest
from conftest import compose_config

from stylegan_pl.errors import ConfigError
from stylegan_pl.exporting.check import FORMATS, check


@pytest.mark.parametrize("name", FORMATS)
def test_the_ending_says_the_format(name: str, tmp_path: Path) -> None:
    config = compose_config("export", ["ckpt=x", f"output={tmp_path}/g{FORMATS[name].suffix.upper()}"])
    check(config)
    assert config.format == name


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["output=picture.bin"], r"output=picture.bin: the ending says the format; .*\.onnx \(onnx\), \.safetensors"),
        (["output=picture"], "output=picture: the ending says the format"),
        (["output=picture.onnx", "format=safetensors"], "type output=picture.safetensors"),
        (["output=picture.onnx", "format=onx"], "format=onx; did you mean 'onnx'"),
        (["output=picture.pt", "opset=20"], "opset=20 is for format=onnx, not torchscript; leave it out"),
        (["output=picture.pt2", "preprocessing=false"], "preprocessing=false is for format=onnx; torch_export never"),
        (["output=picture.onnx", "calibration=photos"], "calibration= is for int8=true"),
        (["output=picture.safetensors", "int8=true"], "int8=true is for format=onnx, not safetensors"),
    ],
)
def test_what_does_not_go_together_is_answered(words: list[str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        check(compose_config("export", ["ckpt=x", *words]))
