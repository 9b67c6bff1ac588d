"""Weights & Biases, which never stops or delays a run."""

import logging
import os
import shlex
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import WandbLogger

from stylegan_pl.errors import ConfigError, first_line
from stylegan_pl.loggers.known_runs import known_id, remember_id
from stylegan_pl.loggers.samples import Samples
from stylegan_pl.loggers.wandb_process import end_process, patience_s, sending_s
from stylegan_pl.pictures.tensors import tensor_to_image
from stylegan_pl.runs.masked import masked
from stylegan_pl.runs.ranks import is_first

_log = logging.getLogger(__name__)

_OPENING_S = 20  # seconds for W&B's server to answer; W&B's default is 90
_STARTING_S = 40  # seconds for W&B's process to start, on a busy machine
_CLOSING_S = 5  # seconds for a process that has nothing to send
_MODES = (False, True, "all")


def run_wandb(
    run_dir: str, *, project: str, name: str, offline: bool | None = None, log_model: bool | str = False,
    registry: str | None = None, sample_table: bool = True, **options: Any,
) -> WandbLogger:  # fmt: skip
    """A W&B logger for a run folder; resuming the folder resumes the W&B run.

    Without an API key, the run is stored offline in `run_dir/wandb`, which is reported; W&B never asks for input.
    WANDB_MODE overrides a missing key, and `disabled` overrides everything.

    Args:
        offline: None: offline if there is no key.
        log_model: True: send the best checkpoint as an artifact at the end; "all": also each new best one.
        registry: name in the model registry to which the artifact is linked.
        sample_table: also log a table with a picture in each cell.
        options: options of `WandbLogger` and `wandb.init`, such as `entity`, `group`, `tags`.

    Raises:
        ConfigError: `log_model` is unknown, or there is a registry but no artifact.
    """
    if log_model not in _MODES:
        raise ConfigError(f"logger.wandb.log_model={log_model}: type false, true (the best one, at the end) or all")
    if registry is not None and not log_model:
        raise ConfigError(f"logger.wandb.registry={registry} links a checkpoint; type logger.wandb.log_model=true, too")
    os.environ.setdefault("WANDB_SILENT", "true")  # no banner; errors are still shown
    os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
    folder = Path(run_dir)
    folder.mkdir(parents=True, exist_ok=True)
    return RunWandb(
        folder, log_model=log_model, registry=registry, sample_table=sample_table, project=project, name=name,
        mode=_mode(folder, offline) if is_first() else None, id=_id(folder) if is_first() else None, **options,
    )  # fmt: skip


def _mode(run_dir: Path, offline: bool | None) -> str | None:
    """The mode for `wandb.init`; None: WANDB_MODE, or online."""
    mode = os.environ.get("WANDB_MODE")
    if mode == "disabled":
        return mode
    if offline is not None:
        return "offline" if offline else "online"
    if mode is not None or has_key():
        return None
    _log.warning("W&B: no API key, so the run is kept offline; %s", _send_later(run_dir))
    return "offline"


def has_key() -> bool:
    """Whether W&B can log in without input: by a variable, its settings, or the netrc file."""
    import wandb  # imported only if it is used

    return bool(wandb.login(prompt=False, verify=False))


def _send_later(run_dir: Path) -> str:
    return f"send it later: wandb sync {shlex.quote(str(run_dir))}/wandb/offline-*"


def _id(run_dir: Path) -> str:
    """The run's id: chosen by a sweep's agent, or saved in this folder, or new."""
    found = os.environ.get("WANDB_RUN_ID") or known_id(run_dir, "wandb") or uuid.uuid4().hex[:12]
    remember_id(run_dir, "wandb", found)
    return found


def _opening_s() -> float:
    return patience_s("WANDB_INIT_TIMEOUT", _OPENING_S)


@contextmanager
def _masked_words() -> Iterator[None]:
    """Mask passwords and keys in this process's command line, which W&B records when it opens a run."""
    before = sys.argv
    sys.argv = masked(before)
    try:
        yield
    finally:
        sys.argv = before


