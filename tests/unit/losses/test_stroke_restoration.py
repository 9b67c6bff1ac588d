"""Paintings without their strokes, through the generator."""

import pytest
import torch

from stylegan_pl.contracts import TrainingSets
from stylegan_pl.losses import strokes
from stylegan_pl.losses.image_loss import Views
from stylegan_pl.losses.strokes import StrokeRestorationLoss, without_strokes
from stylegan_pl.losses.style_statistics import MomentStatistic
from stylegan_pl.nn.pretrained.random_filters import RandomFilters

LAYERS = {"scale1": 1.0, "scale2": 2.0}
SIZE = 24


@pytest.fixture
def network():
    return RandomFilters(style_layers=LAYERS, content_layers={"scale2": 1.0}, filters=6)


@pytest.fixture
def sets():
    """One painting, two halves under strokes two pixels wide, and photographs."""
    draw = torch.Generator().manual_seed(0)
    painting = torch.full((1, 3, 48, 48), -0.5)
    painting[..., 24:] = 0.5
    for row in (0, 1):
        painting[..., row::8, :] += 0.4
    return TrainingSets([("a.jpg", painting)], torch.rand(4, 3, SIZE, SIZE, generator=draw) * 2 - 1)


def measured(network, sets, **options):
    options = {"tiles": 1, "coarse": 0.0, "recoloured": 0.0, "grain": 0.0, **options}
    loss = StrokeRestorationLoss(weight=1.0, layers=LAYERS, statistic=MomentStatistic(), **options)
    loss.measure(sets, network)
    return loss


def seen(network, sets, paint):
    photographs = sets.photographs[:1]
    return Views(photographs, photographs, photographs, network=network, paint=paint)


def test_strokes_go_and_contours_stay(sets):
    bare = without_strokes(sets.paintings[0][1], 9)
    assert bare.shape == (1, 3, 48, 48)
    left, right = bare[..., 6:-6, :24], bare[..., 6:-6, 24:]
    assert (left[..., :-5] + 0.5).abs().max() < 1 / 127 and (right[..., 5:] - 0.5).abs().max() < 1 / 127
    assert left.max() < 0.1 < right.min()  # the contour is where it was


def test_strokes_left_out_cost_one(network, sets):
    loss = measured(network, sets, crops=32)
    assert loss(seen(network, sets, lambda bare: bare)).item() == pytest.approx(1, abs=0.15)  # a mean of roots


def test_the_painting_itself_costs_nothing(network, sets, monkeypatch):
    monkeypatch.setattr(strokes, "without_strokes", lambda painting, width: painting)
    loss = measured(network, sets, coarse=1.0)
    for name in LAYERS:
        getattr(loss, f"usual_{name}").fill_(1.0)
    assert loss(seen(network, sets, lambda bare: bare)).item() == pytest.approx(
        1e-3**0.5, rel=1e-4
    )  # √ of what softens


