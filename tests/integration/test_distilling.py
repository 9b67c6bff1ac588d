"""A student's life: taught, stopped, resumed by its own teacher alone, and used when no teacher is left."""

from pathlib import Path

import pytest
import torch
from conftest import compose_config, save_teacher
from fitting import fit
from lightning import Callback
from omegaconf import DictConfig
from PIL import Image
from preloaded import preloaded

from stylegan_pl.config.check_keys import check_config
from stylegan_pl.config.check_parts import check_fit, check_roles
from stylegan_pl.errors import ConfigError, UserError
from stylegan_pl.evaluate import evaluate
from stylegan_pl.export import export
from stylegan_pl.nn.pretrained.fingerprint import weights_hash
from stylegan_pl.runs.checkpoint import load_generator, load_teacher
from stylegan_pl.stylize import stylize
from stylegan_pl.training.run import run

STUDENT = ["model.generator.blocks=1", "model.generator.width=16"]
OPPONENT = ["discriminator@model.discriminator=patchgan16", "model.discriminator.width=8"]


@pytest.fixture
def distil(image_sets: Path, tmp_path: Path):
    """Overrides -> a small config with a teacher in teacher.ckpt."""
    if not (tmp_path / "teacher.ckpt").exists():
        save_teacher(tmp_path / "teacher.ckpt")

    def composed(*overrides: str) -> DictConfig:
        typed = ["+experiment=distil_mobile", "data=folders", f"data_root={image_sets}", f"run_dir={tmp_path / 'run'}"]
        typed += [f"model.teacher={tmp_path / 'teacher.ckpt'}", *STUDENT, *OPPONENT, "+debug=smoke"]
        return compose_config("train", [*typed, "max_images=4", "val_every_images=4", *overrides])

    return composed


def checked(config: DictConfig) -> None:
    """As the command line checks it."""
    check_config(config)
    check_roles(config)
    check_fit(config)


def refusal(config: DictConfig) -> str:
    with pytest.raises(UserError) as caught:
        checked(config)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_student_is_used_evaluated_and_exported_when_its_teacher_is_gone(distil, tmp_path, image_sets):
    assert run(distil()) == 0
    checkpoint = torch.load(tmp_path / "run/checkpoints/last.ckpt", weights_only=True)
    assert not any("teacher" in key or "probe" in key for key in checkpoint["state_dict"])
    assert checkpoint["teacher"] == weights_hash(load_generator(tmp_path / "teacher.ckpt"))
    assert checkpoint["config"]["model"]["teacher"] == str(tmp_path / "teacher.ckpt")
    (tmp_path / "teacher.ckpt").unlink()
    generator = load_generator(tmp_path / "run/checkpoints/last.ckpt")
    assert type(generator).__name__ == "MobileGenerator"
    photo, out, used = image_sets / "content/val/000.png", tmp_path / "painted.png", [f"ckpt={tmp_path / 'run'}"]
    assert stylize(compose_config("stylize", [*used, f"input={photo}", f"output={out}", "device=cpu"])) == 0
    assert Image.open(out).size == Image.open(photo).size
    judged = ["metric=[ssim]", "device=cpu", "resamples=0", f"output={tmp_path / 'report'}"]
    assert evaluate(compose_config("evaluate", [*used, *judged])) == 0
    file = tmp_path / "student.safetensors"
    assert export(compose_config("export", [*used, "format=safetensors", f"output={file}"])) == 0
    # and an exported student teaches in its turn
    assert weights_hash(load_teacher(str(file))) == weights_hash(generator)
    checked(distil(f"model.teacher={file}"))


