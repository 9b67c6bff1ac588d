"""Contents get a random gamma, saturation, contrast and brightness, each picture its own; styles keep theirs."""

import pytest
import torch
from torch import Tensor

from stylegan_pl.contracts import StylePair
from stylegan_pl.data.tone import RandomTone

AS_THEY_ARE = {"p": 0.0, "gamma": 1.0, "saturation": (1.0, 1.0), "contrast": (1.0, 1.0), "brightness": 0.0}


def toned(image: Tensor, **options: object) -> Tensor:
    """Contents after the augmentation, in [0, 1], in float64 of the same order of channels."""
    torch.manual_seed(0)
    after = RandomTone(**{**AS_THEY_ARE, **options})(StylePair(image, image), together=False)
    assert torch.equal(after.style, image)
    return ((after.content + 1) / 2).double()


def greys(count: int, *levels: float) -> Tensor:
    """Grey pictures whose pixels have these levels, in [-1, 1]: (count, 3, 1, levels)."""
    return (torch.tensor(levels) * 2 - 1).expand(count, 3, 1, -1).clone()


def test_without_any_change_only_the_channels_move() -> None:
    image = torch.rand(20, 3, 4, 6) * 2 - 1
    after = toned(image) * 2 - 1
    assert torch.allclose(after.sort(dim=1).values, image.double().sort(dim=1).values, atol=1e-6)


def test_exponents_lie_between_a_half_and_two_and_are_as_often_below_one() -> None:
    found = toned(greys(2000, 0.5), gamma=2.0)[:, 0, 0, 0].log2().neg()  # 0.5^γ = 2^−γ
    assert 0.5 <= float(found.min()) < 0.52
    assert 1.96 < float(found.max()) <= 2.0
    assert float((found < 1).double().mean()) == pytest.approx(0.5, abs=0.05)


def test_saturation_moves_channels_towards_their_mean() -> None:
    image = torch.tensor([0.8, 0.2, -0.4]).view(1, 3, 1, 1).expand(500, 3, 1, 1)
    after = toned(image, saturation=(0.2, 0.6)).sort(dim=1, descending=True).values.flatten(1)
    mean = after.mean(dim=1)
    assert torch.allclose(mean, torch.full_like(mean, (0.2 + 1) / 2), atol=1e-6)
    shares = (after[:, 0] - after[:, 2]) / 0.6  # the largest less the smallest, in [0, 1]
    assert float(shares.min()) == pytest.approx(0.2, abs=0.01)
    assert float(shares.max()) == pytest.approx(0.6, abs=0.01)


def test_contrast_and_brightness_are_a_line_through_the_middle() -> None:
    after = toned(greys(500, 0.3, 0.5, 0.7), contrast=(0.5, 1.1), brightness=0.1)[:, 0, 0]
    shift = after[:, 1] - 0.5
    assert float(shift.abs().max()) == pytest.approx(0.1, abs=0.005)
    slope = (after[:, 2] - after[:, 0]) / 0.4
    assert 0.5 <= float(slope.min()) < 0.52
    assert 1.08 < float(slope.max()) <= 1.1 + 1e-6


def test_values_stay_in_their_range_with_a_large_shift() -> None:
    after = toned(greys(50, 0.0, 1.0), brightness=1.0)
    assert float(after.min()) >= 0
    assert float(after.max()) <= 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"gamma": 0.5}, "gamma is the largest exponent"),
        ({"saturation": (1.2, 0.2)}, "saturation is"),
        ({"contrast": (-0.1, 1.0)}, "contrast is"),
        ({"brightness": float("nan")}, "brightness is the largest shift"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        RandomTone(**options)
