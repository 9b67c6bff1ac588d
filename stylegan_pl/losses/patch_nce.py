"""Content loss by contrast: each patch of the picture must match the same patch of its photograph, not others."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from stylegan_pl.errors import ConfigError
from stylegan_pl.losses.image_loss import ImageLoss, Views
from stylegan_pl.nn.layers.features import Features
from stylegan_pl.nn.layers.patch_projector import PatchProjector, at_positions, draw_positions


def patch_nce(queries: Tensor, keys: Tensor, *, temperature: float) -> Tensor:
    """InfoNCE within each image: − mean_s log softmax_t (q_s · k_t / τ) at t = s; (N, S, D), (N, S, D) -> scalar.

    The authors' code has one more term in the softmax, exp(−10 / τ), from masking the diagonal of negatives. At τ =
    0.07 it is 9e-63, and others are at least exp(−1 / τ) = 6e-7; it does not change a double, so it is left out.

    >>> import torch
    >>> from stylegan_pl.losses.patch_nce import patch_nce
    >>> patches = torch.eye(8)[None]  # (1, 8, 8): eight positions, all different
    >>> patch_nce(patches, patches, temperature=0.07).item() < 1e-5
    True
    >>> patch_nce(torch.ones(1, 8, 8), torch.ones(1, 8, 8), temperature=0.07)  # all alike: log 8
    tensor(2.0794)
    """
    similarity = queries @ keys.transpose(1, 2) / temperature  # (N, S, S)
    images, positions, _ = similarity.shape
    positives = torch.arange(positions, device=similarity.device).repeat(images)
    return cross_entropy(similarity.flatten(0, 1), positives)


class PatchNCE(ImageLoss):
    """CUT's contrastive loss (Park et al., 2020, equations 2 and 3), mean over the generator's encoder layers l.

        NCE(x, G(x)) = mean_l InfoNCE(P_l(E_l(G(x))), P_l(E_l(x)))
        the loss     = NCE(x, G(x)),  or with `identity`  ½ (NCE(x, G(x)) + NCE(y, G(y)))

    E is the generator's own encoder, P a perceptron per layer. The random positions are the same in both pictures and
    in all images of a batch; negatives are the other positions of the same image. Keys have no gradients: G and P learn
    only through the queries.

    If x was mirrored for G (FastCUT), the features of G's picture are mirrored back and compared with the original x's.

    Args:
        layers: taps of the generator; None: all of them.
        patches: number of positions per layer; all if a layer has fewer.
        temperature: τ.
        width: channels of projected features.
        identity: also contrast paintings with their identity pictures, as in CUT, but not in FastCUT.
        across_batch: take negatives from the whole batch, for crops of one picture (SinCUT).

    Raises:
        ValueError: `patches` is below 1, or `temperature` is not above 0.
    """

    needs_encoder = True
    of_any_picture = False

    def __init__(
        self,
        *,
        weight: float,
        layers: Sequence[str] | None = None,
        patches: int = 256,
        temperature: float = 0.07,
        width: int = 256,
        identity: bool = True,
        across_batch: bool = False,
    ) -> None:
        super().__init__(weight=weight)
        if patches < 1:
            raise ValueError(f"patches must be at least 1, got {patches}; try 256")
        if temperature <= 0:
            raise ValueError(f"temperature must be above 0, got {temperature}; try 0.07")
        self.layers = None if layers is None else list(layers)
        self.patches, self.temperature, self.width = patches, temperature, width
        self.identity, self.across_batch = identity, across_batch
        self.projector: PatchProjector | None = None

    @property
    def needs_identity(self) -> bool:  # type: ignore[override]  # read-only here: it follows from an option
        """Whether it uses G(y)."""
        return self.identity

    def attach(self, generator: nn.Module) -> None:
        """Build the projector for the channels of the generator's taps.

        Raises:
            ConfigError: the generator has no `taps`, or not these layers.
        """
        taps: dict[str, int] = getattr(generator, "taps", {})
        if not taps or not hasattr(generator, "encode"):
            raise ConfigError(
                f"PatchNCE contrasts layers of the generator's encoder, and {type(generator).__name__} has none to ask "
                "(`taps`, `encode`); type generator@model.generator=resnet9, or leave patch_nce out of image_loss=[…]"
            )
        layers = list(taps) if self.layers is None else self.layers
        for layer in layers:
            if layer not in taps:
                raise ConfigError(
                    f"PatchNCE: {type(generator).__name__} has no layer '{layer}'; it has {', '.join(taps)}"
                )
        self.projector = PatchProjector({layer: taps[layer] for layer in layers}, width=self.width)

    def forward(self, views: Views) -> Tensor:
        """The unweighted loss, a scalar."""
        loss = self._contrast(views, views.stylised, views.content, mirrored=views.mirrored)
        if not self.identity:
            return loss
        if views.identity is None:
            raise ValueError("PatchNCE with `identity` needs G(style), and the model did not make it")
        return 0.5 * (loss + self._contrast(views, views.identity, views.style, mirrored=False))

    def _contrast(self, views: Views, picture: Tensor, source: Tensor, *, mirrored: bool) -> Tensor:
        if self.projector is None:
            raise ValueError(
                "PatchNCE must be attached to the generator whose encoder it reads; call attach(generator)"
            )
        layers = self.projector.layers
        # queries first, because autocast of old torch would reuse weights that were cast without gradients
        queries = views.encode(picture, layers)
        with torch.no_grad():
            keys = views.encode(source.flip(-1) if mirrored else source, layers)
        if mirrored:
            queries = {layer: features.flip(-1) for layer, features in queries.items()}
        return torch.stack([self._layer(layer, queries, keys) for layer in layers]).mean()

    def _layer(self, layer: str, queries: Features, keys: Features) -> Tensor:
        """InfoNCE of one layer, a scalar."""
        assert self.projector is not None
        positions = draw_positions(keys[layer], self.patches)
        query = self.projector(layer, at_positions(queries[layer], positions))  # (N, S, width)
        with torch.no_grad():
            key = self.projector(layer, at_positions(keys[layer], positions))
        if self.across_batch:
            query, key = query.flatten(0, 1)[None], key.flatten(0, 1)[None]  # (1, N S, width)
        return patch_nce(query, key, temperature=self.temperature)
