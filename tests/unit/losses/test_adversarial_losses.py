"""Both players' losses against their formulas, and the direction each pulls."""

import math
from collections.abc import Iterable

import pytest
import torch
from conf_groups import conf_node
from hydra.utils import instantiate

from stylegan_pl.config.conf_dir import conf_dir
from stylegan_pl.losses.adversarial import (
    AdversarialLoss,
    BinaryCrossEntropy,
    Hinge,
    LeastSquares,
    Relativistic,
    Wasserstein,
)

SHAPES = [(1,), (4, 1), (2, 1, 5, 3), (3, 1, 1, 1)]
LOSSES = [BinaryCrossEntropy(), LeastSquares(), Hinge(), Wasserstein(), Relativistic()]
UNPAIRED = [loss for loss in LOSSES if not loss.needs_reals]


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


@pytest.mark.parametrize("shape", SHAPES)
def test_hinge_is_its_formula(shape: tuple[int, ...]) -> None:
    real, fake = logits(shape, 0).double(), logits(shape, 1).double()
    discriminator = mean(max(0, 1 - x) for x in real.flatten().tolist()) + mean(
        max(0, 1 + x) for x in fake.flatten().tolist()
    )
    assert Hinge().generator(fake).item() == pytest.approx(-mean(fake.flatten().tolist()), rel=1e-12)
    assert Hinge().discriminator(real, fake).item() == pytest.approx(discriminator, rel=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
def test_wasserstein_is_its_formula(shape: tuple[int, ...]) -> None:
    real, fake = logits(shape, 0).double(), logits(shape, 1).double()
    fakes, reals = mean(fake.flatten().tolist()), mean(real.flatten().tolist())
    assert Wasserstein().generator(fake).item() == pytest.approx(-fakes, rel=1e-12)
    assert Wasserstein().discriminator(real, fake).item() == pytest.approx(fakes - reals, rel=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
def test_relativistic_is_its_formula(shape: tuple[int, ...]) -> None:
    real, fake = logits(shape, 0).double(), logits(shape, 1).double()
    pairs = list(zip(real.flatten().tolist(), fake.flatten().tolist(), strict=True))
    loss = Relativistic()
    assert loss.discriminator(real, fake).item() == pytest.approx(
        mean(math.log(1 + math.exp(-(r - f))) for r, f in pairs), rel=1e-12
    )
    assert loss.generator(fake, real).item() == pytest.approx(
        mean(math.log(1 + math.exp(-(f - r))) for r, f in pairs), rel=1e-12
    )


@pytest.mark.parametrize("loss", UNPAIRED)
def test_real_and_fake_may_differ_in_number(loss: AdversarialLoss) -> None:
    """Each is a mean of its own: repeating the fakes changes nothing."""
    real, fake = logits((2, 1, 3, 3), 0), logits((1, 1, 4, 4), 1)
    torch.testing.assert_close(loss.discriminator(real, fake), loss.discriminator(real, torch.cat([fake, fake])))


@pytest.mark.parametrize("loss", LOSSES)
def test_gradients_point_the_right_way(loss: AdversarialLoss) -> None:
    real = (torch.rand(2, 1, 4, 4) * 0.9).requires_grad_()  # between least squares' two targets
    fake = (torch.rand(2, 1, 4, 4) * 0.9 + 0.05).requires_grad_()
    (slope,) = torch.autograd.grad(loss.generator(fake, real.detach()), fake)
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


def test_hinge_leaves_alone_what_is_told_apart() -> None:
    real, fake = torch.tensor([1.5, 0.5], requires_grad=True), torch.tensor([-1.5, -0.5], requires_grad=True)
    real_slope, fake_slope = torch.autograd.grad(Hinge().discriminator(real, fake), (real, fake))
    assert real_slope.tolist() == [0, -0.5]
    assert fake_slope.tolist() == [0, 0.5]


@pytest.mark.parametrize("loss", [Wasserstein(), Relativistic()])
def test_only_the_difference_counts(loss: AdversarialLoss) -> None:
    """Raising every logit changes nothing that the discriminator could gain from."""
    real, fake = logits((2, 1, 3, 3), 0).double(), logits((2, 1, 3, 3), 1).double()
    torch.testing.assert_close(loss.discriminator(real + 7, fake + 7), loss.discriminator(real, fake))


def test_relativistic_players_mirror_each_other() -> None:
    real, fake = logits((2, 1, 3, 3), 0), logits((2, 1, 3, 3), 1)
    assert torch.equal(Relativistic().generator(fake, real), Relativistic().discriminator(fake, real))


def test_relativistic_survives_distant_logits() -> None:
    loss, high, low = Relativistic(), torch.tensor([500.0]), torch.tensor([-500.0])
    assert loss.discriminator(low, high).item() == pytest.approx(1000)
    assert loss.discriminator(high, low).item() == 0


def test_relativistic_wants_one_real_for_each_fake() -> None:
    loss, real = Relativistic(), torch.zeros(2, 1, 3, 3)
    with pytest.raises(ValueError, match="compares fakes with reals, got none"):
        loss.generator(real)
    for fake in (torch.zeros(1, 1, 3, 3), torch.zeros(2, 1, 1, 1)):  # would broadcast, silently
        with pytest.raises(ValueError, match=r"one shape, got \(2, 1, 3, 3\) and "):
            loss.discriminator(real, fake)
        with pytest.raises(ValueError, match=r"one shape, got .* and \(2, 1, 3, 3\)"):
            loss.generator(fake, real)


def test_only_the_relativistic_loss_needs_reals() -> None:
    assert [type(loss) for loss in LOSSES if loss.needs_reals] == [Relativistic]


def test_every_config_builds_a_loss() -> None:
    names = sorted(path.stem for path in (conf_dir() / "adversarial").glob("*.yaml"))
    built = [instantiate(conf_node("adversarial", name), _convert_="all") for name in names]
    assert {type(loss) for loss in built} >= {type(loss) for loss in LOSSES}
    assert all(isinstance(loss, AdversarialLoss) for loss in built)
