"""Lightning's own switches that mean nothing, or something twice, for two players; docs/lightning.md shows the rest."""

from omegaconf import DictConfig

from stylegan_pl.errors import ConfigError

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

RATES = (
    "-m model.generator_optimizer.lr=5e-5,1e-4,2e-4,4e-4 max_images=20000, or sweep=optuna: each player has its rate"
)

CALLBACKS = {
    "LearningRateFinder": RATES,
    "BatchSizeFinder": "batch_size=N; where memory runs out, it is said what would fit",
    "GradientAccumulationScheduler": "model.mechanics.accumulate_batches=N",
    "StochasticWeightAveraging": "model.mechanics.ema_half_life_images=N",
    "WeightAveraging": "model.mechanics.ema_half_life_images=N",
    "EMAWeightAveraging": "model.mechanics.ema_half_life_images=N",
}
"""Lightning's callbacks that want one optimizer, or an average that is here already."""

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
        if not package.startswith(("lightning.", "pytorch_lightning.")):
            continue
        if kind in CALLBACKS:
            raise ConfigError(f"callbacks.{name}: {kind} is for one optimizer and one loss; type {CALLBACKS[kind]}")
        if kind in _BARS and name != "progress" and "progress" in config.callbacks:
            raise ConfigError(
                f"callbacks.{name}: there is a progress bar already, and Lightning takes one; type "
                f"callbacks.progress._target_={package}.{kind} in its place"
            )
