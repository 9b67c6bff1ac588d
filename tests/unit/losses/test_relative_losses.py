"""Losses in shares of what photographs get."""

import numpy as np
import pytest
import torch
from torch.nn.functional import avg_pool2d

from stylegan_pl.contracts import TrainingSets
from stylegan_pl.errors import ConfigError
from stylegan_pl.losses.content import RelativeContentLoss
from stylegan_pl.losses.image_loss import ImageLosses, Views
from stylegan_pl.losses.relative_style import COLOURS, RelativeStyleLoss
from stylegan_pl.losses.style_statistics import (
    GramStatistic,
    SlicedMomentStatistic,
    SlicedStatistic,
    fixed_directions,
)
from stylegan_pl.losses.style_targets import AllPaintings, NearestPainting, OnePainting
from stylegan_pl.nn.pretrained.random_filters import RandomFilters


@pytest.fixture
def network():
    return RandomFilters(style_layers={"scale1": 1.0, "scale2": 1.0}, content_layers={"scale2": 1.0}, filters=6)


@pytest.fixture
def sets():
    draw = torch.Generator().manual_seed(0)
    dark = torch.rand(1, 3, 24, 36, generator=draw) * 0.5 - 1
    light = torch.rand(1, 3, 30, 24, generator=draw) * 0.5 + 0.5
    return TrainingSets([("dark.jpg", dark), ("light.jpg", light)], torch.rand(4, 3, 16, 16, generator=draw) * 2 - 1)


def style_loss(target, statistic=None, **options):
    layers = {"scale1": 1.0, "scale2": 2.0}
    return RelativeStyleLoss(
        weight=1.0,
        layers=layers,
        statistic=statistic or SlicedMomentStatistic(directions=8),
        target=target,
        colours=1.0,
        **options,
    )


def views(network, stylised, content):
    return Views(stylised, content, content, network=network)


def test_photographs_get_one(network, sets):
    loss = style_loss(AllPaintings(), rooted=False)
    loss.measure(sets, network)
    assert loss(views(network, sets.photographs, sets.photographs)).item() == pytest.approx(1, rel=1e-5)


def test_the_painting_itself_gets_nothing(network, sets):
    loss = style_loss(OnePainting(name="dark"))
    loss.measure(sets, network)
    painting = sets.paintings[0][1]
    found = loss(views(network, painting, sets.photographs[:1])).item()
    assert found == pytest.approx(0.01, abs=2e-3)  # the softened root of 0


def test_against_a_loop(network, sets):
    loss = style_loss(OnePainting(name="light"), GramStatistic(), rooted=False)
    loss.measure(sets, network)
    stylised = sets.photographs.flip(0) * 0.7

    def gram(image, layer):
        found = (avg_pool2d(image, 4) if layer == COLOURS else network(image)[layer])[0].flatten(1)
        return found @ found.T / found.shape[1]

    painting, total = sets.paintings[1][1], 0.0
    for layer, share in {"scale1": 1.0, "scale2": 2.0, COLOURS: 1.0}.items():
        wanted = gram(painting, layer)
        ours = sum((gram(image[None], layer) - wanted).square().mean() for image in stylised)
        theirs = sum((gram(image[None], layer) - wanted).square().mean() for image in sets.photographs)
        total += share / 4 * float(ours / theirs)
    assert loss(views(network, stylised, sets.photographs)).item() == pytest.approx(total, rel=1e-4)


def test_weights_mean_the_same_whatever_the_units(network, sets):
    """A network whose features are ten times as large gives the same loss."""

    def louder(image):
        return {name: 10 * layer for name, layer in network(image).items()}

    found = []
    for look in (network, louder):
        loss = style_loss(AllPaintings(), rooted=False)
        loss.measure(sets, look)
        seen = Views(sets.photographs * 0.5, sets.photographs, sets.photographs)
        seen.features = look
        found.append(loss(seen).item())
    assert found[0] == pytest.approx(found[1], rel=1e-3)


def test_each_photograph_takes_its_nearest_painting(network, sets):
    loss = style_loss(NearestPainting())
    loss.measure(sets, network)
    photographs = torch.cat([painting[:, :, :16, :16] for _, painting in sets.paintings])
    chosen = loss._nearest(loss._layers(network(photographs), photographs))
    assert chosen.tolist() == [0, 1]


