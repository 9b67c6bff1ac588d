"""Whatever is typed when a run goes on takes effect, or is refused in a sentence."""

import csv
from pathlib import Path

import pytest
import torch
import yaml
from faults.injections import last

from stylegan_pl.errors import ConfigError, UserError
from stylegan_pl.training.changed_options import changes
from stylegan_pl.training.run import run

BEGIN = ["max_images=8", "val_every_images=4", "scheduler=constant"]
GO_ON = ["max_images=12", "val_every_images=4", "scheduler=constant", "resume=auto"]


def in_config(run_dir: Path) -> dict:
    return yaml.safe_load((run_dir / "config.yaml").read_text())


def test_rates_and_betas_take_effect_and_config_yaml_says_them(train_config, tmp_path):
    run(train_config(*BEGIN))
    typed = ["model.generator_optimizer.lr=1e-5", "model.discriminator_optimizer.betas=[0.3,0.9]"]
    run(train_config(*GO_ON, *typed))
    groups = [optimizer["param_groups"][0] for optimizer in last(tmp_path / "run")["optimizer_states"]]
    assert (groups[0]["lr"], groups[0]["initial_lr"]) == (1e-5, 1e-5)
    assert tuple(groups[1]["betas"]) == (0.3, 0.9)
    rows = list(csv.DictReader((tmp_path / "run/metrics.csv").open()))
    told = [row for row in rows if row["train/generator/learning_rate"]]
    rates = {row["images_seen"]: row["train/generator/learning_rate"] for row in told}
    assert float(rates["8"]) == 2e-4 and float(rates["10"]) == 1e-5
    optimizer = in_config(tmp_path / "run")["model"]["generator_optimizer"]
    assert optimizer["lr"] == 1e-5


def test_a_loss_weight_takes_effect(train_config, tmp_path):
    run(train_config(*BEGIN))
    run(train_config(*GO_ON, "image_loss.style.weight=0.001"))
    rows = list(csv.DictReader((tmp_path / "run/metrics.csv").open()))
    terms = {row["images_seen"]: row["train/generator/style"] for row in rows if row["train/generator/style"]}
    assert float(terms["10"]) < 0.1 * float(terms["8"])


def test_an_option_that_older_sets_do_not_have_is_no_change() -> None:
    before, now = ({"data": {"style": {"root": "a"} | more}} for more in ({}, {"first_frame": False}))
    assert not list(changes(before, now, ("data.style",)))
    now["data"]["style"]["first_frame"] = True
    assert list(changes(before, now, ("data.style",))) == [("data.style.first_frame", (None, True))]


REFUSED = [
    (["model.generator.width=16"], "type model.generator.width=8"),
    (["model.mechanics.ema_half_life_images=null"], "type model.mechanics.ema_half_life_images="),
    (["model.generator_optimizer._target_=torch.optim.RMSprop", "~model.generator_optimizer.betas"], "Adam"),
    (["+model.generator_optimizer.amsgrad=true"], "amsgrad"),
    (["image_size=36"], "type image_size=32, or model.game.pool_size=0 to drop them"),
]
MALFORMED = [
    {"callbacks": []},
    {"callbacks": {"RunCheckpoints": {"kept": 0, "best_score": [1.0], "best_images": 4}}},
    {"loops": {}},
    {"pytorch-lightning_version": "x"},
    {"optimizer_states": [{}]},
]


def test_what_a_run_cannot_change_is_refused_and_leaves_the_folder_as_it_was(train_config, tmp_path):
    pool = ["model.game.pool_size=4"]
    run(train_config(*BEGIN, *pool))
    before = {name: (tmp_path / "run" / name).read_bytes() for name in ("config.yaml", "status.json", "metrics.csv")}
    for typed, instead in REFUSED:
        with pytest.raises(ConfigError) as told:
            run(train_config(*GO_ON, *pool, *typed))
        assert instead in str(told.value) and "\n" not in str(told.value)
        assert before == {name: (tmp_path / "run" / name).read_bytes() for name in before}
    for other in MALFORMED:  # by whomever it was made
        path = tmp_path / "someones.ckpt"
        torch.save({**last(tmp_path / "run"), **other}, path)
        with pytest.raises(
            UserError, match=rf"{path}: a run cannot continue from it .*; type start_from={path}"
        ) as told:
            run(train_config(*GO_ON[:-1], *pool, f"ckpt_path={path}", f"run_dir={tmp_path / 'other'}"))
        assert "\n" not in str(told.value)


def test_a_score_of_another_kind_is_not_compared_with_the_one_before(train_config, tmp_path):
    """A sliced Wasserstein distance would never fall below 0, which this palette distance is given to have been."""
    run(train_config(*BEGIN))
    path = tmp_path / "run/checkpoints/last.ckpt"
    checkpoint = torch.load(path, weights_only=True)
    kept = next(state for state in checkpoint["callbacks"].values() if "best_images" in state)
    kept["best_score"] = -1.0
    torch.save(checkpoint, path)
    run(train_config(*GO_ON))
    assert best(tmp_path / "run")["best_score"] == -1.0  # the same metric: nothing was better
    checkpoint = last(tmp_path / "run")
    run(train_config(*GO_ON, "max_images=14", "data.val_size=24"))
    assert best(tmp_path / "run")["best_images"] == 14  # the same metric, of pictures of another size
    run(train_config(*GO_ON, "max_images=16", "metric=[palette]"))
    found = best(tmp_path / "run")
    assert found["monitor"] == "val/palette" and found["best_score"] > 0 and found["best_images"] == 16


def best(run_dir: Path) -> dict:
    return next(state for state in last(run_dir)["callbacks"].values() if "best_images" in state)
