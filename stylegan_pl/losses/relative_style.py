"""Perceptual losses relative to those of photographs, so that a weight has the same scale for any network and layer."""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, normalize

from stylegan_pl.contracts import TrainingSets
from stylegan_pl.errors import ConfigError
from stylegan_pl.losses.image_loss import ImageLoss, Look, Views
from stylegan_pl.losses.measured import LEAST, buffer_name, evenly
from stylegan_pl.losses.style_statistics import Statistic, StyleStatistic
from stylegan_pl.losses.style_targets import StyleTarget
from stylegan_pl.nn.layers.features import Features

COLOURS = "colours"  # name of an additional layer: the picture itself
_AVERAGED = 4  # pixels: side of the squares over which the layer `colours` averages
_LEAST_SPREAD = 1e-4  # of what pictures are told apart by
_SOFTENED = 1e-4  # added under a root, so that its gradient at 0 is finite


class RelativeStyleLoss(ImageLoss):
    """Σ_l λ_l / Σ_l λ_l · mean over parts of d(S_l(G(x)), S_l(A)) / E_x d(S_l(x), S_l(A)), 1 for photographs.

    S_l is a statistic of layer l, d the mean squared difference of its parts, and A the target of x: a mixture of whole
    paintings, whose statistics are computed once, at the size that training crops are cut from. Denominators are
    measured at the start, on photographs, and saved in checkpoints. With `rooted` the term is √d / √E d, whose gradient
    does not grow with the distance, so that no single photograph dominates a step.

    With `pooled`, S_l is the mean over many pictures: the batch, and a running mean of earlier ones; likewise for the
    photographs in the denominator. A painter's pictures differ (some are light, some dark), so a single picture need
    not have the collection's mean. Single pictures have conflicting gradients; a pooled mean has one, towards strokes
    and palette.

    Args:
        layers: layer -> λ_l.
        colours: λ of an additional layer, the picture averaged over squares of 4 pixels; it compares palettes.
        statistic: S.
        target: which paintings A mixes.
        rooted: see above.
        pooled: share of the running mean that a batch replaces, in (0, 1]; 0: compare each picture.
        most_paintings: largest number of paintings used, evenly spread over the list of files.
    """

    needs_features = True
    needs_sets = True

    def __init__(
        self,
        *,
        weight: float,
        layers: Mapping[str, float],
        statistic: StyleStatistic,
        target: StyleTarget,
        colours: float = 0.0,
        rooted: bool = True,
        pooled: float = 0.0,
        most_paintings: int = 512,
    ) -> None:
        super().__init__(weight=weight)
        if not 0 <= pooled <= 1:
            raise ValueError(f"pooled is a share in [0, 1], got {pooled}; try 0.1")
        self.pooled = pooled
        self.layers = {name: share for name, share in {**layers, COLOURS: colours}.items() if share != 0}
        self.statistic, self.target, self.rooted, self.most_paintings = statistic, target, rooted, most_paintings
        for name in self.layers:  # a denominator for each part of the statistic; nan: not measured yet
            self.register_buffer(buffer_name(name), torch.full((statistic.parts,), torch.nan))
            for part in range(statistic.parts if pooled else 0):  # the running mean over pictures
                self.register_buffer(_memory(name, part), torch.full((1,), torch.nan))
        self.register_buffer("usual_photograph", torch.full((2, 1), torch.nan))  # of what pictures are told apart by
        self._targets: dict[str, Statistic] = {}
        self._described = torch.empty(0)

    def measure(self, sets: TrainingSets, look: Look) -> None:
        """Compute the paintings' statistics, and measure the denominators on photographs."""
        names, rows, described = [], [], []
        for at in evenly(len(sets.paintings), self.most_paintings):
            name, painting = sets.paintings[at]
            layers = self._layers(look(painting), painting)
            names.append(name)
            rows.append({layer: self.statistic.of(features) for layer, features in layers.items()})
            described.append(self._describe(layers))
        bank = torch.cat(described)
        centre, scale = _centre_and_scale(bank)
        mixtures = self.target.mixtures(((bank - centre) / scale).cpu(), names).to(bank)
        self._described = (mixtures @ bank - centre) / scale
        self._targets = {
            layer: tuple(_mixed(mixtures, [row[layer][part] for row in rows]) for part in range(len(rows[0][layer])))
            for layer in self.layers
        }
        if self.pooled and len(self._described) > 1:
            raise ConfigError(
                f"image_loss.relative_style.pooled={self.pooled} compares a mean of pictures with one target, and "
                f"there are {len(self._described)}; type style_target@image_loss.relative_style.target=all, or pooled=0"
            )
        self._measure_photographs(sets.photographs, look)

    def _measure_photographs(self, photographs: Tensor, look: Look) -> None:
        seen = [self._layers(look(chunk), chunk) for chunk in photographs.split(4)]
        if bool(self.get_buffer("usual_photograph").isnan().any()):
            photographs = torch.cat([self._describe(layers) for layers in seen])
            self.usual_photograph = torch.stack(_centre_and_scale(photographs))
        for name in self.layers:
            slot = self.get_buffer(buffer_name(name))
            if not bool(slot.isnan().any()):
                continue  # restored from a checkpoint
            if self.pooled:
                mean_of_all = _means([self.statistic.of(layers[name]) for layers in seen])
                for part, mean in enumerate(mean_of_all):
                    setattr(self, _memory(name, part), mean)
                slot.copy_(torch.stack([gap[0] for gap in self._gaps(name, mean_of_all, torch.zeros(1).long())]))
                continue
            gaps = [self._gaps(name, self.statistic.of(layers[name]), self._chosen(layers)) for layers in seen]
            means = [torch.cat(part).mean().clamp(min=LEAST) for part in zip(*gaps, strict=True)]
            slot.copy_(torch.stack(means))

    def forward(self, views: Views) -> Tensor:
        """The unweighted loss, a scalar.

        Raises:
            ValueError: `measure` was not called.
        """
        if not self._targets:
            raise ValueError("RelativeStyleLoss compares with whole paintings; call measure() first")
        if len(self._described) > 1:
            chosen = self._chosen(self._layers(views.content_features, views.content))
        else:
            pictures = 1 if self.pooled else len(views.content)
            chosen = torch.zeros(pictures, dtype=torch.long, device=views.content.device)
        painted = self._layers(views.stylised_features, views.stylised)
        terms = []
        for name, share in self.layers.items():
            found = self.statistic.of(painted[name])
            gaps = self._gaps(name, self._remembered(name, found) if self.pooled else found, chosen)
            usual = self.get_buffer(buffer_name(name))
            relative = torch.stack([gap / usual[part] for part, gap in enumerate(gaps)]).mean(dim=0)  # (N,)
            terms.append(share * ((relative + _SOFTENED).sqrt() if self.rooted else relative).mean())
        return torch.stack(terms).sum() / sum(self.layers.values())

    def _remembered(self, layer: str, found: Statistic) -> Statistic:
        """Running mean over pictures, one row; only this batch has gradients, which are not scaled down."""
        means = []
        for part, rows in enumerate(found):
            mean, memory = rows.mean(dim=0, keepdim=True), self.get_buffer(_memory(layer, part))
            if self.training:
                memory.lerp_(mean.detach(), self.pooled)
            means.append(memory.clone() + mean - mean.detach())
        return tuple(means)

    def _gaps(self, layer: str, found: Statistic, chosen: Tensor) -> list[Tensor]:
        """For each part of the statistic, the mean squared difference from the target, (N,)."""
        wanted = (part[chosen] for part in self._targets[layer])
        return [(ours - theirs).square().flatten(1).mean(dim=1) for ours, theirs in zip(found, wanted, strict=True)]

    def _chosen(self, layers: Features) -> Tensor:
        """The nearest target of each photograph, (N,), by cosine of descriptions, centred on each set's mean."""
        if len(self._described) == 1:
            return torch.zeros(len(next(iter(layers.values()))), dtype=torch.long, device=self._described.device)
        centre, scale = self.get_buffer("usual_photograph")
        described = (self._describe(layers) - centre) / scale
        return (normalize(described) @ normalize(self._described).T).argmax(dim=1)

    def _layers(self, features: Features, image: Tensor) -> Features:
        seen: Features = {COLOURS: avg_pool2d(image.float(), _AVERAGED)} if COLOURS in self.layers else {}
        return seen | {name: features[name].float() for name in self.layers if name != COLOURS}

    def _describe(self, layers: Features) -> Tensor:
        """Descriptions of pictures: the mean of every channel, (N, D)."""
        return torch.cat([layer.mean(dim=(2, 3)) for layer in layers.values()], dim=1)

    def _load_from_state_dict(self, state_dict: dict[str, Tensor], prefix: str, *others: object) -> None:
        for name in dict(self.named_buffers(recurse=False)):  # shapes are only known after `measure`
            if f"{prefix}{name}" in state_dict:
                setattr(self, name, torch.empty_like(state_dict[f"{prefix}{name}"]))
        super()._load_from_state_dict(state_dict, prefix, *others)


def _centre_and_scale(described: Tensor) -> tuple[Tensor, Tensor]:
    return described.mean(dim=0), described.std(dim=0, unbiased=False).clamp(min=_LEAST_SPREAD)


def _memory(layer: str, part: int) -> str:
    return f"remembered_{layer.replace('.', '_')}_{part}"


def _means(statistics: list[Statistic]) -> Statistic:
    """The mean over all pictures, one row per part."""
    return tuple(torch.cat(part).mean(dim=0, keepdim=True) for part in zip(*statistics, strict=True))


def _mixed(mixtures: Tensor, rows: list[Tensor]) -> Tensor:
    """(T, P), P rows (1, …) -> (T, …)."""
    stacked = torch.cat(rows)
    if torch.equal(mixtures, torch.eye(len(stacked)).to(mixtures)):
        return stacked  # every target is a single painting: no copy needed
    return torch.tensordot(mixtures.to(stacked), stacked, dims=1)
