"""Names of files and folders."""

from stylegan_pl.runs.painters import told_apart


def test_as_many_parts_as_tell_paths_apart():
    assert told_apart(["/runs/vangogh/2026"], parts=2) == ["vangogh/2026"]
    assert told_apart(["/a/x/best.ckpt", "/b/x/best.ckpt"]) == ["a/x/best.ckpt", "b/x/best.ckpt"]
    assert told_apart(["/best.ckpt", "/b/best.ckpt"], parts=2) == ["best.ckpt", "b/best.ckpt"]
    assert told_apart(["/a", "/b"], parts=2) == ["a", "b"]
    assert told_apart(["/runs/a", "/runs/b"]) == ["a", "b"]


def test_a_path_that_is_named_twice_keeps_its_short_name():
    assert told_apart(["/runs/a", "/runs/b", "/runs/a"]) == ["a", "b", "a"]
