"""`start_from=painter:nearest`: of the painters in the box, the one whose pictures come nearest to your paintings."""

import torch
from torch import Tensor

from stylegan_pl.contracts import TrainingSets
from stylegan_pl.errors import ConfigError
from stylegan_pl.metrics.features import TapStatistics
from stylegan_pl.metrics.style_distance import spread
from stylegan_pl.models.base import TwoPlayerModule
from stylegan_pl.runs.checkpoint import held_generator, load_generator, resolve
from stylegan_pl.runs.painters import NEAREST, PREFIX, names

_PAINTINGS = 16  # looked at, evenly through the set: a whole painting is a second of two cores


@torch.no_grad()
def nearest_painter(model: TwoPlayerModule, sets: TrainingSets) -> tuple[str, dict[str, float]]:
    """The painter to start from, and the distance of each that this run's generator could take over whole.

    The distance is `style_distance` through the run's feature network, its unit the spread of the photographs, so that
    one painting is enough: mean_l ‖E s_l(P(x)) − E s_l(A)‖² / E ‖s_l(x) − E s_l(x)‖².

    Args:
        sets: two photographs or more, and whole paintings; both in [-1, 1].

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
    statistics = TapStatistics(network=model.feature_network)
    wanted = torch.cat([statistics(painting) for painting in _evenly(sets)]).mean(dim=0)  # (L, d)
    unit = spread(statistics(sets.photographs)).clamp(min=1e-12)

    def distance(pictures: Tensor) -> float:
        return float(((statistics(pictures).mean(dim=0) - wanted).square().sum(dim=1) / unit).mean())

    found = {name: distance(load_generator(resolve(f"{PREFIX}{name}"))(sets.photographs)) for name in fitting}
    ranked = dict(sorted(found.items(), key=lambda pair: pair[1]))
    return f"{PREFIX}{next(iter(ranked))}", ranked


def _shapes(name: str) -> dict[str, torch.Size]:
    _, weights = held_generator(resolve(f"{PREFIX}{name}"))
    return {key: tensor.shape for key, tensor in weights.items()}


def _evenly(sets: TrainingSets) -> list[Tensor]:
    count = len(sets.paintings)
    looked_at = min(count, _PAINTINGS)
    return [sets.paintings[at * count // looked_at][1] for at in range(looked_at)]
