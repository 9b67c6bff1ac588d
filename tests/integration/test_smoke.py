"""`+debug=smoke` runs any experiment on a machine that has nothing: no data, no weights, no network."""

from pathlib import Path

import pytest
from conftest import compose_config
from omegaconf import OmegaConf
from preloaded import preloaded

from stylegan_pl.config.conf_dir import conf_dir
from stylegan_pl.config.stand_ins import put_stand_ins

EXPERIMENTS = sorted(path.stem for path in (conf_dir() / "experiment").glob("*.yaml"))
SMALL = ["model.discriminator.width=8", "callbacks.evaluation.cache=null", "hydra.run.dir=run"]


@pytest.fixture(scope="module")
def data_root(tmp_path_factory) -> Path:
    """One sample for all, built by the first."""
    return tmp_path_factory.mktemp("data")


@pytest.mark.parametrize(
    ("experiment", "said"),
    [
        ("paper_pix2pix", ["data=sample_paired in place of data.content", "model.generator.levels=5 in place of 8"]),
        ("paper_adain", ["data=sample in place of data.style", "random weights in place of pretrained ones"]),
        ("distil_mobile", ["a small generator of random weights in place of model.teacher"]),
    ],
)
def test_an_experiment_runs_and_says_what_stood_in(experiment: str, said: list[str], tmp_path: Path, data_root) -> None:
    words = [f"+experiment={experiment}", "+debug=smoke", f"data_root={data_root}", *SMALL]
    words += ["model.generator.width=8"] if experiment == "paper_pix2pix" else []
    done = preloaded("stylegan_pl.train", *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert all(line in done.stdout + done.stderr for line in said), done.stdout
    assert (tmp_path / "run/checkpoints/last.ckpt").exists()


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_no_experiment_downloads_for_it(experiment: str, tmp_path: Path) -> None:
    words = [f"+experiment={experiment}", "+debug=smoke", f"data_root={tmp_path}/data", "run_dir=run"]
    config = compose_config("train", words)
    put_stand_ins(config)
    assert config.stand_ins and "download.Archive" not in OmegaConf.to_yaml(config.data)


def test_a_folder_that_was_typed_is_not_replaced(tmp_path: Path) -> None:
    done = preloaded("stylegan_pl.train", "+debug=smoke", "data.content.root=nowhere", cwd=tmp_path)
    assert done.returncode == 2 and "data.content.root: no folder nowhere" in done.stderr
