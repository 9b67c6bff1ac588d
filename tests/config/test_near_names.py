"""Other programs' names are answered with ours, and what is answered works."""

import shlex
import sys
from pathlib import Path

import pytest
from conftest import compose_config
from hydra.core.global_hydra import GlobalHydra

from stylegan_pl.config.cli import run_verb
from stylegan_pl.config.command_line import for_hydra
from stylegan_pl.config.conf_dir import conf_dir
from stylegan_pl.config.near_names import as_markdown, ours
from stylegan_pl.config.other_programs import NEAR, VALUES, Near

ROWS = [row for rows in NEAR.values() for row in rows]
ASKED = """
    lr load_size crop_size direction continue_train netG netD gan_mode lambda_A lambda_identity n_epochs n_epochs_decay
    fast_dev_run dataroot batchSize gpu_ids num_threads pool_size ngf ndf no_flip preprocess epoch_count display_id
    max_steps accumulate_grad_batches gradient_clip_val devices num_workers log_every_n_steps
"""


GROUPS = {path.name for path in conf_dir().iterdir() if path.is_dir()}


def keys(row: Near) -> set[str]:
    return {word.partition("=")[0].lstrip("+") for word in shlex.split(row.ours)}


def together(rows: list[Near]) -> list[list[Near]]:
    """As few compositions as will do: rows that choose no part, and answer with different options, share one."""
    alone = [row for row in rows if any(key.partition("@")[0] in GROUPS for key in keys(row))]
    shared: list[list[Near]] = []
    for row in (row for row in rows if row not in alone):
        fitting = (r for r in shared if r[0].verb == row.verb and not set().union(*map(keys, r)) & keys(row))
        found = next(fitting, None)
        found.append(row) if found else shared.append([row])
    return [*([row] for row in alone), *shared]


@pytest.mark.parametrize(
    "rows",
    together([row for row in ROWS if row.ours]),
    ids=lambda rows: f"{rows[0].verb}-{rows[0].names.split()[0]}-{len(rows)}",
)
def test_what_is_answered_composes(rows: list[Near]) -> None:
    GlobalHydra.instance().clear()
    verb = rows[0].verb
    words = [word for row in rows for word in shlex.split(row.ours) if word != "debug=true"]
    other = ["image_loss=[style,content]"] if any(word.startswith("image_loss.style.weight") for word in words) else []
    if verb == "evaluate":
        other = ["data=folders"]
    assert compose_config(verb, for_hydra([*other, *words], verb))


def test_a_name_has_one_answer_and_is_no_option_of_ours() -> None:
    for verb in {row.verb for row in ROWS}:
        names = [name for row in ROWS if row.verb == verb for name in row.names.lower().split()]
        assert len(set(names)) == len(names)
        keys = set(compose_config(verb, []))
        assert {name for name in names if name in keys} <= {"direction"}
    assert all(ours(name, "train") for name in ASKED.split())
    assert ours("--batch-size", "train") is None and ours("--Load-Size", "train") == ours("load_size", "train")


def test_the_page_holds_the_table() -> None:
    page = (Path(__file__).parents[2] / "docs/migrating.md").read_text(encoding="utf-8")
    assert page.endswith(as_markdown())


def test_values_of_theirs_lead_to_ours() -> None:
    for group, values in VALUES.items():
        for there, here in values.items():
            words = [word for word in here.split(", ")[0].split() if "=" in word]
            if here.startswith("the verb"):
                continue
            assert compose_config("train", words), (group, there)


@pytest.mark.parametrize(
    ("verb", "word", "said"),
    [
        ("stylize", "stroke_size=2", "no option 'stroke_size'; type stroke=1.5 (0.5 to 2)"),
        ("stylize", "smoothing=0.5", "no option 'smoothing'; did you mean 'film.smoothing'?"),
        ("stylize", "alpha=0.5", "no option 'alpha'; type strength=0.8"),
        ("stylize", "results_dir=x", "no option 'results_dir'; type output=FOLDER"),
        ("evaluate", "num_test=50", "no option 'num_test'; type pairs=500"),
    ],
)
def test_other_verbs_answer_too(monkeypatch, capsys, tmp_path, verb: str, word: str, said: str) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [verb, word])
    with pytest.raises(SystemExit) as ended:
        run_verb(verb, lambda config: 0)
    assert ended.value.code == 2 and said in capsys.readouterr().err
