"""Each verb that writes an output refuses one that another command is writing, before it reads or writes anything."""

import fcntl
from pathlib import Path
from types import SimpleNamespace

import pytest
from omegaconf import OmegaConf

from stylegan_pl.data.folder import ImageFolder
from stylegan_pl.errors import ConfigError
from stylegan_pl.evaluation.outputs import report_folder
from stylegan_pl.exporting.call import export_file
from stylegan_pl.pictures.whole_file import unfinished
from stylegan_pl.preparing.examine import examine
from stylegan_pl.preparing.write_shards import write_shards
from stylegan_pl.runs.output_lock import alone_writing
from stylegan_pl.training.optimise_pixels import paint_pixels


def evaluate(output: Path) -> None:
    with report_folder([], str(output), overwrite=True):
        raise AssertionError("begun")


def export(output: Path) -> None:
    export_file(OmegaConf.create({"output": str(output), "ckpt": "no.ckpt", "overwrite": True}))


def check(output: Path) -> None:
    examine(SimpleNamespace(output=str(output)))


def shards(output: Path) -> None:
    write_shards(ImageFolder("nowhere"), output)


def preview(output: Path) -> None:
    paint_pixels(OmegaConf.create({"output": str(output), "overwrite": True}))


def lock_of(output: Path, *, is_folder: bool) -> Path:
    return output / ".writing.lock" if is_folder else unfinished(output).with_suffix(".lock")


@pytest.mark.parametrize(
    ("verb", "is_folder"), [(evaluate, True), (export, False), (preview, False), (check, True), (shards, True)]
)
def test_the_second_is_refused(tmp_path, verb, is_folder):
    output = tmp_path / "out"
    held = lock_of(output, is_folder=is_folder)
    held.parent.mkdir(exist_ok=True)
    with held.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # of another open file: as another process holds it
        with pytest.raises(ConfigError, match=r"out: another command writes there; wait until it ends, or type anothe"):
            verb(output)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [held]


@pytest.mark.parametrize("is_folder", [True, False])
def test_a_command_that_fails_leaves_nothing(tmp_path, is_folder):
    output = tmp_path / "new" / "out"
    with pytest.raises(ZeroDivisionError), alone_writing(output, is_folder=is_folder):
        assert lock_of(output, is_folder=is_folder).is_file()
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_what_another_has_just_finished_is_not_overwritten(tmp_path):
    """Torch takes seconds to import once the options are checked; the other command may end in them."""
    (tmp_path / "a.onnx").write_bytes(b"the other's")
    with pytest.raises(ConfigError, match="is there already"):
        export_file(OmegaConf.create({"output": str(tmp_path / "a.onnx"), "ckpt": "no.ckpt", "overwrite": False}))
    assert (tmp_path / "a.onnx").read_bytes() == b"the other's"


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="a folder in which nobody can make a file")
def test_a_folder_that_takes_no_file_is_not_said_to_be_anothers():
    with alone_writing(Path("/proc/a.jpg"), is_folder=False):
        pass
