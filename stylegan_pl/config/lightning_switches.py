"""Lightning's switches that do not work here, and what replaces them; docs/lightning.md has all."""

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
    "max_steps": "max_images=N, because Lightning counts a step of each optimizer",
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
    "enable_progress_bar": "'~callbacks.progress' to have no bar",
    "default_root_dir": "hydra.run.dir=FOLDER",
    "use_distributed_sampler": "nothing, because each device already reads its own share",
    "barebones": "logger=csv '~callbacks.samples' '~callbacks.evaluation', and so on for other parts to leave out",
}
"""Lightning's arguments of the Trainer -> what to type here instead."""

RATES = "-m model.generator_optimizer.lr=5e-5,1e-4,2e-4,4e-4 max_images=20000, or a search"

CALLBACKS = {
    "LearningRateFinder": RATES,
    "BatchSizeFinder": "batch_size=N; when memory runs out, the error says which batch size fits",
    "GradientAccumulationScheduler": "model.mechanics.accumulate_batches=N",
    "StochasticWeightAveraging": "model.mechanics.ema_half_life_images=N",
    "WeightAveraging": "model.mechanics.ema_half_life_images=N",
    "EMAWeightAveraging": "model.mechanics.ema_half_life_images=N",
    "BackboneFinetuning": "start_from=RUN_OR_FILE to begin with trained weights; no network here is called backbone",
    "BaseFinetuning": "start_from=RUN_OR_FILE to begin with trained weights",
}
"""Lightning's callbacks that need a single optimizer or another model, or that exist here in another form."""

_LIGHTNING = ("lightning.", "pytorch_lightning.")
_BARS = ("TQDMProgressBar", "RichProgressBar", "ProgressBar")


def check_switches(config: DictConfig) -> None:
    """Raise for a switch of Lightning that has another name here.

    Raises:
        ConfigError: one line with what to type.
    """
    for key in sorted(map(str, config.trainer)):
        if key in TRAINER:
            raise ConfigError(f"trainer.{key} is not used here; type {TRAINER[key]}")
    for name, node in config.callbacks.items():
        kind = str(node.get("_target_")) if isinstance(node, DictConfig) else ""
        package, _, kind = kind.rpartition(".")
        if not package.startswith(_LIGHTNING):
            continue
        if kind in CALLBACKS:
            raise ConfigError(f"callbacks.{name}: {kind} does not work with two optimizers; type {CALLBACKS[kind]}")
        if kind in _BARS and name != "progress" and "progress" in config.callbacks:
            raise ConfigError(
                f"callbacks.{name}: there is a progress bar already, and Lightning takes only one; type "
                f"callbacks.progress._target_={package}.{kind} in its place"
            )


@contextmanager
def lightnings_refusals(config: DictConfig) -> Iterator[None]:
    """Report in one line what Lightning refuses, and errors of Lightning's own callbacks.

    Raises:
        ConfigError: names the callback as it was typed.
    """
    from lightning.pytorch.utilities.exceptions import MisconfigurationException  # takes seconds to import

    try:
        yield
    except MisconfigurationException as error:
        raise ConfigError(f"Lightning refuses this: {' '.join(str(error).split())}") from error
    except (UserError, OSError, MemoryError):
        raise
    except Exception as error:  # a callback may raise anything; our own errors are handled above
        kind = type(_callback_in(error.__traceback__)).__name__
        names = [name for name, node in config.callbacks.items() if str(node.get("_target_")).endswith(f".{kind}")]
        if not names:
            raise
        raise ConfigError(
            f"callbacks.{names[0]}: Lightning's {kind} fails in this run ({type(error).__name__}: "
            f"{first_line(error)}); leave it out"
        ) from error


def _callback_in(traceback: TracebackType | None) -> Any:
    """Lightning's callback that raised; None if something else raised."""
    found = None
    while traceback is not None:
        frame, traceback = traceback.tb_frame, traceback.tb_next
        module = str(frame.f_globals.get("__name__"))
        if module.startswith("stylegan_pl."):
            found = None  # our own code, called by the callback, raised it
        elif ".callbacks." in module and module.startswith(_LIGHTNING):
            found = frame.f_locals.get("self")
    return found if type(found).__module__.startswith(_LIGHTNING) else None