@pytest.mark.parametrize("tiles", [1, 2])
def test_against_loops(network, sets, tiles):
    loss = measured(network, sets, tiles=tiles, coarse=3.0)
    given = []

    def paint(bare):
        given.append(bare)
        return 0.5 * bare

    torch.manual_seed(4)
    found = loss(seen(network, sets, paint)).item()
    torch.manual_seed(4)
    _, painted = loss.draw_crops(1, (SIZE, SIZE))
    total = 0.0
    for name, share in LAYERS.items():
        ours, theirs = network(0.5 * given[0])[name][0].double(), network(painted)[name][0].double()
        side = ours.shape[-1] // tiles
        roots = [[], []]
        for top in range(0, side * tiles, side):
            for left in range(0, side * tiles, side):
                cut = (slice(None), slice(top, top + side), slice(left, left + side))
                one, other = ours[cut].flatten(1), theirs[cut].flatten(1)
                gaps = [
                    (one.mean(1) - other.mean(1)).square().mean(),
                    (torch.cov(one, correction=0) - torch.cov(other, correction=0)).square().mean(),
                ]
                for part, gap in enumerate(gaps):
                    roots[part].append((gap / getattr(loss, f"usual_{name}")[part] + 1e-3).sqrt())
        total += share / 3 * sum(float(torch.stack(part).mean()) for part in roots) / 2
    squares = (0.5 * given[0] - painted)[0].reshape(3, SIZE // 8, 8, SIZE // 8, 8).mean(dim=(2, 4))
    assert found == pytest.approx(total + 3.0 * float(squares.abs().mean()), rel=1e-4)


def test_crops_show_one_place_in_two_ways(network, sets):
    bare, painted = measured(network, sets).draw_crops(16, (SIZE, SIZE))
    struck = ((painted - bare).abs() > 0.2)[..., 6:-6, :].float().mean(dim=-1)  # of each row, whatever is mirrored
    assert ((struck < 0.25) | (struck > 0.75)).all() and 0.1 < (struck > 0.75).float().mean() < 0.4


def test_colours_are_moved_to_a_photograph(network, sets):
    loss = measured(network, sets, recoloured=1.0)
    torch.manual_seed(0)
    bare, _ = loss.draw_crops(64, (SIZE, SIZE))
    spread = bare.mean(dim=(1, 2, 3)).std()
    torch.manual_seed(0)
    plain, _ = measured(network, sets).draw_crops(64, (SIZE, SIZE))
    assert not torch.equal(bare, plain) and bare.abs().max() <= 1
    assert spread < plain.mean(dim=(1, 2, 3)).std()  # photographs here have one mean, the painting's halves two


def test_grain_lies_over_what_has_no_strokes_alone(network, sets):
    pairs = []
    for grain in (0.0, 0.2):
        torch.manual_seed(3)
        pairs.append(measured(network, sets, grain=grain).draw_crops(8, (SIZE, SIZE)))
    (clean, painted), (grained, same) = pairs
    spread = (grained - clean).flatten(1).std(dim=1)
    assert torch.equal(painted, same) and 0.05 < spread.mean() < 0.15 and spread.max() <= 0.21


def test_bare_paintings_take_the_place_of_some_photographs(network, sets):
    loss = measured(network, sets, among=0.4)
    photographs = torch.full((200, 3, SIZE, SIZE), 0.9)
    torch.manual_seed(0)
    shown = loss.generator_input(photographs)
    kept = (shown == 0.9).flatten(1).all(dim=1)
    assert 0.5 < kept.float().mean() < 0.7
    assert (shown[~kept].amax(dim=(1, 2, 3)) < 0.7).all()  # halves of -0.5 and 0.5, and no stroke of 0.9 on them
    assert (photographs == 0.9).all()  # the batch itself stays
    assert measured(network, sets).generator_input(photographs) is photographs


def test_the_generator_learns_from_it(network, sets):
    weight = torch.ones(1, requires_grad=True)
    measured(network, sets, coarse=1.0)(seen(network, sets, lambda bare: weight * bare)).backward()
    assert weight.grad is not None and weight.grad.abs() > 0


def test_what_was_measured_comes_back_with_a_checkpoint(network, sets):
    loss = measured(network, sets)
    loss.get_buffer("usual_scale1").fill_(7.0)
    again = StrokeRestorationLoss(weight=1.0, layers=LAYERS, statistic=MomentStatistic(), tiles=1)
    again.load_state_dict(loss.state_dict())
    again.measure(sets, network)
    assert again.get_buffer("usual_scale1").tolist() == [7.0, 7.0]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"width": 4}, "width is odd and at least 3"),
        ({"tiles": 0}, "tiles"),
        ({"crops": 0}, "crops"),
        ({"grain": -1.0}, "grain is 0 or more"),
        ({"recoloured": 1.5}, "recoloured is a share"),
    ],
)
def test_values_out_of_range(options, said):
    with pytest.raises(ValueError, match=said):
        StrokeRestorationLoss(weight=1.0, layers=LAYERS, statistic=MomentStatistic(), **options)


def test_before_anything_was_measured(network, sets):
    loss = StrokeRestorationLoss(weight=1.0, layers=LAYERS, statistic=MomentStatistic())
    with pytest.raises(ValueError, match="measure"):
        loss(seen(network, sets, lambda bare: bare))
