"""What a folder holds beside pictures is counted aloud, and what nobody put there is not even that."""

import logging
from pathlib import Path

import pytest
from PIL import Image

from stylegan_pl.data.check import check_folder, what_is_left
from stylegan_pl.data.folder import ImageFolder
from stylegan_pl.data.splits import list_images
from stylegan_pl.errors import DataError
from stylegan_pl.pictures.skipped import describe_skipped
from stylegan_pl.pictures.tree import files_below


def write(root: Path, *names: str) -> Path:
    """A PNG under each name, whatever it ends in."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (20, 20)).save(root / name, "PNG")
    return root


def test_files_are_counted_by_kind_and_it_is_said_how_to_use_them() -> None:
    files = [Path(name) for name in ("a.PSD", "b.psd", "c.txt", "d.gif", "README")]
    said = describe_skipped(files, 9, first_frame="data.content.first_frame")
    assert said == (
        "5 of 9 files are not readable images: 2 psd, 1 txt, 1 gif, 1 without an ending; to use the psd, convert them "
        "to JPEG or PNG; data.content.first_frame=true reads the first picture of a GIF"
    )
    assert describe_skipped([Path(f"a.{kind}") for kind in "abcdef"], 6).endswith("1 a, 1 b, 1 c, 1 d, 2 others")


def test_what_file_servers_and_systems_put_there_is_not_seen(tmp_path: Path) -> None:
    write(
        tmp_path, "a.jpg", "sub/b.jpg", "@eaDir/a.jpg/SYNOPHOTO_THUMB_M.jpg", "__MACOSX/._a.jpg", "__MACOSX/sub/b.jpg",
        ".thumbnails/a.jpg", "sub/@eaDir/b.jpg", "sub/Thumbs.db", "desktop.ini", "#recycle/c.jpg", ".hidden/d.jpg",
    )  # fmt: skip
    assert files_below(tmp_path) == [tmp_path / "a.jpg", tmp_path / "sub/b.jpg"]


@pytest.mark.parametrize(
    ("mark", "pictures"),
    [
        (("config.yaml", "status.json"), ("samples/000000008.png", "wandb/media/a.png")),
        (("check.json", "check.csv"), ("check.png",)),
        (("index.html", "metrics.json"), ("grid.png",)),
    ],
)
def test_what_our_commands_wrote_inside_a_set_is_no_part_of_it(tmp_path: Path, mark, pictures) -> None:
    """`train data.style.root=.` writes outputs/train/NAME/DATE/samples/ below its own paintings."""
    ours = [f"outputs/NAME/DATE/{name}" for name in (*mark, *pictures)]
    write(tmp_path, "a.jpg", "sub/config.yaml", "sub/b.jpg", *ours)
    assert files_below(tmp_path) == [tmp_path / name for name in ("a.jpg", "sub/b.jpg", "sub/config.yaml")]
    inside = tmp_path / "outputs/NAME/DATE"
    assert set(files_below(inside)) >= {inside / name for name in pictures}  # typed, it is read


def test_a_run_says_at_its_start_what_it_passes_over(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path, "a.jpg", "b.jfif", "c.heic", "d.avif", "e.gif", "f.psd", "g.JPE", "notes.txt", "Thumbs.db")
    with caplog.at_level(logging.INFO):
        check_folder(ImageFolder(str(tmp_path)), name="data.content", size=16, limit=0.05)
    (line,) = caplog.messages
    assert line.startswith(
        f"data.content: below {tmp_path}, 3 of 8 files are not readable images: 1 gif, 1 psd, 1 txt; "
    )
    assert "data.content.first_frame=true" in line


def test_it_is_said_where_there_is_nothing_else(tmp_path: Path) -> None:
    write(tmp_path, "a.cr2", "b.cr2")
    with pytest.raises(
        DataError, match=r"no image to train on.*2 of 2 files are not readable images: 2 cr2; to use the cr2"
    ):
        check_folder(ImageFolder(str(tmp_path)), name="data.style", size=16, limit=0.05)


def test_images_beside_the_splits_are_told(tmp_path: Path) -> None:
    write(tmp_path, "train/a.png", "train/b.png", "val/c.png", "more/d.png", "e.png")
    assert what_is_left(ImageFolder(str(tmp_path)), "data.content") == [
        f"data.content: 2 images below {tmp_path} are in none of its splits, such as {tmp_path / 'e.png'}"
    ]


def test_nothing_is_said_of_a_set_whose_files_are_all_used_or_chosen(tmp_path: Path) -> None:
    write(tmp_path, "a.png", "b.png")
    assert what_is_left(ImageFolder(str(tmp_path)), "data.content") == []
    (tmp_path / "notes.txt").touch()
    assert what_is_left(ImageFolder(str(tmp_path), include=["a*"]), "data.content") == []


def test_the_first_picture_of_animations_is_read_where_asked(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "lime", "blue")]
    for name in ("a.gif", "b.webp"):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:])
    plain, asked = ImageFolder(str(tmp_path)), ImageFolder(str(tmp_path), first_frame=True)
    assert [path.name for path in list_images(tmp_path)] == ["b.webp"]
    with pytest.raises(DataError, match="3 pictures in one file; type first_frame=true"):
        plain.crop(tmp_path / "b.webp", 16, None)
    assert sorted(asked.by_name("train")) == ["a.gif", "b.webp"]
    for name in asked.by_name("train"):
        red, green, blue = asked.crop(tmp_path / name, 16, None).float().mean(dim=(1, 2)).tolist()
        assert red > 240 and green < 15 and blue < 15
