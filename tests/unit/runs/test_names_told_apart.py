"""Names of files and folders."""

from stylegan_pl.runs.painters import distinct_names


def test_as_many_parts_as_tell_paths_apart():
    assert distinct_names(["/runs/vangogh/2026"], parts=2) == ["vangogh/2026"]
    assert distinct_names(["/a/x/best.ckpt", "/b/x/best.ckpt"]) == ["a/x/best.ckpt", "b/x/best.ckpt"]
    assert distinct_names(["/best.ckpt", "/b/best.ckpt"], parts=2) == ["best.ckpt", "b/best.ckpt"]
    assert distinct_names(["/a", "/b"], parts=2) == ["a", "b"]
    assert distinct_names(["/runs/a", "/runs/b"]) == ["a", "b"]


def test_a_path_that_is_named_twice_keeps_its_short_name():
    assert distinct_names(["/runs/a", "/runs/b", "/runs/a"]) == ["a", "b", "a"]
