"""Results go where the user means, and never onto an input."""

from pathlib import Path

import pytest
from PIL import Image

from stylegan_pl.errors import UserError
from stylegan_pl.pictures import inputs
from stylegan_pl.pictures import plan as planned


def plan(source, output: Path, *, image_format: str | None, overwrite: bool) -> list[tuple[Path, Path]]:
    """(picture, result) of every job."""
    found = planned.plan(source, output, image_format=image_format, overwrite=overwrite)
    return [(job.picture, job.result) for job in found.jobs]


KNOWN = r"(\.avif )?\.bmp (\.gif \.heic \.heif \.hif )?\.jfif \.jpe \.jpeg \.jpg \.png \.tif \.tiff \.webp"


@pytest.fixture
def album(tmp_path: Path) -> Path:
    folder = tmp_path / "album"
    for name in ("a.jpg", "b.PNG", "day 1/a.jpg", "day 1/deep/c.d.webp", "day 1/notes.txt", ".hidden/x.jpg", ".y.jpg"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def test_a_folders_tree_is_kept(album: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    jobs = plan(album, out, image_format=None, overwrite=False)
    names = ["a.jpg", "b.PNG", "day 1/a.jpg", "day 1/deep/c.d.webp"]
    assert sorted(jobs) == sorted((album / name, out / name) for name in names)
    assert not out.exists()  # a plan touches nothing


@pytest.mark.parametrize("image_format", ["png", ".png", "PNG"])
def test_a_format_renames_the_extension_alone(album: Path, tmp_path: Path, image_format: str) -> None:
    results = {result.relative_to(tmp_path).as_posix() for _, result in plan(
        album, tmp_path / "out", image_format=image_format, overwrite=False)}  # fmt: skip
    assert results == {"out/a.png", "out/b.png", "out/day 1/a.png", "out/day 1/deep/c.d.png"}


def test_one_picture_to_a_file_or_into_a_folder(album: Path, tmp_path: Path) -> None:
    photo = album / "a.jpg"
    (tmp_path / "v1.2").mkdir()
    for output, image_format, expected in [
        ("x/out.png", None, "x/out.png"),
        ("out.JPG", None, "out.JPG"),
        ("out", None, "out/a.jpg"),
        ("out", "webp", "out/a.webp"),
        ("v1.2", None, "v1.2/a.jpg"),  # a folder that is there may have a dot
    ]:
        jobs = plan(photo, tmp_path / output, image_format=image_format, overwrite=False)
        assert jobs == [(photo, tmp_path / expected)]


@pytest.mark.parametrize("name", ["photo", "photo.jpg ", "photo.jpg.part"])
def test_a_picture_named_alone_needs_no_ending(tmp_path: Path, name: str) -> None:
    Image.new("RGB", (3, 2)).save(tmp_path / name, "JPEG")
    assert plan(tmp_path / name, tmp_path / "out.png", image_format=None, overwrite=False) == [
        (tmp_path / name, tmp_path / "out.png")
    ]
    assert plan(tmp_path / name, tmp_path / "out", image_format=None, overwrite=False) == [
        (tmp_path / name, tmp_path / f"out/{name}.png")
    ]


def test_a_missing_input_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"input=.*nowhere\.jpg: no such file or folder"):
        plan(tmp_path / "nowhere.jpg", tmp_path / "out", image_format=None, overwrite=False)


def test_a_folder_without_images_is_said(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "notes.txt").touch()
    with pytest.raises(
        UserError,
        match=rf"input=.*in: no images in this folder \({KNOWN}\); 1 of 1 files is not a readable image: 1 txt",
    ):
        plan(tmp_path / "in", tmp_path / "out", image_format=None, overwrite=False)


def test_a_folder_into_a_file_is_refused_with_a_way_out(album: Path, tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"album is a folder, so output=.*out\.png must be one, too; type output="
    ) as caught:
        plan(album, tmp_path / "out.png", image_format=None, overwrite=False)
    suggested = Path(str(caught.value).split("type output=")[1])
    assert plan(album, suggested, image_format=None, overwrite=False)


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("spelling", [".", "day 1/..", "link"])
def test_an_input_is_never_overwritten(album: Path, tmp_path: Path, overwrite: bool, spelling: str) -> None:
    (tmp_path / "link").symlink_to(album)
    output = tmp_path / "link" if spelling == "link" else album / spelling
    message = r"output=.*a\.jpg is an input, and inputs are never overwritten; choose another output="
    with pytest.raises(UserError, match=message):
        plan(album, output, image_format=None, overwrite=overwrite)
    with pytest.raises(UserError, match=message):
        plan(album / "a.jpg", output / "a.jpg", image_format=None, overwrite=overwrite)
    with pytest.raises(UserError, match=message):
        plan(album / "a.jpg", output, image_format=None, overwrite=overwrite)


def test_another_input_is_not_overwritten_by_a_change_of_format(tmp_path: Path) -> None:
    for name in ("a.jpg", "a.png"):
        (tmp_path / name).touch()
    with pytest.raises(UserError, match=r"a\.png is an input, and inputs are never overwritten"):
        plan(tmp_path, tmp_path, image_format="png", overwrite=True)


def test_an_input_behind_a_link_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "a.jpg").touch()
    (tmp_path / "in" / "a.jpg").symlink_to(tmp_path / "store" / "a.jpg")
    with pytest.raises(UserError, match="inputs are never overwritten"):
        plan(tmp_path / "in", tmp_path / "store", image_format=None, overwrite=True)


