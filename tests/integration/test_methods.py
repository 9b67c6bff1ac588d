"""Every method as a run: stopped and resumed to the last bit, used; on two ranks, in half precision, unopposed."""

import signal
from pathlib import Path

import pytest
import torch
from conftest import compose_config
from fitting import Spy, assert_same, fit, parameters_of, run_until
from images_on_disk import write_images
from omegaconf import DictConfig
from preloaded import preloaded
from torch import Tensor

from stylegan_pl.config.check_keys import check_config
from stylegan_pl.config.check_parts import check_fit, check_roles
from stylegan_pl.config.conf_dir import conf_dir
from stylegan_pl.inference.any_size import stylize_batch
from stylegan_pl.inference.styles import in_style
from stylegan_pl.pictures.tensors import to_float
from stylegan_pl.runs.checkpoint import load_generator
from stylegan_pl.training.run import run

FRAGMENTS = {"game", "surroundings", "mechanics"}
MODELS = sorted(path.stem for path in (conf_dir() / "model").glob("*.yaml") if path.stem not in FRAGMENTS)

RESNET = ["generator@model.generator=resnet6", "model.generator.width=8", "model.generator.blocks=1"]
PATCHES = ["image_loss.patch_nce.width=16", "image_loss.patch_nce.patches=16"]
TINY = {  # model -> its own generator, small enough; a model that is not here is tried with a ResNet
    "adain": [  # VGG-19 as far as it is quick
        "model.generator.encoder.layers=[relu1_1,relu2_1,relu3_1]",
        "model.generator.decoder._target_=stylegan_pl.nn.layers.decoders.ResidualDecoder",
        "+model.generator.decoder.blocks=1",
    ],
    "adain_scratch": ["model.generator.encoder.width=8", "model.generator.decoder.blocks=1"],
    "perceptual": ["model.generator.width=8", "model.generator.blocks=1"],
    "pix2pix": ["model.generator.levels=5", "model.generator.width=8", "model.generator.dropout=0.5"],
    "cut": [*RESNET, *PATCHES],
    "fastcut": [*RESNET, *PATCHES],
    "sincut": [*RESNET, *PATCHES],
}
UNOPPOSED = {"perceptual"}
CRITIC = ["discriminator@model.discriminator=patchgan16", "model.discriminator.width=8"]


@pytest.fixture
def method(image_sets: Path, tmp_path: Path, local_weights):
    """Model, overrides -> a config of it on 32 pixels, checked as the command line checks it."""

    def composed(model: str, *overrides: str, folder: str = "run") -> DictConfig:
        typed = [f"model={model}", f"data_root={image_sets}", f"run_dir={tmp_path / folder}", *TINY.get(model, RESNET)]
        if model == "pix2pix":
            typed += ["data=paired"]
        if model == "sincut":
            for name, hue in (("photo", 0), ("painting", 2)):
                write_images(tmp_path / name, 1, hue=hue)
            typed += ["data=single_pair", f"data.content.root={tmp_path / 'photo' / '000.png'}"]
            typed += [f"data.style.root={tmp_path / 'painting' / '000.png'}"]
        if has_opponent(model):
            typed += CRITIC
        typed += ["feature_network=random_filters", "feature_network.filters=8", "+debug=smoke"]
        config = compose_config("train", [*typed, *overrides])
        assert ("discriminator" in config.model) is has_opponent(model)
        local_weights(config.model)
        check_roles(config)
        check_config(config)
        check_fit(config)
        return config

    return composed


def has_opponent(model: str) -> bool:
    """Whether somebody plays against the generator."""
    return model not in UNOPPOSED


# ---------------------------------------------------------------------- stopped and resumed, then used

