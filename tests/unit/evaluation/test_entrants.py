"""What was typed -> what is judged."""

from pathlib import Path

import pytest

from stylegan_pl.errors import ConfigError, UserError
from stylegan_pl.evaluation.entrants import entrants


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Two runs, one of which has only a last checkpoint, a lone file, and a folder of pictures."""
    for name, files in {"a/2026": ["best.ckpt", "last.ckpt"], "b/2026": ["last.ckpt"]}.items():
        (tmp_path / name / "checkpoints").mkdir(parents=True)
        for file in files:
            (tmp_path / name / "checkpoints" / file).write_bytes(b"")
    (tmp_path / "lone.ckpt").write_bytes(b"")
    (tmp_path / "painted").mkdir()
    return tmp_path


def test_runs_files_and_pictures_are_told_apart(runs: Path) -> None:
    typed = [str(runs / name) for name in ("a/2026", "b/2026", "lone.ckpt", "painted")]
    found = entrants(typed)
    assert [entrant.source for entrant in found] == typed
    assert [entrant.checkpoint and entrant.checkpoint.name for entrant in found] == [
        "best.ckpt", "last.ckpt", "lone.ckpt", None
    ]  # fmt: skip


def test_names_are_as_short_as_tells_them_apart(runs: Path) -> None:
    names = [entrant.name for entrant in entrants([str(runs / "a/2026"), str(runs / "b/2026")])]
    assert names == ["a/2026", "b/2026"]
    assert [entrant.name for entrant in entrants([str(runs / "a/2026"), str(runs / "painted")])] == ["2026", "painted"]
    assert len({entrant.name for entrant in entrants([str(runs / "painted")] * 3)}) == 3


def test_patterns_are_expanded_in_order(runs: Path) -> None:
    found = entrants([str(runs / "?" / "2026"), str(runs / "paint*")])
    assert [entrant.name for entrant in found] == ["a/2026", "b/2026", f"{runs.name}/painted"]


def test_what_is_not_there_is_told_in_a_line(runs: Path) -> None:
    with pytest.raises(ConfigError, match=r"no file or folder .*nowhere; give a run folder"):
        entrants([str(runs / "nowhere")])
    with pytest.raises(ConfigError, match=r"nothing matches .*nowhere\*"):
        entrants([str(runs / "nowhere*")])
    (runs / "begun").mkdir()
    (runs / "begun/status.json").write_text("{}")
    with pytest.raises(UserError, match=r"no checkpoint in .*begun; has the run been saved yet"):
        entrants([str(runs / "begun")])
