"""How two players take turns, as numbers: order, accumulation, clipping, average, budget; and the rules they run by."""

from dataclasses import dataclass

from stylegan_pl.errors import ConfigError

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
    generator_steps: int = 1  # for each step of the discriminator
    accumulate_batches: int = 1  # batches whose gradients make one step
    generator_clip_norm: float | None = None  # largest norm of the generator's gradient; null: any
    discriminator_clip_norm: float | None = None
    ema_half_life_images: float | None = 10_000  # memory of the generator's average; null: no average

    # same results but for rounding; models/speed.py
    channels_last: bool = True  # pictures and features by pixel; norms that keep them so
    multiply_less: bool = True  # convolutions by sums of fewer products
    compile: bool = False  # networks through torch.compile; minutes before the first step
    recompute: bool = False  # residual blocks run twice and keep nothing: less memory
    tf32: bool | None = None  # float32 of NVIDIA GPUs in TF32; null: convolutions alone, as torch has it

    def __post_init__(self) -> None:
        if self.first_player not in PLAYERS:
            raise ConfigError(
                f"model.mechanics.first_player must be generator or discriminator, got '{self.first_player}'"
            )
        if self.generator_steps < 1:
            raise ConfigError(f"model.mechanics.generator_steps must be at least 1, got {self.generator_steps}")
        if self.accumulate_batches < 1:
            raise ConfigError(f"model.mechanics.accumulate_batches must be at least 1, got {self.accumulate_batches}")
        if self.max_images is None and self.max_epochs is None:
            raise ConfigError("a run needs a budget: type max_images=100000 or max_epochs=200")

    def total_images(self, epoch_images: int) -> int:
        """The budget in images."""
        budgets = [self.max_images, None if self.max_epochs is None else round(self.max_epochs * epoch_images)]
        return max(1, min(budget for budget in budgets if budget is not None))
