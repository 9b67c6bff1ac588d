"""Random filters: a function of their seed, strokes apart from the palette."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from scipy.ndimage import correlate

from stylegan_pl.nn.pretrained.random_filters import RandomFilters

ALL = ("colour", "fine", "scale1", "scale2", "scale4")


def network(layers: Sequence[str] = ALL, *, filters: int = 6, **kwargs: object) -> RandomFilters:
    return RandomFilters(style_layers=dict.fromkeys(layers, 1.0), content_layers={}, filters=filters, **kwargs)


@pytest.fixture
def image() -> torch.Tensor:
    return torch.rand(2, 3, 32, 24, generator=torch.Generator().manual_seed(3)) * 2 - 1


def test_shapes(image: torch.Tensor) -> None:
    shapes = {name: tuple(layer.shape) for name, layer in network()(image).items()}
    assert shapes == {
        "fine": (2, 6, 32, 24),
        "scale1": (2, 6, 32, 24),
        "scale2": (2, 6, 16, 12),
        "scale4": (2, 6, 8, 6),
        "colour": (2, 6, 8, 6),
    }


def test_a_function_of_the_seed_alone(image: torch.Tensor) -> None:
    torch.manual_seed(0)
    one = network(seed=5)(image)
    torch.manual_seed(1)
    state = torch.get_rng_state()
    two, other = network(seed=5)(image), network(seed=6)(image)
    assert torch.equal(torch.get_rng_state(), state)  # and the run's own stream is left alone
    for name in ALL:
        assert torch.equal(one[name], two[name])
        assert not torch.allclose(one[name], other[name], atol=1e-2)


@pytest.mark.parametrize("name", ALL)
def test_unaffected_by_which_other_layers_are_asked_for(name: str, image: torch.Tensor) -> None:
    alone = network([name])(image)
    assert list(alone) == [name]
    assert torch.equal(alone[name], network()(image)[name])


def test_a_layer_of_content_alone_is_computed_too(image: torch.Tensor) -> None:
    features = RandomFilters(style_layers={"scale1": 1.0}, content_layers={"scale4": 1.0}, filters=2)(image)
    assert set(features) == {"scale1", "scale4"}


def test_no_weights_to_train_or_save() -> None:
    assert network().state_dict() == {}
    assert list(network().parameters()) == []


def test_it_moves_with_to(image: torch.Tensor) -> None:
    assert network().to(torch.float64)(image.double())["colour"].dtype == torch.float64


def test_strokes_ignore_a_plain_colour_and_colour_answers_to_it() -> None:
    plain = torch.tensor([0.9, -0.4, 0.6]).view(1, 3, 1, 1).expand(1, 3, 32, 32)
    features = network(filters=32)(plain)
    for name in ("fine", "scale1", "scale2", "scale4"):
        assert features[name].abs().max() < 1e-4
    assert features["colour"].square().mean() > 0.05


def test_strokes_ignore_a_shift_of_colour_and_colour_does_not(image: torch.Tensor) -> None:
    shifted = image * 0.5 + torch.tensor([0.3, 0.0, -0.2]).view(1, 3, 1, 1)
    net = network()
    before, after = net(image * 0.5), net(shifted)
    for name in ("fine", "scale1", "scale2", "scale4"):
        torch.testing.assert_close(before[name], after[name], atol=1e-4, rtol=1e-4)
    assert (before["colour"] - after["colour"]).abs().max() > 0.1


@pytest.mark.parametrize(
    ("name", "scale", "bank"), [("scale2", 2, "stroke_bank"), ("fine", 1, "fine_bank"), ("colour", 4, "colour_bank")]
)
def test_responses_are_rectified_correlations_of_the_shrunken_picture(
    name: str, scale: int, bank: str, image: torch.Tensor
) -> None:
    net = network(size=5)
    filters = net.get_buffer(bank).double().numpy()
    picture = image[0].double().numpy()
    small = picture.reshape(3, 32 // scale, scale, 24 // scale, scale).mean(axis=(2, 4))
    for k in range(6):
        total = sum(correlate(small[c], filters[k, c], mode="mirror") for c in range(3))
        np.testing.assert_allclose(net(image)[name][0, k].numpy(), np.maximum(total, 0), atol=1e-4)


def test_every_filter_has_the_same_norm_and_stroke_filters_are_centred() -> None:
    net = network()
    for bank in ("stroke_bank", "fine_bank", "colour_bank"):
        norms = net.get_buffer(bank).flatten(1).norm(dim=1)
        torch.testing.assert_close(norms, norms[:1].expand_as(norms))
    for bank in ("stroke_bank", "fine_bank"):
        assert net.get_buffer(bank).mean(dim=(2, 3)).abs().max() < 1e-6
    assert net.get_buffer("colour_bank").mean(dim=(2, 3)).abs().max() > 1e-3


@pytest.mark.parametrize("name", ALL)
def test_gradients_reach_the_image(name: str, image: torch.Tensor) -> None:
    image.requires_grad_()
    network([name])(image)[name].square().sum().backward()
    assert image.grad.isfinite().all()
    assert image.grad.ne(0).float().mean() > 0.9


def test_pictures_smaller_than_a_filter_still_answer() -> None:
    features = network(["scale4"])(torch.rand(1, 3, 16, 16))  # 4 × 4 pixels under 7 × 7 filters
    assert features["scale4"].shape == (1, 6, 4, 4)
    assert features["scale4"].isfinite().all()


def test_an_unknown_layer_is_refused() -> None:
    with pytest.raises(
        ValueError, match="RandomFilters has no layer 'scale8'; it has colour, fine, scale1, scale2, scale4"
    ):
        network(["scale8"])
    with pytest.raises(ValueError, match="has no layer 'scale1'; it has colour, fine, scale2"):
        network(["scale1"], scales=[2])


@pytest.mark.parametrize("size", [2, 6])
def test_an_even_size_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match=f"size must be odd and at least 3, got {size}; try {size + 1}"):
        network(size=size)


def test_a_filter_of_one_pixel_is_refused_since_centred_it_is_nothing() -> None:
    with pytest.raises(ValueError, match="size"):
        network(size=1)


def test_fine_filters_respond_to_sharp_edges_before_soft_ones() -> None:
    position = torch.arange(64.0)
    sharp, soft = (torch.sin(position * frequency).expand(1, 3, 64, 64) for frequency in (2.0, 0.3))

    def louder(name: str) -> float:
        net = network([name], filters=64)
        return float(net(sharp)[name].square().mean() / net(soft)[name].square().mean())

    assert louder("fine") > 2 * louder("scale1") > 2


def test_chroma_makes_a_difference_of_colour_louder_beside_one_of_light() -> None:
    stripes = torch.sin(torch.arange(32.0)).expand(1, 1, 32, 32)
    light = 0.2 * stripes.expand(1, 3, 32, 32)
    colour = 0.2 * torch.cat([stripes, -stripes, 0 * stripes], dim=1) * (3 / 2) ** 0.5  # as much energy, no light

    def louder(chroma: float) -> float:
        net = network(["scale1"], filters=256, chroma=chroma)
        energies = [net(picture)["scale1"].square().mean() for picture in (colour, light)]
        return float(energies[0] / energies[1]) ** 0.5

    assert louder(1.0) == pytest.approx(1.0, abs=0.2)
    assert louder(3.0) / louder(1.0) == pytest.approx(3.0, abs=0.02)


@pytest.mark.parametrize("chroma", [0.0, -1.0])
def test_chroma_of_nothing_is_refused(chroma: float) -> None:
    with pytest.raises(ValueError, match="chroma must be greater than 0, got"):
        network(chroma=chroma)
