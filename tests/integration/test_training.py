"""Two players, whole runs: who moves, what is kept, what a resumed run becomes."""

import csv
import json
import logging
import re
import signal
from pathlib import Path

import pytest
import torch
from fitting import Spy, assert_same, fit, run_until
from images_on_disk import write_images
from PIL import Image

from stylegan_pl.errors import ConfigError, UserError
from stylegan_pl.models.base import TwoPlayerModule
from stylegan_pl.pictures.tensors import to_float
from stylegan_pl.runs.status import write_status
from stylegan_pl.training.build import build_data, build_model, build_trainer
from stylegan_pl.training.run import run


def moved(model: TwoPlayerModule, before: dict[str, torch.Tensor], prefix: str) -> list[bool]:
    """Whether each parameter below `prefix` has changed."""
    return [not torch.equal(p, before[name]) for name, p in model.named_parameters() if name.startswith(prefix)]


ONE_STEP = ["max_images=2", "val_every_images=1000"]


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
@pytest.mark.parametrize("first_player", ["generator", "discriminator"])
def test_gradients_reach_exactly_the_player_that_steps(train_config, precision, first_player):
    spy = Spy()
    steps = 16 if precision == "fp16" else 1  # the loss scale begins so high that the first steps overflow
    config = train_config(
        "val_every_images=1000",
        f"max_images={2 * steps}",
        f"precision={precision}",
        f"model.mechanics.first_player={first_player}",
    )
    model, before = fit(config, spy)
    order = [0, 1] if first_player == "generator" else [1, 0]
    assert [owner for owner, _ in spy.steps] == order * steps
    for owner, has_gradient in spy.steps:
        player, other = ("generator.", "discriminator.")[:: 1 if owner == 0 else -1]
        named = {name: found for name, found in has_gradient.items() if not name.endswith("bias")}  # before a norm: 0
        assert all(found for name, found in named.items() if name.startswith(player))
        assert not any(found for name, found in has_gradient.items() if name.startswith((other, "ema.")))
    weights = [name for name in before if name.endswith("weight") and not name.startswith("ema.")]
    assert all(not torch.equal(dict(model.named_parameters())[name], before[name]) for name in weights)


@pytest.mark.parametrize(("still", "moving"), [("generator", "discriminator"), ("discriminator", "generator")])
def test_a_players_step_leaves_the_others_bytes_unchanged(train_config, still, moving):
    model, before = fit(train_config(*ONE_STEP, f"model.{still}_optimizer.lr=0"))
    assert not any(moved(model, before, f"{still}."))
    assert any(moved(model, before, f"{moving}."))


def test_one_generator_forward_a_step(train_config):
    config = train_config(*ONE_STEP, "image_loss=[style,content,identity,total_variation]")
    data, model = build_data(config), build_model(config)
    data.prepare()
    calls: list[int] = []
    model.generator.register_forward_hook(lambda module, inputs, output: calls.append(len(output)))
    build_trainer(config, Path(config.run_dir)).fit(model, data)
    assert calls == [4]  # content and style of 2 pairs in one batch, for the identity loss


@pytest.mark.parametrize(("player", "limit"), [("generator", 1e-3), ("discriminator", 1e-4)])
def test_clipping_bounds_the_step_of_its_player_alone(train_config, player, limit):
    sgd = [
        change
        for name in ("generator", "discriminator")
        for change in (
            f"model.{name}_optimizer._target_=torch.optim.SGD",
            f"model.{name}_optimizer.lr=1.0",
            f"~model.{name}_optimizer.betas",
        )
    ]
    model, before = fit(train_config(*ONE_STEP, *sgd, f"model.mechanics.{player}_clip_norm={limit}"))

    def step(prefix: str) -> float:
        return float(
            torch.stack([(p - before[n]).square().sum() for n, p in model.named_parameters() if n.startswith(prefix)])
            .sum()
            .sqrt()
        )

    other = "discriminator" if player == "generator" else "generator"
    assert step(f"{player}.") == pytest.approx(limit, rel=1e-2)
    assert step(f"{other}.") > limit * 2


