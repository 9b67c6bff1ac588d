"""PatchNCE against loops, against the softmax of the authors' code, and what learns by it."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from stylegan_pl.errors import ConfigError
from stylegan_pl.losses.image_loss import ImageLosses, Views
from stylegan_pl.losses.patch_nce import PatchNCE, patch_nce
from stylegan_pl.nn.layers.features import Features
from stylegan_pl.nn.layers.patch_projector import PatchProjector

RESNET9 = {"image": 3, "down1": 128, "down2": 256, "block1": 256, "block5": 256}


class Coder(nn.Module):
    """An encoder of two layers: the image, and five channels at half size."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 5, 3, padding=1)
        self.asked: list[tuple[Tensor, list[str]]] = []

    @property
    def taps(self) -> dict[str, int]:
        return {"image": 3, "half": 5}

    def encode(self, image: Tensor, layers: list[str]) -> Features:
        self.asked.append((image, list(layers)))
        features = {"image": image, "half": avg_pool2d(self.conv(image), 2)}
        return {layer: features[layer] for layer in layers}


def picture(seed: int, side: int = 8) -> Tensor:
    return torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def unit(*shape: int, seed: int) -> Tensor:
    vectors = torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    return vectors / vectors.norm(dim=-1, keepdim=True)


def attached(coder: nn.Module, **options: object) -> PatchNCE:
    torch.manual_seed(0)
    loss = PatchNCE(weight=1.0, width=6, **options)
    loss.attach(coder)
    for parameter in loss.parameters():  # larger than the published start, so that similarities differ
        nn.init.normal_(parameter)
    return loss


def views(coder: Coder, *, mirrored: bool = False, side: int = 8) -> Views:
    return Views(
        picture(0, side).requires_grad_(), picture(1, side), picture(2, side), identity=picture(3, side),
        encode=coder.encode, mirrored=mirrored,
    )  # fmt: skip


# --- the function


def test_it_is_minus_the_log_of_the_positives_share() -> None:
    queries, keys = unit(2, 7, 4, seed=0), unit(2, 7, 4, seed=1)
    terms = []
    for n in range(2):
        for s in range(7):
            scores = [
                math.exp(sum(a * b for a, b in zip(queries[n, s], keys[n, t], strict=True)) / 0.07) for t in range(7)
            ]
            terms.append(-math.log(scores[s] / sum(scores)))
    assert patch_nce(queries, keys, temperature=0.07).item() == pytest.approx(sum(terms) / 14, rel=1e-12)


def test_the_authors_extra_term_is_below_the_last_digit() -> None:
    """Their softmax is over [positive, negatives with −10 on the diagonal], all / τ; ours over the matrix alone."""
    queries, keys = unit(3, 9, 16, seed=2).numpy(), unit(3, 9, 16, seed=3).numpy()
    positives = np.einsum("nsd,nsd->ns", queries, keys)[..., None]
    negatives = np.einsum("nsd,ntd->nst", queries, keys)
    negatives[:, range(9), range(9)] = -10.0
    logits = np.concatenate([positives, negatives], axis=-1) / 0.07
    theirs = (np.log(np.exp(logits).sum(-1)) - logits[..., 0]).mean()
    ours = patch_nce(torch.from_numpy(queries), torch.from_numpy(keys), temperature=0.07).item()
    assert ours == pytest.approx(theirs, rel=1e-14)


def test_equal_features_everywhere_are_chance_and_separate_ones_are_nothing() -> None:
    same = torch.ones(1, 8, 4) / 2
    assert patch_nce(same, same, temperature=0.07).item() == pytest.approx(math.log(8))
    apart = torch.eye(8)[None]
    assert patch_nce(apart, apart, temperature=0.07).item() < 1e-4
    assert patch_nce(apart, apart.roll(1, dims=1), temperature=0.07).item() > 10


# --- the projector


def test_the_projector_is_built_by_attach_from_known_widths() -> None:
    class Stub(nn.Linear):
        taps = RESNET9

        def encode(self, image: Tensor, layers: list[str]) -> Features: ...

    stub = Stub(1, 1)
    losses = ImageLosses({"nce": PatchNCE(weight=1.0)}, stub)
    assert sum(p.numel() for p in losses.parameters()) == 560_384
    assert not any(module is stub for module in losses.modules())  # the generator's weights are its own
    some = PatchNCE(weight=1.0, layers=["down1", "block5"])
    some.attach(stub)
    assert some.projector.layers == ["down1", "block5"]


@pytest.mark.parametrize("taps", [None, {}])
def test_a_generator_without_an_encoder_is_told_what_to_choose(taps: dict[str, int] | None) -> None:
    class Plain(nn.Conv2d):
        pass

    generator = Plain(3, 3, 1)
    if taps is not None:
        generator.taps = taps
    with pytest.raises(ConfigError) as error:
        PatchNCE(weight=1.0).attach(generator)
    said = str(error.value)
    assert "Plain has none" in said and "generator@model.generator=resnet9" in said and "\n" not in said


def test_an_unknown_layer_is_named_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match="PatchNCE: Coder has no layer 'deep'; it has image, half"):
        PatchNCE(weight=1.0, layers=["image", "deep"]).attach(Coder())


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match=r"temperature must be above 0, got 0; try 0\.07"):
        PatchNCE(weight=1.0, temperature=0)
    with pytest.raises(ValueError, match="patches must be at least 1, got 0; try 256"):
        PatchNCE(weight=1.0, patches=0)
    with pytest.raises(ValueError, match=r"call attach\(generator\)"):
        PatchNCE(weight=1.0)(views(Coder()))
    with pytest.raises(ValueError, match=r"needs G\(style\), and the model did not make it"):
        coder = Coder()
        attached(coder)(Views(picture(0), picture(1), picture(2), encode=coder.encode))


