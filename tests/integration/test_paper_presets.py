"""The published recipes as composed: classes and numbers, sizes, first weights, learning rates, and one step by hand.

By hand means the paper's formula in plain tensor operations or loops, float64, equal to ten digits. The networks are
black boxes there: their own tests open them.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from conftest import compose_config
from omegaconf import DictConfig, OmegaConf
from scipy.stats import kstest
from torch import Tensor, nn

from stylegan_pl.config.check_keys import check_config
from stylegan_pl.config.check_parts import check_fit, check_roles
from stylegan_pl.contracts import Progress, StylePair
from stylegan_pl.models.base import TwoPlayerModule
from stylegan_pl.models.fakes import Fakes, each
from stylegan_pl.nn.pretrained.wanted import without_pretrained
from stylegan_pl.runs.precision import Precision
from stylegan_pl.training.build import build_model

PRESETS = ["paper_cyclegan", "paper_pix2pix", "paper_cut", "paper_fastcut", "paper_adain"]


def preset(name: str, *overrides: str) -> DictConfig:
    """As the command line composes it."""
    return compose_config("train", [f"+experiment={name}", "run_dir=nowhere", "data_root=nowhere", *overrides])


def built(name: str, *overrides: str) -> TwoPlayerModule:
    """Without pretrained weights: only shapes, formulas and what is drawn at random matter here."""
    with without_pretrained():
        return build_model(preset(name, *overrides))


@pytest.fixture(scope="module")
def shapes() -> Callable[[str], TwoPlayerModule]:
    """A preset at full size, without memory for it."""
    models: dict[str, TwoPlayerModule] = {}

    def of(name: str) -> TwoPlayerModule:
        if name not in models:
            with torch.device("meta"):
                models[name] = built(name)
        return models[name]

    return of


# ---------------------------------------------------------------------- classes and numbers

ADAM = {"_target_": "torch.optim.Adam", "lr": 2e-4, "betas": [0.5, 0.999]}
RESIZED = {"data.content.load_size": 286, "data.content.upscale": True, "augment.p": 0.5} | {
    "data.style.load_size": 286, "data.style.upscale": True, "augment._target_": "stylegan_pl.data.augment.RandomFlip",
}  # fmt: skip
PLAIN_GAME = {
    "penalty._target_": "stylegan_pl.losses.penalties.NoPenalty",
    "diff_augment._target_": "stylegan_pl.nn.augment.diff_augment.DiffAugment",
    "model.adversarial_weight": 1.0,
    "model.game.discriminator_weight": 0.5,
    "model.discriminator._target_": "stylegan_pl.discriminators.patchgan.PatchGAN",
    "model.discriminator.n_layers": 3,
    "model.discriminator.width": 64,
    "model.discriminator.spectral_norm": False,
}
RESNET9 = {
    "model.generator._target_": "stylegan_pl.generators.resnet.ResNetGenerator",
    "model.generator.blocks": 9,
    "model.generator.width": 64,
}
CUT = PLAIN_GAME | RESNET9 | RESIZED | {
    "model._target_": "stylegan_pl.models.cut.CUT",
    "model.game.pool_size": 0,
    "model.game.adversarial._target_": "stylegan_pl.losses.adversarial.LeastSquares",
    "model.mechanics.first_player": "discriminator",
    "model.generator.upsample._target_": "stylegan_pl.nn.layers.upsample.AntialiasedUpsample",
    "model.generator.downsample._target_": "stylegan_pl.nn.layers.downsample.AntialiasedDownsample",
    "model.discriminator.inputs": 3,
    "model.discriminator.antialias": True,
    "image_loss.patch_nce.patches": 256,
    "image_loss.patch_nce.temperature": 0.07,
    "image_loss.patch_nce.width": 256,
    "image_loss.patch_nce.layers": None,
    "image_loss.patch_nce.across_batch": False,
    "batch_size": 1,
    "max_images": None,
    "data.pairing._target_": "stylegan_pl.data.pairing.Unpaired",
}  # fmt: skip
PUBLISHED: dict[str, dict[str, Any]] = {
    "paper_cyclegan": PLAIN_GAME | RESNET9 | RESIZED | {
        "model._target_": "stylegan_pl.models.cyclegan.CycleGAN",
        "model.game.pool_size": 50,
        "model.content_game.pool_size": 50,
        "model.content_game.discriminator_weight": 0.5,
        "model.game.adversarial._target_": "stylegan_pl.losses.adversarial.LeastSquares",
        "model.cycle_weight": 10.0,
        "model.identity_weight": 0.5,
        "model.mechanics.first_player": "generator",
        "model.generator.upsample._target_": "stylegan_pl.nn.layers.upsample.TransposedConv",
        "model.generator.downsample._target_": "stylegan_pl.nn.layers.downsample.StridedConv",
        "model.discriminator.inputs": 3,
        "batch_size": 1,
        "max_images": None,
        "max_epochs": 200,
        "data.pairing._target_": "stylegan_pl.data.pairing.Unpaired",
    },
    "paper_pix2pix": PLAIN_GAME | RESIZED | {
        "model._target_": "stylegan_pl.models.pix2pix.Pix2Pix",
        "model.generator._target_": "stylegan_pl.generators.unet.UNetGenerator",
        "model.generator.levels": 8,
        "model.generator.width": 64,
        "model.generator.dropout": 0.5,
        "model.generator.upsample._target_": "stylegan_pl.nn.layers.upsample.TransposedConv4",
        "model.game.pool_size": 0,
        "model.game.adversarial._target_": "stylegan_pl.losses.adversarial.BinaryCrossEntropy",
        "model.l1_weight": 100.0,
        "model.mechanics.first_player": "discriminator",
        "model.discriminator.inputs": 6,
        "batch_size": 1,
        "max_images": None,
        "max_epochs": 200,
        "data.pairing._target_": "stylegan_pl.data.pairing.PairedByName",
    },
    "paper_cut": CUT | {
        "max_epochs": 400,
        "model.flip_equivariance": False,
        "image_loss.patch_nce.weight": 1.0,
        "image_loss.patch_nce.identity": True,
    },
    "paper_fastcut": CUT | {
        "max_epochs": 200,
        "model.flip_equivariance": True,
        "image_loss.patch_nce.weight": 10.0,
        "image_loss.patch_nce.identity": False,
    },
    "paper_adain": {
        "model._target_": "stylegan_pl.models.adain.AdaINTransfer",
        "model.adversarial_weight": 0.0,
        "model.content_weight": 1.0,
        "model.generator._target_": "stylegan_pl.generators.adain.AdaINGenerator",
        "model.generator.encoder._target_": "stylegan_pl.nn.pretrained.vgg_encoder.VGGEncoder",
        "model.generator.encoder.architecture": "vgg19",
        "model.generator.encoder.layers": ["relu1_1", "relu2_1", "relu3_1", "relu4_1"],
        "model.generator.decoder._target_": "stylegan_pl.nn.layers.decoders.MirrorDecoder",
        "model.generator.decoder.upsample._target_": "stylegan_pl.nn.layers.upsample.ResizeConv",
        "model.generator.decoder.upsample.mode": "nearest",
        "image_loss.adain_statistics.weight": 10.0,
        "image_loss.adain_statistics.layers": {"relu1_1": 1.0, "relu2_1": 1.0, "relu3_1": 1.0, "relu4_1": 1.0},
        "feature_network.architecture": "vgg19",
        "batch_size": 8,
        "max_images": 160_000 * 8,
        "max_epochs": None,
        "data.content.load_size": 512,
        "data.style.load_size": 512,
        "data.style.include": [],
        "augment._target_": "stylegan_pl.data.augment.Augmentation",
        "data.pairing._target_": "stylegan_pl.data.pairing.Unpaired",
    },
}  # fmt: skip
EVERYWHERE = {
    "image_size": 256,
    "precision": Precision.fp32,
    "model.mechanics.ema_half_life_images": None,
    "model.mechanics.accumulate_batches": 1,
    "model.mechanics.generator_clip_norm": None,
    "model.mechanics.discriminator_clip_norm": None,
}
IMAGE_LOSSES = {"paper_cut": {"patch_nce"}, "paper_fastcut": {"patch_nce"}, "paper_adain": {"adain_statistics"}}


@pytest.mark.parametrize("name", PRESETS)
def test_the_numbers_are_the_papers(name):
    config = preset(name)
    published = EVERYWHERE | PUBLISHED[name]
    found = {key: OmegaConf.select(config, key, throw_on_missing=True) for key in published}
    found = {k: OmegaConf.to_container(v) if OmegaConf.is_config(v) else v for k, v in found.items()}
    assert found == published
    assert set(config.image_loss) == IMAGE_LOSSES.get(name, set())


@pytest.mark.parametrize("name", PRESETS)
def test_the_command_line_takes_it(name):
    config = preset(name)
    check_roles(config)
    check_config(config)
    check_fit(config)


@pytest.mark.parametrize("name", PRESETS)
def test_the_optimizers_are_the_papers(name, shapes):
    wanted = ADAM if name != "paper_adain" else ADAM | {"lr": 1e-4, "betas": [0.9, 0.999]}
    model = shapes(name)
    optimizers = model.configure_optimizers()
    assert model.players == (("generator",) if name == "paper_adain" else ("generator", "discriminator"))
    assert len(optimizers) == len(model.players)
    for optimizer in optimizers:
        assert type(optimizer) is torch.optim.Adam
        assert optimizer.defaults["lr"] == wanted["lr"] and list(optimizer.defaults["betas"]) == wanted["betas"]
        assert optimizer.defaults["weight_decay"] == 0
        assert [group["lr"] for group in optimizer.param_groups] == [wanted["lr"]]


def networks(model: Any, name: str) -> tuple[list[nn.Module], list[nn.Module]]:
    """What the generator's Adam moves, and what the discriminator's does."""
    return {
        "paper_cyclegan": lambda: (
            [model.generator, model.backward_generator], [model.discriminator, model.content_discriminator],
        ),
        "paper_pix2pix": lambda: ([model.generator], [model.discriminator]),
        "paper_cut": lambda: ([model.generator, model.image_losses["patch_nce"].projector], [model.discriminator]),
        "paper_fastcut": lambda: ([model.generator, model.image_losses["patch_nce"].projector], [model.discriminator]),
        "paper_adain": lambda: ([model.generator.decoder], []),
    }[name]()  # fmt: skip


@pytest.mark.parametrize("name", PRESETS)
def test_each_optimizer_moves_exactly_its_players_networks(name, shapes):
    model = shapes(name)
    for optimizer, modules in zip(model.configure_optimizers(), networks(model, name), strict=False):
        moved = [id(p) for group in optimizer.param_groups for p in group["params"]]
        assert len(moved) == len(set(moved))
        assert set(moved) == {id(p) for module in modules for p in module.parameters()}


# ---------------------------------------------------------------------- sizes and first weights

RESNET9_SIZE, PATCHGAN_SIZE = 11_378_179, 2_764_737
SIZES = {
    "paper_cyclegan": ([RESNET9_SIZE] * 2, [PATCHGAN_SIZE] * 2),
    "paper_pix2pix": ([54_409_603], [PATCHGAN_SIZE + 3 * 64 * 16]),  # D's first layer sees three channels more
    "paper_cut": ([RESNET9_SIZE, 560_384], [PATCHGAN_SIZE]),
    "paper_fastcut": ([RESNET9_SIZE, 560_384], [PATCHGAN_SIZE]),
    "paper_adain": ([3_505_219], []),
}


@pytest.mark.parametrize("name", PRESETS)
def test_the_sizes_are_the_papers(name, shapes):
    model = shapes(name)
    found = tuple([sum(p.numel() for p in m.parameters()) for m in side] for side in networks(model, name))
    assert found == SIZES[name]
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    idle = sum(p.numel() for p in model.discriminator.parameters()) if name == "paper_adain" else 0
    assert trained == sum(map(sum, SIZES[name])) + idle


def test_the_frozen_half_of_adain_is_vgg19_to_relu4_1(shapes):
    encoder = shapes("paper_adain").generator.encoder
    assert encoder.stride == 8 and encoder.bottleneck == "relu4_1"
    weights = [layer for layer in encoder.modules() if isinstance(layer, nn.Conv2d)]
    assert sum(layer.weight.numel() + layer.bias.numel() for layer in weights) == 3_505_740 - 12  # its stem: 3 × 3 + 3


def drawn(modules: Iterable[nn.Module]) -> Iterator[nn.Module]:
    """Layers whose weights are trained; their biases start at 0."""
    for layer in (layer for module in modules for layer in module.modules()):
        if isinstance(getattr(layer, "weight", None), nn.Parameter):
            assert layer.bias is None or not layer.bias.any()
            yield layer


def glorot(weight: Tensor) -> float:
    """0.02 · sqrt(2 / (fan_in + fan_out)); both fans count every position of the kernel."""
    return 0.02 * math.sqrt(2 / ((weight.shape[0] + weight.shape[1]) * weight[0, 0].numel()))


def he(weight: Tensor) -> float:
    """sqrt(2 / fan_in) of a convolution or a linear layer."""
    return math.sqrt(2 / weight[0].numel())


DEVIATIONS: dict[str, Callable[[Tensor], float]] = {
    "paper_cyclegan": lambda weight: 0.02,
    "paper_pix2pix": lambda weight: 0.02,
    "paper_cut": glorot,
    "paper_fastcut": glorot,
}


def decoder_deviation() -> Callable[[Tensor], float]:
    """The paper does not say how the decoder starts; conf/generator/adain.yaml does."""
    init = preset("paper_adain").model.generator.init
    name = init._target_.rsplit(".", 1)[-1]
    return {"init_normal": lambda weight: init.std, "init_he": he}[name]


NARROW = ["model.generator.width=16", "model.discriminator.width=16"]


@pytest.mark.parametrize("name", PRESETS)
def test_the_first_weights_are_normal_with_the_published_deviation(name):
    torch.manual_seed(0)
    model = built(name, *(NARROW if name in DEVIATIONS else []))
    deviation = DEVIATIONS.get(name) or decoder_deviation()
    for side in networks(model, name):
        pooled = []
        for layer in drawn(side):
            unit = layer.weight.detach().double().flatten() / deviation(layer.weight)
            assert float(unit.square().mean().sqrt()) == pytest.approx(1, abs=4 / math.sqrt(2 * len(unit)))
            pooled.append(unit)
        if pooled:
            assert kstest(torch.cat(pooled)[::7].numpy(), "norm").pvalue > 1e-3


# ---------------------------------------------------------------------- learning rates

EPOCH = 6287  # photographs of vangogh2photo, the larger set
RATES = {  # epoch -> share of the base rate: 1 − max(0, e + 1 − n) / (n_decay + 1), by hand
    "paper_cyclegan": {0: 1, 99: 1, 100: Fraction(100, 101), 149: Fraction(51, 101), 199: Fraction(1, 101)},
    "paper_pix2pix": {0: 1, 99: 1, 100: Fraction(100, 101), 149: Fraction(51, 101), 199: Fraction(1, 101)},
    "paper_cut": {
        0: 1, 99: 1, 149: 1, 199: 1, 200: Fraction(200, 201), 299: Fraction(101, 201), 399: Fraction(1, 201),
    },
    "paper_fastcut": {0: 1, 99: 1, 149: 1, 150: Fraction(50, 51), 174: Fraction(26, 51), 199: Fraction(1, 51)},
}  # fmt: skip


@pytest.mark.parametrize("name", RATES)
def test_the_rate_falls_epoch_by_epoch(name, shapes):
    model = shapes(name)
    total = model.mechanics.total_images(EPOCH)
    assert total == (max(RATES[name]) + 1) * EPOCH  # the last epoch of the table is the last of the run
    for epoch, share in RATES[name].items():
        for within in (0, EPOCH // 2, EPOCH - 1):  # the published code changes it between epochs only
            factor = model.schedule(Progress(epoch * EPOCH + within, total, EPOCH))
            for optimizer in model.configure_optimizers():
                assert optimizer.defaults["lr"] * factor == pytest.approx(2e-4 * float(share), rel=1e-12)


def test_adains_rate_falls_with_every_iteration(shapes):
    model = shapes("paper_adain")
    total = model.mechanics.total_images(EPOCH)
    assert total == 1_280_000
    (optimizer,) = model.configure_optimizers()
    for i in (0, 1, 20_000, 100_000, 159_999):
        rate = optimizer.defaults["lr"] * model.schedule(Progress(8 * i, total, EPOCH))
        assert rate == pytest.approx(1e-4 / (1 + 5e-5 * i), rel=1e-12)


# ---------------------------------------------------------------------- one step by hand

EXACT = {"rtol": 1e-10, "atol": 1e-10}


@pytest.fixture(autouse=True)
def doubles_stay_doubles(monkeypatch):
    """Losses are taken in float32 so that half precision does not overflow; ten digits need them in float64."""
    monkeypatch.setattr(torch.Tensor, "float", lambda self: self.to(torch.promote_types(self.dtype, torch.float32)))


def double(name: str, *tiny: str) -> Any:
    """The recipe on tiny networks, in float64."""
    torch.manual_seed(1)
    model = built(name, *tiny).double()
    with torch.no_grad():  # the published first weights say nearly nothing: every logit is near 0
        for parameter in model.parameters():
            parameter.mul_(5).add_(0.02 * torch.randn_like(parameter))
    return model


def pair(size: int, count: int = 2) -> StylePair:
    """Content and style in float64, uniform in [-1, 1]."""
    generator = torch.Generator().manual_seed(3)
    x, y = torch.rand(2, count, 3, size, size, generator=generator, dtype=torch.float64) * 2 - 1
    return StylePair(x, y)


def detached(fakes: Fakes) -> Any:
    """As the discriminator gets them."""
    return each(fakes, Tensor.detach)


def assert_terms(found: dict[str, Tensor], expected: dict[str, Tensor | float]) -> None:
    """The same terms, each equal to ten digits, and none of them trivially 0."""
    assert found.keys() == expected.keys()
    for name, term in expected.items():
        assert found[name].dtype == torch.float64 and found[name].shape == (), name
        wanted = float(torch.as_tensor(term, dtype=torch.float64).detach())
        assert abs(wanted) > 1e-6, name
        assert found[name].item() == pytest.approx(wanted, rel=1e-10), name


def squared(logits: Tensor, label: float) -> Tensor:
    """mean (D − label)²."""
    return ((logits - label) ** 2).mean()


def cyclegan_discriminators(model: Any, batch: StylePair, shown_y: Tensor, shown_x: Tensor) -> dict[str, Tensor]:
    """½ [mean (D(real) − 1)² + mean D(fake)²] on either side (Zhu et al., section 3.1 and appendix 7.1)."""
    d_y, d_x = model.discriminator, model.content_discriminator
    return {
        "adversarial_style": 0.5 * (squared(d_y(batch.style), 1) + squared(d_y(shown_y), 0)),
        "adversarial_content": 0.5 * (squared(d_x(batch.content), 1) + squared(d_x(shown_x), 0)),
    }


TINY_GAN = ["model.generator.width=4", "model.generator.blocks=2", "model.discriminator.width=4"]


def test_cyclegan_by_hand():
    model, (x, y) = double("paper_cyclegan", *TINY_GAN), pair(32)
    batch = StylePair(x, y)
    g, f = model.generator, model.backward_generator
    fakes = model.generate(batch)
    fake_y, fake_x = g(x), f(y)
    expected = {
        "adversarial_style": squared(model.discriminator(fake_y), 1),
        "adversarial_content": squared(model.content_discriminator(fake_x), 1),
        "cycle_content": 10 * (f(fake_y) - x).abs().mean(),
        "cycle_style": 10 * (g(fake_x) - y).abs().mean(),
        "identity_style": 0.5 * 10 * (g(y) - y).abs().mean(),
        "identity_content": 0.5 * 10 * (f(x) - x).abs().mean(),
    }
    assert_terms(model.generator_loss(batch, fakes), expected)
    # a pool that is not full hands back what it is given
    found = model.discriminator_loss(batch, detached(fakes))
    assert_terms(found, cyclegan_discriminators(model, batch, fake_y, fake_x))


def swapped(full: list[Tensor], fakes: Tensor) -> tuple[Tensor, int]:
    """Section 4's pool, full: each fake, half the time, for an old one whose place it takes; and how many were."""
    swaps, places = torch.rand(len(fakes)) < 0.5, torch.randint(len(full), (len(fakes),))
    shown = []
    for fake, swap, place in zip(fakes, swaps.tolist(), places.tolist(), strict=True):
        shown.append(full[place] if swap else fake)
        if swap:
            full[place] = fake
    return torch.stack(shown), int(swaps.sum())


