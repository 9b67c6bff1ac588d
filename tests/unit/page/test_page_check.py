"""A page that cannot be is refused in one line, before anything slow is imported."""

import importlib.util
import subprocess
import sys

import pytest
from conftest import compose_config

from stylegan_pl.errors import ConfigError, UserError
from stylegan_pl.page.check import check, checkpoints


@pytest.fixture(autouse=True)
def gradio_is_there(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("port=65536", "port=65536 must be from 1 to 65535, or 0"),
        ("port=-1", "port=-1 must be"),
        ("max_upload_mb=0", "max_upload_mb=0 must be above 0"),
        ("max_megapixels=nan", "max_megapixels=nan must be above 0"),
        ("keep_minutes=-5", "keep_minutes=-5 must be above 0"),
        ("max_waiting=0", "max_waiting=0 must be at least 1"),
        ("style_size=1", "style_size=1 must be above 1"),
        ("root_path=paint", "type root_path=/paint"),
        ("hosts=[a.example,'b.example:8443']", r"hosts=\[b\.example:8443\]: .*type hosts=\[b\.example\]"),
        ("hosts=['https://b.example']", r"type hosts=\[b\.example\]"),
        ("film.fps=24", r"^film\.fps= is for a folder of frames"),
        ("ckpt=[]", r"ckpt=\[\] names no checkpoint"),
        ("ckpt=[a,picture.onnx]", r"stylize model=picture\.onnx"),
    ],
)
def test_says_what_is_wrong_and_what_to_type(typed, said):
    with pytest.raises(ConfigError, match=said) as refused:
        check(compose_config("app", ["ckpt=run", typed]))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "typed",
    ["port=0", "port=65535", "root_path=/paint", "root_path='https://a.b/paint'", "hosts=[B.example.,'::1','[::1]']"],
)
def test_lets_pass_what_is_right(typed):
    check(compose_config("app", ["ckpt=run", typed]))


def test_without_gradio_says_what_to_install(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install 'stylegan-pl\[app\]'"):
        check(compose_config("app", ["ckpt=run"]))


def test_one_checkpoint_several_or_the_same_twice():
    assert checkpoints("run") == ["run"]
    assert checkpoints(compose_config("app", ["ckpt=[a,b,a]"]).ckpt) == ["a", "b"]


def test_needs_neither_torch_nor_gradio_at_import():
    code = """
import sys, stylegan_pl.app, stylegan_pl.page.check
slow = {"torch", "gradio"} & set(sys.modules)
import stylegan_pl.page.server
print(slow | {"gradio", "av", "fastapi", "uvicorn"} & set(sys.modules))
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "set()"
