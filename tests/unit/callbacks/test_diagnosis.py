"""Real short trainings with something planted in them: what is said, how often, and what is left behind."""

import json
import logging
import math
from collections.abc import Sequence
from types import SimpleNamespace

import pytest
import torch
from fitting import fit
from lightning import Callback
from torch import Tensor, nn

from stylegan_pl.callbacks.diagnosis import Diagnosis, Finding, undecided_terms
from stylegan_pl.diagnosis.symptom import PictureDetector, Reading, Symptom, TermDetector
from stylegan_pl.errors import UserError
from stylegan_pl.training.build import build_model
from stylegan_pl.training.run import run

HERE = "unit.callbacks.test_diagnosis"
LOOK = ["data.val_pairs=4", "val_every_images=4", *(
    f"callbacks.diagnosis.detectors.{name}.after_images=0"
    for name in ("collapse", "identity_map", "colour_inversion", "checkerboard")
)]  # fmt: skip


class Planted(nn.Module):
    """G(x) = gain · x + offset · w, whatever it is taught; w = 1."""

    def __init__(self, *, gain: float, offset: float = 0.0) -> None:
        super().__init__()
        self.gain, self.offset, self.weight = gain, offset, nn.Parameter(torch.ones(()))

    def forward(self, image: Tensor) -> Tensor:
        return self.gain * image + self.offset * self.weight.detach() + 0 * self.weight


def planted(config, **options: float):
    config.model.generator = {"_target_": f"{HERE}.Planted", **options}
    config.image_loss = {}
    return config


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.name == "stylegan_pl.callbacks.diagnosis"]


@pytest.mark.parametrize(
    ("name", "options", "word"),
    [
        ("identity map", {"gain": 1.0}, "image_loss.content.weight="),
        ("colour inversion", {"gain": -0.8}, "image_loss=[style,content,identity]"),
        ("collapsed generator", {"gain": 0.0, "offset": 0.3}, "penalty=r1"),
    ],
)
def test_a_planted_generator_is_told_once_with_advice(train_config, tmp_path, caplog, name, options, word):
    config = planted(train_config("max_images=12", *LOOK), **options)
    with caplog.at_level(logging.WARNING):
        fit(config)
    (line,) = said(caplog)  # three validations, one line
    assert line.startswith(f"after 4 images: {name}: ") and word in line
    (row,) = json.loads((tmp_path / "run/diagnosis.json").read_text())
    assert (row["name"], row["images_seen"]) == (name, 4)
    assert row["evidence"] in line and row["advice"] in line


