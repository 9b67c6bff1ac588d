"""The wheel carries conf/ and works from another folder, with nothing of the clone in reach."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

CLONE = Path(__file__).resolve().parents[2]
TRACKED = ["pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE", "stylegan_pl", "conf"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the clone's files, in a copy so that the clone stays clean."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    subprocess.run(["cp", "-r", *(str(CLONE / name) for name in TRACKED), str(source)], check=True)
    for kind in (".safetensors", ".safetensors.md", ".jpg"):
        (source / f"stylegan_pl/box/stand-in{kind}").touch()
    # setuptools comes with the development environment: the build needs no network
    options = ["--no-deps", "--no-build-isolation", "--quiet", "-w", str(folder)]
    subprocess.run([sys.executable, "-m", "pip", "wheel", str(source), *options], check=True)
    return next(folder.glob("stylegan_pl-*.whl"))


def test_carries_every_config_file(wheel):
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("stylegan_pl/conf/")}
    assert inside == {f"stylegan_pl/{path.relative_to(CLONE).as_posix()}" for path in (CLONE / "conf").rglob("*.yaml")}


def test_carries_every_module_and_nothing_else(wheel):
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if name.endswith(".py")}
    assert inside == {path.relative_to(CLONE).as_posix() for path in (CLONE / "stylegan_pl").rglob("*.py")}


def test_carries_the_page_of_a_report(wheel):
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("stylegan_pl/report/page.")}
    assert inside == {f"stylegan_pl/report/page.{kind}" for kind in ("py", "html", "css", "js")}


def test_works_from_the_root_folder(wheel, tmp_path):
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    environment = {**os.environ, "PYTHONPATH": str(site)}

    def python(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, cwd=os.sep, env=environment)

    where = python("-c", "from stylegan_pl.config.conf_dir import conf_dir; print(conf_dir())")
    assert where.stdout.strip() == str(site / "stylegan_pl/conf")
    shown = python("-m", "stylegan_pl.train", "+experiment=coco_vangogh", "--cfg", "job")
    assert shown.returncode == 0 and "run_name: coco_vangogh" in shown.stdout
    listed = python("-m", "stylegan_pl")
    assert listed.returncode == 0 and "stylegan-pl train" in listed.stdout


def test_carries_the_painters_in_the_box(wheel):
    """A stand-in beside those that come along: a wheel that forgot the folder could not have it."""
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("stylegan_pl/box/")}
    assert {f"stylegan_pl/box/stand-in{kind}" for kind in (".safetensors", ".safetensors.md", ".jpg")} <= inside
    assert inside >= {path.relative_to(CLONE).as_posix() for path in (CLONE / "stylegan_pl/box").glob("*.*")}
