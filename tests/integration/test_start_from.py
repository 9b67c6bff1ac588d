"""`start_from=`: weights of another run or a painter, and nothing else of it."""

import logging
from pathlib import Path

import pytest
import torch
from box import box  # noqa: F401 (a fixture)
from fitting import assert_same

from stylegan_pl.contracts import TrainingSets
from stylegan_pl.errors import ConfigError, UserError
from stylegan_pl.models.base import TwoPlayerModule
from stylegan_pl.runs.checkpoint import load, load_generator
from stylegan_pl.training.build import build_model
from stylegan_pl.training.nearest_painter import nearest_painter
from stylegan_pl.training.run import run
from stylegan_pl.training.start_from import start_from

STILL = ["model.generator_optimizer.lr=0", "model.discriminator_optimizer.lr=0"]


@pytest.fixture
def first(train_config, tmp_path) -> Path:
    """A run that has learned a little."""
    config = train_config("max_images=4", f"run_dir={tmp_path / 'first'}")
    assert run(config) == 0
    return tmp_path / "first"


def network(model: TwoPlayerModule, name: str) -> dict[str, torch.Tensor]:
    return getattr(model, name).state_dict()


def of(checkpoint: dict, prefix: str) -> dict[str, torch.Tensor]:
    state = checkpoint["state_dict"]
    return {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}


def test_a_second_stage_starts_from_the_first(train_config, first, tmp_path, caplog):
    """It stands still (rates of 0), so that what it ends with is what it began with."""
    caplog.set_level(logging.INFO)
    config = train_config(f"start_from={first}", f"run_dir={tmp_path / 'second'}", "max_images=2", *STILL)
    assert run(config) == 0
    before, after = load(first / "checkpoints/best.ckpt"), load(tmp_path / "second/checkpoints/last.ckpt")
    assert_same(of(after, "discriminator."), of(before, "discriminator."))
    for prefix in ("generator.", "ema.averaged."):
        torch.testing.assert_close(of(after, prefix), of(before, "ema.averaged."), rtol=0, atol=1e-6)
    assert after["images_seen"] == 2  # a clock of its own
    (line,) = [r.message for r in caplog.records if r.message.startswith("start_from=")]
    assert line.endswith("best.ckpt: generator taken completely; discriminator taken completely")


def test_a_run_that_goes_on_takes_its_own_checkpoint(train_config, first, tmp_path, caplog):
    """The same command again, as a scheduler repeats it."""
    caplog.set_level(logging.INFO)
    again = [f"run_dir={tmp_path / 'second'}", f"start_from={first}", "resume=auto", *STILL]
    for images in (2, 4):
        assert run(train_config(*again, f"max_images={images}")) == 0
    assert load(tmp_path / "second/checkpoints/last.ckpt")["images_seen"] == 4
    assert sum(r.message.startswith("start_from=") for r in caplog.records) == 1


def test_a_painter_has_no_discriminator(train_config, box):  # noqa: F811
    model = build_model(train_config())
    fresh = {key: value.clone() for key, value in network(model, "discriminator").items()}
    line = start_from(model, "painter:monet")
    assert line == "start_from=painter:monet: generator taken completely; discriminator new, because the file has none"
    wanted = load_generator(box / "monet.safetensors").state_dict()
    assert_same(dict(network(model, "generator")), dict(wanted))
    assert model.ema is not None
    assert_same(dict(model.ema.averaged.state_dict()), dict(wanted))
    assert_same(dict(network(model, "discriminator")), fresh)


def test_what_does_not_fit_is_told(train_config, first):
    changed = build_model(train_config("model.generator.blocks=2", "model.discriminator.width=4"))
    line = start_from(changed, str(first))
    assert "generator taken except " in line and "do not fit and are new (" in line
    assert "discriminator" in line.split(";")[1] and "whole" not in line
    held = load_generator(first / "checkpoints/best.ckpt").state_dict()
    taken = {key: value for key, value in network(changed, "generator").items() if key in held}
    fitting = [key for key, value in taken.items() if value.shape == held[key].shape]
    assert fitting and all(torch.equal(taken[key], held[key]) for key in fitting)
    backwards = start_from(build_model(train_config("model=cyclegan")), str(first))
    assert "backward_generator new, because the file has none" in backwards


def test_what_cannot_be_started_from_is_one_line(train_config, first, box):  # noqa: F811
    other = build_model(train_config("generator@model.generator=seed", "feature_network=random_filters", small=False))
    with pytest.raises(
        ConfigError, match=r"none of the weights of its generator \(ResNetGenerator\) fit this run's \(SeedG"
    ):
        start_from(other, str(first))
    with pytest.raises(UserError, match="start_from: no file or folder nowhere"):
        start_from(other, "nowhere")
    with pytest.raises(ConfigError, match="did you mean 'monet'"):
        start_from(other, "painter:mone")


def test_the_nearest_painter_is_the_one_who_painted_the_paintings(train_config, box):  # noqa: F811
    """Each painter's own pictures, and another photograph's crops: nobody else comes as near."""
    model = build_model(train_config())
    photographs = torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    others = torch.rand(2, 1, 3, 40, 40, generator=torch.Generator().manual_seed(1)) * 2 - 1
    for name in ("monet", "vangogh"):
        painter = load_generator(box / f"{name}.safetensors")
        paintings = [(f"{number}.png", painter(photograph)) for number, photograph in enumerate(others)]
        chosen, likeness = nearest_painter(model, TrainingSets(paintings, photographs))
        assert chosen == f"painter:{name}" == f"painter:{max(likeness, key=likeness.__getitem__)}"
        assert list(likeness.values()) == sorted(likeness.values(), reverse=True)
        assert all(-1 <= cosine <= 1 for cosine in likeness.values())


def test_a_painter_who_changes_more_than_asked_comes_before_one_who_changes_nothing(train_config, box):  # noqa: F811
    """Paintings a third of the way to monet's pictures: a distance would rather stay at the photograph."""
    model = build_model(train_config())
    photographs = torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    monet = load_generator(box / "monet.safetensors")
    paintings = [
        (f"{number}.png", photo[None].lerp(monet(photo[None]), 0.3)) for number, photo in enumerate(photographs)
    ]
    chosen, _ = nearest_painter(model, TrainingSets(paintings, photographs))
    assert chosen == "painter:monet"


def test_nearest_of_none(train_config, box):  # noqa: F811
    sets = TrainingSets([("0.png", torch.zeros(1, 3, 32, 32))], torch.zeros(2, 3, 32, 32))
    with pytest.raises(ConfigError, match="no painter in the box has this generator; type start_from=null"):
        nearest_painter(build_model(train_config("model.generator.blocks=2")), sets)
    with pytest.raises(ConfigError, match="this run has none; type start_from=painter:NAME"):
        nearest_painter(build_model(train_config("image_loss=[]")), sets)


def test_a_run_says_which_painter_is_nearest(train_config, box, tmp_path, caplog):  # noqa: F811
    caplog.set_level(logging.INFO)
    assert run(train_config("start_from=painter:nearest", f"run_dir={tmp_path / 'run'}", "max_images=2")) == 0
    (told,) = [r.message for r in caplog.records if "towards your paintings" in r.message]
    (taken,) = [r.message for r in caplog.records if "generator taken completely" in r.message]
    nearest = told.partition("(at most 1): ")[2].split()[0]
    assert taken.startswith(f"start_from=painter:{nearest}: ")
