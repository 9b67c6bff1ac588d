"""What the discriminator's augmentation is: random changes of reals and fakes alike, through which gradients flow."""

from torch import Tensor, nn

from stylegan_pl.nn.layers.discriminator import Heads


class DiffAugment(nn.Module):
    """Images before they reach the discriminator, in both players' steps. This one changes nothing.

    Images are (N, 3 k, H, W) in [-1, 1]: k pictures of one sample (a conditional discriminator's input) are changed
    alike.
    """

    def forward(self, images: Tensor) -> Tensor:
        """The images, each sample changed by its own draw."""
        return images

    def observe(self, real_logits: Heads, images: int) -> None:
        """Told of each discriminator step: its logits at reals, 0 where it cannot decide, and all devices' images."""