def test_the_nearest_painting_is_found_in_units_of_each_sets_spread():
    draw = torch.Generator().manual_seed(1)
    spread, shift = torch.tensor([0.05, 0.5, 1.0]), torch.tensor([0.6, -0.4, 0.1])
    hues = [torch.randn(count, 3, generator=draw) * spread + shift * side for count, side in ((8, 1), (30, -1))]
    paintings, photographs = (hue[:, :, None, None].expand(-1, -1, 8, 8) for hue in hues)
    loss = RelativeStyleLoss(
        weight=1.0, layers={"hue": 1.0}, statistic=SlicedMomentStatistic(directions=4), target=NearestPainting()
    )
    loss.measure(
        TrainingSets([(f"{at}.jpg", one[None]) for at, one in enumerate(paintings)], photographs),
        lambda images: {"hue": images},
    )
    one, other = (((hue - hue.mean(dim=0)) / hue.std(dim=0, correction=0)).numpy() for hue in hues)
    cosines = other @ one.T / np.linalg.norm(other, axis=1)[:, None] / np.linalg.norm(one, axis=1)
    assert loss._nearest({"hue": photographs}).tolist() == cosines.argmax(axis=1).tolist()


def test_validation_leaves_the_running_mean_alone(network, sets):
    loss = style_loss(AllPaintings(), pooled=0.5).eval()
    loss.measure(sets, network)
    before = {name: kept.clone() for name, kept in loss.state_dict().items()}
    loss(views(network, sets.photographs * 0.3, sets.photographs))
    assert all(torch.equal(kept, before[name]) for name, kept in loss.state_dict().items())


def test_what_was_measured_at_the_start_comes_back_with_a_checkpoint(network, sets):
    before, after = style_loss(AllPaintings()), style_loss(AllPaintings())
    before.measure(sets, network)
    after.load_state_dict(before.state_dict())
    after.measure(sets._replace(photographs=sets.photographs * 0.1), network)  # a resumed run sees other ones
    stylised = sets.photographs * 0.5
    assert torch.equal(*(loss(views(network, stylised, sets.photographs)) for loss in (before, after)))


def test_a_resumed_run_keeps_every_figure_of_its_first_photographs(network, sets):
    before, after = style_loss(NearestPainting()), style_loss(NearestPainting())
    before.measure(sets, network)
    after.load_state_dict(before.state_dict())
    after.measure(sets._replace(photographs=sets.photographs * 0.1), network)
    kept = after.state_dict()
    assert all(torch.equal(kept[name], figure) for name, figure in before.state_dict().items())


def test_nothing_measured_is_told(network, sets):
    with pytest.raises(ValueError, match="call measure"):
        style_loss(AllPaintings())(views(network, sets.photographs, sets.photographs))


def test_a_large_set_is_thinned_evenly(network, sets):
    many = [(f"{at}.jpg", sets.paintings[at % 2][1]) for at in range(10)]
    names = []

    class Asks(AllPaintings):
        def mixtures(self, described, known):
            names.extend(known)
            return super().mixtures(described, known)

    style_loss(Asks(), most_paintings=3).measure(sets._replace(paintings=many), network)
    assert names == ["0.jpg", "3.jpg", "6.jpg"]


def test_content_is_a_share_of_the_photographs_variance(network, sets):
    loss = RelativeContentLoss(weight=1.0, layers={"scale2": 3.0})
    loss.measure(sets, network)
    stylised = sets.photographs * 0.5
    ours, theirs = network(stylised)["scale2"], network(sets.photographs)["scale2"]
    expected = ((ours - theirs) ** 2).mean() / theirs.var()
    assert loss(views(network, stylised, sets.photographs)).item() == pytest.approx(expected.item(), rel=1e-5)


def test_only_losses_that_measure_are_asked(network, sets):
    losses = ImageLosses(
        {"style": style_loss(AllPaintings()), "content": RelativeContentLoss(weight=1, layers={"scale2": 1})}
    )
    assert losses.need_sets
    losses.measure(sets, network)
    assert set(losses(views(network, sets.photographs, sets.photographs))) == {"style", "content"}


