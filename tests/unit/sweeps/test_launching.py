"""What becomes of the other jobs when one dies, under a launcher that breaks and under Slurm's."""

import pickle
from pathlib import Path
from types import SimpleNamespace

import pytest
from hydra.core.utils import JobReturn, JobStatus
from omegaconf import OmegaConf
from submitit.core.utils import UncompletedJobError

from stylegan_pl.errors import UserError
from stylegan_pl.runs.status import read_status, write_status
from stylegan_pl.sweeps import plugins
from stylegan_pl.sweeps.jobs import launch
from stylegan_pl.sweeps.slurm import SlurmLauncher


class Fragile:
    """Runs jobs in order; the process of those in `killed` dies, and the pool with it."""

    def __init__(self, sweep_dir: Path, *, killed: set[str]) -> None:
        self.sweep_dir, self.killed, self.calls = sweep_dir, killed, []

    def launch(self, job_overrides, initial_job_idx):
        names = [job[-1].partition("=")[2].strip("'") for job in job_overrides]
        self.calls.append((initial_job_idx, names))
        for name in names:
            write_status(self.sweep_dir / name, state="running")
            if name in self.killed:
                raise RuntimeError("a worker died\nand more lines")
            write_status(self.sweep_dir / name, state="done")
        return [JobReturn(status=JobStatus.COMPLETED) for _ in names]


def states(folder: Path) -> dict[str, str]:
    return {path.name: read_status(path)["state"] for path in sorted(folder.iterdir())}


def test_jobs_that_had_not_begun_are_launched_again(tmp_path, capsys):
    launcher = Fragile(tmp_path, killed={"002", "007"})
    launch(launcher, [(number, [f"seed={number}"]) for number in (1, 2, 5, 7, 9)], tmp_path)
    assert states(tmp_path) == {"001": "done", "002": "failed", "005": "done", "007": "failed", "009": "done"}
    assert launcher.calls == [(1, ["001", "002", "005", "007", "009"]), (5, ["005", "007", "009"]), (9, ["009"])]
    assert capsys.readouterr().err.splitlines() == [
        "error: job 002: RuntimeError: a worker died", "error: job 007: RuntimeError: a worker died",
    ]  # fmt: skip
    assert read_status(tmp_path / "007")["overrides"] == ["seed=7"]


def test_jobs_of_an_earlier_sweep_that_had_not_begun_again_are_launched_again(tmp_path):
    for name in ("000", "001", "002"):
        write_status(tmp_path / name, state="preempted")
    launcher = Fragile(tmp_path, killed={"000"})
    launch(launcher, [(number, ["resume=auto"]) for number in range(3)], tmp_path)
    assert states(tmp_path) == {"000": "failed", "001": "done", "002": "done"}


def test_a_launcher_that_starts_nothing_is_not_asked_for_ever(tmp_path):
    class Broken:
        calls = 0

        def launch(self, job_overrides, initial_job_idx):
            Broken.calls += 1
            raise RuntimeError("no sbatch here")

    launch(Broken(), [(0, []), (1, [])], tmp_path)
    assert Broken.calls == 1 and states(tmp_path) == {"000": "failed", "001": "failed"}
    assert read_status(tmp_path / "001")["error"] == "RuntimeError: no sbatch here"


class FakeExecutor:
    def __init__(self) -> None:
        self.sent = []

    def map_array(self, function, *columns):
        self.sent = [(pickle.loads(pickle.dumps(type(function))), *call) for call in zip(*columns, strict=True)]
        return [self._job(number) for number in range(len(self.sent))]

    def _job(self, number: int):
        def results():
            if number == 1:
                raise UncompletedJobError("Job 7_1 (task: 0) with path …")
            return [JobReturn(status=JobStatus.COMPLETED)]

        return SimpleNamespace(
            job_id=f"7_{number}", state="OUT_OF_MEMORY", results=results, paths=SimpleNamespace(stderr=Path("7_1.err"))
        )


def test_slurm_waits_for_all_and_names_the_dead_ones_log(tmp_path, monkeypatch):
    executor = FakeExecutor()
    monkeypatch.setattr(SlurmLauncher, "_executor", lambda self: executor)
    launcher = SlurmLauncher(submitit_folder=str(tmp_path), max_num_timeout=3)
    launcher.config = OmegaConf.create({"hydra": {"sweep": {"dir": str(tmp_path / "sweep")}}})
    returned = launcher.launch([["seed=1"], ["seed=2"], ["seed=3"]], 4)
    assert [result.status.name for result in returned] == ["COMPLETED", "FAILED", "COMPLETED"]
    with pytest.raises(UserError, match=r"Slurm job 7_1 ended as OUT_OF_MEMORY; its log: 7_1\.err"):
        _ = returned[1].return_value
    sent = [(call[0].__module__, call[1], call[3]) for call in executor.sent]
    home = "hydra_plugins.hydra_submitit_launcher.submitit_launcher"  # which a fresh process can import
    assert sent == [(home, [f"seed={n}"], 3 + n) for n in (1, 2, 3)]


def test_hydra_knows_our_plugins_by_name():
    from hydra.core.plugins import Plugins

    plugins.make_known()
    known = Plugins.instance().class_name_to_class
    for name in ("GridSweeper", "OptunaSweeper", "SlurmLauncher"):
        assert known[f"hydra_plugins.stylegan_pl.{name}"].__module__.startswith("stylegan_pl.sweeps.")
