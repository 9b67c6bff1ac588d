"""Every part with every other: each pair of options of any two groups meets in at least one short training.

The groups are read from conf/, so a new file is covered without touching this one. Their full product has millions of
cells; all pairs (allpairspy) take some two hundred. Each cell composes, passes the checks of the command line, trains
two steps, and paints. `make test` has cells that show every option twice, `make test-slow` the rest.
"""

from collections import Counter
from itertools import combinations, product
from pathlib import Path

import pytest
import torch
from allpairspy import AllPairs
from conftest import compose_config
from fitting import Spy, fit, parameters_of
from omegaconf import DictConfig, OmegaConf

from stylegan_pl.config.check_keys import check_config
from stylegan_pl.config.check_parts import check_fit, check_roles
from stylegan_pl.config.conf_dir import conf_dir

AT_MOST = {  # by the name of the key, wherever it is: networks for pictures of 32 pixels
    "width": 8, "blocks": 1, "levels": 5, "n_layers": 2, "scales": 2, "filters": 8, "patches": 16,
}  # fmt: skip
FRAGMENTS = {"game", "surroundings", "mechanics"}
ANY_STYLE = {"adain": "adain", "adain_scratch": "adain_scratch"}  # model -> its generator; each of them has no other
NO_OPPONENT = "perceptual"


def options(group: str) -> list[str]:
    """What can be chosen in a group."""
    return sorted(path.stem for path in (conf_dir() / group).glob("*.yaml") if path.stem not in FRAGMENTS)


OTHERS = [options(g) for g in ("discriminator", "adversarial", "penalty", "diff_augment", "image_loss")]
MODELS = [name for name in options("model") if name not in ANY_STYLE and name != NO_OPPONENT]
GENERATORS = [name for name in options("generator") if name not in ANY_STYLE.values()]


WITH_ANY_STYLE = [[option for option in group if option != "strokes"] for group in OTHERS]  # strokes has one style


def each_once(*first: str) -> list[list[str]]:
    """Rows that begin with `first`, in which every option of the other groups stands at least once."""
    rows = max(len(group) for group in WITH_ANY_STYLE)
    return [[*first, *(group[row % len(group)] for group in WITH_ANY_STYLE)] for row in range(rows)]


CELLS = [list(cell) for cell in AllPairs([MODELS, GENERATORS, *OTHERS])]
CELLS += [cell for model, generator in ANY_STYLE.items() for cell in each_once(model, generator)]
LONE_LOSSES = [loss for loss in options("image_loss") if loss != "none"]
LONE_CELLS = [[NO_OPPONENT, GENERATORS[row % len(GENERATORS)], loss] for row, loss in enumerate(LONE_LOSSES)]


def test_all_pairs_are_met():
    axes = [MODELS, GENERATORS, *OTHERS]
    for i, j in combinations(range(len(axes)), 2):
        met = {(cell[i], cell[j]) for cell in CELLS}
        assert not [pair for pair in product(axes[i], axes[j]) if pair not in met]
    for model in ANY_STYLE:
        rows = [cell for cell in CELLS if cell[0] == model]
        assert all(set(group) == {row[2 + axis] for row in rows} for axis, group in enumerate(WITH_ANY_STYLE))


def overrides(cell: list[str]) -> list[str]:
    """What a user would type for a cell."""
    model, generator, discriminator, adversarial, penalty, diff_augment, image_loss = cell
    losses = [] if image_loss == "none" else [image_loss]
    if model in ("cut", "fastcut", "sincut") and not image_loss.startswith("patch_nce"):
        losses = ["patch_nce", *losses]
    if model == "adain_scratch" and not losses:
        losses = ["content"]
    return [
        f"model={model}",
        f"generator@model.generator={generator}",
        f"discriminator@model.discriminator={discriminator}",
        f"adversarial={adversarial}",
        f"penalty={penalty}",
        f"diff_augment={diff_augment}",
        f"image_loss=[{','.join(losses or ['none'])}]",
    ]


