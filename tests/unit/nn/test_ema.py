"""The average forgets by images, not by steps, and lives apart from what it follows."""

import copy

import pytest
import torch
from torch import nn

from stylegan_pl.nn.training.ema import ExponentialMovingAverage


class Scaled(nn.Module):
    """Two parameters, a float buffer and an integer one."""

    def __init__(self, value: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((2, 3), value))
        self.bias = nn.Parameter(torch.full((3,), -value))
        self.register_buffer("constant", torch.tensor(value))
        self.register_buffer("steps", torch.tensor(0))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x @ self.weight + self.bias


@pytest.mark.parametrize("batch", [1, 4, 16])
def test_after_one_half_life_the_old_weights_share_is_one_half(batch: int) -> None:
    half_life = 64
    ema = ExponentialMovingAverage(Scaled(1.0), half_life, ramp_up=float("inf"))
    new = Scaled(0.0)
    for seen in range(batch, half_life + 1, batch):
        ema.update(new, batch_images=batch, images_seen=seen)
    torch.testing.assert_close(ema.averaged.weight, torch.full((2, 3), 0.5))
    torch.testing.assert_close(ema.averaged.bias, torch.full((3,), -0.5))


def test_the_average_is_an_independent_loop() -> None:
    half_life, ramp_up, batch = 40.0, 0.5, 3
    generator = torch.Generator().manual_seed(0)
    module = Scaled()
    ema = ExponentialMovingAverage(module, half_life, ramp_up=ramp_up)
    expected = module.weight.detach().double().clone()
    for step in range(1, 41):
        with torch.no_grad():
            module.weight.copy_(torch.randn(2, 3, generator=generator))
        ema.update(module, batch_images=batch, images_seen=step * batch)
        current_half_life = half_life if step * batch * ramp_up > half_life else step * batch * ramp_up
        share = 2.0 ** (-batch / current_half_life)
        for i in range(2):
            for j in range(3):
                expected[i, j] = share * expected[i, j] + (1 - share) * module.weight[i, j].item()
    torch.testing.assert_close(ema.averaged.weight.double(), expected, rtol=1e-5, atol=1e-6)


def test_early_the_half_life_is_a_fraction_of_the_images_seen() -> None:
    ema = ExponentialMovingAverage(Scaled(), 10_000, ramp_up=0.05)
    assert ema.decay(50, 1_000) == pytest.approx(0.5)  # 5 % of 1,000 images
    assert ema.decay(10_000, 200_000) == pytest.approx(0.5)  # from here on the half-life itself
    assert ema.decay(10_000, 10_000_000) == pytest.approx(0.5)
    assert ema.decay(1, 0) == pytest.approx(0.0)  # nothing seen: the average is the network


def test_larger_batches_forget_as_much_as_the_same_images_one_by_one() -> None:
    ema = ExponentialMovingAverage(Scaled(), 100, ramp_up=float("inf"))
    assert ema.decay(12, 1_000) == pytest.approx(ema.decay(1, 1_000) ** 12)


def test_buffers_are_copied_not_averaged() -> None:
    module = Scaled()
    ema = ExponentialMovingAverage(module, 1_000)
    module.constant.fill_(7.0)
    module.steps.fill_(3)
    ema.update(module, batch_images=1, images_seen=1_000)
    assert ema.averaged.constant.item() == 7.0
    assert ema.averaged.steps.item() == 3


def test_the_average_takes_no_gradient_and_leaves_the_networks_own_alone() -> None:
    module = Scaled()
    ema = ExponentialMovingAverage(module, 1_000)
    assert all(not p.requires_grad for p in ema.parameters())
    module(torch.ones(1, 2)).sum().backward()
    gradient = module.weight.grad.clone()
    ema.update(module, batch_images=1, images_seen=10)
    assert all(p.requires_grad and p.grad is not None for p in module.parameters())
    assert torch.equal(module.weight.grad, gradient)
    assert all(p.grad is None and not p.requires_grad for p in ema.parameters())


def test_the_copy_is_deep_both_ways() -> None:
    module = Scaled(1.0)
    ema = ExponentialMovingAverage(module, 1_000)
    with torch.no_grad():
        module.weight.zero_()
    assert ema.averaged.weight.eq(1).all()
    ema.averaged.weight.fill_(5.0)
    assert module.weight.eq(0).all()
    twin = copy.deepcopy(ema)
    twin.averaged.weight.fill_(9.0)
    assert ema.averaged.weight.eq(5).all()


def test_it_answers_as_the_averaged_network_and_travels_in_the_state_dict() -> None:
    module = Scaled(2.0)
    ema = ExponentialMovingAverage(module, 10, ramp_up=float("inf"))
    with torch.no_grad():
        module.weight.zero_()
    x = torch.tensor([[1.0, 10.0]])
    assert torch.equal(ema(x), torch.full((1, 3), 20.0))  # 1·2 + 10·2 − 2
    assert set(ema.state_dict()) == {f"averaged.{key}" for key in module.state_dict()}


@pytest.mark.parametrize("half_life", [0, -5])
def test_a_half_life_that_is_not_positive_is_refused(half_life: float) -> None:
    with pytest.raises(ValueError, match=f"half_life_images must be positive, got {half_life}; to switch .* use null"):
        ExponentialMovingAverage(Scaled(), half_life)


def test_the_average_stays_in_use_while_its_parent_trains() -> None:
    """Dropout, if there is any, is off in what samples and metrics see."""
    parent = nn.Module()
    parent.average = ExponentialMovingAverage(nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5)), 10)
    for mode in (True, False, True):
        parent.train(mode)
        assert parent.average.training == mode
        assert not any(module.training for module in parent.average.averaged.modules())
    x = torch.ones(1, 4)
    assert torch.equal(parent.average(x), parent.average(x))