def test_a_result_that_is_there_needs_a_word(album: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "b.PNG").touch()
    with pytest.raises(UserError, match=r"output=.*b\.PNG is there already; type overwrite=true or another output="):
        plan(album, tmp_path / "out", image_format=None, overwrite=False)
    assert len(plan(album, tmp_path / "out", image_format=None, overwrite=True)) == 4


def test_two_pictures_do_not_become_one(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("a.jpg", "a.webp", "b.jpg"):
        (tmp_path / "in" / name).touch()
    message = r"a\.jpg and .*a\.webp would both become .*a\.png; rename one, or drop image_format="
    with pytest.raises(UserError, match=message):
        plan(tmp_path / "in", tmp_path / "out", image_format="png", overwrite=True)
    assert len(plan(tmp_path / "in", tmp_path / "out", image_format=None, overwrite=True)) == 3


def test_an_unknown_output_extension_is_refused(album: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=rf"output=.*out\.gif: unknown image format '\.gif'; use one of {KNOWN}"):
        plan(album / "a.jpg", tmp_path / "out.gif", image_format=None, overwrite=False)


@pytest.mark.parametrize("source", ["a.jpg", ""])
def test_an_unknown_format_is_refused(album: Path, tmp_path: Path, source: str) -> None:
    with pytest.raises(
        UserError, match=r"image_format=gif: unknown; use one of bmp jfif jpe jpeg jpg png tif tiff webp"
    ):
        plan(album / source, tmp_path / "out", image_format="gif", overwrite=False)


def test_an_input_that_is_no_picture_is_named_as_such(album: Path, tmp_path: Path) -> None:
    """The user typed input=, not image_format=; the message must speak of what was typed."""
    with pytest.raises(UserError, match=r"notes\.txt") as caught:
        plan(album / "day 1" / "notes.txt", tmp_path / "out", image_format=None, overwrite=False)
    assert "image_format=None" not in str(caught.value)


# ---------------------------------------------------------------------- patterns and lists


def below(output: Path, source, **options) -> dict[str, str]:
    """Name below the output -> the picture's file name."""
    found = planned.plan(source, output, **{"image_format": None, "overwrite": False} | options)
    return {job.result.relative_to(output).as_posix(): job.picture.name for job in found.jobs}


def test_a_pattern_keeps_names_below_what_its_pictures_share(album: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert below(out, f"{album}/*.jpg") == {"a.jpg": "a.jpg"}
    assert below(out, f"{album}/**/*.jpg") == {"a.jpg": "a.jpg", "day 1/a.jpg": "a.jpg"}
    assert below(out, f"{album}/day*/*") == {"a.jpg": "a.jpg", "deep/c.d.webp": "c.d.webp"}  # folders are gone through
    assert below(out, f"{album}/[ab].*") == {"a.jpg": "a.jpg", "b.PNG": "b.PNG"}


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path: Path) -> None:
    for name in ("a[1].jpg", "a1.jpg"):
        (tmp_path / name).touch()
    assert plan(str(tmp_path / "a[1].jpg"), tmp_path / "out", image_format=None, overwrite=False) == [
        (tmp_path / "a[1].jpg", tmp_path / "out/a[1].jpg")
    ]


def test_a_folder_that_is_there_is_no_pattern(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("trip [2023]/a.jpg", "trip [2023]/day [1]/b.jpg", "trip 2/c.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert inputs.pictures("trip [2023]/*.jpg") == [Path("trip [2023]/a.jpg")]
    assert inputs.pictures(f"{tmp_path}/trip [2023]/**/*.jpg") == [
        tmp_path / "trip [2023]/a.jpg", tmp_path / "trip [2023]/day [1]/b.jpg",
    ]  # fmt: skip
    assert inputs.pictures("trip [0-9]/*.jpg") == [Path("trip 2/c.jpg")]


def test_a_list_of_files_folders_and_patterns(album: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    given = [album / "a.jpg", album / "day 1", f"{album}/*.PNG", album / "day 1/a.jpg"]  # one of them twice
    expected = {"a.jpg": "a.jpg", "day 1/a.jpg": "a.jpg", "day 1/deep/c.d.webp": "c.d.webp", "b.PNG": "b.PNG"}
    assert below(out, given) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["../a.jpg", "x.jpg"], {"a.jpg": "a.jpg", "in/x.jpg": "x.jpg"}),
        (["../a.jpg", "../in/x.jpg"], {"a.jpg": "a.jpg", "in/x.jpg": "x.jpg"}),
        ("../in/../*.jpg", {"a.jpg": "a.jpg"}),
    ],
)
def test_a_result_of_a_picture_above_is_below_the_output_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given, expected
) -> None:
    for name in ("a.jpg", "in/x.jpg", "in/a.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path / "in")
    assert below(Path("out"), given, overwrite=True) == expected


@pytest.mark.parametrize("given", ["{}/*.bmp", "{}/nowhere/*"])
def test_a_pattern_that_matches_nothing_is_said(album: Path, tmp_path: Path, given: str) -> None:
    with pytest.raises(UserError, match=r"no file or folder matches; \*\* reaches into folders"):
        plan(given.format(album), tmp_path / "out", image_format=None, overwrite=False)


def test_a_missing_file_of_a_list_is_named(album: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"input=.*gone\.jpg: no such file or folder"):
        plan([album / "a.jpg", album / "gone.jpg"], tmp_path / "out", image_format=None, overwrite=False)


def test_several_pictures_into_one_file_are_refused(album: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"may be several pictures, so output=.*out\.png must be one, too"):
        plan([album / "a.jpg", album / "b.PNG"], tmp_path / "out.png", image_format=None, overwrite=False)


def test_a_gif_becomes_a_png_beside_others_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("a.gif", "a.png"):
        (tmp_path / "in" / name).touch()
    assert below(tmp_path / "out", tmp_path / "in") == {"a.gif.png": "a.gif", "a.png": "a.png"}
    assert set(below(tmp_path / "out", tmp_path / "in/a.gif", image_format="jpg")) == {"a.jpg"}


def test_what_is_passed_over_is_listed(album: Path, tmp_path: Path) -> None:
    found = planned.plan(album, tmp_path / "out", image_format=None, overwrite=False)
    assert found.skipped == [album / "day 1/notes.txt"]  # hidden files are not even that


def test_a_loop_of_links_is_walked_once(tmp_path: Path) -> None:
    (tmp_path / "in/deep").mkdir(parents=True)
    (tmp_path / "in/deep/up").symlink_to(tmp_path / "in")
    (tmp_path / "in/deep/a.jpg").touch()
    (tmp_path / "in/self.jpg").symlink_to("self.jpg")
    assert set(below(tmp_path / "out", tmp_path / "in")) == {"deep/a.jpg", "self.jpg"}


# ---------------------------------------------------------------------- what is there already


def test_resume_keeps_what_is_there_and_plans_the_rest(album: Path, tmp_path: Path) -> None:
    (tmp_path / "out/day 1").mkdir(parents=True)
    (tmp_path / "out/day 1/a.jpg").touch()
    found = planned.plan(album, tmp_path / "out", image_format=None, overwrite=False, resume=True)
    assert [job.name.as_posix() for job in found.there] == ["day 1/a.jpg"]
    assert sorted(job.name.as_posix() for job in found.jobs) == ["a.jpg", "b.PNG", "day 1/deep/c.d.webp"]


def test_a_dangling_link_is_there_too(album: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/a.jpg").symlink_to(tmp_path / "elsewhere.jpg")
    with pytest.raises(UserError, match=r"a\.jpg is there already"):
        plan(album, tmp_path / "out", image_format=None, overwrite=False)


def test_overwrite_and_resume_contradict_each_other(album: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="type one of the two"):
        planned.plan(album, tmp_path / "out", image_format=None, overwrite=True, resume=True)


def test_results_inside_the_input_folder_are_no_photographs(album: Path) -> None:
    (album / "painted").mkdir()
    (album / "painted/old.jpg").touch()
    assert "painted/old.jpg" not in below(album / "painted", album)
    with pytest.raises(UserError, match="overwrite=true could replace photographs"):
        plan(album, album / "painted", image_format=None, overwrite=True)
