"""The collection of image losses: weights, names, features computed once, gradients only where they belong."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from stylegan_pl.losses.adain_statistics import AdaINStatistics
from stylegan_pl.losses.colour import ColourLoss
from stylegan_pl.losses.content import ContentLoss
from stylegan_pl.losses.image_loss import ImageLoss, ImageLosses, Views
from stylegan_pl.losses.palette import PaletteLoss
from stylegan_pl.losses.patch_nce import PatchNCE
from stylegan_pl.losses.pixel import IdentityLoss, MultiScalePixelLoss, PixelL1Loss, PixelLoss, TotalVariationLoss
from stylegan_pl.losses.structure import StructureLoss
from stylegan_pl.losses.style import GramStyleLoss
from stylegan_pl.losses.temporal import TemporalConsistency
from stylegan_pl.nn.layers.features import Features
from stylegan_pl.nn.pretrained.random_filters import RandomFilters

STYLE = {"colour": 0.1, "scale1": 1.0, "scale2": 1.0}
CONTENT = {"scale2": 1.0}


class Painter(nn.Module):
    """A generator with an encoder of two layers."""

    taps = {"image": 3, "inner": 5}  # noqa: RUF012  # as a generator's property says it

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.encoder, self.decoder = nn.Conv2d(3, 5, 3, padding=1), nn.Conv2d(5, 3, 3, padding=1)

    def forward(self, image: Tensor) -> Tensor:
        return torch.tanh(self.decoder(self.encoder(image)))

    def encode(self, image: Tensor, layers: list[str]) -> Features:
        features = {"image": image, "inner": avg_pool2d(self.encoder(image), 2)}
        return {layer: features[layer] for layer in layers}


PAINTER = Painter()


def attached(loss: ImageLoss) -> ImageLoss:
    """Fitted to the painter, always with the same weights."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        loss.attach(PAINTER)
    return loss


LOSSES: dict[str, Callable[[float], ImageLoss]] = {
    "style": lambda weight: GramStyleLoss(weight=weight, layers=STYLE),
    "style_source": lambda weight: GramStyleLoss(weight=weight, layers=STYLE, per_element=False),
    "content": lambda weight: ContentLoss(weight=weight, layers=CONTENT),
    "pixel": lambda weight: PixelLoss(weight=weight),
    "identity": lambda weight: IdentityLoss(weight=weight),
    "total_variation": lambda weight: TotalVariationLoss(weight=weight),
    "structure": lambda weight: StructureLoss(weight=weight),
    "pixel_l1": lambda weight: PixelL1Loss(weight=weight),
    "multi_scale_pixel": lambda weight: MultiScalePixelLoss(weight=weight),
    "adain_statistics": lambda weight: AdaINStatistics(weight=weight, layers=STYLE),
    "colour": lambda weight: ColourLoss(weight=weight, blur=2.0),
    "palette": lambda weight: PaletteLoss(weight=weight),
    "temporal": lambda weight: TemporalConsistency(weight=weight),
    "patch_nce": lambda weight: attached(PatchNCE(weight=weight, width=8)),
    "patch_nce_fast": lambda weight: attached(PatchNCE(weight=weight, width=8, identity=False)),
}


class Counting(RandomFilters):
    """Remembers the pictures it was shown."""

    def __init__(self) -> None:
        super().__init__(style_layers=STYLE, content_layers=CONTENT, scales=(1, 2), size=3, filters=4)
        self.shown: list[Tensor] = []

    def forward(self, image: Tensor) -> Features:
        self.shown.append(image)
        return super().forward(image)


def make_views(side: int = 16, network: RandomFilters | None = None) -> Views:
    generator = torch.Generator().manual_seed(0)
    stylised, content, style, identity = (torch.rand(2, 3, side, side, generator=generator) * 2 - 1 for _ in range(4))
    return Views(
        stylised.requires_grad_(), content, style, identity=identity.requires_grad_(), network=network or Counting(),
        paint=PAINTER, encode=PAINTER.encode,
    )  # fmt: skip


@pytest.mark.parametrize("side", [32, 64])
@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_is_a_finite_scalar_with_a_finite_gradient(name: str, side: int) -> None:
    views = make_views(side)
    value = LOSSES[name](1.0)(views)
    assert value.shape == () and value.isfinite() and value > 0
    value.backward()
    gradient = (views.identity if name == "identity" else views.stylised).grad
    assert gradient.isfinite().all()
    assert gradient.abs().sum() > 0


def test_terms_bear_the_names_and_the_weights() -> None:
    views = make_views()
    losses = {name: make(0.5 + i) for i, (name, make) in enumerate(LOSSES.items())}
    torch.manual_seed(0)  # some draw places or directions
    terms = ImageLosses(losses)(views)
    assert list(terms) == list(LOSSES)
    torch.manual_seed(0)
    for i, (name, make) in enumerate(LOSSES.items()):
        torch.testing.assert_close(terms[name], (0.5 + i) * make(1.0)(views))


