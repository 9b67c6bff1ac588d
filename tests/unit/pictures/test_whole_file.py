"""Files that are there whole or not at all."""

import pytest

from stylegan_pl.pictures.whole_file import unfinished, written_whole


def test_the_file_of_before_is_read_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "runs/one/status.json"
    with written_whole(path) as partial:
        partial.write_text("first")
        assert not path.exists()
    with written_whole(path) as partial:
        partial.write_text("second")
        assert path.read_text() == "first"
    assert path.read_text() == "second" and list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("failure", [OSError, KeyboardInterrupt])
def test_a_writing_that_fails_leaves_the_file_of_before_and_nothing_else(tmp_path, failure):
    path = tmp_path / "status.json"
    path.write_text("first")
    with pytest.raises(failure), written_whole(path) as partial:
        partial.write_text("half")
        raise failure
    assert path.read_text() == "first" and list(tmp_path.iterdir()) == [path]


def test_two_that_write_one_file_do_not_meet(tmp_path, monkeypatch):
    path = tmp_path / "statistics.safetensors"
    with written_whole(path, by_several=True) as ours:
        monkeypatch.setattr("os.getpid", lambda: 1)
        with written_whole(path, by_several=True) as theirs:
            assert ours != theirs
            theirs.write_text("theirs")
        ours.write_text("ours")
    assert path.read_text() == "ours" and list(tmp_path.iterdir()) == [path]


def test_what_is_unfinished_is_hidden_and_of_its_kind_however_long_its_name(tmp_path):
    partial = unfinished(tmp_path / f"{'ß' * 120}.png")
    assert partial.parent == tmp_path and partial.suffix == ".png" and partial.name.startswith(".")
    assert len(partial.name.encode()) < 40
