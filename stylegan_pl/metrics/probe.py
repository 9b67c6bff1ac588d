"""Share of pictures that a classifier, trained on paintings and photographs, takes for paintings."""

from collections.abc import Iterator
from hashlib import sha256
from typing import NamedTuple

import torch
from torch import Tensor

from stylegan_pl.metrics.bootstrap import bootstrap_interval
from stylegan_pl.metrics.by_painting import ByPainting, by_painting
from stylegan_pl.metrics.features import SetFeatures, in_full_precision
from stylegan_pl.metrics.kinds import Interval
from stylegan_pl.metrics.logistic import Logistic, logistic_regression
from stylegan_pl.metrics.per_picture import check_pairs


class _Fold(NamedTuple):
    """A classifier, and the pictures that were not used to train it."""

    judge: Logistic
    paintings: Tensor  # (M, K, d), crops of paintings
    stylised: Tensor  # (N, K, d), of the photographs that were not used


class Probe(ByPainting):
    """Share of crops of stylised pictures that are classified as paintings; 1 is best.

    The classifier is a logistic regression on means and standard deviations of a frozen network's channels, in crops of
    128 pixels. It is cross-validated with `folds` fits: each leaves out some photographs, and some paintings with all
    their crops, and a picture is judged by the fit without its own photograph. So floor (untouched photographs) and
    ceiling (paintings) are also of unseen pictures. Similar to Sanakoyeu et al. (2018), who use a network trained on
    artists.

    It measures strokes and colours, not content, so read it together with SSIM. At 64 pixels, shrunk photographs look
    like paintings to any classifier; use 256.

    Args:
        features: `TapStatistics` of a network.
        crop: pixels per side; smaller pictures are used whole.
        folds: number of fits; fewer if there are fewer paintings or photographs.
        penalty: of the weights, for columns of standard deviation 1.
    """

    higher_is_better = True

    def __init__(self, *, features: SetFeatures, crop: int = 128, folds: int = 5, penalty: float = 0.01) -> None:
        super().__init__(features=features)
        if crop < 16 or folds < 2 or penalty <= 0:
            raise ValueError(
                f"crop must be at least 16, folds at least 2, penalty above 0, got {crop}, {folds} and {penalty}"
            )
        self.crop, self.folds, self.penalty = crop, folds, penalty
        self.resize = f"crops of {crop} pixels"
        self._known: dict[bytes, Tensor] = {}  # features of photographs, which are the same in every round

    def update(
        self, images: Tensor, *, real: bool, sources: Tensor | None = None, content: Tensor | None = None
    ) -> None:
        """Add paintings, or stylised pictures with their photographs `content`; all (N, 3, H, W) in [-1, 1].

        Raises:
            ValueError: stylised pictures without their photographs.
        """
        if real:
            super().update(images, real=True, sources=sources)
            return
        if content is None:
            raise ValueError("Probe learns from the photographs, too; call add_stylised(images, content)")
        check_pairs(images, content)
        if len(images):
            photographs = self._of_photographs(content)
            stylised = photographs if torch.equal(images, content) else self._kept(images)
            self.fake.append(torch.cat([stylised, photographs], dim=1))  # (N, 2 K, d)

    def add_stylised(self, images: Tensor, content: Tensor) -> None:
        """See `PictureMetric`."""
        self.update(images, real=False, content=content)

    @property
    def paintings_key(self) -> str | None:
        """See `SetMetric`."""
        return None if self.features.key is None else f"{self.features.key} {self.resize}"

    def _kept(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, K, d): K crops per picture."""
        crops = tiles(images.detach().float(), self.crop)  # (N, K, 3, c, c)
        return in_full_precision(self.features, crops.flatten(0, 1)).flatten(1).view(*crops.shape[:2], -1)

    def _of_photographs(self, content: Tensor) -> Tensor:
        pixels = content.detach().float().cpu().contiguous()
        names = [sha256(picture.numpy().tobytes()).digest() for picture in pixels]
        new = [i for i, name in enumerate(names) if name not in self._known]
        if new:
            self._known |= dict(zip((names[i] for i in new), self._kept(content[new]), strict=True))
        return torch.stack([self._known[name] for name in names]).to(content.device)

    def _distance(self, real: Tensor, fake: Tensor) -> Tensor:
        return self._each(real, fake).mean()

    def _each(self, real: Tensor, fake: Tensor) -> Tensor:
        """The share of each picture's crops that are classified as paintings: (N,), sorted."""
        shares = [(fold.judge.logits(fold.stylised) > 0).double().mean(dim=1) for fold in self._folds(real, fake)]
        return torch.cat(shares).sort().values

    def _interval(self, samples: int, value: float) -> Interval:
        """Resamples pictures, but does not fit again."""
        return bootstrap_interval(self._each(*self._sets()), torch.mean, samples=samples)

    def _among_paintings(self) -> Tensor:
        real = self._paintings()
        if len(self.fake) == 0 or len(real) < 2:
            return torch.tensor(torch.nan)
        folds = self._folds(*self._sets())
        return torch.cat([(fold.judge.logits(fold.paintings) > 0).double().flatten() for fold in folds]).mean()

    def _folds(self, real: Tensor, fake: Tensor) -> Iterator[_Fold]:
        paintings, numbers = by_painting(real)
        photographs, stylised = _by_photograph(*reversed(fake.chunk(2, dim=1)))
        folds = min(self.folds, int(numbers.max()) + 1, len(photographs))
        of_paintings, of_photographs = numbers % folds, torch.arange(len(photographs)) % folds
        for fold in range(folds):
            learned, shown = of_photographs != fold, of_paintings != fold
            if folds == 1:  # a single picture must be used for both training and test
                learned, shown = ~learned, ~shown
            judge = logistic_regression(
                photographs[learned].flatten(0, 1), paintings[shown].flatten(0, 1), penalty=self.penalty
            )
            yield _Fold(judge, paintings[of_paintings == fold], stylised[of_photographs == fold])


def tiles(images: Tensor, size: int) -> Tensor:
    """(N, 3, H, W) -> (N, K, 3, size, size): adjacent squares around the middle; the whole picture if it is smaller."""
    height, width = images.shape[-2:]
    if min(height, width) < size:
        return images[:, None]
    rows, columns = height // size, width // size
    top, left = (height - rows * size) // 2, (width - columns * size) // 2
    middle = images[..., top : top + rows * size, left : left + columns * size]
    return middle.unfold(2, size, size).unfold(3, size, size).permute(0, 2, 3, 1, 4, 5).flatten(1, 2)


def _by_photograph(photographs: Tensor, stylised: Tensor) -> tuple[Tensor, Tensor]:
    """Sort both by the photographs only, so that folds do not depend on the stylised pictures."""
    other = torch.randn(photographs[0].numel(), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    order = (photographs.flatten(1).cpu().double() @ other).argsort(stable=True)
    return photographs[order], stylised[order]
