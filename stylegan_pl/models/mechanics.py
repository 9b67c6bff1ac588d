"""The options of two-player training: order, accumulation, clipping, average, budget, speed."""

from dataclasses import dataclass

from stylegan_pl.errors import ConfigError

PLAYERS = ("generator", "discriminator")


@dataclass(frozen=True)
class Mechanics:
    """The options of two-player training, for every method.

    The run ends at the first of `max_images`, `max_epochs` and `max_minutes`.

    Raises:
        ConfigError: an option is outside its range, or there is no budget.
    """

    seed: int  # of every random draw in training
    max_images: int | None = None  # all devices together
    max_epochs: float | None = None  # passes over the larger set
    max_minutes: float | None = None  # of training; callbacks/time_estimate.py
    first_player: str = "generator"  # steps first; the other player uses the same fakes
    generator_steps: int = 1  # per step of the discriminator
    accumulate_batches: int = 1  # batches per step
    generator_clip_norm: float | None = None  # largest norm of the generator's gradient; null: no clipping
    discriminator_clip_norm: float | None = None
    ema_half_life_images: float | None = 10_000  # half-life of the generator's average; null: no average

    # the same results up to rounding; models/speed.py
    channels_last: bool = True  # memory layout of pictures and features
    multiply_less: bool = True  # convolutions with fewer multiplications
    compile: bool = False  # torch.compile, which takes minutes before the first step
    recompute: bool = False  # recompute residual blocks in the backward pass, for less memory
    tf32: bool | None = None  # TF32 for float32 on NVIDIA GPUs; null: torch's default, for convolutions only

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
            lowered = "" if self.max_minutes is None else f", which max_minutes={self.max_minutes:g} may lower"
            raise ConfigError(f"a run needs a budget: type max_images=100000 or max_epochs=200{lowered}")

    def total_images(self, epoch_images: int) -> int:
        """The budget in images, except for `max_minutes`."""
        budgets = [self.max_images, None if self.max_epochs is None else round(self.max_epochs * epoch_images)]
        return max(1, min(budget for budget in budgets if budget is not None))