WHOLE = ["max_images=12", "val_every_images=8", "deterministic=true", "model.mechanics.ema_half_life_images=10"]
STATEFUL = [  # everything that a checkpoint could forget
    "model.discriminator.spectral_norm=true",  # vectors of the power iteration
    "model.game.pool_size=3",  # full after two of six steps
    "penalty=r1",
    "penalty.every=2",
    "diff_augment=ada",
    "diff_augment.target=-1",  # p never falls
    "diff_augment.interval=2",
    "diff_augment.ramp_images=40",
]
ACCUMULATING = "pix2pix"


def whole_and_halves(model: str, method, tmp_path: Path, monkeypatch) -> tuple[dict, dict]:
    """The last checkpoint of an undisturbed run, and of one that a signal stopped and that went on later."""
    chosen = [*WHOLE, *(STATEFUL if has_opponent(model) else [])]
    chosen += ["model.mechanics.accumulate_batches=2"] if model == ACCUMULATING else []
    assert run(method(model, *chosen, folder="whole")) == 0
    assert run_until(6, signal.SIGTERM, method(model, *chosen, folder="halves"), monkeypatch) == 75
    stopped = torch.load(tmp_path / "halves/checkpoints/last.ckpt", weights_only=True)
    assert stopped["images_seen"] == (8 if model == ACCUMULATING else 6)  # the accumulated step is finished first
    assert run(method(model, *chosen, "resume=auto", folder="halves")) == 0
    whole, halves = (
        torch.load(tmp_path / name / "checkpoints/last.ckpt", weights_only=True) for name in ("whole", "halves")
    )
    return whole, halves


VARIANTS = {"fastcut", "sincut", "adain_scratch"}  # of cut and adain, whose state is of the same kind


@pytest.mark.parametrize(
    "model", [pytest.param(model, marks=[pytest.mark.slow] if model in VARIANTS else []) for model in MODELS]
)
def test_stopped_and_resumed_equals_undisturbed_and_paints(model, method, tmp_path, monkeypatch):
    whole, halves = whole_and_halves(model, method, tmp_path, monkeypatch)
    assert whole["images_seen"] == halves["images_seen"] == 12
    assert_same(whole["state_dict"], halves["state_dict"])
    assert_same(whole["optimizer_states"], halves["optimizer_states"])
    assert all(state["state"] for state in whole["optimizer_states"])
    state = whole["state_dict"]
    assert any(key.startswith("ema.averaged.") for key in state)
    if has_opponent(model):
        assert_states_moved(state)
    assert_paints(tmp_path / "halves/checkpoints/best.ckpt", tmp_path, style=model.startswith("adain"))


def assert_states_moved(state: dict) -> None:
    """The comparison was not of things that stood still."""
    games = [key for key in state if key.endswith("game.pool._extra_state")]
    assert games and all(len(state[key]["images"]) == 3 for key in games)
    probabilities = [key for key in state if key.endswith("diff_augment.p")]
    assert probabilities and all(0 < float(state[key]) < 1 for key in probabilities)
    assert any("parametrizations.weight.0.norm._v" in key for key in state)