def test_cyclegan_with_full_pools_by_hand():
    model, batch = double("paper_cyclegan", *TINY_GAN), pair(32)
    fakes = detached(model.generate(batch))
    old_y, old_x = torch.rand(2, 50, 3, 32, 32, generator=torch.Generator().manual_seed(4), dtype=torch.float64) * 2 - 1
    assert torch.equal(model.game.pool(old_y), old_y) and torch.equal(model.content_game.pool(old_x), old_x)
    kept_y, kept_x = list(old_y), list(old_x)
    total = 0
    for seed in range(3):
        torch.manual_seed(seed)
        found = model.discriminator_loss(batch, fakes)
        torch.manual_seed(seed)
        shown_y, swaps_y = swapped(kept_y, fakes.stylised)
        shown_x, swaps_x = swapped(kept_x, fakes.photograph)
        assert_terms(found, cyclegan_discriminators(model, batch, shown_y, shown_x))
        total += swaps_y + swaps_x
    assert 0 < total < 12  # of two fakes in two pools, three times, some were swapped and some were not


def test_pix2pix_by_hand():
    tiny = ["model.generator.levels=6", "model.generator.width=4", "model.discriminator.width=4"]
    model, batch = double("paper_pix2pix", *tiny), pair(64)
    x, y = batch
    torch.manual_seed(5)
    fakes = model.generate(batch)
    torch.manual_seed(5)
    fake = model.generator(x)  # with the same dropout
    assert not torch.allclose(model.generator(x), fake)  # which is alive: it is the paper's noise
    fake_logits, real_logits = model.discriminator(torch.cat([x, fake], 1)), model.discriminator(torch.cat([x, y], 1))
    expected = {
        "adversarial": -fake_logits.sigmoid().log().mean(),
        "l1": 100 * (fake - y).abs().mean(),
    }
    assert_terms(model.generator_loss(batch, fakes), expected)
    judged = -real_logits.sigmoid().log().mean() - (1 - fake_logits.sigmoid()).log().mean()
    assert_terms(model.discriminator_loss(batch, detached(fakes)), {"adversarial": 0.5 * judged})