class RunWandb(WandbLogger):
    """W&B with images seen as the x axis of every chart, samples as tables, and checkpoints as artifacts."""

    def __init__(
        self, run_dir: Path, *, log_model: bool | str, registry: str | None, sample_table: bool, **options: Any
    ) -> None:
        super().__init__(save_dir=run_dir, log_model=False, resume="allow", **options)
        self.run_dir, self.registry, self.sample_table = run_dir, registry, sample_table
        self.sends: bool | str = log_model  # not passed to Lightning, which expects a ModelCheckpoint
        self.patience_s = _opening_s() + _STARTING_S  # seconds for a call
        self.sending_s = max(self.patience_s, sending_s())  # and for one that sends a checkpoint
        self._best: tuple[Path, float | None] | None = None  # checkpoint and score to send at the end

    @property
    def experiment(self) -> Any:
        """The W&B run, opened on first use; offline if its server does not answer."""
        if self._experiment is not None or not is_first():
            return super().experiment
        import wandb

        limits = wandb.Settings(init_timeout=_opening_s(), finish_timeout=sending_s(), finish_timeout_raises=True)
        self._wandb_init.setdefault("settings", limits)
        self._wandb_init.pop("anonymous", None)  # Lightning always passes it, and W&B warns of it
        try:
            with _masked_words():
                run: Any = super().experiment
        except (wandb.Error, OSError) as error:
            if self._wandb_init.get("mode") in ("offline", "disabled"):
                raise
            _log.warning(
                "W&B cannot be reached (%s), so the run is kept offline; %s",
                first_line(error), _send_later(self.run_dir),
            )  # fmt: skip
            end_process(within_s=_CLOSING_S)  # the failed process still holds the run's id
            self._wandb_init["mode"] = "offline"
            with _masked_words():
                run = super().experiment
        run.define_metric("images_seen")
        run.define_metric("*", step_metric="images_seen", step_sync=True)
        return run

    def let_go(self) -> None:
        """End W&B's process, which does not answer and would delay the end of the run."""
        end_process(within_s=0)

    def log_samples(self, samples: Samples) -> None:
        """Log the grid and, with `sample_table`, a table of its pictures."""
        import wandb

        shown: dict[str, Any] = {"samples": wandb.Image(str(samples.grid)), "images_seen": samples.images_seen}
        if self.sample_table:
            sides = zip(samples.content, samples.stylised, samples.style, strict=True)
            rows = [
                [samples.images_seen, row, *(wandb.Image(tensor_to_image(image)) for image in images)]
                for row, images in enumerate(sides)
            ]
            columns: list[str | int] = ["images_seen", "row", "content", "stylised", "style"]
            shown["sample_table"] = wandb.Table(columns=columns, data=rows)
        self.experiment.log(shown)

    def log_checkpoint(self, path: Path, score: float | None) -> None:
        """Note a new best checkpoint; it is sent now or at the end, by `log_model`."""
        if self.sends == "all":
            self._send(path, score)
        elif self.sends:
            self._best = (path, score)

    def finalize(self, status: str) -> None:
        """Send the best checkpoint, also if the run was stopped."""
        if self._best is not None and self._experiment is not None:
            self._send(*self._best)
            self._best = None

    def _send(self, path: Path, score: float | None) -> None:
        import wandb

        artifact = wandb.Artifact(f"model-{self.experiment.id}", type="model", metadata={"score": score})
        artifact.add_file(str(path), name=path.name)
        sent = self.experiment.log_artifact(artifact, aliases=["latest", "best"])
        if self.registry is not None and getattr(self.experiment, "offline", False):
            _log.warning("W&B: logger.wandb.registry=%s is linked by runs that are online alone", self.registry)
        elif self.registry is not None:
            self.experiment.link_artifact(sent, f"wandb-registry-model/{self.registry}")