def test_two_accumulated_batches_make_the_step_of_one_large_batch(train_config):
    sgd = [
        "model.generator_optimizer._target_=torch.optim.SGD",
        "~model.generator_optimizer.betas",
        "model.generator_optimizer.lr=0.1",
        "model.discriminator_optimizer.lr=0",
        "augment=none",
        "model.mechanics.first_player=generator",
    ]
    large, _ = fit(train_config("max_images=4", "val_every_images=1000", "batch_size=4", *sgd))
    small, _ = fit(
        train_config(
            "max_images=4", "val_every_images=1000", "batch_size=2", "model.mechanics.accumulate_batches=2", *sgd
        )
    )
    for a, b in zip(large.generator.parameters(), small.generator.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("ends", ["by its budget", "by a signal", "by an error"])
def test_a_run_gives_the_signals_back(train_config, tmp_path, monkeypatch, ends):
    """To whoever listened before: a sweep in this process, a notebook, the next run."""
    heard: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)
    mine = {number: (lambda *_, number=number: heard.append(number)) for number in numbers}
    before = {number: signal.signal(number, handler) for number, handler in mine.items()}
    try:
        config = train_config("max_images=4", "val_every_images=1000", f"run_dir={tmp_path / 'run'}")
        if ends == "by a signal":
            assert run_until(2, signal.SIGTERM, config, monkeypatch) == 75
        elif ends == "by an error":
            monkeypatch.setattr(TwoPlayerModule, "training_step", lambda self, batch, batch_idx: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                run(config)
        else:
            assert run(config) == 0
        assert {number: signal.getsignal(number) for number in numbers} == mine
        assert heard == []  # the run heard what was meant for it
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@pytest.mark.parametrize(
    ("stop_at", "number", "code", "state"),
    [
        (6, signal.SIGINT, 130, "interrupted"),
        (12, signal.SIGTERM, 75, "preempted"),
    ],  # within an epoch of 10, past its end
)
def test_stopped_and_resumed_equals_undisturbed_bit_for_bit(
    train_config, tmp_path, monkeypatch, stop_at, number, code, state
):
    common = [
        "max_images=20",
        "val_every_images=8",
        "deterministic=true",
        "augment=jitter",
        "model.mechanics.ema_half_life_images=10",
    ]
    assert run(train_config(*common, f"run_dir={tmp_path / 'whole'}")) == 0

    assert run_until(stop_at, number, train_config(*common, f"run_dir={tmp_path / 'halves'}"), monkeypatch) == code
    status = json.loads((tmp_path / "halves/status.json").read_text())
    assert status["state"] == state
    write_status(tmp_path / "halves", seconds=status["seconds"] + 1000, validation_seconds=100.0)  # a long first half
    stopped = torch.load(tmp_path / "halves/checkpoints/last.ckpt", weights_only=True)
    assert stopped["images_seen"] == stop_at
    assert run(train_config(*common, f"run_dir={tmp_path / 'halves'}", "resume=auto")) == 0

    status = json.loads((tmp_path / "halves/status.json").read_text())
    assert 1000 < status["seconds"] < 1500 and 100 < status["validation_seconds"] < 500  # of both starts

    whole, halves = (
        torch.load(tmp_path / name / "checkpoints/last.ckpt", weights_only=True) for name in ("whole", "halves")
    )
    assert whole["images_seen"] == halves["images_seen"] == 20
    assert_same(whole["state_dict"], halves["state_dict"])  # the average of the generator is among them
    assert any(key.startswith("ema.averaged.") for key in whole["state_dict"])
    assert_same(whole["optimizer_states"], halves["optimizer_states"])
    last_rows = [list(csv.DictReader((tmp_path / name / "metrics.csv").open()))[-2:] for name in ("whole", "halves")]
    for a, b in zip(*last_rows, strict=True):
        assert {k: v for k, v in a.items() if "per_second" not in k} == {
            k: v for k, v in b.items() if "per_second" not in k
        }
    name = "samples/000000020.png"
    assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "halves" / name).read_bytes()


