"""A run's folder is called after its method, and a start that failed leaves none."""

import fcntl
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from conftest import compose_config
from hydra.core.hydra_config import HydraConfig

from stylegan_pl.config.cli import run_verb
from stylegan_pl.config.run_name import METHOD, name_overrides
from stylegan_pl.errors import DataError
from stylegan_pl.runs.folder import alone_in, lock_of


def started(monkeypatch, tmp_path: Path, function, *words: str) -> int:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["train", *words])
    with pytest.raises(SystemExit) as ended:
        run_verb("train", function)
    return int(ended.value.code or 0)


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ([], "vanilla"),
        (["model=cut"], "cut"),
        (["model=cut", "run_name=mine"], "mine"),
        (["+experiment=sample", "model=cut"], "sample"),
    ],
)
def test_the_folder_tells_the_method(monkeypatch, tmp_path, words: list[str], name: str) -> None:
    folders = []

    def keep(config) -> int:
        folders.append(Path(HydraConfig.get().runtime.output_dir))
        return 0

    assert started(monkeypatch, tmp_path, keep, *words) == 0
    assert folders[0].parent == tmp_path / "outputs/train" / name


def test_the_method_that_is_not_typed_is_the_configs() -> None:
    assert str(compose_config("train", ["model=" + METHOD]).model) == str(compose_config("train", []).model)


@pytest.mark.parametrize(
    ("words", "added"),
    [
        (["-m", "seed=1,2"], ["run_name=vanilla"]),
        (["-m", "model=cut,adain", "seed=1,2"], ["run_name=cut_adain"]),
        (["-m", "model=choice(cut, adain)"], ["run_name=cut_adain"]),
        (["-m", "sweep=optuna", "model=cut"], ["run_name=cut"]),
        (["-m", "run_name=a,b", "model=cut"], []),
        (["-m", "+experiment=sample,game_oil"], ["run_name=sample_game_oil"]),
        (["-m", "+experiment=glob(*)"], []),
        (["-m", "model=glob(*)"], []),
        (["--config-name", "config"], []),
        (["--config-name=config"], []),
    ],
)
def test_sweeps_are_called_after_their_methods(words: list[str], added: list[str]) -> None:
    assert name_overrides(words) == added


@pytest.mark.parametrize(
    ("typed", "said", "added"),
    [
        (["+experiment=mine"], "max_images: 10", ["run_name=mine"]),
        (["+experiment=mine", "model=cut"], "max_images: 10", ["run_name=mine"]),
        (["+experiment=mine"], "defaults: [sample, _self_]", ["run_name=mine"]),
        (["+experiment=mine"], "run_name: other", []),
        (["+experiment=mine", "run_name=typed"], "max_images: 10", []),
        (["+experiment=mine"], "max_images: [", []),  # Hydra says what is wrong
        (["--config-name", "whole"], "defaults: [train, _self_]", ["run_name=whole"]),
        (["--config-name=whole"], "{defaults: [train, _self_], run_name: other}", []),
    ],
)
@pytest.mark.parametrize("flag", [["--config-dir=own"], ["--config-dir", "own"], ["-cd", "own"]], ids=" ".join)
def test_a_file_of_ones_own_names_the_run(monkeypatch, tmp_path, typed, said, added, flag) -> None:
    write_own(monkeypatch, tmp_path, "whole.yaml" if "whole" in " ".join(typed) else "experiment/mine.yaml", said)
    assert name_overrides([*flag, *typed]) == added


def write_own(monkeypatch, tmp_path: Path, name: str, said: str) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "own" / name
    file.parent.mkdir(parents=True)
    file.write_text(f"# @package _global_\n{said}\n")


def test_its_folder_is_called_so(monkeypatch, tmp_path) -> None:
    write_own(monkeypatch, tmp_path, "experiment/mine.yaml", "max_images: 10")
    assert started(monkeypatch, tmp_path, lambda config: 0, "--config-dir=own", "+experiment=mine") == 0
    assert [path.name for path in (tmp_path / "outputs/train").iterdir()] == ["mine"]


@pytest.mark.parametrize("line", ["prepare", "stylize ckpt=run input=photo.jpg output=painting.jpg"])
def test_a_runs_config_given_to_another_verb_is_answered_and_leaves_no_folder(monkeypatch, tmp_path, capsys, line):
    verb, *words = line.split()
    write_own(monkeypatch, tmp_path, "config.yaml", "defaults: [train, _self_]\nrun_name: mine")  # as a run writes it
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(SystemExit) as ended:
        run_verb(verb, words=["--config-dir=own", "--config-name=config", *words])
    said = capsys.readouterr().err
    assert ended.value.code == 2 and said.count("\n") == 1, said
    assert f"the config that --config-name names is not for {verb}" in said and sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("words", [["model=cut", "--cfg", "job"], ["--cfg", "job", "model=cut"], ["--cfg", "job"]])
def test_the_name_goes_with_flags(monkeypatch, tmp_path, capsys, words: list[str]) -> None:
    assert started(monkeypatch, tmp_path, lambda config: 0, *words) == 0
    assert f"run_name: {'cut' if 'model=cut' in words else 'vanilla'}" in capsys.readouterr().out


def refuse(config) -> int:
    raise DataError("no folder nowhere")


def test_a_start_that_failed_leaves_no_folder(monkeypatch, tmp_path) -> None:
    assert started(monkeypatch, tmp_path, refuse) == 1
    assert not (tmp_path / "outputs").exists()


def test_of_two_in_one_second_the_refused_one_leaves_the_others_folder(monkeypatch, tmp_path) -> None:
    """Whose log and lock are all that is in it so far."""
    with ExitStack() as other:

        def second(config) -> int:
            folder = Path(HydraConfig.get().runtime.output_dir)
            lock = other.enter_context(lock_of(folder).open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX)  # of another open file: as another process holds it
            with alone_in(folder):
                return 0

        assert started(monkeypatch, tmp_path, second) == 2
        (folder,) = (tmp_path / "outputs/train/vanilla").iterdir()
        assert lock_of(folder).exists()


def test_it_leaves_what_is_not_its_own(monkeypatch, tmp_path) -> None:
    other = tmp_path / "outputs/train/vanilla/before/status.json"
    other.parent.mkdir(parents=True)
    other.touch()
    (tmp_path / "mine").mkdir()
    assert started(monkeypatch, tmp_path, refuse) == 1
    assert started(monkeypatch, tmp_path, refuse, "hydra.run.dir=mine") == 1
    assert [path.name for path in other.parents[1].iterdir()] == ["before"] and (tmp_path / "mine").is_dir()


def test_a_run_that_began_keeps_its_status(monkeypatch, tmp_path) -> None:
    def begun(config) -> int:
        (Path(HydraConfig.get().runtime.output_dir) / "status.json").touch()
        raise DataError("no folder nowhere")

    assert started(monkeypatch, tmp_path, begun) == 1
    assert len(list(tmp_path.glob("outputs/train/vanilla/*/status.json"))) == 1
