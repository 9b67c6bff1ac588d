"""The mechanics of two-player training, and nothing else."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import lightning as L
import numpy as np
import torch
from lightning.pytorch.core.optimizer import LightningOptimizer
from torch import Tensor, nn

from stylegan_pl.contracts import Fakes, OptimizerFactory, Progress, Schedule, StylePair, Terms
from stylegan_pl.errors import ConfigError
from stylegan_pl.nn.ema import ExponentialMovingAverage

PLAYERS = ("generator", "discriminator")


@dataclass(frozen=True)
class Mechanics:
    """How the two players take turns, whatever the method.

    The budget is whichever of `max_images` and `max_epochs` is used up first.
    """

    seed: int  # of every random draw in training
    max_images: int | None = None  # global, all devices together
    max_epochs: float | None = None  # passes over the larger set
    first_player: str = "generator"  # who steps first; the other answers to the same fakes
    accumulate_batches: int = 1  # batches whose gradients make one step
    generator_clip_norm: float | None = None  # largest norm of the generator's gradient; null: any
    discriminator_clip_norm: float | None = None
    ema_half_life_images: float | None = 10_000  # memory of the generator's average; null: no average

    def __post_init__(self) -> None:
        if self.first_player not in PLAYERS:
            raise ConfigError(
                f"model.mechanics.first_player must be generator or discriminator, got '{self.first_player}'"
            )
        if self.accumulate_batches < 1:
            raise ConfigError(f"model.mechanics.accumulate_batches must be at least 1, got {self.accumulate_batches}")
        if self.max_images is None and self.max_epochs is None:
            raise ConfigError("a run needs a budget: type max_images=100000 or max_epochs=200")

    def total_images(self, epoch_images: int) -> int:
        """The budget in images."""
        budgets = [self.max_images, None if self.max_epochs is None else round(self.max_epochs * epoch_images)]
        return max(1, min(budget for budget in budgets if budget is not None))


class TwoPlayerModule(L.LightningModule, ABC):
    """A generator against a discriminator: one generator forward, two steps a batch.

    A method says what it `generate`s from a batch, what each player's loss terms are, and which modules each player
    owns. This class descends them in turn and owns the rest: clipping, accumulation, loss scaling, schedules, the
    average of the generator, the budget, and the count of images seen, which is the run's clock.

    Args:
        generator: the network that is averaged, exported and used; (N, 3, H, W) in [-1, 1] -> the same.
        generator_optimizer, discriminator_optimizer: parameters -> optimizer.
        schedule: progress -> factor on both learning rates.
    """

    automatic_optimization = False

    def __init__(
        self,
        generator: nn.Module,
        generator_optimizer: OptimizerFactory,
        discriminator_optimizer: OptimizerFactory,
        schedule: Schedule,
        mechanics: Mechanics,
    ) -> None:
        super().__init__()
        self.generator = generator
        self.optimizer_factories = {"generator": generator_optimizer, "discriminator": discriminator_optimizer}
        self.schedule = schedule
        self.mechanics = mechanics
        half_life = mechanics.ema_half_life_images
        self.ema = None if half_life is None else ExponentialMovingAverage(generator, half_life)
        self.images_seen = 0
        self._batches = 0

    # ------------------------------------------------------------------ what a method says

    @abstractmethod
    def generate(self, batch: StylePair) -> Fakes:
        """The step's only generator forward."""

    @abstractmethod
    def generator_loss(self, batch: StylePair, fakes: Fakes) -> Terms:
        """Weighted terms that the generator descends; `fakes` carry gradients."""

    @abstractmethod
    def discriminator_loss(self, batch: StylePair, fakes: Fakes) -> Terms:
        """Weighted terms that the discriminator descends; `fakes` are detached."""

    @abstractmethod
    def player_modules(self, player: str) -> Iterable[nn.Module]:
        """The modules that `generator` or `discriminator` trains."""

    # ------------------------------------------------------------------ inference

    @property
    def stylizer(self) -> nn.Module:
        """The network to use: the average where one is kept."""
        return self.generator if self.ema is None else self.ema.averaged

    def forward(self, content: Tensor) -> Tensor:
        """Photographs -> stylised pictures by the averaged generator; (N, 3, H, W) in [-1, 1] both."""
        return self.stylizer(content)

    def validation_step(self, batch: StylePair, batch_idx: int) -> Tensor:
        """The averaged generator's pictures of a fixed batch, for callbacks to judge."""
        return self(batch.content)

    # ------------------------------------------------------------------ training

    def configure_optimizers(self) -> list[torch.optim.Optimizer]:
        """The generator's optimizer, then the discriminator's."""
        return [
            self.optimizer_factories[player]([p for m in self.player_modules(player) for p in m.parameters()])
            for player in PLAYERS
        ]

    def progress(self) -> Progress:
        """How far the run is."""
        epoch_images = self.trainer.datamodule.epoch_images  # type: ignore[attr-defined]
        return Progress(self.images_seen, self.mechanics.total_images(epoch_images), epoch_images)

    def on_before_batch_transfer(self, batch: StylePair, dataloader_idx: int) -> StylePair:
        """Lightning's hook: seed the step's random draws by (seed, images seen, rank).

        So a resumed run draws what an undisturbed one would have drawn, with no generator state to save.
        """
        if self.trainer.training:
            sequence = np.random.SeedSequence([self.mechanics.seed, self.images_seen, self.global_rank])
            torch.manual_seed(int(sequence.generate_state(1, np.uint64)[0] >> 1))
        return batch

    def training_step(self, batch: StylePair, batch_idx: int) -> dict[str, Tensor]:
        """Both players step once; returns every term by path name, detached, on the device."""
        optimizers: dict[str, Any] = dict(zip(PLAYERS, self.optimizers(), strict=True))
        self._schedule_learning_rates(optimizers.values())
        self._batches += 1
        fakes = self.generate(batch)
        log: dict[str, Tensor] = {}
        for player in self._order():
            with self.toggled_optimizer(optimizers[player]):
                terms = self._terms(player, batch, fakes)
                self._descend(optimizers[player], terms)
            log |= {f"train/{player}/{name}": term.detach() for name, term in terms.items()}
        self._after_both(batch)
        return log

    def _order(self) -> tuple[str, ...]:
        return PLAYERS if self.mechanics.first_player == "generator" else PLAYERS[::-1]

    def _terms(self, player: str, batch: StylePair, fakes: Fakes) -> Terms:
        if player == "generator":
            return self.generator_loss(batch, fakes)
        # D sees detached fakes: only its own weights may move here
        return self.discriminator_loss(batch, {name: fake.detach() for name, fake in fakes.items()})

    def _descend(self, optimizer: LightningOptimizer, terms: Terms) -> None:
        loss = torch.stack([term.float() for term in terms.values()]).sum()
        self.manual_backward(loss / self.mechanics.accumulate_batches)
        if self.between_steps:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)

    @property
    def between_steps(self) -> bool:
        """Whether no accumulated gradient is waiting: where a run may be stopped and resumed exactly."""
        return self._batches % self.mechanics.accumulate_batches == 0

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Lightning's hook, called once gradients are unscaled: clip the player that is about to step."""
        mechanics = self.mechanics
        owner = self.trainer.optimizers.index(optimizer)
        limit = (mechanics.generator_clip_norm, mechanics.discriminator_clip_norm)[owner]
        if limit is not None:
            nn.utils.clip_grad_norm_([p for group in optimizer.param_groups for p in group["params"]], limit)

    def _schedule_learning_rates(self, optimizers: Iterable[LightningOptimizer]) -> None:
        factor = self.schedule(self.progress())
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group.setdefault("initial_lr", group["lr"]) * factor

    def _after_both(self, batch: StylePair) -> None:
        images = len(batch.content) * self.trainer.world_size
        self.images_seen += images
        if self.between_steps:
            self._update_scaler()
            if self.ema is not None:
                step_images = images * self.mechanics.accumulate_batches
                self.ema.update(self.generator, batch_images=step_images, images_seen=self.images_seen)
        progress = self.progress()
        if self.between_steps and progress.images_seen >= progress.total_images:
            self.trainer.should_stop = True

    def _update_scaler(self) -> None:
        scaler = getattr(self.trainer.precision_plugin, "scaler", None)
        if scaler is not None:
            scaler.update()

    # ------------------------------------------------------------------ checkpoints

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """The run's clock travels with its weights."""
        checkpoint["images_seen"] = self.images_seen
        checkpoint["batches"] = self._batches

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """See `on_save_checkpoint`."""
        self.images_seen = checkpoint["images_seen"]
        self._batches = checkpoint["batches"]
