"""Each penalty where the slope is known, against finite differences, and in half precision."""

import math
from collections.abc import Callable

import pytest
import torch
from conf_groups import conf_node
from hydra.utils import instantiate
from torch import Tensor, nn

from stylegan_pl.config.conf_dir import conf_dir
from stylegan_pl.discriminators.patchgan import PatchGAN
from stylegan_pl.losses.penalties import R1, R1R2, WGANGP, NoPenalty, Penalty, ZeroCentred, mixture, r1_penalty
from stylegan_pl.nn.layers.discriminator import Heads, heads

PENALTIES: dict[str, Penalty] = {
    "r1": R1(weight=1.0),
    "r1r2": R1R2(weight=1.0),
    "wgan_gp": WGANGP(weight=1.0),
    "zero_centred": ZeroCentred(weight=1.0),
}


@pytest.fixture(params=PENALTIES)
def penalty(request: pytest.FixtureRequest) -> Penalty:
    return PENALTIES[request.param]


def images(seed: int, *shape: int) -> Tensor:
    return torch.rand(shape or (2, 3, 4, 4), generator=torch.Generator().manual_seed(seed)) * 2 - 1


class Linear(nn.Module):
    """w · y, in two heads: w₁ · y, and w₂ · y at two places; the slope of their sum is w₁ + 2 w₂ everywhere."""

    def __init__(self) -> None:
        super().__init__()
        draws = torch.Generator().manual_seed(3)
        self.first = nn.Parameter(torch.randn(3, 4, 4, generator=draws, dtype=torch.float64))
        self.second = nn.Parameter(torch.randn(3, 4, 4, generator=draws, dtype=torch.float64))

    def forward(self, y: Tensor) -> Heads:
        second = (self.second * y).sum(dim=(1, 2, 3))
        return [(self.first * y).sum(dim=(1, 2, 3)), torch.stack([second, second], dim=1)]

    def squared_slope(self) -> float:
        return math.fsum(x**2 for x in (self.first + 2 * self.second).flatten().tolist())


def test_a_linear_critics_price(penalty: Penalty) -> None:
    critic = Linear()
    square = critic.squared_slope()
    expected = {
        "R1": square / 2,
        "R1R2": square,
        "WGANGP": (math.sqrt(square) - 1) ** 2,
        "ZeroCentred": square,
    }[type(penalty).__name__]
    value = penalty(critic, images(0).double(), images(1).double())
    assert value.shape == ()
    assert value.item() == pytest.approx(expected, rel=1e-12)


def test_wgan_gp_is_nothing_at_its_target() -> None:
    critic = Linear()
    norm = math.sqrt(critic.squared_slope())
    reals, fakes = images(0).double(), images(1).double()
    assert WGANGP(weight=1.0, target=norm)(critic, reals, fakes).item() == pytest.approx(0, abs=1e-20)
    with pytest.raises(ValueError, match="target must be above 0"):
        WGANGP(weight=1.0, target=0.0)


def test_a_quadratic_critics_price_is_a_mean_over_samples_of_sums_over_pixels() -> None:
    """D(y) = ½ Σ a y²: the slope is a y, so ½ mean_n Σ a² y²."""
    reals, fakes, a = images(0, 3, 3, 4, 4).double(), images(1, 2, 3, 4, 4).double(), 1.7

    def critic(y: Tensor) -> Heads:
        return [0.5 * a * y.square()]  # one logit a pixel

    def price(batch: Tensor) -> float:
        return math.fsum(0.5 * a**2 * x**2 for x in batch.flatten().tolist()) / len(batch)

    assert r1_penalty(critic, reals).item() == pytest.approx(price(reals), rel=1e-12)
    assert R1(weight=1.0)(critic, reals, fakes).item() == pytest.approx(price(reals), rel=1e-12)
    assert R1R2(weight=1.0)(critic, reals, fakes).item() == pytest.approx(price(reals) + price(fakes), rel=1e-12)


def test_mixtures_lie_on_the_way_each_sample_its_own() -> None:
    torch.manual_seed(0)
    reals, fakes = torch.ones(2000, 1, 1, 2), torch.zeros(2000, 1, 1, 2)
    shares = mixture(reals, fakes)
    assert torch.equal(shares[..., 0], shares[..., 1])
    assert 0 <= shares.min() < 0.01 and 0.99 < shares.max() <= 1
    assert shares.mean().item() == pytest.approx(0.5, abs=0.03)
    assert shares.std().item() == pytest.approx(math.sqrt(1 / 12), abs=0.02)
    torch.manual_seed(0)
    assert torch.equal(mixture(reals, fakes), shares)  # the run's own generator: a resumed run draws the same


@pytest.mark.parametrize("name", ["wgan_gp", "zero_centred"])
def test_mixing_wants_one_fake_for_each_real(name: str) -> None:
    assert PENALTIES[name].needs_fresh_fakes
    with pytest.raises(ValueError, match="each real is mixed with one fake"):
        PENALTIES[name](Linear(), images(0, 1, 3, 4, 4), images(1))


