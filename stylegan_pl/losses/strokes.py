"""Stroke restoration: the generator gets paintings whose strokes were removed, and should restore them."""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, l1_loss, pad

from stylegan_pl.contracts import TrainingSets
from stylegan_pl.losses.image_loss import Extract, ImageLoss, Views
from stylegan_pl.losses.measured import LEAST, buffer_name, evenly
from stylegan_pl.losses.style_statistics import StyleStatistic

_SOFTENED = 1e-3  # added under a root, so that its gradient at 0 is finite
_FLAT = 1e-3  # smallest standard deviation of colours
_COARSE = 8  # pixels: side of the squares whose mean colours are compared
_CALIBRATION = 16  # number of crops over which denominators are averaged
_TIMES = 2  # number of times the filter is applied; once would leave traces of broad strokes
_ROWS = 32  # rows filtered at once; the windows of a whole painting would need a gigabyte


class StrokeRestorationLoss(ImageLoss):
    """1/Λ · Σ_l λ_l · mean over tiles of √(d(S_l(G(ỹ)), S_l(y)) / E d(S_l(ỹ), S_l(y))) + w_c · |G(ỹ) − y| at 1/8.

    Λ = Σ_l λ_l. y is a crop of a painting, ỹ the same crop without strokes: a median filter removes details narrower
    than half its side, and keeps contours. ỹ's colours are shifted by a random share towards a photograph's, and noise
    is added, because photographs have fine texture that paintings lack. S_l is a statistic of layer l in each of tiles
    × tiles parts of the crop (texture matching: Sajjadi et al., 2017), d the mean squared difference of its parts.
    Denominators are measured before the first step and saved in checkpoints, so a painting without strokes gives 1.

    Photographs and paintings differ more in palette and light than in strokes, so networks learn those first. Here
    scene and light are the same in ỹ and y, so the loss asks only for strokes that follow contours as the painter's do.

    Args:
        layers: layer -> λ_l.
        statistic: S.
        width: side of the median filter, pixels; odd, twice the width of a stroke or more.
        tiles: parts of a crop, each way.
        crops: number of crops y per step.
        recoloured: largest share of the shift of colours, in [0, 1].
        grain: largest standard deviation of the noise, for values in [-1, 1].
        coarse: w_c.
        among: share of a step's photographs that are replaced by ỹ, in [0, 1], so that all other losses and the
            discriminator see them, too. For unpaired sets.
        most_paintings: largest number of paintings kept in memory, evenly spread over the list of files.

    Raises:
        ValueError: an option is outside its range.
    """

    needs_features = True
    needs_sets = True
    of_any_picture = False

    def __init__(
        self,
        *,
        weight: float,
        layers: Mapping[str, float],
        statistic: StyleStatistic,
        width: int = 9,
        tiles: int = 3,
        crops: int = 1,
        recoloured: float = 1.0,
        grain: float = 0.1,
        coarse: float = 1.0,
        among: float = 0.0,
        most_paintings: int = 24,
    ) -> None:
        super().__init__(weight=weight)
        if width < 3 or width % 2 == 0:
            raise ValueError(f"width is odd and at least 3, got {width}; try {max(width, 2) + 1}")
        if min(tiles, crops, most_paintings) < 1:
            raise ValueError(f"tiles, crops and most_paintings are at least 1, got {tiles}, {crops}, {most_paintings}")
        if grain < 0:
            raise ValueError(f"grain is 0 or more, got {grain}; try 0.1")
        if not 0 <= recoloured <= 1:
            raise ValueError(f"recoloured is a share in [0, 1], got {recoloured}; try 1")
        if not 0 <= among <= 1:
            raise ValueError(f"among is a share in [0, 1], got {among}; try 0.35")
        self.layers = {name: share for name, share in layers.items() if share != 0}
        self.statistic, self.width, self.tiles, self.crops = statistic, width, tiles, crops
        self.recoloured, self.grain = recoloured, grain
        self.coarse, self.among, self.most_paintings = coarse, among, most_paintings
        for name in self.layers:  # a denominator for each part of the statistic; nan: not measured yet
            self.register_buffer(buffer_name(name), torch.full((statistic.parts,), torch.nan))
        self._pairs: list[Tensor] = []  # (2, 3, H, W), without and with strokes
        self._means = self._spreads = torch.empty(0)  # of photographs' colours, (N, 3, 1, 1)

    def measure(self, sets: TrainingSets, extract: Extract) -> None:
        """Remove the strokes from paintings; measure the denominators, and the colours of photographs."""
        paintings = [sets.paintings[at][1] for at in evenly(len(sets.paintings), self.most_paintings)]
        self._pairs = [torch.cat([without_strokes(painting, self.width), painting.cpu()]) for painting in paintings]
        self._means, self._spreads = _colours(sets.photographs)
        generator = torch.Generator().manual_seed(0)
        bare, painted = self.draw_crops(_CALIBRATION, sets.photographs.shape[-2:], generator)
        seen = [(extract(some), extract(others)) for some, others in zip(bare.split(4), painted.split(4), strict=True)]
        for name in self.layers:
            denominator = self.get_buffer(buffer_name(name))
            if bool(denominator.isnan().any()):  # otherwise restored from a checkpoint
                found = [torch.stack(self._distances(given[name], wanted[name])).mean(dim=1) for given, wanted in seen]
                denominator.copy_(torch.stack(found).mean(dim=0).clamp(min=LEAST))

    def generator_input(self, photographs: Tensor) -> Tensor:
        """The photographs, (N, 3, H, W), some of which, drawn at random, are replaced by ỹ."""
        if self.among == 0:
            return photographs
        replaced = torch.rand(len(photographs)) < self.among
        if not replaced.any():
            return photographs
        bare, _ = self.draw_crops(int(replaced.sum()), photographs.shape[-2:])
        mixed = photographs.clone()
        mixed[replaced.to(mixed.device)] = bare.to(mixed)
        return mixed

    def forward(self, views: Views) -> Tensor:
        """The unweighted loss, a scalar.

        Raises:
            ValueError: `measure` was not called.
        """
        if not self._pairs:
            raise ValueError("StrokeRestorationLoss restores whole paintings; call measure() first")
        bare, painted = self.draw_crops(self.crops, views.content.shape[-2:])
        restored = views.paint(bare)
        found = views.features(restored)
        with torch.no_grad():
            wanted = views.features(painted)
        terms = []
        for name, share in self.layers.items():
            distances = torch.stack(self._distances(found[name], wanted[name]))  # (parts, tiles of all crops)
            relative = distances / self.get_buffer(buffer_name(name)).unsqueeze(1)
            terms.append(share * (relative + _SOFTENED).sqrt().mean())
        texture = torch.stack(terms).sum() / sum(self.layers.values())
        return texture + self.coarse * l1_loss(avg_pool2d(restored, _COARSE), avg_pool2d(painted, _COARSE))

    def draw_crops(
        self, count: int, size: torch.Size, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        """Random crops (ỹ, y), (count, 3, *size) in [-1, 1] each."""
        bare, painted = torch.stack([self._crop(size, generator) for _ in range(count)]).to(self._means).unbind(dim=1)
        photographs = torch.randint(len(self._means), (count,), generator=generator)
        mean, spread = _colours(bare)
        moved = (bare - mean) / spread.clamp(min=_FLAT) * self._spreads[photographs] + self._means[photographs]
        share, grain = torch.rand(2, count, 1, 1, 1, generator=generator)
        noise = self.grain * grain * torch.randn(bare.shape, generator=generator)
        return (bare.lerp(moved, (self.recoloured * share).to(bare)) + noise.to(bare)).clamp(-1, 1), painted

    def _crop(self, size: torch.Size, generator: torch.Generator | None) -> Tensor:
        def one_of(choices: int) -> int:
            return int(torch.randint(choices, (1,), generator=generator))

        pair = self._pairs[one_of(len(self._pairs))]
        top, left = (one_of(have - want + 1) for have, want in zip(pair.shape[-2:], size, strict=True))
        crop = pair[..., top : top + size[0], left : left + size[1]]
        return crop.flip(-1) if one_of(2) else crop

    def _distances(self, found: Tensor, wanted: Tensor) -> list[Tensor]:
        """For each part of the statistic, the mean squared difference, (tiles of all crops,)."""
        both = zip(*(self.statistic.of(_tiled(layer.float(), self.tiles)) for layer in (found, wanted)), strict=True)
        return [(ours - theirs).square().flatten(1).mean(dim=1) for ours, theirs in both]


def without_strokes(painting: Tensor, width: int) -> Tensor:
    """(1, 3, H, W) -> the same shape, on the CPU: a median filter of width × width pixels, applied twice."""
    for _ in range(_TIMES):
        windows = pad(painting.cpu(), [width // 2] * 4, mode="reflect").unfold(2, width, 1).unfold(3, width, 1)
        painting = torch.cat([some.flatten(-2).median(dim=-1).values for some in windows.split(_ROWS, dim=2)], dim=2)
    return painting


def _colours(images: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each channel: (N, 3, H, W) -> two (N, 3, 1, 1) (Reinhard et al., 2001, in RGB)."""
    return images.mean(dim=(2, 3), keepdim=True), images.std(dim=(2, 3), keepdim=True)


def _tiled(layer: Tensor, tiles: int) -> Tensor:
    """(N, C, H, W) -> (N tiles², C, H // tiles, W // tiles)."""
    count, channels, height, width = layer.shape
    high, wide = height // tiles, width // tiles
    cut = layer[..., : high * tiles, : wide * tiles].reshape(count, channels, tiles, high, tiles, wide)
    return cut.permute(0, 2, 4, 1, 3, 5).reshape(-1, channels, high, wide)