def test_weight_0_switches_off_at_no_cost() -> None:
    losses = ImageLosses({name: make(0.0) for name, make in LOSSES.items()} | {"pixel": PixelLoss(weight=1.0)})
    assert list(losses) == ["pixel"]
    assert not losses.need_features
    assert not losses.need_identity
    network = Counting()
    assert list(losses(make_views(network=network))) == ["pixel"]
    assert network.shown == []


@pytest.mark.parametrize("losses", [ImageLosses(), ImageLosses(None), ImageLosses({})])
def test_no_losses_make_no_terms(losses: ImageLosses) -> None:
    assert losses(make_views()) == {}
    assert not losses.need_features and not losses.need_identity


@pytest.mark.parametrize(
    ("name", "features", "identity"),
    [
        ("style", True, False),
        ("content", True, False),
        ("pixel", False, False),
        ("identity", False, True),
        ("total_variation", False, False),
        ("structure", False, False),
        ("pixel_l1", False, False),
        ("multi_scale_pixel", False, False),
        ("adain_statistics", True, False),
        ("colour", False, False),
        ("palette", False, False),
        ("temporal", False, False),
        ("patch_nce", False, True),
        ("patch_nce_fast", False, False),
    ],
)
def test_what_a_loss_needs(name: str, features: bool, identity: bool) -> None:
    losses = ImageLosses({"tv": TotalVariationLoss(weight=1.0), name: LOSSES[name](1.0)})
    assert losses.need_features is features
    assert losses.need_identity is identity


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (["style", "style_source", "content"], ["content", "style", "stylised"]),
        (["style", "style_source"], ["style", "stylised"]),
        (["content"], ["content", "stylised"]),
        (["adain_statistics", "style"], ["style", "stylised"]),
        (["pixel", "identity", "total_variation", "colour", "palette", "temporal", "patch_nce"], []),
    ],
)
def test_features_of_each_picture_are_computed_at_most_once(names: list[str], shown: list[str]) -> None:
    network = Counting()
    views = make_views(network=network)
    losses = ImageLosses({name: LOSSES[name](1.0) for name in names})
    losses(views)
    losses(views)
    pictures = {"stylised": views.stylised, "content": views.content, "style": views.style}
    seen = [name for image in network.shown for name, picture in pictures.items() if torch.equal(image, picture)]
    assert sorted(seen) == shown


def test_only_the_stylised_picture_carries_gradients() -> None:
    views = make_views()
    views.content.requires_grad_()
    views.style.requires_grad_()
    assert all(layer.requires_grad for layer in views.stylised_features.values())
    assert not any(layer.requires_grad for layer in views.content_features.values())
    assert not any(layer.requires_grad for layer in views.style_features.values())
    losses = ImageLosses({name: LOSSES[name](1.0) for name in ("style", "content")})
    sum(losses(views).values()).backward()
    assert views.content.grad is None and views.style.grad is None
    assert views.stylised.grad is not None


def test_terms_are_float32_under_bf16_and_close_to_it() -> None:
    losses = ImageLosses({name: make(1.0) for name, make in LOSSES.items()})
    torch.manual_seed(0)
    full = losses(make_views())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        plain = make_views()
        views = Views(
            plain.stylised.bfloat16(), plain.content, plain.style, identity=plain.identity, network=Counting(),
            paint=PAINTER, encode=PAINTER.encode,
        )  # fmt: skip
        torch.manual_seed(0)
        terms = losses(views)
    for name, term in terms.items():
        assert term.dtype == torch.float32, name
        assert term.item() == pytest.approx(full[name].item(), rel=0.05), name
    sum(terms.values()).backward()
    assert plain.stylised.grad.isfinite().all() and plain.stylised.grad.abs().sum() > 0


def test_the_network_runs_in_half_precision_what_is_added_up_does_not() -> None:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = make_views()
    layer, full = half.stylised_features["scale1"], make_views().stylised_features["scale1"]
    assert layer.dtype == torch.float32
    assert torch.equal(layer, layer.bfloat16().float())  # its values came out of bf16
    assert not torch.equal(full, full.bfloat16().float())
    torch.testing.assert_close(layer, full, rtol=0.02, atol=0.05)


def test_features_without_a_network_are_refused() -> None:
    views = Views(torch.zeros(1, 3, 8, 8), torch.zeros(1, 3, 8, 8), torch.zeros(1, 3, 8, 8))
    with pytest.raises(ValueError, match="an image loss reads features, and the model has no feature_network"):
        LOSSES["content"](1.0)(views)


def test_only_those_that_read_the_encoder_ask_for_one() -> None:
    assert [name for name, make in LOSSES.items() if make(1.0).needs_encoder] == ["patch_nce", "patch_nce_fast"]


def test_the_collection_fits_its_losses_to_the_generator_and_keeps_no_hold_of_it() -> None:
    losses = ImageLosses({"nce": PatchNCE(weight=1.0, width=8), "pixel": PixelLoss(weight=1.0)}, PAINTER)
    assert losses(make_views())["nce"].isfinite()
    own = {id(parameter) for parameter in losses.parameters()}
    assert own and not own & {id(parameter) for parameter in PAINTER.parameters()}


def test_the_base_class_is_abstract() -> None:
    with pytest.raises(TypeError, match="abstract"):
        ImageLoss(weight=1.0)
