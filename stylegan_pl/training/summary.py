"""The messages of a run at its start and its end."""

import logging
import os
import shlex
from pathlib import Path

import lightning as L
from omegaconf import DictConfig

from stylegan_pl.callbacks.checkpoints import RunCheckpoints
from stylegan_pl.callbacks.diagnosis import Diagnosis
from stylegan_pl.callbacks.evaluation import Evaluation
from stylegan_pl.callbacks.sample_grid import SampleGrid
from stylegan_pl.data.datamodule import StyleTransferData
from stylegan_pl.models.base import TwoPlayerModule
from stylegan_pl.pictures.crop_size import in_words
from stylegan_pl.runs.status import read_status, write_status

_log = logging.getLogger(__name__)


def announce(config: DictConfig, model: L.LightningModule, data: StyleTransferData, trainer: L.Trainer) -> None:
    """Log the sets, image size, batch size per device and in total, device and precision."""
    run_dir = Path(config.run_dir)
    ranks, device = trainer.world_size, type(trainer.accelerator).__name__.removesuffix("Accelerator")
    parameters = sum(p.numel() for p in model.parameters() if p.requires_grad)
    if data.val_count == 0:
        _log.warning(
            "nothing to validate: no image is held out, so there are no scores and no best.ckpt; last.ckpt is still "
            "saved, and sample grids show training photographs. To hold some images out, type "
            "data.content.held_out=0.05 data.style.held_out=0.05"
        )
    _log.info(
        f"{config.run_name}: {len(data.train_set.contents)} content and {len(data.train_set.styles)} style images, "
        f"{in_words(config.image_size)} px, batch {config.batch_size} per device, {config.batch_size * ranks} in all, "
        f"{ranks} × {device}, {trainer.precision}, {parameters / 1e6:.2f} M parameters -> {_short(run_dir)}"
    )


def conclude(trainer: L.Trainer, run_dir: Path, seconds: float, ended: str) -> None:
    """Log a short block: checkpoint, last grid, scores, next command."""
    callbacks = trainer.callbacks  # type: ignore[attr-defined]  # set by a connector
    grid = next((c.last for c in callbacks if isinstance(c, SampleGrid)), None)
    checkpoints = next((c for c in callbacks if isinstance(c, RunCheckpoints)), None)
    lines = [f"{ended} in {seconds / 60:.1f} min: {_short(run_dir)}"]
    if checkpoints is not None:
        best = checkpoints.best_path if checkpoints.best_path.exists() else checkpoints.last_path
        score = "" if checkpoints.best_score is None else f"  ({checkpoints.monitor} {checkpoints.best_score:.4g})"
        lines.append(f"  checkpoint  {_short(best)}{score}")
    if grid is not None:
        lines.append(f"  last grid   {_short(grid)}")
    evaluation = next((c for c in callbacks if isinstance(c, Evaluation)), None)
    if evaluation is not None:
        lines += [f"  {line}" for line in evaluation.summary(None if checkpoints is None else checkpoints.best_images)]
        share = evaluation.seconds / max(seconds, 1e-9)
        lines.append(f"  validations took {evaluation.seconds:.0f} s of {seconds:.0f} s ({share:.0%})")
        earlier = read_status(run_dir).get("validation_seconds") or 0.0
        write_status(run_dir, validation_seconds=round(earlier + evaluation.seconds, 3))
    diagnosis = next((c for c in callbacks if isinstance(c, Diagnosis)), None)
    if diagnosis is not None:
        lines += [f"  symptom     {line}" for line in diagnosis.summary()]
    problems = trainer.datamodule.problems  # type: ignore[attr-defined]  # set by a connector
    if skipped := problems.read():
        lines.append(f"  skipped     {len(skipped)} files that cannot be used: {_short(problems.path)}")
    if profiles := sorted(run_dir.glob("fit-profile*")):
        lines.append(f"  profile     {_short(profiles[-1])}")
    model = trainer.lightning_module
    style = " style=PAINTING" if isinstance(model, TwoPlayerModule) and model.gives_style else ""
    ckpt = shlex.quote(f"ckpt={_short(run_dir)}")
    lines.append(f"  next        python -m stylegan_pl.stylize {ckpt} input=PHOTO{style} output=painting.png")
    _log.info("\n".join(lines))


def _short(path: Path) -> str:
    """A path relative to the working folder if it lies inside; otherwise, or if that folder is gone, the whole path."""
    try:
        here = Path.cwd()
    except FileNotFoundError:
        return str(path)
    return os.path.relpath(path, here) if path.is_relative_to(here) else str(path)
