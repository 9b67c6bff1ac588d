"""`direction=BtoA` trains the other way round, and the run that it leaves says so by its folders alone."""

from pathlib import Path

import pytest
from conftest import compose_config
from preloaded import preloaded

from stylegan_pl.config.direction import turn
from stylegan_pl.errors import ConfigError
from stylegan_pl.evaluation.training_data import sets_of
from stylegan_pl.runs.checkpoint import load
from stylegan_pl.training.build import build_data

ROOTS = ["run_dir=run", "data.content.root=photos", "data.style.root=paintings", "data.content.load_size=286"]


def test_content_and_style_change_places() -> None:
    config = compose_config("train", [*ROOTS, "direction=BtoA"])
    assert turn(config)
    data = build_data(config)
    assert (data.content.root, data.style.root) == ("paintings", "photos")
    assert (data.content.load_size, data.style.load_size) == (None, 286)
    assert not turn(config) and config.data.content.root == "paintings"  # turned once


def test_a_download_that_both_sets_share_stays_theirs() -> None:
    config = compose_config("train", ["data=vangogh2photo", "direction=BtoA"])  # content's source is style's
    assert turn(config)
    assert config.data.content.root.endswith("trainA") and config.data.style.source.title


def test_the_usual_way_is_left_alone_and_others_are_refused() -> None:
    config = compose_config("train", ROOTS)
    before = config.copy()
    assert not turn(config) and config == before
    with pytest.raises(ConfigError, match="direction=BtoB; did you mean 'BtoA'"):
        turn(compose_config("train", ["direction=BtoB"]))


def test_a_run_the_other_way_round(image_sets: Path, tmp_path: Path) -> None:
    words = ["model.generator.width=8", "model.generator.blocks=1", "image_loss=none", "+debug=smoke"]
    roots = [f"data.content.root={image_sets}/content", f"data.style.root={image_sets}/style"]
    done = preloaded("stylegan_pl.train", *words, *roots, "direction=BtoA", "hydra.run.dir=run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    path = tmp_path / "run/checkpoints/last.ckpt"
    content, style, _ = sets_of(load(path)["config"], path)
    assert (Path(content.root).name, Path(style.root).name) == ("style", "content")
    missing = preloaded("stylegan_pl.train", *words, roots[0], "data.style.root=none", "direction=BtoA", cwd=tmp_path)
    assert missing.returncode == 2 and "no folder none" in missing.stderr
    assert missing.stderr.endswith("(direction=BtoA: content is what data.style names)\n")