def test_a_healthy_run_says_nothing(train_config, tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        assert run(train_config("max_images=8")) == 0
    assert said(caplog) == []
    assert not (tmp_path / "run/diagnosis.json").exists()


def test_a_discriminator_far_ahead_is_told(train_config, caplog):
    config = train_config(
        "max_images=160", "val_every_images=160", "log_every_batches=1", "image_loss=[none]", "data.val_pairs=2",
        "model.generator_optimizer.lr=0", "model.discriminator_optimizer.lr=2e-3", "scheduler=constant",
        "callbacks.diagnosis.detectors.saturation.window_images=50",
    )  # fmt: skip
    with caplog.at_level(logging.WARNING):
        fit(config)
    assert any(line.startswith("after 160 images: saturated discriminator: ") for line in said(caplog))


class Scripted(PictureDetector):
    """Sick at the validations that are named, counted from 0; keeps how many pictures it was shown."""

    def __init__(self, *, sick: list[int]) -> None:
        super().__init__(after_images=0)
        self.sick, self.shown = sick, []

    def look(self, content: Tensor, stylised: Tensor) -> Symptom | None:
        self.shown.append(len(stylised))
        assert content.shape == stylised.shape and content.abs().max() <= 1
        return Symptom("fever", f"look {len(self.shown)}", "rest") if len(self.shown) - 1 in self.sick else None


def test_said_again_only_after_it_was_gone(train_config, caplog):
    config = train_config("max_images=10", "val_every_images=2", "data.val_pairs=4")
    config.callbacks.diagnosis.detectors = {"fever": {"_target_": f"{HERE}.Scripted", "sick": [1, 2, 4]}}
    config.callbacks.diagnosis.pictures = 3
    with caplog.at_level(logging.WARNING):
        model, _ = fit(config)
    assert said(caplog) == ["after 4 images: fever: look 2; rest", "after 10 images: fever: look 5; rest"]
    diagnosis = next(c for c in model.trainer.callbacks if isinstance(c, Diagnosis))
    assert diagnosis.of_pictures[0].shown == [3] * 5
    assert diagnosis.summary() == ["fever: look 5; rest"]

    resumed = Diagnosis("unused", detectors={})
    resumed.load_state_dict(json.loads(json.dumps(diagnosis.state_dict())))
    assert resumed.findings == diagnosis.findings == [
        Finding(4, Symptom("fever", "look 2", "rest")), Finding(10, Symptom("fever", "look 5", "rest")),
    ]  # fmt: skip
    assert resumed.present == diagnosis.present


class Feverish(TermDetector):
    """Sick from 100 images on."""

    def look(self, readings: Sequence[Reading]) -> Symptom | None:
        return Symptom("fever", f"{len(readings)} readings", "rest") if readings[-1].images_seen >= 100 else None


@pytest.mark.parametrize("validation_batches", [[0], []])
def test_without_validations_terms_are_judged_as_they_are_logged_and_old_ones_forgotten(
    caplog, tmp_path, validation_batches
):
    diagnosis = Diagnosis(str(tmp_path), detectors={"fever": Feverish(window_images=10, least_readings=3)})
    trainer = SimpleNamespace(is_global_zero=True, log_every_n_steps=1, num_val_batches=validation_batches)
    with caplog.at_level(logging.WARNING):
        for images in range(0, 400, 2):
            model = SimpleNamespace(clock=SimpleNamespace(images_seen=images))
            diagnosis.on_train_batch_end(trainer, model, {"train/generator/style": torch.ones(())}, None, images // 2)
    assert said(caplog) == ["after 100 images: fever: 5 readings; rest"]
    assert [reading.images_seen for reading in diagnosis._readings] == [390, 392, 394, 396, 398]


class NanAt(Callback):
    """Spoils one of the generator's weights once so many images are seen."""

    def __init__(self, images: int) -> None:
        self.images = images

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx) -> None:
        if pl_module.clock.images_seen == self.images:
            with torch.no_grad():
                next(pl_module.generator.parameters()).view(-1)[0] = math.nan


@pytest.mark.parametrize(
    ("log_every", "word"),
    [
        (1, "train/discriminator/adversarial"),
        (1000, "a network's weights"),
    ],  # at the next logged step, or before saving
)
@pytest.mark.parametrize("max_images", [8, 6])  # found before a validation, or at the end
def test_nan_ends_the_run_and_the_last_checkpoint_stays_good(train_config, tmp_path, log_every, word, max_images):
    config = train_config(f"max_images={max_images}", "val_every_images=4", f"log_every_batches={log_every}")
    with pytest.raises(UserError) as error:
        fit(config, NanAt(4))
    message = str(error.value)
    assert word in message and "\n" not in message and error.value.exit_code == 1
    assert "model.mechanics.generator_clip_norm=1" in message and "last.ckpt is from before" in message
    checkpoint = torch.load(tmp_path / "run/checkpoints/last.ckpt", weights_only=True)
    assert checkpoint["images_seen"] == 4
    assert all(value.isfinite().all() for value in checkpoint["state_dict"].values() if isinstance(value, Tensor))


UNDECIDED = {"least_squares": 0.5, "bce": 2 * math.log(2), "hinge": 2.0, "relativistic": math.log(2), "wasserstein": 0}


class SaysOneThing(nn.Module):
    """The same logit of every patch of every picture, by as many heads as it has weights."""

    def __init__(self, logit: float, head_weights: list[float]) -> None:
        super().__init__()
        self.logit, self.head_weights = logit, head_weights

    def forward(self, image: Tensor) -> list[Tensor]:
        return [torch.full((len(image), 1, 3, 3), self.logit) for _ in self.head_weights]


@pytest.mark.parametrize("adversarial", UNDECIDED)
@pytest.mark.parametrize("heads", [[1.0], [2.0, 0.5]])
def test_undecided_terms_are_those_of_a_discriminator_that_says_one_thing(train_config, adversarial, heads):
    model = build_model(
        train_config("model=cyclegan", f"adversarial={adversarial}", "model.game.discriminator_weight=0.5")
    )
    model.discriminator = SaysOneThing(model.game.adversarial.boundary or 0.0, heads)
    pictures = torch.zeros(2, 3, 32, 32)
    loss = model.game.discriminator_loss(model.discriminator, pictures, pictures, step=0)["adversarial"]
    found = undecided_terms(model, [f"train/discriminator/{name}" for name in ("adversarial_style", "penalty_style")])
    assert found == {"train/discriminator/adversarial_style": pytest.approx(float(loss))}
    assert float(loss) == pytest.approx(0.5 * sum(heads) * UNDECIDED[adversarial])
