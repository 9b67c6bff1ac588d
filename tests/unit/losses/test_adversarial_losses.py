"""Both players' losses against their formulas, and the direction each pulls."""

import math
from collections.abc import Iterable

import pytest
import torch

from stylegan_pl.losses.adversarial import AdversarialLoss
from stylegan_pl.losses.bce import BinaryCrossEntropy
from stylegan_pl.losses.least_squares import LeastSquares

SHAPES = [(1,), (4, 1), (2, 1, 5, 3), (3, 1, 1, 1)]


def mean(values: Iterable[float]) -> float:
    values = list(values)
    return math.fsum(values) / len(values)


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def logits(shape: tuple[int, ...], seed: int) -> torch.Tensor:
    return 3 * torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("shape", SHAPES)
def test_bce_is_its_formula(shape: tuple[int, ...]) -> None:
    real, fake = logits(shape, 0), logits(shape, 1)
    loss = BinaryCrossEntropy()
    generator = mean(-math.log(sigmoid(x)) for x in fake.flatten().tolist())
    discriminator = mean(-math.log(sigmoid(x)) for x in real.flatten().tolist()) + mean(
        -math.log(1 - sigmoid(x)) for x in fake.flatten().tolist()
    )
    assert loss.generator(fake).item() == pytest.approx(generator, rel=1e-5)
    assert loss.discriminator(real, fake).item() == pytest.approx(discriminator, rel=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_least_squares_is_its_formula(shape: tuple[int, ...]) -> None:
    real, fake = logits(shape, 0), logits(shape, 1)
    loss = LeastSquares()
    generator = mean((x - 1) ** 2 for x in fake.flatten().tolist())
    discriminator = mean((x - 1) ** 2 for x in real.flatten().tolist()) + mean(x**2 for x in fake.flatten().tolist())
    assert loss.generator(fake).item() == pytest.approx(generator, rel=1e-5)
    assert loss.discriminator(real, fake).item() == pytest.approx(discriminator, rel=1e-5)


@pytest.mark.parametrize("loss", [BinaryCrossEntropy(), LeastSquares()])
def test_real_and_fake_may_differ_in_number(loss: AdversarialLoss) -> None:
    """Each is a mean of its own: repeating the fakes changes nothing."""
    real, fake = logits((2, 1, 3, 3), 0), logits((1, 1, 4, 4), 1)
    torch.testing.assert_close(loss.discriminator(real, fake), loss.discriminator(real, torch.cat([fake, fake])))


@pytest.mark.parametrize("loss", [BinaryCrossEntropy(), LeastSquares()])
def test_gradients_point_the_right_way(loss: AdversarialLoss) -> None:
    real = (torch.rand(2, 1, 4, 4) * 0.9).requires_grad_()  # between least squares' two targets
    fake = (torch.rand(2, 1, 4, 4) * 0.9 + 0.05).requires_grad_()
    (slope,) = torch.autograd.grad(loss.generator(fake), fake)
    assert slope.lt(0).all()  # the generator raises the logits of its fakes
    real_slope, fake_slope = torch.autograd.grad(loss.discriminator(real, fake), (real, fake))
    assert real_slope.lt(0).all()  # the discriminator raises those of reals
    assert fake_slope.gt(0).all()  # and lowers those of fakes


@pytest.mark.parametrize("loss", [BinaryCrossEntropy(), LeastSquares()])
def test_descending_tells_reals_from_fakes_and_back(loss: AdversarialLoss) -> None:
    real, fake = torch.tensor([0.2]), torch.tensor([0.7])
    for _ in range(200):
        real, fake = real.detach().requires_grad_(), fake.detach().requires_grad_()
        slopes = torch.autograd.grad(loss.discriminator(real, fake), (real, fake))
        real, fake = real - 0.1 * slopes[0], fake - 0.1 * slopes[1]
    assert real > 0.9
    assert fake < 0.1
    for _ in range(200):
        fake = fake.detach().requires_grad_()
        fake = fake - 0.1 * torch.autograd.grad(loss.generator(fake), fake)[0]
    assert fake > 0.9


def test_least_squares_is_zero_at_its_targets() -> None:
    loss = LeastSquares()
    assert loss.generator(torch.ones(2, 1, 3, 3)) == 0
    assert loss.discriminator(torch.ones(2, 1, 3, 3), torch.zeros(2, 1, 3, 3)) == 0


def test_bce_of_an_undecided_discriminator_is_log_2_a_term() -> None:
    loss, zeros = BinaryCrossEntropy(), torch.zeros(2, 1, 3, 3)
    assert loss.generator(zeros).item() == pytest.approx(math.log(2))
    assert loss.discriminator(zeros, zeros).item() == pytest.approx(2 * math.log(2))


def test_bce_survives_logits_on_which_a_sigmoid_underflows() -> None:
    loss = BinaryCrossEntropy()
    fake = torch.tensor([-500.0], requires_grad=True)
    loss.generator(fake).backward()
    assert loss.generator(fake).item() == pytest.approx(500)
    assert fake.grad.item() == pytest.approx(-1)
    assert loss.discriminator(torch.tensor([-500.0]), torch.tensor([500.0])).item() == pytest.approx(1000)


def test_the_base_class_is_abstract() -> None:
    with pytest.raises(TypeError, match="abstract"):
        AdversarialLoss()
