"""Gram matrices and the style loss against loops, in both normalisations."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from stylegan_pl.losses.image_loss import Views
from stylegan_pl.losses.style import GramStyleLoss, gram_matrix
from stylegan_pl.nn.layers.features import FeatureNetwork, Features
from stylegan_pl.nn.pretrained.random_filters import RandomFilters

LAYERS = {"full": 0.7, "half": 2.5}


class Two(FeatureNetwork):
    """The picture itself, and five mixed channels at half size."""

    def __init__(self) -> None:
        super().__init__(style_layers=LAYERS, content_layers={})
        self.register_buffer("mix", torch.randn(5, 3, generator=torch.Generator().manual_seed(9)))

    def forward(self, image: Tensor) -> Features:
        return {"full": image, "half": torch.einsum("oc,nchw->nohw", self.mix, avg_pool2d(image, 2))}


@pytest.mark.parametrize("per_element", [True, False])
def test_a_painting_of_another_size_counts_by_its_share(per_element: bool) -> None:
    """The same texture on twice the area is the same style."""
    painting = picture(1, 3, 8, 12)
    loss = GramStyleLoss(weight=1.0, layers=LAYERS, per_element=per_element)
    twice = torch.cat([painting, painting], dim=3)
    assert loss(Views(painting, painting, twice, network=Two())).item() == pytest.approx(0, abs=1e-8)


def picture(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def loop_gram(features: Tensor) -> list[list[float]]:
    """(C, H, W) -> C × C sums over positions."""
    rows = features.double().flatten(1).tolist()
    return [[sum(a * b for a, b in zip(x, y, strict=True)) for y in rows] for x in rows]


def loop_style_loss(stylised: Tensor, style: Tensor, term: Callable[[float, int, int, int], float]) -> float:
    """Σ_l λ_l · mean over the batch of term(Σ_ij (G − A)², C, H, W)."""
    network, total = Two(), 0.0
    features, targets = network(stylised), network(style)
    for name, weight in LAYERS.items():
        n, channels, height, width = features[name].shape
        for i in range(n):
            gram, target = loop_gram(features[name][i]), loop_gram(targets[name][i])
            gap = sum((gram[a][b] - target[a][b]) ** 2 for a in range(channels) for b in range(channels))
            total += weight * term(gap, channels, height, width) / n
    return total


def views(stylised: Tensor, style: Tensor, network: FeatureNetwork | None = None) -> Views:
    return Views(stylised, torch.zeros_like(stylised), style, network=network or Two())


def test_gram_matrix_is_a_loop() -> None:
    features = picture(2, 4, 3, 5)
    expected = torch.tensor([loop_gram(features[i]) for i in range(2)])
    torch.testing.assert_close(gram_matrix(features), expected.float())


def test_gram_matrix_is_symmetric_positive_and_blind_to_position() -> None:
    features = picture(1, 4, 6, 6).double()
    gram = gram_matrix(features)
    torch.testing.assert_close(gram, gram.transpose(1, 2))
    assert torch.linalg.eigvalsh(gram).min() > -1e-9
    shuffled = features.flatten(2)[:, :, torch.randperm(36)].view_as(features)
    torch.testing.assert_close(gram_matrix(shuffled), gram)


def test_the_source_documents_formula() -> None:
    stylised, style = picture(2, 3, 8, 6), picture(2, 3, 8, 6, seed=1)
    expected = loop_style_loss(stylised, style, lambda gap, c, h, w: gap / (c * h * w))
    loss = GramStyleLoss(weight=1.0, layers=LAYERS, per_element=False)
    assert loss(views(stylised, style)).item() == pytest.approx(expected, rel=1e-4)


def test_per_element_is_the_mean_squared_difference_of_position_averaged_grams() -> None:
    stylised, style = picture(2, 3, 8, 6), picture(2, 3, 8, 6, seed=1)
    # (G/(HW) − A/(HW))² averaged over the C × C entries
    expected = loop_style_loss(stylised, style, lambda gap, c, h, w: gap / (h * w) ** 2 / c**2)
    loss = GramStyleLoss(weight=1.0, layers=LAYERS, per_element=True)
    assert loss(views(stylised, style)).item() == pytest.approx(expected, rel=1e-4)
    assert GramStyleLoss(weight=1.0, layers=LAYERS)(views(stylised, style)).item() == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(("per_element", "growth"), [(True, 1.0), (False, 4.0)])
def test_four_tiles_of_a_picture(per_element: bool, growth: float) -> None:
    """Four times the positions: only the source document's normalisation answers with four times the loss."""
    layers = {"scale1": 1.0, "scale2": 1.0}
    network = RandomFilters(style_layers=layers, content_layers={}, filters=8)
    loss = GramStyleLoss(weight=1.0, layers=layers, per_element=per_element)
    stylised, style = picture(1, 3, 32, 32), 0.4 * picture(1, 3, 32, 32, seed=1)
    small = loss(views(stylised, style, network))
    large = loss(views(stylised.tile(1, 1, 2, 2), style.tile(1, 1, 2, 2), network))
    assert (large / small).item() == pytest.approx(growth, rel=0.15)


@pytest.mark.parametrize("per_element", [True, False])
def test_a_picture_has_its_own_style_wherever_its_strokes_lie(per_element: bool) -> None:
    image = picture(1, 3, 8, 8)
    loss = GramStyleLoss(weight=1.0, layers={"full": 1.0}, per_element=per_element)
    assert loss(views(image, image)).item() == 0
    assert loss(views(image, image.flip(3))).item() < 1e-8
    assert loss(views(image, 0.5 * image)).item() > 1e-3


@pytest.mark.parametrize("per_element", [True, False])
def test_descending_it_brings_the_style_nearer(per_element: bool) -> None:
    stylised, style = picture(1, 3, 8, 8).requires_grad_(), 0.3 * picture(1, 3, 8, 8, seed=1)
    loss = GramStyleLoss(weight=1.0, layers=LAYERS, per_element=per_element)
    before = loss(views(stylised, style))
    before.backward()
    step = 1e-3 / stylised.grad.norm()
    after = loss(views(stylised.detach() - step * stylised.grad, style))
    assert after < before


def test_lambda_scales_its_layer() -> None:
    both = views(picture(1, 3, 8, 8), picture(1, 3, 8, 8, seed=1))
    full, half = (GramStyleLoss(weight=1.0, layers={name: 1.0})(both) for name in LAYERS)
    together = GramStyleLoss(weight=1.0, layers={"full": 3.0, "half": 0.25})(both)
    torch.testing.assert_close(together, 3.0 * full + 0.25 * half)


@pytest.mark.parametrize("per_element", [True, False])
def test_strong_features_of_a_large_layer_stay_finite(per_element: bool) -> None:
    """VGG's activations reach hundreds; sums over a picture of them are large but no overflow in float32."""

    class Loud(Two):
        def forward(self, image: Tensor) -> Features:
            return {"full": 300 * image.repeat(1, 8, 1, 1)}

    stylised = picture(1, 3, 128, 128).requires_grad_()
    loss = GramStyleLoss(weight=1.0, layers={"full": 1.0}, per_element=per_element)
    value = loss(views(stylised, picture(1, 3, 128, 128, seed=1), Loud()))
    value.backward()
    assert value.isfinite() and stylised.grad.isfinite().all()
