"""Projected GAN's discriminator: small heads on frozen, randomly projected features (Sauer et al., 2021)."""

from math import log2

from torch import Tensor, nn

from stylegan_pl.discriminators.several import check_inputs, own_head_weights, own_heads
from stylegan_pl.discriminators.smallest import check_smallest
from stylegan_pl.nn.layers.init import Init, init_normal
from stylegan_pl.nn.layers.spectral_norm import add_spectral_norm
from stylegan_pl.nn.pretrained.backbone import Backbone
from stylegan_pl.nn.pretrained.feature_mixing import FeatureMixing


class ProjectedDiscriminator(nn.Module):
    """D_i(P_i(y)): one head per scale i of fixed random projections P of frozen features; and a PatchGAN on pixels.

    Pretrained features need not be learned, so fewer training pictures are needed. Each head halves its map down to the
    coarsest scale (4×4 convolutions of stride 2) and gives one logit per position.

    Departures: the image is not resized to the backbone's 224 pixels, which would hide brush strokes; for the same
    reason there is a head on pixels. Heads use layer norm instead of batch norm, so that any batch size works. The
    mixed maps have the size of the backbone's; the reference's are twice as large.

    Args:
        backbone: frozen maps, fine to coarse.
        pixel: the discriminator on pixels; None: leave it out.
        pixel_weight: its share of the adversarial term, in [0, 1]; the heads on features share the rest equally.
        inputs: channels of the image, a multiple of 3; the backbone sees each three as one picture.
        width: channels of the heads, and of the finest mixed map.
        seed: seed of the random projections.
        spectral_norm: whether every convolution of the heads has a largest singular value of 1, as published.
        init: draws the first weights of the heads.

    Raises:
        ValueError: `inputs` is no multiple of 3, or `pixel` takes another number, or `pixel_weight` is outside [0, 1].
    """

    def __init__(
        self,
        backbone: Backbone,
        pixel: nn.Module | None = None,
        *,
        pixel_weight: float = 0.5,
        inputs: int = 3,
        width: int = 64,
        seed: int = 0,
        spectral_norm: bool = True,
        init: Init = init_normal,
    ) -> None:
        super().__init__()
        if inputs % 3 != 0 or inputs < 3:
            raise ValueError(f"inputs must be a multiple of 3, RGB pictures for the backbone, got {inputs}; try 3 or 6")
        if not 0 <= pixel_weight <= 1:
            raise ValueError(f"pixel_weight must be a share between 0 and 1, got {pixel_weight}")
        if pixel is not None:
            check_inputs(pixel, inputs, name="pixel")
        self.backbone, self.pixel, self.inputs = backbone, pixel, inputs
        self.pictures = inputs // 3
        self.mixing = FeatureMixing([self.pictures * count for count in backbone.channels], width=width, seed=seed)
        coarsest = max(backbone.strides)
        self.heads = nn.ModuleList(
            _head(channels, width, halvings=round(log2(coarsest / stride)))
            for channels, stride in zip(self.mixing.channels, backbone.strides, strict=True)
        )
        init(self.heads)
        if spectral_norm:
            add_spectral_norm(self.heads)
        share = 0.0 if pixel is None else pixel_weight
        self.head_weights = [(1 - share) / len(self.heads)] * len(self.heads)
        if pixel is not None:
            self.head_weights += [share * own for own in own_head_weights(pixel)]
        self.smallest = max(coarsest, getattr(pixel, "smallest", 1))  # pixels

    def forward(self, image: Tensor) -> list[Tensor]:
        """(N, inputs, H, W) in [-1, 1] -> logits (N, 1, H/s, W/s) per scale, s the coarsest stride; then of `pixel`.

        Raises:
            ConfigError: the image is too small for the coarsest scale, or for the pixel head.
        """
        advice = "a shallower backbone or pixel head"
        check_smallest(image, self.smallest, network="ProjectedDiscriminator", advice=advice)
        pictures = image.unflatten(1, (self.pictures, 3)).flatten(0, 1)  # (N · k, 3, H, W)
        maps = [
            features.unflatten(0, (-1, self.pictures)).flatten(1, 2)  # (N, k · C, h, w)
            for features in self.backbone(pictures)
        ]
        logits = [head(mixed) for head, mixed in zip(self.heads, self.mixing(maps), strict=True)]
        return logits if self.pixel is None else logits + own_heads(self.pixel, image, name="pixel")


def _head(channels: int, width: int, *, halvings: int) -> nn.Sequential:
    """`halvings` strided convolutions, one of stride 1, and one to a logit."""
    layers: list[nn.Module] = []
    for halving in range(halvings + 1):
        keeps = halving == halvings
        layers += [
            nn.Conv2d(channels, width, 3, padding=1) if keeps else nn.Conv2d(channels, width, 4, stride=2, padding=1),
            nn.GroupNorm(1, width),  # one group: layer norm over channels and positions
            nn.LeakyReLU(0.2, inplace=True),
        ]
        channels = width
    return nn.Sequential(*layers, nn.Conv2d(width, 1, 3, padding=1))
