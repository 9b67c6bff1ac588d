"""Structural similarity of a stylised picture and its photograph."""

from torch import Tensor
from torchmetrics.functional.image import structural_similarity_index_measure

from stylegan_pl.metrics.per_picture import PerPicture

_WINDOW = 11  # pixels


def ssim(a: Tensor, b: Tensor) -> Tensor:
    """SSIM of each pair, (N, 3, H, W) in [-1, 1] each -> (N,) in [-1, 1]; mean over colours and whole windows.

    >>> import torch
    >>> from stylegan_pl.metrics.ssim import ssim
    >>> photographs = torch.rand(2, 3, 32, 32) * 2 - 1
    >>> ssim(photographs, photographs)
    tensor([1., 1.])
    """
    if min(a.shape[-2:]) < _WINDOW:
        raise ValueError(f"SSIM needs sides of at least {_WINDOW} pixels, got {tuple(a.shape[-2:])}")
    _, each = structural_similarity_index_measure(
        a, b, gaussian_kernel=True, sigma=1.5, data_range=2.0, k1=0.01, k2=0.03, return_full_image=True
    )
    margin = _WINDOW // 2
    # computed here, because versions of torchmetrics differ in whether border windows are included
    return each[..., margin:-margin, margin:-margin].mean(dim=(1, 2, 3))


class SSIM(PerPicture):
    """Wang et al. (2004): Gaussian windows of 11 pixels, σ = 1.5, K1 = 0.01, K2 = 0.03; each colour, then the mean.

    1 is an untouched photograph, so read it together with a metric of style. Departure: the paper uses luminance only.
    Windows are completely inside the picture, as in the authors' program and scikit-image.
    """

    higher_is_better = True

    def _each(self, stylised: Tensor, content: Tensor) -> Tensor:
        return ssim(stylised, content)
