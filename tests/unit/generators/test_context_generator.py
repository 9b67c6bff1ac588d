"""The generator that says what to change: it starts at the photograph, sees 21 pixels, and takes any size."""

import pytest
import torch
from small_generators import count, picture
from torch.nn.functional import conv2d, leaky_relu, pad

from stylegan_pl.generators.context import ContextGenerator


def test_it_has_its_parameters() -> None:
    assert count(ContextGenerator()) == (3 * 9 + 1) * 24 + 4 * (24 * 9 + 1) * 24 + (24 + 1) * 3 == 21_579


def test_it_starts_near_the_photograph() -> None:
    torch.manual_seed(0)
    content = picture(4, 3, 32, 32)
    with torch.no_grad():
        change = (ContextGenerator()(content) - content).abs()
    assert change.mean() < 0.1
    assert change.max() > 1e-3


def test_without_a_change_the_photograph_is_left_but_for_the_outermost_tones() -> None:
    network = ContextGenerator(width=4)
    with torch.no_grad():
        for parameter in network.layers[-1].parameters():
            parameter.zero_()
    content = picture(1, 3, 9, 9)
    torch.testing.assert_close(network(content), 0.98 * content)


def test_black_and_white_and_what_is_beyond_are_finite_and_so_are_their_gradients() -> None:
    values = torch.tensor([-1.0, 1.0, -1.1, 1.2])  # the last two as a loss's noise makes them
    content = values.view(1, 1, 1, 4).expand(1, 3, 4, 4).clone().requires_grad_()
    output = ContextGenerator(width=4)(content)
    output.sum().backward()
    assert output.isfinite().all() and content.grad.isfinite().all()


def test_it_is_written_out() -> None:
    """The formula, layer by layer, with padding and dilation done by hand."""
    torch.manual_seed(0)
    network = ContextGenerator(width=5, dilations=(1, 3)).double()
    content = picture(2, 3, 11, 8).double()
    first, second, last = (layer for layer in network.layers if hasattr(layer, "weight"))
    found = content
    for layer, dilation in ((first, 1), (second, 3)):
        wide = pad(found, [dilation] * 4, mode="replicate")
        h, w = found.shape[-2:]
        taps = [wide[..., i * dilation :, j * dilation :][..., :h, :w] for i in range(3) for j in range(3)]
        kernels = layer.weight.flatten(2)
        summed = sum(conv2d(tap, kernels[..., k, None, None]) for k, tap in enumerate(taps))
        found = leaky_relu(summed + layer.bias.view(1, -1, 1, 1), 0.2)
    change = conv2d(found, last.weight, last.bias)
    base = 0.98 * content
    expected = torch.tanh(0.5 * torch.log((1 + base) / (1 - base)) + change)
    torch.testing.assert_close(network(content), expected)


@pytest.mark.parametrize(("dilations", "field"), [((1, 2, 4, 2, 1), 21), ((1, 3), 9), ((1, 1), 5)])
def test_its_receptive_field_is_the_dilations_sum(dilations: tuple[int, ...], field: int) -> None:
    network = ContextGenerator(width=3, dilations=dilations)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(0.01)
    content = torch.full((1, 3, 51, 51), 0.5, requires_grad=True)
    network(content)[0, 0, 25, 25].backward()
    rows, columns = content.grad[0].abs().sum(dim=0).nonzero().T
    reach = field // 2
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (25 - reach, 25 + reach, 25 - reach, 25 + reach)


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (13, 7)])
def test_any_size_is_painted(shape: tuple[int, int]) -> None:
    assert ContextGenerator(width=4)(picture(1, 3, *shape)).shape == (1, 3, *shape)


def test_a_part_is_painted_as_in_the_whole() -> None:
    """No norm: what is further away than the receptive field has no say, so tiles and film frames agree."""
    torch.manual_seed(0)
    network = ContextGenerator(width=4)
    whole = picture(1, 3, 64, 64)
    with torch.no_grad():
        part = network(whole[..., :48, :48])[..., :30, :30]
        torch.testing.assert_close(part, network(whole)[..., :30, :30])


def test_a_grey_one_leaves_no_colour_and_starts_at_the_luminance() -> None:
    network = ContextGenerator(width=4, grey=True)
    content = picture(2, 3, 9, 7)
    output = network(content)
    assert output.shape == content.shape
    assert (output == output[:, :1]).all()
    with torch.no_grad():
        for parameter in network.layers[-1].parameters():
            parameter.zero_()
    red, green, blue = content.unbind(1)
    expected = 0.98 * (0.2126 * red + 0.7152 * green + 0.0722 * blue)
    torch.testing.assert_close(network(content)[:, 1], expected)
