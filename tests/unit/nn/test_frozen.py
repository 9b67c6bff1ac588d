"""A frozen network is looked through: invisible to optimizers and checkpoints, transparent to gradients."""

import torch
from torch import nn

from stylegan_pl.nn.pretrained.frozen import freeze


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, bias=False), nn.BatchNorm2d(4), nn.Sequential(nn.ReLU(), nn.Conv2d(4, 2, 1))
    )


def test_no_parameters_and_nothing_in_the_state_dict() -> None:
    frozen = freeze(network())
    assert list(frozen.parameters()) == []
    assert frozen.state_dict() == {}
    parent = nn.ModuleDict({"frozen": frozen, "trained": nn.Linear(1, 1)})
    assert set(parent.state_dict()) == {"trained.weight", "trained.bias"}
    parent.load_state_dict(parent.state_dict(), strict=True)


def test_the_function_is_unchanged_and_the_module_is_the_same_object() -> None:
    image = torch.randn(2, 3, 8, 8)
    module = network().eval()
    before = module(image)
    assert freeze(module) is module
    assert torch.equal(module(image), before)


def test_it_is_in_eval_mode() -> None:
    assert all(not layer.training for layer in freeze(network().train()).modules())


def test_it_moves_with_to() -> None:
    frozen = freeze(network()).to(torch.float64)
    assert frozen(torch.randn(1, 3, 8, 8, dtype=torch.float64)).dtype == torch.float64
    assert freeze(network()).to("meta")(torch.randn(1, 3, 8, 8, device="meta")).device.type == "meta"


def test_gradients_flow_to_the_input_and_not_to_the_weights() -> None:
    frozen = freeze(network())
    image = torch.randn(1, 3, 8, 8, requires_grad=True)
    frozen(image).square().sum().backward()
    assert image.grad.abs().sum() > 0
    assert all(not weights.requires_grad and weights.grad is None for weights in frozen.buffers())


def test_a_persistent_one_is_saved_and_loaded_but_not_trained() -> None:
    original = network()
    weights = {key: value.clone() for key, value in original.state_dict().items()}
    frozen = freeze(original, persistent=True)
    assert list(frozen.parameters()) == []
    assert frozen.state_dict().keys() == weights.keys()
    other = network()
    for parameter in other.parameters():
        nn.init.zeros_(parameter)
    freeze(freeze(other), persistent=True)  # frozen again, with another mind
    other.load_state_dict(weights)
    image = torch.randn(1, 3, 8, 8)
    assert torch.equal(other(image), frozen(image))
    assert freeze(other).state_dict() == {}
