"""Half precision with loss scaling for two optimizers."""

from typing import Any

from lightning.pytorch.plugins import MixedPrecision


class TwoPlayerMixedPrecision(MixedPrecision):
    """Lightning's 16-mixed, with the scale updated once per batch, after both players have stepped.

    Lightning updates the scaler with every optimizer's step; between two players, or under accumulation, that
    mixes gradients of two scales. The model calls `scaler.update()` itself, once all players have stepped.
    """

    def __init__(self, device: str) -> None:
        super().__init__("16-mixed", device)

    def optimizer_step(  # type: ignore[override]  # as the parent's
        self, optimizer: Any, model: Any, closure: Any, **kwargs: Any
    ) -> Any:
        """Unscale, clip, and step; no step if a gradient is not finite."""
        assert self.scaler is not None
        closure()
        self.scaler.unscale_(optimizer)
        self._after_closure(model, optimizer)  # on_before_optimizer_step, where the model clips
        return self.scaler.step(optimizer, **kwargs)