@pytest.fixture
def compose_cell(image_sets: Path, tmp_path: Path, local_weights):
    """Overrides -> a config of small networks on small pictures, as the command line would leave it."""

    def composed(*typed: str, pairs: bool) -> DictConfig:
        config = compose_config(
            "train",
            [
                f"data={'paired' if pairs else 'folders'}",
                f"data_root={image_sets}",
                f"run_dir={tmp_path / 'run'}",
                "feature_network=random_filters",
                "+debug=smoke",
                "logger=none",
                "max_images=4",
                "val_every_images=1000",
                *typed,
            ],
        )
        if "game" in config.model and config.penalty._target_.endswith(("WGANGP", "ZeroCentred")):
            config.model.game.pool_size = 0
        config.callbacks = {}
        shrink(config.model)
        shrink(config.feature_network)
        shrink(config.image_loss, {**AT_MOST, "width": 32})  # of a projector's 8 ReLUs all may be dead
        local_weights(config.model)
        return config

    return composed


def shrink(node: DictConfig, at_most: dict[str, int] = AT_MOST) -> None:
    """Bring the keys of `at_most` down, however deep."""
    for key in node:
        if OmegaConf.is_interpolation(node, key) or OmegaConf.is_missing(node, key):
            continue
        if isinstance(node[key], DictConfig):
            shrink(node[key], at_most)
        elif isinstance(node[key], int) and key in at_most:
            node[key] = min(node[key], at_most[str(key)])


def train_two_steps(config: DictConfig) -> None:
    """Train, then assert what every method owes."""
    check_roles(config)
    check_config(config)
    check_fit(config)
    spy = Spy()
    model, before = fit(config, spy)
    assert len(spy.terms) == 2 and len(spy.steps) == 2 * len(model.players)
    assert all(value == value and abs(value) < 1e6 for terms in spy.terms for value in terms.values()), spy.terms
    own = {player: parameters_of(model, player) for player in model.players}
    for owner, has_gradient in spy.steps:
        others = set().union(*(names for player, names in own.items() if player != model.players[owner]))
        assert not [name for name in others if has_gradient[name]]
    frozen = set(before) - set().union(*own.values())
    for name, parameter in model.named_parameters():
        moved = not torch.equal(parameter, before[name])
        if name.startswith("ema."):
            continue
        if name in frozen:
            assert not moved, name
        elif parameter.dim() > 1 or spy.largest.get(name, 0.0) > 1e-6:
            assert moved, name  # biases right before a norm have no gradient but rounding
    content, style = (torch.rand(2, 3, 32, 32) * 2 - 1 for _ in range(2))
    with torch.no_grad():
        painted = model(content, style)
    assert painted.shape == content.shape and painted.isfinite().all() and painted.abs().max() <= 1


def with_all_options(cells: list[list[str]], *, times: int) -> list[list[str]]:
    """A few of the cells, in which every option stands so often; each adds most of what is missing."""
    met: Counter[tuple[int, str]] = Counter()
    chosen: list[list[str]] = []
    while True:
        rest = [cell for cell in cells if cell not in chosen]
        best = max(rest, key=lambda cell: sum(met[pair] < times for pair in enumerate(cell)))
        if all(met[pair] >= times for pair in enumerate(best)):
            return chosen
        chosen.append(best)
        met.update(enumerate(best))


IN_THE_SUITE = with_all_options(CELLS, times=2)  # make test-slow has the others: five minutes for all


def test_the_suite_meets_every_option_twice():
    for axis, options_there in enumerate([[*MODELS, *ANY_STYLE], [*GENERATORS, *ANY_STYLE.values()], *OTHERS]):
        met = Counter(cell[axis] for cell in IN_THE_SUITE)
        assert set(met) == set(options_there) and min(met.values()) >= 2


@pytest.mark.parametrize(
    "cell",
    [pytest.param(cell, marks=[] if cell in IN_THE_SUITE else [pytest.mark.slow]) for cell in CELLS],
    ids="-".join,
)
def test_a_cell_trains_and_paints(cell, compose_cell):
    train_two_steps(compose_cell(*overrides(cell), pairs=cell[0] == "pix2pix"))


@pytest.mark.parametrize("cell", LONE_CELLS, ids="-".join)
def test_without_an_opponent(cell, compose_cell):
    model, generator, image_loss = cell
    typed = [f"model={model}", f"generator@model.generator={generator}", f"image_loss=[{image_loss}]"]
    train_two_steps(compose_cell(*typed, pairs=False))
