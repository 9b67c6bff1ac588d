"""The plain step and ours descend the same losses, step after step; and the published amount of arithmetic."""

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from benchmarks.flops import flops, forward_macs
from benchmarks.plain import plain_step
from benchmarks.steps import Step, composed, random_batch
from stylegan_pl.contracts import StylePair
from stylegan_pl.discriminators.patchgan import PatchGAN
from stylegan_pl.generators.resnet import ResNetGenerator
from stylegan_pl.nn.fast import winograd
from stylegan_pl.nn.layers.upsample import TransposedConv
from stylegan_pl.nn.pretrained.shapes import shapes_only
from stylegan_pl.training.build import build_model
from stylegan_pl.training.memory_advice import fitting_batch, fixed_bytes, out_of_memory_advice, pair_bytes

SMALL = ["image_size=32", "batch_size=2", "discriminator@model.discriminator=patchgan16", "model.discriminator.width=8"]
MODELS = {
    "cyclegan": [
        "model=cyclegan",
        "generator@model.generator=resnet6",
        "model.generator.width=8",
        "model.generator.blocks=2",
    ],
    "pix2pix": ["model=pix2pix", "model.generator.levels=4", "model.generator.width=8"],
}


@pytest.mark.parametrize("model", MODELS)
def test_losses_are_the_plain_steps_in_float64(model, monkeypatch):
    monkeypatch.setattr(winograd, "_LEAST_CHANNELS", 8)  # every faster rule is on
    monkeypatch.setattr(winograd, "_LEAST_TILES", 1)
    to_float = torch.Tensor.float  # ours sums losses in float32 at least
    monkeypatch.setattr(torch.Tensor, "float", lambda t: t if t.dtype == torch.float64 else to_float(t))
    config = composed([*MODELS[model], *SMALL])
    batch = random_batch(config, torch.float64)
    ours = Step(config, batch)
    ours.model.double()
    torch.manual_seed(0)
    reference = plain_step(build_model(config).double(), batch)
    assert reference is not None
    for _ in range(3):  # the third step has felt two of each optimizer
        expected, found = reference(), ours()
        assert found.keys() == expected.keys()
        for name in expected:
            torch.testing.assert_close(found[name].double(), expected[name], rtol=1e-7, atol=1e-9, msg=name)


def test_forwards_have_the_published_arithmetic():
    with torch.device("meta"):
        for blocks, giga in ((9, 49.55), (6, 35.06)):
            generator = ResNetGenerator(blocks=blocks, upsample=TransposedConv)
            assert forward_macs(generator, 1, 3, 256, 256) == pytest.approx(giga * 1e9, rel=2e-4)
        assert forward_macs(PatchGAN(), 1, 3, 256, 256) == pytest.approx(3.147e9, rel=2e-4)


@pytest.mark.parametrize(("identity", "giga"), [(0.5, 942), (0.0, 645)])
def test_a_cyclegan_step_has_the_published_arithmetic(identity, giga):
    """On the meta device: counted, not computed."""
    config = composed(
        ["model=cyclegan", "upsample@model.generator.upsample=transposed", f"model.identity_weight={identity}",
         "model.mechanics.multiply_less=false", "model.game.pool_size=0",
         "model.generator_optimizer.fused=false", "model.discriminator_optimizer.fused=false"]  # no kernel for shapes
    )  # fmt: skip
    with torch.device("meta"):
        step = Step.__new__(Step)
        step.model = build_model(config)
        step.optimizers = dict(zip(step.model.players, step.model.configure_optimizers(), strict=True))
        step.batch = StylePair(torch.empty(1, 3, 256, 256), torch.empty(1, 3, 256, 256))
        step.autocast = torch.autocast("cpu", enabled=False)
        step.model.ema, step.model.image_terms = None, lambda batch, fakes: {}  # autocast is not for the meta device
        assert flops(step) / 2 == pytest.approx(giga * 1e9, rel=5e-3)


def test_out_of_memory_names_the_batch_that_would_have_fitted():
    config = composed(["model=cyclegan", "image_size=64"])
    with shapes_only():
        model = build_model(config)
    fixed, pair = fixed_bytes(model), pair_bytes(model, 64)
    assert pair_bytes(model, 128) == pytest.approx(4 * pair, rel=0.1)  # features, not weights
    assert 4 * sum(p.numel() * 4 for p in model.parameters() if p.requires_grad) <= fixed
    capacity = int((fixed + 20 * pair) / 0.95)
    fits = fitting_batch(model, 64, capacity, half=False)
    assert 10 <= fits < 20 and fitting_batch(model, 64, capacity, half=True) >= 2 * fits
    assert fitting_batch(model, 64, fixed // 2, half=False) == 0
    facts = {"image_size": 64, "batch_size": 32, "device": "cuda:1 (a GPU)", "capacity_bytes": capacity}
    said = out_of_memory_advice(model, **facts, half=False, half_there="fp16")
    assert f"about {fits} pairs would have fitted" in said and "model.mechanics.recompute=true" in said
    turns = -(-32 // fits)
    assert f"type batch_size={32 // turns} model.mechanics.accumulate_batches={turns}, or" in said
    assert (
        "\n" not in said and "precision=fp16" in said and f"on cuda:1 (a GPU) with {capacity / 2**30:.0f} GiB" in said
    )
    assert "precision=" not in out_of_memory_advice(model, **facts, half=True, half_there="fp16")


def test_a_smaller_batch_is_advised_with_as_many_pairs_a_step():
    """Of a run that accumulates already, and that keeps nothing between the passes."""
    typed = ["model.mechanics.accumulate_batches=3", "model.mechanics.recompute=true"]
    with shapes_only():
        model = build_model(composed(["model=cyclegan", "image_size=64", *typed]))
    capacity = int((fixed_bytes(model) + 20 * pair_bytes(model, 64)) / 0.95)
    said = out_of_memory_advice(
        model, image_size=64, batch_size=24, device="cpu", capacity_bytes=capacity, half=False, half_there="bf16"
    )
    assert "type batch_size=12 model.mechanics.accumulate_batches=6, or" in said and "recompute" not in said
    alone = out_of_memory_advice(
        model, image_size=64, batch_size=1, device="cpu", capacity_bytes=capacity, half=False, half_there="bf16"
    )
    assert "not even one pair" in alone and "batch_size=0" not in alone and "accumulate" not in alone


def test_the_losses_stay_on_the_device_until_logged():
    """No tensor of the step's arithmetic is read by the host."""

    class Reads(TorchDispatchMode):
        count = 0

        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            self.count += "_local_scalar_dense" in str(func) or "nonzero" in str(func)
            return func(*args, **(kwargs or {}))

    for overrides in (MODELS["cyclegan"], [*MODELS["cyclegan"], "model.game.pool_size=1"]):
        step = Step(composed([*overrides, *SMALL]))
        step.optimizers = {player: torch.optim.SGD(o.param_groups, lr=0.1) for player, o in step.optimizers.items()}
        step()
        with Reads() as reads:
            step()
        assert reads.count == 0
