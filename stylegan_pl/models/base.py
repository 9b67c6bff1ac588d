"""The mechanics of two-player training, and nothing else."""

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
    """A generator against a discriminator: one generator forward, two steps a batch.

    A method says what it `generate`s from a batch, what each player's loss terms are, and which modules each player
    owns. This class descends them in turn and owns the rest: clipping, accumulation, loss scaling, schedules, the
    average of the generator, and the run's clock.

    Args:
        parts: `GameParts` where the method has an opponent.
        plays: whether the opponent trains; one without weight in L_G does not.
        own_weights: of the terms that L_G has beside the opponent's and the image losses'.
    """

    automatic_optimization = False

    def __init__(self, parts: Parts, *, plays: bool = False, own_weights: Sequence[float] = ()) -> None:
        super().__init__(parts, has_goal=plays or any(own_weights))
        self.optimizer_factories = {"generator": parts.generator_optimizer}
        if plays:
            assert isinstance(parts, GameParts)
            self.optimizer_factories["discriminator"] = parts.discriminator_optimizer
        self.schedule, self.mechanics = parts.schedule, parts.mechanics
        self.clock = Clock(parts.mechanics)

    @property
    def players(self) -> tuple[str, ...]:
        """Who steps, in the order of `configure_optimizers`."""
        return tuple(self.optimizer_factories)

    # ------------------------------------------------------------------ training

    def configure_model(self) -> None:
        """Lightning's hook, called before optimizers and checkpoints: networks take the faster rules."""
        networks = [module for player in self.players for module in self.player_modules(player)]
        speed_up(self, networks, self.mechanics)

    def configure_optimizers(self) -> list[torch.optim.Optimizer]:
        """The generator's optimizer, then the discriminator's if there is one.

        What image losses train (a projector of patches) is the generator's: it descends the same sum.
        """
        optimizers = []
        for player, make in self.optimizer_factories.items():
            modules = [*self.player_modules(player), *([self.image_losses] if player == "generator" else [])]
            optimizers.append(make([p for module in modules for p in module.parameters() if p.requires_grad]))
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["initial_lr"] = group["lr"]
        self._typed = [[_settings(group) for group in optimizer.param_groups] for optimizer in optimizers]
        return optimizers

    def on_train_start(self) -> None:
        """Lightning's hook: rates and betas are those that were typed, also where a checkpoint brought its own."""
        for optimizer, groups in zip(self.trainer.optimizers, self._typed, strict=True):
            for group, typed in zip(optimizer.param_groups, groups, strict=True):
                group.update(typed)
        if self.image_losses.need_sets:
            sets = self.trainer.datamodule.training_sets()  # type: ignore[attr-defined]  # as in `setup`
            measure(self, sets, self.trainer.precision_plugin.train_step_context)

    def setup(self, stage: str) -> None:
        """Lightning's hook, called once the data are there."""
        if stage == "fit":
            self.clock.epoch_images = self.trainer.datamodule.epoch_images  # type: ignore[attr-defined]  # a connector's

    def on_before_batch_transfer(self, batch: StylePair, dataloader_idx: int) -> StylePair:
        """Lightning's hook, called before anything is drawn for a step."""
        if self.trainer.training:
            self.clock.seed(self.global_rank)
        return batch

    def training_step(self, batch: StylePair, batch_idx: int) -> dict[str, Tensor]:
        """Each player steps once; returns every term by path name, detached, on the device."""
        found = self.optimizers()  # Lightning unpacks a list of one
        optimizers: dict[str, Any] = dict(zip(self.players, found if isinstance(found, list) else [found], strict=True))
        self._schedule_learning_rates(optimizers.values())
        self.clock.batches += 1
        batch = StylePair(self.image_losses.shown(batch.content), batch.style)
        if self.mechanics.channels_last:
            batch = StylePair(*map(channels_last, batch))
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
        """Lightning's hook, called once gradients are unscaled: clip the player that is about to step."""
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

    def _after_both(self, batch: StylePair) -> None:
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
        """The run's clock travels with its weights."""
        checkpoint.update(self.clock.state())

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """See `on_save_checkpoint`."""
        self.clock.restore(checkpoint)


def _settings(group: dict[str, Any]) -> dict[str, Any]:
    """An optimizer's numbers, less what they are applied to."""
    return {key: value for key, value in group.items() if key != "params"}
