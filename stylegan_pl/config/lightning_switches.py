"""Lightning's own switches that mean nothing, or something twice, for two players; docs/lightning.md shows the rest."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from omegaconf import DictConfig

from stylegan_pl.errors import ConfigError, UserError, first_line

TRAINER = {
    "fast_dev_run": "+debug=smoke, a few small batches of everything",
    "overfit_batches": "data=single_pair data.content.root=PHOTO.jpg data.style.root=PAINTING.jpg augment=none",
    "limit_train_batches": "max_images=N",
    "max_epochs": "max_epochs=N at the root",
    "max_steps": "max_images=N: Lightning counts a step for each of the two optimizers",
    "min_epochs": "max_images=N or max_epochs=N: a run ends with its budget",
    "min_steps": "max_images=N or max_epochs=N: a run ends with its budget",
    "val_check_interval": "val_every_images=N",
    "check_val_every_n_epoch": "val_every_images=N",
    "log_every_n_steps": "log_every_batches=N",
    "gradient_clip_val": "model.mechanics.generator_clip_norm=X, and discriminator_clip_norm",
    "gradient_clip_algorithm": "model.mechanics.generator_clip_norm=X, and discriminator_clip_norm",
    "accumulate_grad_batches": "model.mechanics.accumulate_batches=N",
    "precision": "precision=bf16 at the root",
    "deterministic": "deterministic=true at the root",
    "logger": "logger=NAME",
    "callbacks": "callbacks.NAME._target_=…",
    "enable_progress_bar": "~callbacks.progress to have no bar",
    "default_root_dir": "hydra.run.dir=FOLDER",
    "use_distributed_sampler": "nothing: each device reads a share of its own already",
    "barebones": "logger=csv ~callbacks.samples ~callbacks.evaluation, or what else is to be left out",
}
"""What a Lightning user would tell the Trainer, and what to type here instead."""

RATES = "-m model.generator_optimizer.lr=5e-5,1e-4,2e-4,4e-4 max_images=20000, or a study: each player has its rate"

CALLBACKS = {
    "LearningRateFinder": RATES,
    "BatchSizeFinder": "batch_size=N; where memory runs out, it is said what would fit",
    "GradientAccumulationScheduler": "model.mechanics.accumulate_batches=N",
    "StochasticWeightAveraging": "model.mechanics.ema_half_life_images=N",
    "WeightAveraging": "model.mechanics.ema_half_life_images=N",
    "EMAWeightAveraging": "model.mechanics.ema_half_life_images=N",
    "BackboneFinetuning": "start_from=RUN_OR_FILE to begin with trained weights: there is no network called backbone",
    "BaseFinetuning": "start_from=RUN_OR_FILE to begin with trained weights",
}
"""Lightning's callbacks that want one optimizer, another model, or what is here already."""

_LIGHTNING = ("lightning.", "pytorch_lightning.")
_BARS = ("TQDMProgressBar", "RichProgressBar", "ProgressBar")


def check_switches(config: DictConfig) -> None:
    """Raise for a switch of Lightning's that is something else here.

    Raises:
        ConfigError: one line with what to type.
    """
    for key in sorted(map(str, config.trainer)):
        if key in TRAINER:
            raise ConfigError(f"trainer.{key} would count or do something twice here; type {TRAINER[key]}")
    for name, node in config.callbacks.items():
        kind = str(node.get("_target_")) if isinstance(node, DictConfig) else ""
        package, _, kind = kind.rpartition(".")
        if not package.startswith(_LIGHTNING):
            continue
        if kind in CALLBACKS:
            raise ConfigError(f"callbacks.{name}: {kind} does not fit two players; type {CALLBACKS[kind]}")
        if kind in _BARS and name != "progress" and "progress" in config.callbacks:
            raise ConfigError(
                f"callbacks.{name}: there is a progress bar already, and Lightning takes one; type "
                f"callbacks.progress._target_={package}.{kind} in its place"
            )


@contextmanager
def lightnings_refusals(config: DictConfig) -> Iterator[None]:
    """What Lightning says of a switch, or what ends in a callback of its own, in one line.

    Raises:
        ConfigError: the callback is named as it was typed.
    """
    from lightning.pytorch.utilities.exceptions import MisconfigurationException  # takes seconds to import

    try:
        yield
    except MisconfigurationException as error:
        raise ConfigError(f"Lightning refuses it: {' '.join(str(error).split())}") from error
    except (UserError, OSError, MemoryError):
        raise
    except Exception as error:  # a callback raises whatever it likes; ours are told by class above
        kind = type(_callback_in(error.__traceback__)).__name__
        names = [name for name, node in config.callbacks.items() if str(node.get("_target_")).endswith(f".{kind}")]
        if not names:
            raise
        raise ConfigError(
            f"callbacks.{names[0]}: Lightning's {kind} cannot follow this run ({type(error).__name__}: "
            f"{first_line(error)}); take it away"
        ) from error


def _callback_in(traceback: TracebackType | None) -> Any:
    """The callback of Lightning's own that raised; None if the error is of anything else."""
    found = None
    while traceback is not None:
        frame, traceback = traceback.tb_frame, traceback.tb_next
        module = str(frame.f_globals.get("__name__"))
        if module.startswith("stylegan_pl."):
            found = None  # what it called of ours raised
        elif ".callbacks." in module and module.startswith(_LIGHTNING):
            found = frame.f_locals.get("self")
    return found if type(found).__module__.startswith(_LIGHTNING) else None
