"""How much of a photograph's structure is kept, measured with DINO."""

from torch import Tensor

from stylegan_pl.metrics.features import in_full_precision
from stylegan_pl.metrics.per_picture import PerPicture
from stylegan_pl.nn.pretrained.vit_keys import ViTKeys, self_similarity


class DINOStructure(PerPicture):
    """Tumanyan et al. (2022, Splice): mean (S(G(x)) − S(x))², S the cosines of all pairs of deepest keys.

    S describes which parts of a picture are similar, not how they look, so strokes and colours may change. As in the
    authors' program, the class token is included. Departure: theirs resizes the shorter side to 224; here the picture
    is resized to a square of 224 pixels, antialiased bicubic.

    Args:
        network: DINO's ViT-S/8 or ViT-B/8.
    """

    higher_is_better = False

    def __init__(self, *, network: ViTKeys) -> None:
        super().__init__()
        self.network = network
        self.resize = network.resize

    def _each(self, stylised: Tensor, content: Tensor) -> Tensor:
        found, wanted = (in_full_precision(self.network, images) for images in (stylised, content))
        return (self_similarity(found) - self_similarity(wanted)).square().mean(dim=(1, 2))
