"""What an adversarial loss is: a pair of functions of logits, one a player."""

from abc import ABC, abstractmethod

from torch import Tensor, nn


class AdversarialLoss(nn.Module, ABC):
    """One objective seen by both players. Logits may have any shape: labels are shaped like them."""

    needs_reals = False  # the generator's side compares with D(y), too
    boundary: float | None = 0.0  # the logit at which D cannot decide; None where only differences mean something

    @abstractmethod
    def generator(self, fake_logits: Tensor, real_logits: Tensor | None = None) -> Tensor:
        """Scalar that falls as fakes are taken for real; `real_logits` only where the loss `needs_reals`."""

    @abstractmethod
    def discriminator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Scalar that falls as reals and fakes are told apart."""
