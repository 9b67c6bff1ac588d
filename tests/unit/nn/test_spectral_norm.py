"""σ against a singular value decomposition, and what training asks of it: penalties, copies, checkpoints, autocast."""

import copy
import io

import pytest
import torch
from torch import Tensor, nn

from stylegan_pl.nn.layers.spectral_norm import add_spectral_norm
from stylegan_pl.nn.pretrained.frozen import freeze


def network(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    layers = [nn.Conv2d(3, 8, 3), nn.LeakyReLU(0.2), nn.ConvTranspose2d(8, 4, 4), nn.Flatten(), nn.Linear(4 * 81, 2)]
    sequential = nn.Sequential(*layers)
    add_spectral_norm(sequential)
    return sequential


def picture() -> Tensor:
    return torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(1)) * 2 - 1


def largest_singular_values(normed: nn.Module) -> list[float]:
    """Of each weight as a matrix from inputs to outputs; a transposed convolution keeps its outputs second."""
    values = []
    for layer in normed.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear | nn.ConvTranspose2d):
            weight = layer.weight.transpose(0, 1) if isinstance(layer, nn.ConvTranspose2d) else layer.weight
            values.append(torch.linalg.svdvals(weight.detach().double().flatten(1))[0].item())
    return values


def test_the_largest_singular_value_becomes_1() -> None:
    normed = network()
    for _ in range(100):
        normed(picture())
    values = largest_singular_values(normed)
    assert len(values) == 3
    assert values == pytest.approx([1.0] * 3, rel=1e-3)


def test_it_stays_1_while_the_weights_move() -> None:
    normed = network()
    descent = torch.optim.Adam(normed.parameters(), lr=0.01)
    for _ in range(30):
        descent.zero_grad()
        normed(picture()).sum().backward()
        descent.step()
    assert largest_singular_values(normed) == pytest.approx([1.0] * 3, rel=0.1)


def test_only_layers_that_train_are_normed_and_once() -> None:
    frozen, trained = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1)
    freeze(frozen)
    both = nn.Sequential(frozen, nn.GroupNorm(1, 3), trained)
    before = frozen.weight.clone()
    add_spectral_norm(both)
    keys = set(both.state_dict())
    add_spectral_norm(both)
    assert set(both.state_dict()) == keys
    assert {key for key in keys if "parametrizations" in key} == {key for key in keys if key.startswith("2.")} - {
        "2.bias"
    }
    assert torch.equal(frozen.weight, before)


def test_second_derivatives_against_finite_differences() -> None:
    normed = network().double().eval()
    image = picture().double().requires_grad_()
    weight = dict(normed.named_parameters())["0.parametrizations.weight.original"]

    def squared_slope() -> Tensor:
        (slope,) = torch.autograd.grad(normed(image).square().sum(), image, create_graph=True)
        return slope.square().sum()

    (gradient,) = torch.autograd.grad(squared_slope(), weight)
    for position in ((0, 0, 0, 0), (5, 2, 1, 2)):
        with torch.no_grad():
            weight[position] += 1e-6
        above = squared_slope().item()
        with torch.no_grad():
            weight[position] -= 2e-6
        below = squared_slope().item()
        with torch.no_grad():
            weight[position] += 1e-6
        assert gradient[position].item() == pytest.approx((above - below) / 2e-6, rel=1e-4)


def test_two_forwards_in_one_loss() -> None:
    """The vectors move in place at the second forward; the first one's graph must not notice."""
    normed = network()
    (normed(picture()).sum() - normed(-picture()).sum()).backward()
    assert all(p.grad.isfinite().all() for p in normed.parameters())


def train(normed: nn.Module, steps: int) -> None:
    descent = torch.optim.SGD(normed.parameters(), lr=0.01)
    for _ in range(steps):
        descent.zero_grad()
        normed(picture()).square().sum().backward()
        descent.step()


def test_a_resumed_run_goes_on_exactly() -> None:
    whole, stopped, resumed = network(), network(), network(seed=9)
    train(whole, 5)
    train(stopped, 3)
    file = io.BytesIO()
    torch.save(stopped.state_dict(), file)
    file.seek(0)
    resumed.load_state_dict(torch.load(file, weights_only=True))
    train(resumed, 2)
    states = whole.state_dict(), resumed.state_dict()
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])
    assert sum(key.endswith(("_u", "_v")) for key in states[0]) == 6


def test_a_copy_is_independent() -> None:
    normed = network()
    twin = copy.deepcopy(normed)
    assert torch.equal(twin.eval()(picture()), normed.eval()(picture()))
    before = {key: value.clone() for key, value in normed.state_dict().items()}
    train(twin.train(), 2)
    assert all(torch.equal(value, before[key]) for key, value in normed.state_dict().items())
    assert not torch.equal(
        twin.state_dict()["0.parametrizations.weight.original"], before["0.parametrizations.weight.original"]
    )


def test_singular_values_are_taken_outside_of_autocast() -> None:
    """On GPUs autocast would take them in half precision; on this CPU it would not, so the state itself is watched."""
    normed, casts = network().eval(), []
    for module in normed.modules():
        if type(module).__name__ == "_SpectralNorm":
            module.register_forward_pre_hook(lambda *_: casts.append(torch.is_autocast_enabled("cpu")))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = normed[0].weight
        assert normed(picture()).dtype == torch.bfloat16  # the layers themselves do run in half precision
    assert casts == [False] * 4
    assert inside.dtype == torch.float32
    assert torch.equal(inside, normed[0].weight)


def test_it_is_built_where_there_is_no_memory() -> None:
    with torch.device("meta"):
        assert all(p.is_meta for p in network().parameters())