# --- the loss


def by_hand(coder: Coder, projector: PatchProjector, picture: Tensor, source: Tensor, *, across: bool = False) -> float:
    """mean over layers of the loops above, at all places, in float64."""
    layers = []
    for layer in coder.taps:
        rows = []
        for image in (picture, source):
            columns = coder.encode(image, [layer])[layer].permute(0, 2, 3, 1).flatten(1, 2)  # (N, H W, C)
            rows.append(projector(layer, columns).detach().double())
        queries, keys = (side.flatten(0, 1)[None] if across else side for side in rows)
        shares = torch.softmax(torch.einsum("nsd,ntd->nst", queries, keys) / 0.07, dim=-1)
        layers.append(-shares.diagonal(dim1=1, dim2=2).log().mean().item())
    return sum(layers) / len(layers)


@pytest.mark.parametrize("across", [False, True])
@pytest.mark.parametrize("identity", [False, True])
def test_it_is_its_formula_where_all_places_are_taken(identity: bool, across: bool) -> None:
    coder = Coder()
    loss = attached(coder, patches=1000, identity=identity, across_batch=across)
    seen = views(coder)
    expected = by_hand(coder, loss.projector, seen.stylised, seen.content, across=across)
    if identity:
        expected = (expected + by_hand(coder, loss.projector, seen.identity, seen.style, across=across)) / 2
    assert loss.needs_identity is identity and loss.needs_encoder
    assert loss(seen).item() == pytest.approx(expected, rel=1e-4)


def test_it_asks_as_many_places_as_said_the_same_of_both_pictures() -> None:
    """A picture compared with itself: at the same places each query is its own key."""
    coder = Coder()
    loss = attached(coder, patches=3, identity=False, layers=["image"], temperature=1e-3)
    image = picture(5)
    assert loss(Views(image, image, picture(2), encode=coder.encode)).item() < 1e-2
    loss.temperature = 1e6  # all alike: the logarithm of how many were asked
    assert loss(Views(image, image, picture(2), encode=coder.encode)).item() == pytest.approx(math.log(3), rel=1e-4)


def test_places_are_drawn_anew_from_torchs_generator() -> None:
    coder = Coder()
    loss = attached(coder, patches=5)
    torch.manual_seed(1)
    first, second = loss(views(coder)), loss(views(coder))
    torch.manual_seed(1)
    assert torch.equal(loss(views(coder)), first) and not torch.equal(first, second)


def test_only_the_named_layers_are_asked_for() -> None:
    coder = Coder()
    attached(coder, layers=["half"], identity=False)(views(coder))
    assert [layers for _, layers in coder.asked] == [["half"], ["half"]]


def test_a_mirrored_picture_is_mirrored_back_and_meets_the_photograph_as_it_was() -> None:
    """G saw x mirrored. An encoder that knows left from right tells the two ways of comparing apart."""

    class Ramp(Coder):
        def encode(self, image: Tensor, layers: list[str]) -> Features:
            return super().encode(image * torch.linspace(0.2, 1, image.shape[-1]), layers)

    coder = Ramp()
    loss = attached(coder, patches=1000, identity=False, layers=["image"])
    seen = views(coder, mirrored=True)
    original = seen.content.flip(-1)  # views hold x as G saw it
    queries = coder.encode(seen.stylised, ["image"])["image"].flip(-1)
    keys = coder.encode(original, ["image"])["image"]
    columns = [features.permute(0, 2, 3, 1).flatten(1, 2) for features in (queries, keys)]
    query, key = (loss.projector("image", places).double() for places in columns)
    shares = torch.softmax(torch.einsum("nsd,ntd->nst", query, key) / 0.07, dim=-1)
    expected = -shares.diagonal(dim1=1, dim2=2).log().mean().item()
    assert loss(seen).item() == pytest.approx(expected, rel=1e-4)
    assert loss(views(coder)).item() != pytest.approx(expected, rel=1e-3)


# --- who learns


def test_the_picture_learns_by_queries_and_the_projector_too() -> None:
    coder = Coder()
    loss = attached(coder)
    content, style = picture(1).requires_grad_(), picture(2).requires_grad_()
    stylised, identity = picture(0).requires_grad_(), picture(3).requires_grad_()
    loss(Views(stylised, content, style, identity=identity, encode=coder.encode)).backward()
    for learns in (stylised, identity, *coder.parameters(), *loss.parameters()):
        assert learns.grad.isfinite().all() and learns.grad.abs().sum() > 0
    assert content.grad is None and style.grad is None


def test_keys_are_constants() -> None:
    """The projector's gradient is that of the queries alone: as if the keys had come from a frozen copy."""
    coder = Coder()
    loss = attached(coder, patches=1000, identity=False, layers=["image"])
    seen = views(coder)
    loss(seen).backward()
    found = [p.grad.clone() for p in loss.parameters()]
    columns = [image.detach().permute(0, 2, 3, 1).flatten(1, 2) for image in (seen.stylised, seen.content)]
    loss.zero_grad()
    keys = loss.projector("image", columns[1]).detach()
    patch_nce(loss.projector("image", columns[0]), keys, temperature=0.07).backward()
    for ours, expected in zip(found, loss.parameters(), strict=True):
        torch.testing.assert_close(ours, expected.grad, rtol=1e-3, atol=1e-5)


def test_every_weight_learns_under_bf16() -> None:
    coder = Coder()
    losses = ImageLosses({"nce": PatchNCE(weight=1.0)}, coder)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        term = losses(views(coder))["nce"]
    assert term.dtype == torch.float32
    term.backward()
    for parameter in (*coder.parameters(), *losses.parameters()):
        assert parameter.grad is not None and parameter.grad.isfinite().all() and parameter.grad.abs().sum() > 0