def test_mixtures_are_where_the_slope_is_taken(penalty: Penalty) -> None:
    """A critic that is curved only between reals and fakes is seen by those that look there."""
    reals, fakes = torch.ones(4, 3, 2, 2), -torch.ones(4, 3, 2, 2)
    seen: list[Tensor] = []

    def critic(y: Tensor) -> Heads:
        seen.append(y.detach())
        return [y.sum(dim=(1, 2, 3))]

    penalty(critic, reals, fakes)
    assert len(seen) == (2 if isinstance(penalty, R1R2) else 1)
    inside = seen[0].abs().amax(dim=(1, 2, 3)) < 1
    assert inside.all() if penalty.needs_fresh_fakes else torch.equal(seen[0], reals)
    assert not isinstance(penalty, R1R2) or torch.equal(seen[1], fakes)


def curved() -> nn.Module:
    """A small critic of patches with a norm, smooth enough for finite differences."""
    torch.manual_seed(1)
    layers = [nn.Conv2d(3, 4, 3, stride=2), nn.InstanceNorm2d(4), nn.Softplus(), nn.Conv2d(4, 1, 2)]
    return nn.Sequential(*layers).double()


def test_gradients_in_the_weights_against_finite_differences(penalty: Penalty) -> None:
    network, reals, fakes = curved(), images(0, 2, 3, 8, 8).double(), images(1, 2, 3, 8, 8).double()

    def price() -> Tensor:
        torch.manual_seed(5)
        return penalty(lambda y: [network(y)], reals, fakes)

    weights = [network[0].weight, network[3].weight]
    gradients = torch.autograd.grad(price(), weights)
    for weight, gradient in zip(weights, gradients, strict=True):
        for position in ((0, 0, 0, 0), (0, 2, 1, 1)):
            step = 1e-6
            with torch.no_grad():
                weight[position] += step
                above = price().item()
                weight[position] -= 2 * step
                below = price().item()
                weight[position] += step
            assert gradient[position].item() == pytest.approx((above - below) / (2 * step), rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("spectral_norm", [False, True])
def test_half_precision_changes_little_and_reaches_every_weight(penalty: Penalty, spectral_norm: bool) -> None:
    torch.manual_seed(0)
    network = PatchGAN(n_layers=2, width=8, spectral_norm=spectral_norm).eval()
    reals, fakes = images(0, 2, 3, 16, 16), images(1, 2, 3, 16, 16)

    def price(dtype: torch.dtype | None, cast: torch.dtype) -> Tensor:
        torch.manual_seed(5)
        with torch.autocast("cpu", dtype=dtype, enabled=dtype is not None):
            with torch.no_grad():
                network(reals)  # what fills autocast's cache with weights that have no graph
            return penalty(lambda y: heads(network, y), reals.to(cast), fakes.to(cast))

    full = price(None, torch.float32)
    for dtype in (torch.bfloat16, torch.float16):
        half = price(dtype, torch.float32)
        assert half.dtype == torch.float32
        assert half.item() == pytest.approx(full.item(), rel=1e-2)
        network.zero_grad()
        half.backward()
        weights = [p for name, p in network.named_parameters() if not name.endswith("bias")]
        assert all(p.grad is not None and p.grad.isfinite().all() and p.grad.ne(0).any() for p in weights)
    # images that arrive in half precision are lifted before they are looked at
    assert price(torch.bfloat16, torch.bfloat16).item() == pytest.approx(full.item(), rel=0.1)


def test_a_flat_critic_pays_without_a_nan(penalty: Penalty) -> None:
    network = nn.Conv2d(3, 1, 2)
    nn.init.zeros_(network.weight)
    value = penalty(lambda y: [network(y)], images(0), images(1))
    value.backward()
    assert value.item() == (1 if isinstance(penalty, WGANGP) else 0)
    assert network.weight.grad.isfinite().all()


def test_the_images_stay_out_of_it(penalty: Penalty) -> None:
    network, reals, fakes = nn.Conv2d(3, 1, 2), images(0), images(1)
    penalty(lambda y: [network(y).square()], reals, fakes).backward()
    assert network.weight.grad.ne(0).any()
    assert not reals.requires_grad and not fakes.requires_grad


def test_descending_flattens(penalty: Penalty) -> None:
    network = curved().float()
    start = penalty(lambda y: [network(y)], images(0, 2, 3, 8, 8), images(1, 2, 3, 8, 8)).item()
    descent = torch.optim.Adam(network.parameters(), lr=0.02)
    for _ in range(30):
        descent.zero_grad()
        value = penalty(lambda y: [network(y)], images(0, 2, 3, 8, 8), images(1, 2, 3, 8, 8))
        value.backward()
        descent.step()
    assert value.item() < 0.5 * start


def test_every_config_builds_a_penalty() -> None:
    kinds: dict[str, Callable[..., Penalty]] = {"none": NoPenalty, **{k: type(v) for k, v in PENALTIES.items()}}
    assert {path.stem for path in (conf_dir() / "penalty").glob("*.yaml")} >= set(kinds)
    for name, kind in kinds.items():
        node = conf_node("penalty", name)
        built = instantiate(node, _convert_="all")
        assert type(built) is kind
        assert built.is_due(0) == (name != "none")
        assert name == "none" or {"weight", "every"} <= set(node)