def test_every_painting_teaches_gradients(network, sets):
    loss = style_loss(NearestPainting())
    loss.measure(sets, network)
    stylised = sets.photographs.clone().requires_grad_()
    loss(views(network, stylised, sets.photographs)).backward()
    assert bool(stylised.grad.isfinite().all())
    assert bool((stylised.grad.flatten(1).norm(dim=1) > 0).all())


def test_pooled_photographs_get_one_and_remember_who_came_before(network, sets):
    loss = style_loss(AllPaintings(), rooted=False, pooled=0.25)
    loss.measure(sets, network)
    loss.eval()  # remembers nothing
    assert loss(views(network, sets.photographs, sets.photographs)).item() == pytest.approx(1, rel=1e-4)
    before = {name: buffer.clone() for name, buffer in loss.named_buffers() if name.startswith("remembered")}
    loss.train()
    stylised = sets.photographs[:2] * 0.5
    loss(views(network, stylised, sets.photographs[:2]))
    found = loss.statistic.of(network(stylised)["scale1"])[0].mean(dim=0)
    name = "remembered_scale1_0"
    torch.testing.assert_close(loss.get_buffer(name)[0], 0.75 * before[name][0] + 0.25 * found)


def test_a_batch_that_overflowed_is_not_remembered(network, sets):
    loss = style_loss(AllPaintings(), pooled=0.25)
    loss.measure(sets, network)
    overflowed = sets.photographs.clone()
    overflowed[0, 0, 3, 4] = torch.inf
    assert not loss(views(network, overflowed, sets.photographs)).isfinite()
    assert all(buffer.isfinite().all() for buffer in loss.buffers())
    assert loss(views(network, sets.photographs, sets.photographs)).isfinite()


def test_a_pooled_batch_has_its_whole_gradient(network, sets):
    """As a loss of the remembered mean alone would have, were it all of this batch."""
    grads = []
    for pooled in (0.1, 1.0):
        loss = style_loss(AllPaintings(), GramStatistic(), rooted=False, pooled=pooled)
        loss.measure(sets, network)
        stylised = sets.photographs.clone().requires_grad_()  # what is remembered: both have the same mean
        loss(views(network, stylised, sets.photographs)).backward()
        grads.append(stylised.grad)
    torch.testing.assert_close(*grads, rtol=1e-3, atol=1e-7)


def test_what_is_remembered_comes_back_with_a_checkpoint(network, sets):
    before, after = style_loss(AllPaintings(), pooled=0.5), style_loss(AllPaintings(), pooled=0.5)
    before.measure(sets, network)
    before(views(network, sets.photographs * 0.3, sets.photographs))
    after.load_state_dict(before.state_dict())
    after.measure(sets, network)
    stylised = sets.photographs * 0.5
    assert torch.equal(*(loss(views(network, stylised, sets.photographs)) for loss in (before, after)))


def test_a_pooled_palette_is_the_mean_of_the_pictures_quantiles(network, sets):
    """Without layers of a network, `colours` alone, by its quantiles: against NumPy."""
    statistic = SlicedStatistic(directions=3, quantiles=5)
    loss = RelativeStyleLoss(
        weight=1.0, layers={}, colours=1.0, statistic=statistic, target=AllPaintings(), rooted=False, pooled=1.0
    )
    loss.measure(sets, network)
    directions = fixed_directions(3, 3, seed=0).numpy()

    def quantiles(image):
        colours = avg_pool2d(image, 4)[0].flatten(1).T.numpy() @ directions
        return np.quantile(colours, (np.arange(5) + 0.5) / 5, axis=0, method="hazen")

    def mean(images):
        return np.mean([quantiles(image) for image in images], axis=0)

    wanted = mean([painting for _, painting in sets.paintings])
    stylised = sets.photographs[:2] * 0.5
    ours, theirs = (np.square(mean(some.split(1)) - wanted).mean() for some in (stylised, sets.photographs))
    assert loss(views(network, stylised, sets.photographs[:2])).item() == pytest.approx(ours / theirs, rel=1e-3)


def test_pooled_needs_one_target(network, sets):
    with pytest.raises(ConfigError, match="compares a mean of pictures with one target, and there are 2"):
        style_loss(NearestPainting(), pooled=0.1).measure(sets, network)
    with pytest.raises(ValueError, match="pooled is a share"):
        style_loss(AllPaintings(), pooled=2)