def assert_paints(checkpoint: Path, folder: Path, *, style: bool) -> None:
    """A picture of odd size comes back at its size."""
    generator = load_generator(checkpoint)
    if style:
        write_images(folder / "styles", 2, size=40, hue=2)
        paintings = sorted(map(str, (folder / "styles").iterdir()))
        generator = in_style(generator, paintings, weights=[3, 1], strength=0.7, size=32)
    seen: list[Tensor] = []
    generator.register_forward_hook(lambda module, inputs, output: seen.append(output))
    picture = torch.randint(0, 256, (1, 3, 37, 51), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    painted = stylize_batch(generator, picture, device=torch.device("cpu"), dtype=torch.float32)
    assert painted.shape == picture.shape and painted.dtype == torch.uint8
    assert all(output.isfinite().all() for output in seen) and len(seen) == 1
    assert to_float(painted).std() > 0  # not one flat colour


# ---------------------------------------------------------------------- two ranks


@pytest.mark.slow  # tests/integration/test_ddp.py has the flagship on two ranks
def test_two_ranks_of_cyclegan_end_with_the_weights_of_one(method, tmp_path, image_sets):
    """DDP over gloo: both generators and both discriminators agree; 2 ranks × batch 1 is 1 rank × batch 2."""
    typed = [*RESNET, *CRITIC, "model.game.pool_size=0", "augment=none", "val_every_images=6"]
    typed += ["model.mechanics.channels_last=false"]  # its norm sums in float32, so batches round differently by 2e-5
    for player in ("generator", "discriminator"):  # Adam would blow up rounding where a gradient is 0 by theory
        typed += [f"model.{player}_optimizer._target_=torch.optim.SGD", f"~model.{player}_optimizer.betas"]
        typed += [f"model.{player}_optimizer.lr=0.001"]
    ddp = ["trainer=ddp", "trainer.accelerator=cpu", "trainer.devices=2", "batch_size=1", "max_images=6"]
    verb = ["stylegan_pl.train", "model=cyclegan", f"data_root={image_sets}", "+debug=smoke", "hydra.run.dir=two"]
    two = preloaded(*verb, *typed, *ddp, cwd=tmp_path)
    assert two.returncode == 0, two.stderr
    assert run(method("cyclegan", *typed, "batch_size=2", "max_images=6", folder="one")) == 0
    assert run(method("cyclegan", *typed, "batch_size=2", "max_images=2", folder="early")) == 0
    early, one, both = (
        torch.load(tmp_path / name / "checkpoints/last.ckpt", weights_only=True) for name in ("early", "one", "two")
    )
    assert one["images_seen"] == both["images_seen"] == 6
    for key, value in one["state_dict"].items():
        if isinstance(value, Tensor):
            torch.testing.assert_close(both["state_dict"][key], value, rtol=1e-4, atol=1e-6)
            if value.dim() > 1 and not key.startswith("ema."):  # what is equal has moved far more than that
                assert float((value - early["state_dict"][key]).abs().max()) > 1e-5, key


# ---------------------------------------------------------------------- half precision


@pytest.mark.parametrize(
    ("model", "precision"),
    [
        *(("cyclegan", "fp16"), ("cut", "bf16")),
        *(pytest.param(*both, marks=pytest.mark.slow) for both in (("cyclegan", "bf16"), ("cut", "fp16"))),
    ],
)
def test_half_precision_moves_every_weight(model, precision, method):
    spy = Spy()
    steps = 12 if precision == "fp16" else 1  # the loss scale begins so high that the first steps overflow
    config = method(model, f"precision={precision}", f"max_images={2 * steps}", "val_every_images=1000", "callbacks={}")
    trained, before = fit(config, spy)
    assert len(spy.terms) == steps
    assert all(abs(value) < 1e6 for terms in spy.terms for value in terms.values()), spy.terms  # nan is not
    own = parameters_of(trained, "generator") | parameters_of(trained, "discriminator")
    weights = {
        name: p for name, p in trained.named_parameters() if name in own and p.dim() > 1
    }  # not biases before norms
    assert any(name.startswith("generator.") for name in weights)
    assert all(not torch.equal(p, before[name]) and p.isfinite().all() for name, p in weights.items())


# ---------------------------------------------------------------------- without an opponent


@pytest.mark.parametrize("model", [model for model in MODELS if has_opponent(model)])
def test_without_adversarial_weight_the_discriminator_idles(model, method):
    spy = Spy()
    config = method(model, "model.adversarial_weight=0", "max_images=2", "val_every_images=1000", "callbacks={}")
    trained, before = fit(config, spy)
    assert trained.players == ("generator",) and len(trained.trainer.optimizers) == 1
    assert [owner for owner, _ in spy.steps] == [0]
    assert not any("adversarial" in name for terms in spy.terms for name in terms)
    for name, parameter in trained.named_parameters():
        if "discriminator." in name:
            assert torch.equal(parameter, before[name]) and parameter.grad is None, name
        elif parameter.requires_grad and parameter.dim() > 1:
            assert not torch.equal(parameter, before[name]), name
