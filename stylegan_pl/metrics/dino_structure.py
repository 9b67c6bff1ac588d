"""How much of a photograph's structure its stylised picture has kept, as DINO sees it."""

from torch import Tensor

from stylegan_pl.metrics.features import in_full_precision
from stylegan_pl.metrics.per_picture import PerPicture
from stylegan_pl.nn.pretrained.vit_keys import ViTKeys, self_similarity


class DINOStructure(PerPicture):
    """Tumanyan et al. (2022, Splice): mean (S(G(x)) − S(x))², S the cosines of deepest keys at each two tokens.

    S says which parts of a picture belong together and not what they look like, so strokes and colours are free to
    change. The class token is one of the tokens, as in the authors' program. Departure: that brings the shorter side
    to 224; here the picture becomes a square of 224, antialiased bicubic.

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
