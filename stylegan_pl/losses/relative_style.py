"""Style loss relative to that of photographs, so that a weight has the same scale for any network and layer."""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, normalize

from stylegan_pl.contracts import TrainingSets
from stylegan_pl.errors import ConfigError
from stylegan_pl.losses.image_loss import Extract, ImageLoss, Views
from stylegan_pl.losses.measured import LEAST, buffer_name, evenly
from stylegan_pl.losses.style_statistics import Statistic, StyleStatistic
from stylegan_pl.losses.style_targets import StyleTarget
from stylegan_pl.nn.layers.features import Features
from stylegan_pl.nn.training.mean_over_ranks import mean_over_ranks

COLOURS = "colours"  # name of an additional layer: the picture itself
_AVERAGED = 4  # pixels: side of the squares over which the layer `colours` averages
_LEAST_SPREAD = 1e-4  # smallest standard deviation of a descriptor
_SOFTENED = 1e-4  # added under a root, so that its gradient at 0 is finite


class RelativeStyleLoss(ImageLoss):
    """L = 1/Λ · Σ_l λ_l · mean_p d(S_lp(G(x)), S_lp(A)) / E_x d(S_lp(x), S_lp(A)), Λ = Σ_l λ_l; 1 for photographs.

    S_l is a statistic of layer l with parts p, and d the mean squared difference. A is the target of x: a mixture of
    whole paintings, whose statistics are computed once, at the size that training crops are cut from. Denominators are
    measured on photographs before the first step, and saved in checkpoints.

    With `rooted` each layer's term is the square root of the mean over p. Its gradient does not grow with the distance,
    so no single photograph dominates a step.

    With `pooled`, S_l is the mean over many pictures: the batch, and a running mean of earlier ones of all ranks;
    likewise for the photographs in the denominator. A painter's pictures differ (some are light, some dark), so a
    single picture need not have the collection's mean. Gradients of single pictures contradict each other; a pooled
    mean has one gradient, towards strokes and palette.

    Args:
        layers: layer -> λ_l.
        colours: λ of an additional layer, the picture averaged over squares of 4 pixels; it compares palettes.
        statistic: S.
        target: which paintings A mixes.
        rooted: see above.
        pooled: share of the running mean that a batch replaces, in (0, 1]; 0: compare each picture.
        most_paintings: largest number of paintings used, evenly spread over the list of files.

    Raises:
        ValueError: `pooled` is outside [0, 1].
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
                self.register_buffer(_running_mean_name(name, part), torch.full((1,), torch.nan))
        # mean and standard deviation of photographs' descriptors, (2, D)
        self.register_buffer("usual_photograph", torch.full((2, 1), torch.nan))
        self._targets: dict[str, Statistic] = {}  # layer -> statistics of the T targets, (T, …) each
        self._target_descriptors = torch.empty(0)  # (T, D)

    def measure(self, sets: TrainingSets, extract: Extract) -> None:
        """Compute the paintings' statistics, and measure the denominators on photographs.

        Raises:
            ConfigError: `pooled` with several targets.
        """
        names, rows, descriptors = [], [], []
        for at in evenly(len(sets.paintings), self.most_paintings):
            name, painting = sets.paintings[at]
            layers = self._layers(extract(painting), painting)
            names.append(name)
            rows.append({layer: self.statistic.of(features) for layer, features in layers.items()})
            descriptors.append(_descriptors(layers))
        bank = torch.cat(descriptors)  # (P, D)
        centre, scale = _centre_and_scale(bank)
        mixtures = self.target.mixtures(((bank - centre) / scale).cpu(), names).to(bank)
        self._target_descriptors = (mixtures @ bank - centre) / scale
        self._targets = {
            layer: tuple(_mix(mixtures, [row[layer][part] for row in rows]) for part in range(len(rows[0][layer])))
            for layer in self.layers
        }
        if self.pooled and len(mixtures) > 1:
            raise ConfigError(
                f"pooled={self.pooled} compares a mean of pictures with one target, and there are {len(mixtures)}; "
                "type style_target@image_loss.NAME.target=all, NAME being this loss, or pooled=0"
            )
        self._measure_photographs(sets.photographs, extract)

    def _measure_photographs(self, photographs: Tensor, extract: Extract) -> None:
        seen = [self._layers(extract(chunk), chunk) for chunk in photographs.split(4)]
        if bool(self.get_buffer("usual_photograph").isnan().any()):
            self.usual_photograph = torch.stack(_centre_and_scale(torch.cat([_descriptors(layers) for layers in seen])))
        for name in self.layers:
            denominator = self.get_buffer(buffer_name(name))
            if not bool(denominator.isnan().any()):
                continue  # restored from a checkpoint
            if self.pooled:
                mean_of_all = _means([self.statistic.of(layers[name]) for layers in seen])
                for part, mean in enumerate(mean_of_all):
                    setattr(self, _running_mean_name(name, part), mean)
                distances = self._distances(name, mean_of_all, torch.zeros(1).long())
                denominator.copy_(torch.stack([distance[0] for distance in distances]))
                continue
            found = [self._distances(name, self.statistic.of(layers[name]), self._nearest(layers)) for layers in seen]
            means = [torch.cat(part).mean().clamp(min=LEAST) for part in zip(*found, strict=True)]
            denominator.copy_(torch.stack(means))

    def forward(self, views: Views) -> Tensor:
        """The unweighted loss, a scalar.

        Raises:
            ValueError: `measure` was not called.
        """
        if not self._targets:
            raise ValueError("RelativeStyleLoss compares with whole paintings; call measure() first")
        if len(self._target_descriptors) > 1:
            nearest = self._nearest(self._layers(views.content_features, views.content))
        else:
            pictures = 1 if self.pooled else len(views.content)
            nearest = torch.zeros(pictures, dtype=torch.long, device=views.content.device)
        painted = self._layers(views.stylised_features, views.stylised)
        terms = []
        for name, share in self.layers.items():
            found = self.statistic.of(painted[name])
            distances = self._distances(name, self._running_mean(name, found) if self.pooled else found, nearest)
            denominators = self.get_buffer(buffer_name(name))
            relative = torch.stack([d / denominators[part] for part, d in enumerate(distances)]).mean(dim=0)  # (N,)
            terms.append(share * ((relative + _SOFTENED).sqrt() if self.rooted else relative).mean())
        return torch.stack(terms).sum() / sum(self.layers.values())

    def _running_mean(self, layer: str, found: Statistic) -> Statistic:
        """Running mean over pictures, one row; only this batch has gradients, which are not scaled down."""
        means = []
        for part, rows in enumerate(found):
            mean, running = rows.mean(dim=0, keepdim=True), self.get_buffer(_running_mean_name(layer, part))
            if self.training:
                seen = mean_over_ranks(mean.detach())
                # half precision may overflow, and such a step is skipped
                running.copy_(torch.where(seen.isfinite(), running.lerp(seen, self.pooled), running))
            means.append(running.clone() + mean - mean.detach())
        return tuple(means)

    def _distances(self, layer: str, found: Statistic, targets: Tensor) -> list[Tensor]:
        """For each part of the statistic, the mean squared difference from the targets of these indices, (N,)."""
        wanted = (part[targets] for part in self._targets[layer])
        return [(ours - theirs).square().flatten(1).mean(dim=1) for ours, theirs in zip(found, wanted, strict=True)]

    def _nearest(self, layers: Features) -> Tensor:
        """The index of each photograph's nearest target, (N,): by cosine of descriptors, centred on each set's mean."""
        targets = self._target_descriptors
        if len(targets) == 1:
            return torch.zeros(len(next(iter(layers.values()))), dtype=torch.long, device=targets.device)
        centre, scale = self.get_buffer("usual_photograph")
        descriptors = (_descriptors(layers) - centre) / scale
        return (normalize(descriptors) @ normalize(targets).T).argmax(dim=1)

    def _layers(self, features: Features, image: Tensor) -> Features:
        """The layers that are compared, in float32: those of the network, and `colours`."""
        seen: Features = {COLOURS: avg_pool2d(image.float(), _AVERAGED)} if COLOURS in self.layers else {}
        return seen | {name: features[name].float() for name in self.layers if name != COLOURS}

    def _load_from_state_dict(self, state_dict: dict[str, Tensor], prefix: str, *others: object) -> None:
        for name in dict(self.named_buffers(recurse=False)):  # shapes are only known after `measure`
            if f"{prefix}{name}" in state_dict:
                setattr(self, name, torch.empty_like(state_dict[f"{prefix}{name}"]))
        super()._load_from_state_dict(state_dict, prefix, *others)


def _descriptors(layers: Features) -> Tensor:
    """Descriptors of pictures: the mean of every channel of every layer, (N, D)."""
    return torch.cat([layer.mean(dim=(2, 3)) for layer in layers.values()], dim=1)


def _centre_and_scale(descriptors: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation over pictures: (N, D) -> (D,), (D,)."""
    return descriptors.mean(dim=0), descriptors.std(dim=0, unbiased=False).clamp(min=_LEAST_SPREAD)


def _running_mean_name(layer: str, part: int) -> str:
    return f"remembered_{layer.replace('.', '_')}_{part}"


def _means(statistics: list[Statistic]) -> Statistic:
    """The mean over all pictures, one row per part."""
    return tuple(torch.cat(part).mean(dim=0, keepdim=True) for part in zip(*statistics, strict=True))


def _mix(mixtures: Tensor, rows: list[Tensor]) -> Tensor:
    """Weighted sums of the paintings' statistics: mixtures (T, P), P rows (1, …) -> (T, …)."""
    stacked = torch.cat(rows)
    if torch.equal(mixtures, torch.eye(len(stacked)).to(mixtures)):
        return stacked  # every target is a single painting: no copy needed
    return torch.tensordot(mixtures.to(stacked), stacked, dims=1)
