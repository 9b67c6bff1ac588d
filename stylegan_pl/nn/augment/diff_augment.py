"""The interface of the discriminator's augmentation: differentiable random changes of reals and fakes."""

from torch import Tensor, nn

from stylegan_pl.nn.layers.discriminator import Heads


class DiffAugment(nn.Module):
    """Changes the discriminator's input in both players' steps. This base class changes nothing.

    Images are (N, 3 k, H, W) in [-1, 1]; the k pictures of a sample (of a conditional discriminator) are changed in the
    same way.
    """

    def forward(self, images: Tensor) -> Tensor:
        """Change each sample at random: (N, 3 k, H, W) in [-1, 1] -> the same shape."""
        return images

    def observe(self, real_logits: Heads, images: int) -> None:
        """Called after each discriminator step, with logits at reals (boundary at 0) and the images of all devices."""
