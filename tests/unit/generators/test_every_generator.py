"""Every generator: a picture in and one of the same shape and range out, that trains, and taps that are what passes."""

import pytest
import torch
from small_generators import SMALL, picture, recorded, run
from torch import nn

from stylegan_pl.nn.layers.generator import Generator


@pytest.fixture(params=SMALL)
def generator(request: pytest.FixtureRequest) -> Generator:
    torch.manual_seed(0)
    return SMALL[request.param]()


def probe(output: torch.Tensor) -> torch.Tensor:
    """A scalar on which every pixel has its own influence."""
    return (output.float() * torch.randn(output.shape, generator=torch.Generator().manual_seed(2))).sum()


@pytest.mark.parametrize("strides", [(0, 0), (1, 0), (1, 2)])
def test_shape_and_range_stay(generator: Generator, strides: tuple[int, int]) -> None:
    sides = [16 + generator.stride * more for more in strides]
    output = run(generator, picture(2, 3, *sides))
    assert output.shape == (2, 3, *sides)
    assert output.abs().max() <= 1
    assert output.std() > 1e-4  # not one flat colour


def test_large_weights_cannot_leave_the_range(generator: Generator) -> None:
    with torch.no_grad():
        for parameter in generator.parameters():
            parameter.mul_(50)
    assert 0.99 < run(generator, picture(1, 3, 16, 16)).abs().max() <= 1


def test_every_parameter_receives_a_gradient(generator: Generator) -> None:
    probe(run(generator, picture(1, 3, 16, 16))).backward()
    for name, parameter in generator.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        if name.endswith("weight"):  # biases before an instance norm cancel exactly
            assert parameter.grad.abs().max() > 1e-6, name


def test_every_parameter_receives_a_gradient_under_bf16(generator: Generator) -> None:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = run(generator, picture(1, 3, 16, 16))
    probe(output).backward()
    for name, parameter in generator.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name
        assert not name.endswith("weight") or parameter.grad.abs().max() > 0, name


def test_gradients_can_be_penalised(generator: Generator) -> None:
    content = picture(1, 3, 16, 16).requires_grad_()
    (slope,) = torch.autograd.grad(probe(run(generator, content)), content, create_graph=True)
    slope.square().sum().backward()
    gradients = [parameter.grad for parameter in generator.parameters() if parameter.grad is not None]
    assert all(gradient.isfinite().all() for gradient in gradients)
    assert max(gradient.abs().max() for gradient in gradients) > 0


def test_eval_is_train(generator: Generator) -> None:
    content = picture(2, 3, 16, 16)
    trained = run(generator.train(), content)
    assert torch.equal(run(generator.eval(), content), trained)


def test_the_pictures_of_a_batch_do_not_meet(generator: Generator) -> None:
    content = picture(3, 3, 16, 16)
    changed = content.clone()
    changed[0], changed[2] = -content[0], 0.3
    torch.testing.assert_close(run(generator, content)[1], run(generator, changed)[1], rtol=1e-4, atol=1e-5)


def test_bf16_is_close_to_float32(generator: Generator) -> None:
    content = picture(1, 3, 32, 32)
    with torch.no_grad():
        full = run(generator, content)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            half = run(generator, content).float()
    assert (half - full).abs().mean() < 1e-2
    assert (half - full).abs().max() > 0  # autocast did something


def test_no_state_is_kept_from_picture_to_picture(generator: Generator) -> None:
    content = picture(1, 3, 16, 16)
    first = run(generator, content)
    run(generator, picture(1, 3, 32, 32, seed=9))
    assert torch.equal(run(generator, content), first)


def test_taps_have_the_channels_they_announce(generator: Generator) -> None:
    image = picture(2, 3, 32, 48)
    features = generator.encode(image, list(generator.taps))
    assert list(features) == list(generator.taps)
    assert {name: layer.shape[1] for name, layer in features.items()} == generator.taps
    heights = [layer.shape[2] for layer in features.values()]
    assert heights == sorted(heights, reverse=True)  # shallow to deep
    assert all(layer.shape[2] / layer.shape[3] == 32 / 48 for layer in features.values())


def test_a_tap_is_what_the_forward_passes_through(generator: Generator) -> None:
    image = picture(1, 3, 32, 32)
    with torch.no_grad(), recorded(generator) as calls:
        run(generator, image)
    outputs = [output for _, output in calls]
    for name in generator.taps:
        (layer,) = generator.encode(image, [name]).values()
        passed = [image] if name == "image" else outputs
        assert any(layer.shape == output.shape and torch.equal(layer, output) for output in passed), name


def test_a_shallow_tap_runs_no_deeper_layer(generator: Generator) -> None:
    image = picture(1, 3, 32, 32)

    def convolutions(*names: str) -> int:
        with torch.no_grad(), recorded(generator) as calls:
            generator.encode(image, names)
        return sum(isinstance(module, nn.Conv2d) for module, _ in calls)

    work = [convolutions(name) for name in generator.taps]
    assert work == sorted(set(work))  # each tap costs more than the one before
    assert work[0] <= 1
    assert convolutions(*generator.taps) == work[-1]  # and all together cost what the deepest does
    with torch.no_grad(), recorded(generator) as calls:
        run(generator, image)
    assert work[-1] < sum(isinstance(module, nn.Conv2d | nn.ConvTranspose2d) for module, _ in calls)


def test_a_tap_comes_in_the_order_that_is_asked_and_carries_gradients(generator: Generator) -> None:
    names = [*reversed(generator.taps)][:2]
    image = picture(1, 3, 32, 32).requires_grad_()
    features = generator.encode(image, names)
    assert list(features) == names
    features[names[-1]].square().sum().backward()
    assert image.grad.abs().sum() > 0


def test_an_unknown_tap_is_named_beside_those_there_are(generator: Generator) -> None:
    with pytest.raises(ValueError, match=f"there is no tap 'block99'; this encoder has {', '.join(generator.taps)}"):
        generator.encode(picture(1, 3, 16, 16), ["block99"])


def test_the_state_dict_brings_the_network_back(generator: Generator, request: pytest.FixtureRequest) -> None:
    torch.manual_seed(7)
    other = SMALL[request.node.callspec.params["generator"]]()
    content = picture(1, 3, 16, 16)
    assert not torch.equal(run(other, content), run(generator, content))
    other.load_state_dict(generator.state_dict())
    assert torch.equal(run(other, content), run(generator, content))
