"""`preview`: a photograph whose pixels descend a run's image losses."""

from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import SMALL, compose_config
from images_on_disk import write_images
from PIL import Image
from preloaded import preloaded

from stylegan_pl.config.conf_dir import conf_dir
from stylegan_pl.errors import ConfigError
from stylegan_pl.losses.image_loss import Views
from stylegan_pl.pictures.tensors import to_float
from stylegan_pl.training.build import build_data, build_model
from stylegan_pl.training.optimise_pixels import PixelPainting, leave_out_what_needs_a_generator, paint_pixels


@pytest.fixture
def photograph(tmp_path: Path) -> Path:
    write_images(tmp_path / "photographs", 1, hue=0, seed=9)
    return next((tmp_path / "photographs").iterdir())


def config_of(image_sets: Path, photograph: Path, *overrides: str):
    root = photograph.parent.parent
    here = [f"data_root={image_sets}", f"run_dir={root}", f"input='{photograph}'", f"output='{root}/preview.png'"]
    return compose_config("preview", [*SMALL, *here, "image_loss=[style,content]", *overrides])


def halves(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Photograph and painting of a preview."""
    pixels = np.asarray(Image.open(path).convert("RGB"), np.float32)
    width = (pixels.shape[1] - 12) // 2
    return pixels[4:-4, 4 : 4 + width], pixels[4:-4, 8 + width : 8 + 2 * width]


def test_it_lies_beside_the_photograph_and_has_gone_towards_the_paintings(image_sets, photograph, caplog) -> None:
    config = config_of(image_sets, photograph, "steps=25", "image_size=32", "size=36", "image_loss.style.weight=10")
    with caplog.at_level("INFO"):
        assert paint_pixels(config) == 0
    before, after = halves(Path(config.output))
    assert before.shape == after.shape and min(before.shape[:2]) == 36
    paintings = [np.asarray(Image.open(p).convert("RGB"), np.float32) for p in (image_sets / "style/train").iterdir()]
    wanted = np.mean([p.mean(axis=(0, 1)) for p in paintings], axis=0)
    distances = [np.abs(half.mean(axis=(0, 1)) - wanted).sum() for half in (before, after)]
    assert distances[1] < 0.8 * distances[0]
    assert "25 steps in" in caplog.text
    told = next(record.args for record in caplog.records if record.args and record.args[0] == "style")
    first, last = (float(value) for value in told[1:])
    assert last < 0.8 * first


def painting_of(config) -> PixelPainting:
    model, data = build_model(config), build_data(config)
    data.prepare()
    photograph = to_float(data.train_set.style_crop(0, np.random.default_rng(0))[None]).flip(1)
    return PixelPainting(model, data, photograph, step_size=0.03)


def test_it_starts_at_the_photograph_and_descends_the_trainings_own_terms(image_sets, photograph) -> None:
    painting = painting_of(config_of(image_sets, photograph, "image_size=32"))
    torch.testing.assert_close(painting.picture(), painting.photograph, atol=1e-5, rtol=0)
    style = to_float(painting.data.train_set.style_crop(0, np.random.default_rng([painting.data.seed, 0]))[None])
    network = painting.model.feature_network
    for _ in range(3):
        terms = painting.losses()
        views = Views(painting.picture(), painting.photograph, style, network=network)
        expected = painting.model.image_losses(views)
        assert terms.keys() == expected.keys() == {"style", "content"}
        for name in terms:
            assert terms[name].item() == pytest.approx(expected[name].item(), rel=1e-4)
        painting.step()


def test_no_colour_leaves_the_range_and_no_weight_of_the_model_moves(image_sets, photograph) -> None:
    painting = painting_of(config_of(image_sets, photograph, "image_size=32", "image_loss.style.weight=1000"))
    weights = [tensor for module in painting.model.modules() for tensor in (*module.parameters(), *module.buffers())]
    before = [tensor.detach().clone() for tensor in weights]
    for _ in range(5):
        painting.step()
    assert painting.picture().abs().max() <= 1 / 0.97
    assert all(map(torch.equal, weights, before))


def test_what_needs_a_generator_is_left_out_and_named(image_sets, photograph) -> None:
    losses = "image_loss=[style,identity,temporal,pixel,patch_nce]"
    model = build_model(config_of(image_sets, photograph, losses))
    assert sorted(leave_out_what_needs_a_generator(model)) == ["identity", "patch_nce", "pixel", "temporal"]
    assert list(model.image_losses) == ["style"]
    with pytest.raises(ConfigError, match=r"no image loss that can be previewed: identity need more.*image_loss="):
        leave_out_what_needs_a_generator(build_model(config_of(image_sets, photograph, "image_loss=[identity]")))


NOT_PREVIEWED = {
    *("identity", "multi_scale_pixel", "none", "patch_nce", "patch_nce_fast", "pixel", "pixel_l1", "sincut", "strokes"),
    "temporal",
}
"""What has no meaning without a generator or without pairs."""


@pytest.mark.parametrize("name", sorted(path.stem for path in (conf_dir() / "image_loss").glob("*.yaml")))
def test_every_image_loss_is_previewed_or_left_out(name, image_sets, photograph) -> None:
    """Photographs here are of another shape than the paintings' crops."""
    config = config_of(image_sets, photograph, f"image_loss=[{name}]", "steps=2", "image_size=32")
    if name == "none":
        config = config_of(image_sets, photograph, "image_loss=none", "image_size=32")
    try:
        model = build_model(config)
        leave_out_what_needs_a_generator(model)
    except ConfigError:
        assert name in NOT_PREVIEWED
        return
    assert name not in NOT_PREVIEWED
    assert paint_pixels(config) == 0


@pytest.mark.parametrize("experiment", sorted(path.stem for path in (conf_dir() / "experiment").glob("*.yaml")))
def test_every_experiment_composes(experiment) -> None:
    asked = [f"+experiment={experiment}", "input=a.jpg", "output=b.png"]
    ours, theirs = compose_config("preview", asked), compose_config("train", asked[:1])
    for key in ("model", "data", "image_loss", "feature_network", "image_size", "penalty", "augment"):
        assert ours[key] == theirs[key], key


def test_what_cannot_be_is_told_in_one_line(image_sets, photograph, tmp_path) -> None:
    there = tmp_path / "there.png"
    there.write_bytes(b"kept")
    cases = [
        (["input=nowhere.jpg", "output=b.png"], 2, "input=nowhere.jpg: no such file"),
        ([f"input={photograph}", "output=preview"], 2, "name a picture, such as output=preview.png"),
        ([f"input={photograph}", f"output={photograph}"], 2, "that is the photograph itself"),
        ([f"input={photograph}", f"output={there}"], 2, "is there already; type overwrite=true"),
        ([f"input={photograph}", "output=b.png", "steps=0"], 2, "steps=0 must be at least 1"),
        ([f"input={photograph}", "output=b.png", "stepz=3"], 2, "did you mean 'steps'?"),
    ]
    for arguments, code, words in cases:
        done = preloaded("stylegan_pl.preview", *arguments, cwd=tmp_path)
        assert (done.returncode, len(done.stderr.strip().splitlines())) == (code, 1), done.stderr
        assert words in done.stderr
    assert there.read_bytes() == b"kept"
