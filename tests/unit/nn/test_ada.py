"""ADA: how p moves, against a plain account of it, and what a checkpoint must hold."""

import io

import pytest
import torch
from torch import Tensor

from stylegan_pl.nn.augment.ada import AdaptiveAugment
from stylegan_pl.nn.augment.diff_augment import DiffAugment
from stylegan_pl.nn.augment.diff_policies import Colour, Cutout


class Negative(DiffAugment):
    """A change that is easily seen."""

    def forward(self, images: Tensor) -> Tensor:
        return -images


def logits(step: int, share_positive: float = 0.8) -> list[Tensor]:
    """Two heads of different sizes, the stated share of all logits positive."""
    signs = torch.ones(50)
    signs[: round(50 * (1 - share_positive))] = -1
    signs = signs[torch.randperm(50, generator=torch.Generator().manual_seed(step))]
    return [signs[:10].view(2, 1, 5, 1) * 0.3, signs[10:].view(2, 1, 4, 5) * 7]


def probability(augment: AdaptiveAugment) -> float:
    return augment.p.item()


def test_p_moves_as_the_paper_says() -> None:
    augment = AdaptiveAugment(Negative(), target=0.6, interval=4, ramp_images=1000)
    expected, signs = 0.0, []
    shares = [0.9] * 12 + [0.7] * 8 + [0.9, 0.9, 0.9, 0.7] * 2 + [0.7, 0.7, 0.7, 0.9]  # r: 0.8, 0.4, 0.7, 0.5
    for step, share in enumerate(shares, start=1):
        augment.observe(logits(step, share), 20)
        signs += [2 * share - 1]
        if step % 4 == 0:
            expected += (1 if sum(signs[-4:]) / 4 > 0.6 else -1) * 20 * 4 / 1000
        assert probability(augment) == pytest.approx(expected, abs=1e-6)
    assert expected == pytest.approx(0.16)


def test_p_stays_a_probability() -> None:
    augment = AdaptiveAugment(Negative(), interval=1, ramp_images=100, most=0.8)
    for _ in range(3):
        augment.observe([-torch.ones(4)], 40)
    assert probability(augment) == 0
    for _ in range(5):
        augment.observe([torch.ones(4)], 40)
    assert probability(augment) == pytest.approx(0.8)
    augment.observe([-torch.ones(4)], 40)
    assert probability(augment) == pytest.approx(0.4)


def test_half_a_million_images_take_p_from_0_to_1() -> None:
    augment = AdaptiveAugment(Negative())
    for _ in range(124):
        augment.observe([torch.ones(2, 1)], 1000)
        assert probability(augment) < 1
    for _ in range(376):
        augment.observe([torch.ones(2, 1)], 1000)
    assert probability(augment) == pytest.approx(1, abs=1e-4)


def test_every_logit_counts_whatever_its_head() -> None:
    """4 negatives in a head of 4, 16 positives in one of 16: r = 0.6, not the 0 that a mean over heads would be."""
    augment = AdaptiveAugment(Negative(), target=0.5, interval=1, ramp_images=10)
    augment.observe([-torch.ones(1, 4), torch.ones(1, 16)], 1)
    assert probability(augment) == pytest.approx(0.1)


@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
def test_each_sample_is_changed_with_probability_p(p: float) -> None:
    torch.manual_seed(0)
    augment = AdaptiveAugment(Negative())
    augment.p.fill_(p)
    images = torch.ones(4000, 3, 2, 2)
    changed = augment(images)
    assert (changed == changed[:, :1, :1, :1]).all()
    assert (changed[:, 0, 0, 0] == -1).float().mean().item() == pytest.approx(p, abs=0.03)


def test_gradients_flow_twice() -> None:
    torch.manual_seed(0)
    augment = AdaptiveAugment(Colour())
    augment.p.fill_(0.5)
    images = torch.rand(8, 3, 4, 4, requires_grad=True)
    (slope,) = torch.autograd.grad((augment(images) ** 3).sum(), images, create_graph=True)
    slope.square().sum().backward()
    assert images.grad.isfinite().all() and images.grad.ne(0).float().mean() > 0.9


def test_p_may_move_between_forward_and_backward() -> None:
    """The discriminator's step observes before it descends."""
    augment = AdaptiveAugment(Cutout(), interval=1)
    augment.p.fill_(0.5)
    images = torch.rand(4, 3, 8, 8, requires_grad=True)
    changed = augment(images)
    augment.observe([torch.ones(4, requires_grad=True) * 2], 4)
    changed.sum().backward()
    assert images.grad.isfinite().all() and not augment.p.requires_grad


def test_a_resumed_run_goes_on_exactly_in_the_middle_of_an_interval() -> None:
    def observe(augment: AdaptiveAugment, steps: range) -> None:
        for step in steps:
            augment.observe([torch.randn(6, generator=torch.Generator().manual_seed(step)) + 1], 7 + step)

    whole, stopped, resumed = (AdaptiveAugment(Negative(), interval=4, ramp_images=500) for _ in range(3))
    observe(whole, range(14))
    observe(stopped, range(6))
    file = io.BytesIO()
    torch.save(stopped.state_dict(), file)
    file.seek(0)
    resumed.load_state_dict(torch.load(file, weights_only=True))
    assert torch.equal(resumed.p, stopped.p)
    observe(resumed, range(6, 14))
    assert torch.equal(resumed.p, whole.p) and torch.equal(resumed.signs, whole.signs)
    assert resumed.get_extra_state() == whole.get_extra_state() == {"steps": 2, "images": 7 + 12 + 7 + 13}
    assert probability(whole) > 0


def test_devices_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second device whose reals are all taken for fakes halves r: 1 and −1 make 0."""

    def all_reduce(value: Tensor) -> None:
        value += -1.0

    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.distributed, "get_world_size", lambda: 2)
    monkeypatch.setattr(torch.distributed, "all_reduce", all_reduce)
    augment = AdaptiveAugment(Negative(), target=-0.5, interval=2, ramp_images=100)
    augment.observe([torch.ones(4)], 10)
    assert augment.signs.item() == 0
    augment.observe([torch.ones(4)], 10)
    assert probability(augment) == pytest.approx(0.2)  # 0 is above −0.5
    monkeypatch.setattr(torch.distributed, "all_reduce", lambda value: value.add_(0.5))
    augment.observe([torch.ones(4)], 0)
    assert augment.signs.item() == pytest.approx(0.75)  # the mean of 1 and 0.5
    augment.signs.zero_()
    augment.steps = 0
    monkeypatch.setattr(torch.distributed, "all_reduce", all_reduce)
    augment.target = 0.5
    for _ in range(2):
        augment.observe([torch.ones(4)], 5)
    assert probability(augment) == pytest.approx(0.1)


@pytest.mark.parametrize("options", [{"interval": 0}, {"ramp_images": 0}, {"most": 0.0}, {"most": 1.5}])
def test_numbers_that_make_no_sense_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"interval|most"):
        AdaptiveAugment(Negative(), **options)
