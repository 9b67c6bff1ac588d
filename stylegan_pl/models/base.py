"""The mechanics of two-player training."""

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from lightning.pytorch.core.optimizer import LightningOptimizer
from torch import Tensor, nn

from stylegan_pl.contracts import StylePair, Terms
from stylegan_pl.models.clock import Clock
from stylegan_pl.models.fakes import Fakes, each
from stylegan_pl.models.measure import measure
from stylegan_pl.models.mechanics import PLAYERS
from stylegan_pl.models.method import Method
from stylegan_pl.models.parts import GameParts, Parts
from stylegan_pl.models.speed import speed_up
from stylegan_pl.nn.fast.equivalents import channels_last


class TwoPlayerModule(Method):
    """A generator against a discriminator: one forward pass of the generator and two steps per batch.

    A method defines what it `generate`s from a batch, each player's loss terms, and each player's modules. This class
    does everything else: steps in turn, clipping, accumulation, loss scaling, schedules, the average of the generator,
    and the run's clock.

    Args:
        parts: networks, optimizers and losses; `GameParts` if the method has a discriminator.
        trains_discriminator: whether the discriminator is trained; False if it has no weight in L_G.
        own_weights: weights of the method's own terms of L_G, besides adversarial and image losses.
    """

    automatic_optimization = False

    def __init__(self, parts: Parts, *, trains_discriminator: bool = False, own_weights: Sequence[float] = ()) -> None:
        super().__init__(parts, has_goal=trains_discriminator or any(own_weights))
        self.optimizer_factories = {"generator": parts.generator_optimizer}
        if trains_discriminator:
            assert isinstance(parts, GameParts)
            self.optimizer_factories["discriminator"] = parts.discriminator_optimizer
        self.schedule, self.mechanics = parts.schedule, parts.mechanics
        self.clock = Clock(parts.mechanics)

    @property
    def players(self) -> tuple[str, ...]:
        """The players that are trained, in the order of `configure_optimizers`."""
        return tuple(self.optimizer_factories)

    # ------------------------------------------------------------------ training

    def configure_model(self) -> None:
        """Lightning's hook, before optimizers and checkpoints: replace layers by faster equivalents."""
        networks = [module for player in self.players for module in self.player_modules(player)]
        speed_up(self, networks, self.mechanics)

    def configure_optimizers(self) -> list[torch.optim.Optimizer]:
        """The generator's optimizer, then the discriminator's if there is one.

        Parameters of image losses (such as a projector of patches) are in the generator's optimizer: they minimise the
        same sum.
        """
        optimizers = []
        for player, make in self.optimizer_factories.items():
            modules = [*self.player_modules(player), *([self.image_losses] if player == "generator" else [])]
            optimizers.append(make([p for module in modules for p in module.parameters() if p.requires_grad]))
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["initial_lr"] = group["lr"]
        self._settings = [[_settings(group) for group in optimizer.param_groups] for optimizer in optimizers]
        return optimizers

    def on_train_start(self) -> None:
        """Lightning's hook: use this config's learning rates and betas, not a checkpoint's; let losses measure."""
        for optimizer, groups in zip(self.trainer.optimizers, self._settings, strict=True):
            for group, typed in zip(optimizer.param_groups, groups, strict=True):
                group.update(typed)
        if self.image_losses.need_sets:
            sets = self.trainer.datamodule.training_sets()  # type: ignore[attr-defined]  # as in `setup`
            precision = self.trainer.precision_plugin.train_step_context
            measure(self, sets, seed=self.mechanics.seed, precision=precision)

    def setup(self, stage: str) -> None:
        """Lightning's hook, after the data's: pass the length of an epoch to the clock."""
        if stage == "fit":
            self.clock.epoch_images = self.trainer.datamodule.epoch_images  # type: ignore[attr-defined]  # a connector's

    def on_before_batch_transfer(self, batch: StylePair, dataloader_idx: int) -> StylePair:
        """Lightning's hook, before any random draw of a step: seed it."""
        if self.trainer.training:
            self.clock.seed(self.global_rank)
        return batch

    def training_step(self, batch: StylePair, batch_idx: int) -> dict[str, Tensor]:
        """One step of each player; returns log name -> term, detached, on the device."""
        found = self.optimizers()  # Lightning returns a single optimizer without a list
        optimizers: dict[str, Any] = dict(zip(self.players, found if isinstance(found, list) else [found], strict=True))
        self._schedule_learning_rates(optimizers.values())
        self.clock.batches += 1
        batch = StylePair(self.image_losses.generator_input(batch.content), batch.style)
        if self.mechanics.channels_last:
            batch = StylePair(*map(channels_last, batch))
        fakes = self.generate(batch)
        log: dict[str, Tensor] = {}
        for player in self._order():
            with self.toggled_optimizer(optimizers[player]):
                terms = self._terms(player, batch, fakes)
                self._descend(optimizers[player], terms)
            log |= {f"train/{player}/{name}": term.detach() for name, term in terms.items()}
        self._finish_batch(batch)
        return log

    def _order(self) -> tuple[str, ...]:
        order = PLAYERS if self.mechanics.first_player == "generator" else PLAYERS[::-1]
        rests = {"discriminator"} if self.clock.discriminator_rests else set()
        return tuple(player for player in order if player in self.players and player not in rests)

    def _terms(self, player: str, batch: StylePair, fakes: Fakes) -> Terms:
        if player == "generator":
            return self.generator_loss(batch, fakes)
        # D sees detached fakes: only its own weights may move here
        return self.discriminator_loss(batch, each(fakes, Tensor.detach))

    def _descend(self, optimizer: LightningOptimizer, terms: Terms) -> None:
        loss = torch.stack([term.float() for term in terms.values()]).sum()
        self.manual_backward(loss / self.mechanics.accumulate_batches)
        if self.clock.between_steps:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Lightning's hook, after gradients are unscaled: clip those of the player that steps."""
        mechanics = self.mechanics
        owner = self.trainer.optimizers.index(optimizer)
        limit = (mechanics.generator_clip_norm, mechanics.discriminator_clip_norm)[owner]
        if limit is not None:
            nn.utils.clip_grad_norm_([p for group in optimizer.param_groups for p in group["params"]], limit)

    def _schedule_learning_rates(self, optimizers: Iterable[LightningOptimizer]) -> None:
        factor = self.schedule(self.clock.progress())
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["initial_lr"] * factor

    def _finish_batch(self, batch: StylePair) -> None:
        images = len(batch.content) * self.trainer.world_size
        self.clock.images_seen += images
        if self.clock.between_steps:
            self._update_scaler()
            if self.ema is not None:
                step_images = images * self.mechanics.accumulate_batches
                self.ema.update(self.generator, batch_images=step_images, images_seen=self.clock.images_seen)
        if self.clock.is_over:
            self.trainer.should_stop = True

    def _update_scaler(self) -> None:
        scaler = getattr(self.trainer.precision_plugin, "scaler", None)
        if scaler is not None:
            scaler.update()

    # ------------------------------------------------------------------ checkpoints

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Save the run's clock."""
        checkpoint.update(self.clock.state())

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Restore the run's clock."""
        self.clock.restore(checkpoint)


def _settings(group: dict[str, Any]) -> dict[str, Any]:
    """The options of an optimizer's group, without its parameters."""
    return {key: value for key, value in group.items() if key != "params"}
