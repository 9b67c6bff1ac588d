"""`start_from=painter:nearest`: of the painters in the box, the one whose pictures come nearest to your paintings."""

import torch
from torch import Tensor

from stylegan_pl.contracts import TrainingSets
from stylegan_pl.errors import ConfigError
from stylegan_pl.models.base import TwoPlayerModule
from stylegan_pl.nn.layers.adain import channel_statistics
from stylegan_pl.nn.layers.features import FeatureNetwork, Features
from stylegan_pl.runs.checkpoint import held_generator, load_generator, resolve
from stylegan_pl.runs.painters import NEAREST, PREFIX, names

_PAINTINGS = 16  # looked at, evenly through the set: a whole painting is a second of two cores


def nearest_painter(model: TwoPlayerModule, sets: TrainingSets) -> tuple[str, dict[str, float]]:
    """The painter to start from, and the distance of each that this run's generator could take over whole.

    The distance is that of a set's mean statistics from the paintings', in shares of what the untouched photographs
    get: mean_l ‖s_l(P(x)) − s_l(A)‖² / ‖s_l(x) − s_l(A)‖², s_l being the means and deviations of the channels of layer
    l of the run's feature network.

    Args:
        sets: some photographs and whole paintings; both in [-1, 1].

    Returns:
        `painter:NAME`, and painter -> distance, the nearest first.

    Raises:
        ConfigError: no painter fits this generator, or the run has no feature network to look through.
    """
    if model.feature_network is None:
        raise ConfigError(
            f"start_from={NEAREST} compares through a feature network, and this run has none; type "
            "start_from=painter:NAME, or image_loss=[relative_style,relative_content]"
        )
    shapes = {name: tensor.shape for name, tensor in model.generator.state_dict().items()}
    fitting = [name for name in names() if _shapes(name) == shapes]
    if not fitting:
        raise ConfigError(f"start_from={NEAREST}: no painter in the box has this run's generator; type start_from=null")
    with torch.no_grad():
        wanted = _of_paintings(sets, model.feature_network)
        untouched = _gaps(_mean_statistics(model.feature_network, sets.photographs), wanted)
        found = {}
        for name in fitting:
            painted = load_generator(resolve(f"{PREFIX}{name}"))(sets.photographs)
            gaps = _gaps(_mean_statistics(model.feature_network, painted), wanted)
            found[name] = float((gaps / untouched.clamp(min=1e-12)).mean())
    ranked = dict(sorted(found.items(), key=lambda pair: pair[1]))
    return f"{PREFIX}{next(iter(ranked))}", ranked


def _shapes(name: str) -> dict[str, torch.Size]:
    _, weights = held_generator(resolve(f"{PREFIX}{name}"))
    return {key: tensor.shape for key, tensor in weights.items()}


def _of_paintings(sets: TrainingSets, network: FeatureNetwork) -> Features:
    count = len(sets.paintings)
    looked_at = min(count, _PAINTINGS)
    chosen = [sets.paintings[at * count // looked_at][1] for at in range(looked_at)]
    each = [_mean_statistics(network, painting) for painting in chosen]
    return {layer: torch.stack([row[layer] for row in each]).mean(dim=0) for layer in each[0]}


def _mean_statistics(network: FeatureNetwork, images: Tensor) -> Features:
    """Layer -> (2 C,): means and deviations of channels, averaged over the images."""
    seen = {layer: channel_statistics(features.float()) for layer, features in network(images).items()}
    return {layer: torch.cat([found.mean, found.std], dim=1).mean(dim=0).flatten() for layer, found in seen.items()}


def _gaps(found: Features, wanted: Features) -> Tensor:
    return torch.stack([(found[layer] - wanted[layer]).square().sum() for layer in wanted])
