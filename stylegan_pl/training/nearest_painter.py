"""`start_from=painter:nearest`: the painter in the box that changes photographs most towards your paintings."""

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity

from stylegan_pl.contracts import TrainingSets
from stylegan_pl.errors import ConfigError
from stylegan_pl.metrics.features import TapStatistics
from stylegan_pl.models.base import TwoPlayerModule
from stylegan_pl.runs.checkpoint import held_generator, load_generator, resolve
from stylegan_pl.runs.painters import NEAREST, PREFIX, names

_PAINTINGS = 16  # at most, evenly from the set: a whole painting takes a second on two cores


@torch.no_grad()
def nearest_painter(model: TwoPlayerModule, sets: TrainingSets) -> tuple[str, dict[str, float]]:
    """The painter to start from, and the score of each painter whose generator has this run's shapes.

    The score compares two directions: from photographs to paintings, and from photographs to the painter's pictures of
    them. With the statistics s_l of the run's feature network it is mean_l cos(E s_l(A) − E s_l(x),
    E s_l(P(x)) − E s_l(x)), in [-1, 1]. A distance instead would prefer painters that change little: for woodcuts it
    chose oil, although oil has neither lines nor flat colours.

    Args:
        sets: photographs, and whole paintings; both in [-1, 1].

    Returns:
        `painter:NAME`, and painter -> cosine, the best first.

    Raises:
        ConfigError: no painter fits this generator, or the run has no feature network.
    """
    if model.feature_network is None:
        raise ConfigError(
            f"start_from={NEAREST} compares pictures by a feature network, and this run has none; type "
            "start_from=painter:NAME, or image_loss=[relative_style,relative_content]"
        )
    shapes = {name: tensor.shape for name, tensor in model.generator.state_dict().items()}
    fitting = [name for name in names() if _shapes(name) == shapes]
    if not fitting:
        raise ConfigError(f"start_from={NEAREST}: no painter in the box has this generator; type start_from=null")
    statistics = TapStatistics(network=model.feature_network)
    before = statistics(sets.photographs).mean(dim=0)  # (L, d)
    wanted = torch.cat([statistics(painting) for painting in _evenly(sets)]).mean(dim=0) - before

    def likeness(painted: Tensor) -> float:
        return float(cosine_similarity(statistics(painted).mean(dim=0) - before, wanted, dim=1).mean())

    found = {name: likeness(load_generator(resolve(f"{PREFIX}{name}"))(sets.photographs)) for name in fitting}
    ranked = dict(sorted(found.items(), key=lambda pair: pair[1], reverse=True))
    return f"{PREFIX}{next(iter(ranked))}", ranked


def _shapes(name: str) -> dict[str, torch.Size]:
    _, weights = held_generator(resolve(f"{PREFIX}{name}"))
    return {key: tensor.shape for key, tensor in weights.items()}


def _evenly(sets: TrainingSets) -> list[Tensor]:
    count = len(sets.paintings)
    looked_at = min(count, _PAINTINGS)
    return [sets.paintings[at * count // looked_at][1] for at in range(looked_at)]