def test_a_run_that_is_done_does_nothing_when_it_is_started_again(train_config, tmp_path, caplog):
    def files() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file()}

    common = ["max_images=8", "val_every_images=8"]
    outcome, before = run(train_config(*common)), files()
    with caplog.at_level(logging.INFO):
        again = run(train_config(*common, "resume=auto"))
    assert again == outcome == 0 and again.score == outcome.score
    line = "nothing left to train: .*last.ckpt has seen 8 images of 8; to continue, type a larger max_images"
    assert re.search(line, caplog.text)
    after = files()
    status = tmp_path / "run/status.json"
    assert {path: content for path, content in after.items() if path != status} == {
        path: content for path, content in before.items() if path != status
    }
    assert json.loads(after[status]).items() >= json.loads(before[status]).items()
    with pytest.raises(ConfigError, match=r"last\.ckpt has seen 8 images of 8; to continue, type a larger max_images"):
        run(
            train_config(
                *common, f"run_dir={tmp_path / 'other'}", f"ckpt_path={tmp_path / 'run/checkpoints/last.ckpt'}"
            )
        )


def test_deterministic_runs_give_the_same_bytes_and_another_seed_does_not(train_config, tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        run(train_config("max_images=6", "deterministic=true", f"seed={seed}", f"run_dir={tmp_path / name}"))
    a, b, c = (torch.load(tmp_path / name / "checkpoints/last.ckpt", weights_only=True)["state_dict"] for name in "abc")
    assert_same(a, b)
    assert any(not torch.equal(a[key], c[key]) for key in a)


def test_a_run_leaves_what_the_interface_promises(train_config, tmp_path):
    assert run(train_config("max_images=8", "model.mechanics.ema_half_life_images=10")) == 0
    folder = tmp_path / "run"
    checkpoint = torch.load(folder / "checkpoints/best.ckpt", weights_only=True)
    assert checkpoint["config"]["image_size"] == 32 and type(checkpoint["config"]) is dict
    assert checkpoint["config"]["model"]["generator"]["blocks"] == 1
    assert not any("bank" in key or "feature_network" in key for key in checkpoint["state_dict"])
    status = json.loads((folder / "status.json").read_text())
    assert (status["state"], status["images_seen"]) == ("done", 8)
    assert status["best_score"] is not None and "torch" in status["versions"]
    rows = list(csv.DictReader((folder / "metrics.csv").open()))
    assert [float(row["images_seen"]) for row in rows if row["train/generator/style"]] == [2, 4, 6, 8]
    assert {
        "train/generator/adversarial",
        "train/discriminator/adversarial",
        "train/images_per_second",
        "val/sliced_wasserstein",
    } <= rows[0].keys()
    assert sorted(path.name for path in (folder / "samples").iterdir()) == ["000000004.png", "000000008.png"]
    assert (folder / "config.yaml").exists() and not (folder / "data_problems.csv").exists()


def test_epochs_count_passes_over_the_larger_set_and_the_schedule_reaches_zero(train_config, tmp_path):
    run(train_config("max_images=null", "max_epochs=2", "log_every_batches=1"))
    rows = [
        row for row in csv.DictReader((tmp_path / "run/metrics.csv").open()) if row["train/generator/learning_rate"]
    ]
    assert float(rows[-1]["images_seen"]) == 20  # two passes over ten photographs
    rates = [float(row["train/generator/learning_rate"]) for row in rows]
    expected = [2e-4 * min(1.0, 2 * (1 - seen / 20)) for seen in range(0, 20, 2)]  # constant for half, then to zero
    assert rates == pytest.approx(expected)


def test_a_fixed_tiny_problem_is_learned(train_config, tmp_path):
    """Paired recolouring by the seed generator: the pixel loss alone brings the truth much closer than the input is."""
    for split, count in (("train", 8), ("val", 4)):
        write_images(tmp_path / "pairs/content" / split, count, seed=len(split))
        (tmp_path / "pairs/style" / split).mkdir(parents=True)
        for path in (tmp_path / "pairs/content" / split).iterdir():
            red, green, blue = Image.open(path).split()
            Image.merge("RGB", (blue, green, red.point(lambda v: 255 - v))).save(
                tmp_path / "pairs/style" / split / path.name
            )
    config = train_config(
        "data=paired",
        f"data_root={tmp_path / 'pairs'}",
        "image_loss=[pixel]",
        "model.adversarial_weight=0",
        "model.generator_optimizer.lr=3e-3",
        "max_images=480",
        "batch_size=4",
        "val_every_images=480",
        "log_every_batches=100",
        "model.mechanics.ema_half_life_images=null",
    )
    model, _ = fit(config)
    data = build_data(config)
    data.prepare()
    errors, untouched = [], []
    for index in range(4):
        content, style = (to_float(image)[None] for image in data.val_set[index])
        with torch.no_grad():
            errors.append(float((model(content, style) - style).square().mean()))
        untouched.append(float((content - style).square().mean()))
    assert sum(errors) < 0.15 * sum(untouched)


def test_a_corrupt_file_is_listed_and_does_not_end_the_run(train_config, tmp_path, caplog):
    write_images(tmp_path / "sets/content", 30)
    write_images(tmp_path / "sets/style", 30, hue=2)
    (tmp_path / "sets/content/013.png").write_bytes(b"no image")
    config = train_config(
        f"data_root={tmp_path / 'sets'}", "max_images=60", "val_every_images=60", "log_every_batches=100"
    )
    with caplog.at_level(logging.INFO):
        assert run(config) == 0
    assert "skipped     1 files that cannot be used: " in caplog.text
    rows = list(csv.DictReader((tmp_path / "run/data_problems.csv").open()))
    assert [Path(row["file"]).name for row in rows] == ["013.png"] and "cannot be read" in rows[0]["reason"]


def test_a_run_with_nothing_to_learn_is_refused(train_config):
    with pytest.raises(Exception, match="the generator has nothing to learn"):
        build_model(train_config("image_loss=[none]", "model.adversarial_weight=0"))


def test_a_run_without_a_budget_is_refused(train_config):
    with pytest.raises(Exception, match="a run needs a budget: type max_images=100000 or max_epochs=200"):
        build_model(train_config("max_images=null"))


def test_a_weight_of_zero_switches_a_term_off(train_config):
    model = build_model(train_config("image_loss.style.weight=0", "model.adversarial_weight=0"))
    assert list(model.image_losses) == ["content"]


def test_no_feature_network_is_built_where_no_loss_looks_through_one(train_config):
    config = train_config("image_loss=[pixel]", "+debug=smoke", small=False)  # vgg19, whose weights are not here
    assert build_model(config).feature_network is None


def test_memory_that_runs_out_on_a_cpu_is_told_with_what_fits(train_config, monkeypatch):
    """torch has a type of error for it on GPUs alone."""
    config = train_config("batch_size=4", "model.mechanics.accumulate_batches=2", "precision=fp32")
    model = type(build_model(config))
    real = model.generate

    def generate(self, batch):
        return real(self, batch) if batch.content.is_meta else torch.empty(2**61, dtype=torch.uint8)

    monkeypatch.setattr(model, "generate", generate)
    with pytest.raises(UserError, match="out of memory at batch_size=4, image_size=32 on cpu with") as told:
        run(config)
    assert "\n" not in str(told.value)
    assert "model.mechanics.accumulate_batches=4" in str(told.value) and "precision=bf16" in str(told.value)