TINY_CUT = [*TINY_GAN, "model.generator.blocks=6", "image_loss.patch_nce.width=8", "image_loss.patch_nce.patches=10"]


def nce_by_loops(model: Any, picture: Tensor, source: Tensor, *, flip_queries: bool = False) -> float:
    """Mean over layers, images and places of − log exp(q_s·k_s/τ) / Σ_t exp(q_s·k_t/τ), CUT's diagonal blotted out."""
    projector, layers = model.image_losses["patch_nce"].projector, list(model.generator.taps)
    queries = model.generator.encode(picture, layers)
    keys = model.generator.encode(source, layers)
    total = 0.0
    for mlp, layer in zip(projector.perceptrons, layers, strict=True):
        query, key = queries[layer].flip(-1) if flip_queries else queries[layer], keys[layer]
        _, _, height, width = key.shape
        places = torch.randperm(height * width)[:10].tolist()
        losses = []
        for image in range(len(key)):
            q, k = (
                [_unit(mlp(features[image, :, place // width, place % width])) for place in places]
                for features in (query, key)
            )
            for s in range(len(places)):
                logits = [float(q[s] @ k[s]) / 0.07]
                logits += [-10 / 0.07 if t == s else float(q[s] @ k[t]) / 0.07 for t in range(len(places))]
                losses.append(math.log(sum(math.exp(logit - logits[0]) for logit in logits)))
        total += sum(losses) / len(losses)
    return total / len(layers)


def _unit(vector: Tensor) -> np.ndarray:
    values = vector.detach().numpy()
    return values / (math.sqrt(sum(v * v for v in values)) + 1e-7)


def test_cut_by_hand():
    model, batch = double("paper_cut", *TINY_CUT), pair(32)
    x, y = batch
    assert list(model.generator.taps.values()) == [3, 8, 16, 16, 16]
    fakes = model.generate(batch)
    fake, identity = model.generator(x), model.generator(y)
    torch.manual_seed(6)
    found = model.generator_loss(batch, fakes)
    torch.manual_seed(6)
    of_photographs = nce_by_loops(model, fake, x)
    of_paintings = nce_by_loops(model, identity, y)
    expected = {
        "adversarial": squared(model.discriminator(fake), 1),
        "patch_nce": 1.0 * 0.5 * (of_photographs + of_paintings),
    }
    assert_terms(found, expected)
    judged = 0.5 * (squared(model.discriminator(y), 1) + squared(model.discriminator(fake), 0))
    assert_terms(model.discriminator_loss(batch, detached(fakes)), {"adversarial": judged})


def coin_is(heads: bool) -> int:
    """A seed whose first uniform draw is below ½, or not."""
    for seed in range(100):
        torch.manual_seed(seed)
        if bool(torch.rand(()) < 0.5) == heads:
            return seed
    raise AssertionError("a hundred coins alike")


@pytest.mark.parametrize("mirrored", [True, False])
def test_fastcut_by_hand(mirrored):
    model, batch = double("paper_fastcut", *TINY_CUT), pair(32)
    x, y = batch
    torch.manual_seed(coin_is(mirrored))
    fakes = model.generate(batch)
    fake = model.generator(x.flip(-1) if mirrored else x)
    torch.testing.assert_close(fakes.stylised, fake, **EXACT)
    torch.manual_seed(7)
    found = model.generator_loss(batch, fakes)
    torch.manual_seed(7)
    expected = {
        "adversarial": squared(model.discriminator(fake), 1),
        "patch_nce": 10.0 * nce_by_loops(model, fake, x, flip_queries=mirrored),
    }
    assert_terms(found, expected)
    judged = 0.5 * (squared(model.discriminator(y), 1) + squared(model.discriminator(fake), 0))
    assert_terms(model.discriminator_loss(batch, detached(fakes)), {"adversarial": judged})


def spread(channel: np.ndarray) -> tuple[float, float]:
    """Mean and deviation of one channel, sum by sum, by n − 1, with 1e-5 below the root (the authors' code)."""
    values = channel.ravel().tolist()
    mean = math.fsum(values) / len(values)
    return mean, math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (len(values) - 1) + 1e-5)


def target_by_loops(content: Tensor, style: Tensor) -> np.ndarray:
    """σ_s (f − μ) / σ + μ_s, channel by channel (equation 8)."""
    content, style = content.detach().numpy(), style.detach().numpy()
    target = np.empty_like(content)
    for image in range(len(content)):
        for channel in range(content.shape[1]):
            mean, deviation = spread(content[image, channel])
            style_mean, style_deviation = spread(style[image, channel])
            target[image, channel] = style_deviation * (content[image, channel] - mean) / deviation + style_mean
    return target


def statistics_by_loops(found: Tensor, wanted: Tensor) -> float:
    """mean (μ − μ)² + mean (σ − σ)² of one layer (equation 13, the authors' mean squares)."""
    gaps = []
    for ours, theirs in zip(found.detach().flatten(0, 1), wanted.detach().flatten(0, 1), strict=True):
        (mean, deviation), (style_mean, style_deviation) = spread(ours.numpy()), spread(theirs.numpy())
        gaps.append((mean - style_mean) ** 2 + (deviation - style_deviation) ** 2)
    return math.fsum(gaps) / len(gaps)


def test_adain_by_hand():
    torch.manual_seed(1)
    model, batch = built("paper_adain").double(), pair(32)
    x, y = batch
    encoder = model.generator.encoder.network.layers
    for layers in (encoder, model.feature_network.layers):  # lively random weights, the same in both: one VGG
        torch.manual_seed(2)
        for layer in (layer for layer in layers if isinstance(layer, nn.Conv2d)):
            layer.weight.normal_(0, he(layer.weight))
    fakes = model.generate(batch)
    deepest = "relu4_1"
    target = target_by_loops(*(model.generator.encode(image, [deepest])[deepest] for image in (x, y)))
    picture = model.generator.decoder(torch.from_numpy(target))
    torch.testing.assert_close(fakes.stylised, picture, **EXACT)
    encoded = model.generator.encode(picture, [deepest])[deepest].detach().numpy()
    ours, theirs = model.feature_network(picture), model.feature_network(y)
    layers = ["relu1_1", "relu2_1", "relu3_1", "relu4_1"]
    expected = {
        "adain_content": float(((encoded - target) ** 2).mean()),
        "adain_statistics": 10 * sum(statistics_by_loops(ours[name], theirs[name]) for name in layers),
    }
    assert_terms(model.generator_loss(batch, fakes), expected)