def test_going_on_asks_for_the_teacher_of_the_beginning(distil, tmp_path):
    assert run(distil()) == 0
    theirs = tmp_path / "teacher.ckpt"
    moved = theirs.rename(tmp_path / "moved.ckpt")
    assert "no file or folder" in refusal(distil("max_images=8", "resume=auto"))
    other = torch.load(moved, weights_only=True)
    other["state_dict"] = {key: value * 1.01 for key, value in other["state_dict"].items()}
    torch.save(other, theirs)
    before = {name: (tmp_path / "run" / name).read_bytes() for name in ("config.yaml", "status.json")}
    with pytest.raises(ConfigError, match=r"taught by weights [0-9a-f]{12}, and these are [0-9a-f]{12}; type"):
        run(distil("max_images=8", "resume=auto"))
    assert before == {name: (tmp_path / "run" / name).read_bytes() for name in before}  # refused: nothing is changed
    assert run(distil("max_images=8", "resume=auto", f"model.teacher={moved}")) == 0  # a path may change
    assert torch.load(tmp_path / "run/checkpoints/last.ckpt", weights_only=True)["images_seen"] == 8


class Outputs(Callback):
    """The distance to the teacher's pictures, step by step."""

    def __init__(self) -> None:
        self.distances: list[float] = []

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx) -> None:
        self.distances.append(float(outputs["train/generator/output"]))


def test_a_student_nears_its_teacher_which_stays_as_it_was(distil, tmp_path):
    save_teacher(tmp_path / "tint.ckpt", {"_target_": "stylegan_pl.generators.seed.SeedGenerator", "width": 4})
    typed = ["max_images=200", "val_every_images=200", "model.adversarial_weight=0", "callbacks={}"]
    config = distil(*typed, f"model.teacher={tmp_path / 'tint.ckpt'}", "model.generator_optimizer.lr=3e-3")
    outputs = Outputs()
    model, _ = fit(config, outputs)
    first, last = (sum(part) for part in (outputs.distances[:10], outputs.distances[-10:]))
    assert last < 0.6 * first
    assert weights_hash(model.teacher.generator) == weights_hash(load_generator(Path(config.model.teacher)))


def test_mistakes_are_told_in_a_line(distil, tmp_path):
    assert refusal(distil("model.teacher=???")).startswith(
        "DistilledGAN learns from a trained generator, and none is named; type model.teacher=RUN_OR_FILE"
    )
    assert refusal(distil("model.teacher=nowhere")).startswith("model.teacher: no file or folder nowhere; give a run")
    (tmp_path / "empty").mkdir()
    assert "no checkpoint in" in refusal(distil(f"model.teacher={tmp_path / 'empty'}"))
    (tmp_path / "text.ckpt").write_text("no checkpoint")
    assert "cannot be read as a checkpoint" in refusal(distil(f"model.teacher={tmp_path / 'text.ckpt'}"))
    unet = save_teacher(
        tmp_path / "unet.ckpt", {"_target_": "stylegan_pl.generators.unet.UNetGenerator", "levels": 6, "width": 4}
    )
    assert refusal(distil(f"model.teacher={unet}")).endswith("multiples of 64; type image_size=64")
    checked(distil(f"model.teacher={unet}", "image_size=64"))


def test_a_teacher_of_any_style_is_refused(distil, tmp_path):
    encoder = {"_target_": "stylegan_pl.nn.layers.conv_encoder.ConvEncoder", "width": 8}
    decoder = {"_target_": "stylegan_pl.nn.layers.decoders.ResidualDecoder", "_partial_": True, "blocks": 1}
    adain = {"_target_": "stylegan_pl.generators.adain.AdaINGenerator", "encoder": encoder, "decoder": decoder}
    save_teacher(tmp_path / "adain.ckpt", adain)
    said = refusal(distil(f"model.teacher={tmp_path / 'adain.ckpt'}"))
    assert "AdaINGenerator paints in the style of a second picture, and a student learns one style" in said


def test_the_command_says_it_at_once(tmp_path):
    done = preloaded("stylegan_pl.train", "+experiment=distil_mobile", cwd=tmp_path)
    assert done.returncode == 2 and done.stderr.startswith("error: DistilledGAN learns from")
    assert len(done.stderr.splitlines()) == 1 and not list(tmp_path.glob("outputs/**/*.yaml"))
