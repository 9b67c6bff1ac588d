"""What a run writes to its folder before the first step."""

import os
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from stylegan_pl.callbacks.status import machine_facts
from stylegan_pl.loggers.known_runs import forget_ids
from stylegan_pl.pictures.whole_file import written_whole
from stylegan_pl.runs.masked import masked
from stylegan_pl.runs.ranks import restarted
from stylegan_pl.runs.status import write_status
from stylegan_pl.training.resume import was_preempted


def open_run(config: DictConfig, run_dir: Path, *, resuming: bool) -> None:
    """Make the folder, with config.yaml (of a new run) and status.json, which names the process that works here."""
    run_dir.mkdir(parents=True, exist_ok=True)
    again = was_preempted(run_dir) or restarted()
    if not resuming:
        keep_config(config, run_dir)
        forget_ids(run_dir)
        write_status(run_dir, seconds=0.0, validation_seconds=0.0)  # totals of all starts
    write_status(
        run_dir, state="running", resumed=resuming, started_again=again, error=None, pid=os.getpid(), **machine_facts()
    )  # fmt: skip


def keep_config(config: DictConfig, run_dir: Path) -> None:
    """Write config.yaml, with passwords masked; for a resumed run, only after all its options take effect."""
    header = (
        "# The composed run; to repeat it: python -m stylegan_pl.train --config-dir FOLDER --config-name config\n"
        "defaults: [train_schema, _self_, {override hydra/job_logging: stylegan_pl}]\n"
    )
    hydra_node = OmegaConf.create({"hydra": _hydra_settings()})
    shown = OmegaConf.create(masked(OmegaConf.to_container(config, enum_to_str=True)))
    text = header + OmegaConf.to_yaml(shown) + OmegaConf.to_yaml(hydra_node)
    with written_whole(run_dir / "config.yaml") as partial:
        partial.write_text(text, encoding="utf-8")


def _hydra_settings() -> dict[str, object]:
    """The `hydra:` part of train.yaml, for a config that stands alone."""
    return {
        "run": {"dir": "outputs/train/${run_name}/${now:%Y-%m-%d_%H-%M-%S}"},
        "job": {"name": "train", "chdir": False},
        "output_subdir": None,
    }
