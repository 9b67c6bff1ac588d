"""`prepare`, and a run that fetches what it lacks, against a server on localhost; `prepare check=true`."""

import functools
import hashlib
import http.server
import json
import logging
import shlex
import sys
import threading
import zipfile
from pathlib import Path

import pytest
from conftest import compose_config
from hydra.utils import instantiate
from images_on_disk import write_images
from omegaconf import DictConfig, OmegaConf
from PIL import Image
from preloaded import preloaded

from stylegan_pl.config.cli import run_verb
from stylegan_pl.config.command_line import for_hydra
from stylegan_pl.config.direction import turn
from stylegan_pl.data.pairing import PairedByName
from stylegan_pl.errors import ConfigError, DataError
from stylegan_pl.prepare import prepare
from stylegan_pl.preparing import suggest
from stylegan_pl.training.check import make_data_ready


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Counts requests, says nothing."""

    requests = 0

    def do_GET(self) -> None:
        Quiet.requests += 1
        super().do_GET()

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path):
    """http://127.0.0.1:PORT with val2017.zip (12 pictures) and vangogh2photo.zip (9 paintings in trainA)."""
    folder = tmp_path / "served"
    write_images(tmp_path / "raw/val2017", 12)
    write_images(tmp_path / "raw/vangogh2photo/trainA", 9, hue=2)
    folder.mkdir()
    for name in ("val2017", "vangogh2photo"):
        with zipfile.ZipFile(folder / f"{name}.zip", "w") as archive:
            for path in sorted((tmp_path / "raw" / name).rglob("*.png")):
                archive.write(path, path.relative_to(tmp_path / "raw"))
    Quiet.requests = 0
    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_port}", folder
    running.shutdown()


def pointed_at(node, server) -> None:
    """Make a dataset's two archives the served ones; all else stays as its file says."""
    address, folder = server
    for side, name, files in (("content", "val2017", 12), ("style", "vangogh2photo", 9)):
        data = (folder / f"{name}.zip").read_bytes()
        source = node[side].source
        source.url, source.size_bytes, source.files = f"{address}/{name}.zip", len(data), files
        source.pop("md5", None)
        source.sha256 = hashlib.sha256(data).hexdigest()


def test_prepare_shows_sizes_fetches_verifies_and_does_nothing_twice(tmp_path, server, caplog):
    config = compose_config("prepare", ["dataset=coco_vangogh", f"root={tmp_path / 'data'}"])
    OmegaConf.set_struct(config, False)
    pointed_at(config.dataset, server)
    with caplog.at_level(logging.INFO):
        assert prepare(config) == 0
    said = caplog.text
    assert "COCO val2017 photographs: " in said and "bytes from 127.0.0.1" in said
    assert "images to train on" in said and "held out, below" in said
    assert len(list((tmp_path / "data/coco/val2017").glob("*.png"))) == 12
    assert len(list((tmp_path / "data/vangogh2photo/trainA").glob("*.png"))) == 9
    fetched = Quiet.requests
    with caplog.at_level(logging.INFO):
        assert prepare(config) == 0
    assert Quiet.requests == fetched and caplog.text.count("(there already)") == 2


def test_the_flagship_fetches_what_it_lacks_before_anything_else(tmp_path, server):
    config = compose_config(
        "train", ["+experiment=coco_vangogh", f"data_root={tmp_path / 'data'}", f"run_dir={tmp_path}", "image_size=32"]
    )
    OmegaConf.set_struct(config, False)
    pointed_at(config.data, server)
    make_data_ready(config)
    assert (tmp_path / "data/coco/val2017").is_dir() and (tmp_path / "data/vangogh2photo/trainA").is_dir()


@pytest.mark.parametrize(
    ("dataset", "expected"),
    [
        ("my_painter", {"content": ([224, 320], True, True), "style": ([224, 288], "crop", False)}),
        ("sample_paired", {"content": (None, False, True), "style": (None, False, False)}),
    ],
)
def test_the_line_after_writing_shards_trains_as_the_folders_do(
    dataset, expected, image_sets, tmp_path, monkeypatch, capsys
):
    words = [f"dataset.{side}.root={image_sets / side}" for side in ("content", "style")]
    words += ["dataset.content.source=null", "dataset.content.first_frame=true"]
    words += ["dataset.style.source=null"] if dataset == "sample_paired" else []
    monkeypatch.setattr(sys, "argv", ["prepare", f"dataset={dataset}", *words, f"shards={tmp_path / 's'}"])
    with pytest.raises(SystemExit, match=r"^0$"):
        run_verb("prepare", prepare)
    said = capsys.readouterr().out
    words = shlex.split(said.partition("python -m stylegan_pl.train ")[2])
    trained = compose_config("train", [*for_hydra(words, "train"), "run_dir=."])
    for side, wanted in expected.items():
        folder = instantiate(trained.data[side], _convert_="all")
        assert (folder.load_size, folder.upscale, folder.first_frame) == wanted
        assert folder.root == str(tmp_path / "s" / side)
    own = compose_config("train", [f"data={dataset}", "run_dir=."])
    assert trained.data.pairing == own.data.pairing


# --- check=true


def typed(monkeypatch, capsys, *arguments: str) -> tuple[int, str]:
    """Exit code and stderr of `prepare` on a command line, in this process."""
    monkeypatch.setattr(sys, "argv", ["prepare", *arguments])
    with pytest.raises(SystemExit) as ended:
        run_verb("prepare", prepare)
    return int(ended.value.code or 0), capsys.readouterr().err


def check(tmp_path: Path, *overrides: str):
    """A check of tmp_path/{content,style} for a crop of 32 pixels."""
    output = f"output={tmp_path / 'report'}"
    return compose_config("prepare", ["check=true", f"data_root={tmp_path}", "image_size=32", output, *overrides])


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """content/ and style/ with train/ and val/, all different."""
    for seed, part in enumerate(("content/train", "content/val", "style/train", "style/val")):
        write_images(tmp_path / part, 6, seed=seed)
    return tmp_path


@pytest.mark.parametrize("pairing", [[], pytest.param(["data=paired"], marks=pytest.mark.slow)])
def test_the_doctor_ends_with_a_line_that_trains(pairing, own, caplog):
    with caplog.at_level(logging.INFO):
        prepare(check(own, *pairing))
    strokes, line, minutes = [record.getMessage() for record in caplog.records][-3:]
    assert "px wide in the paintings" in strokes and minutes.endswith("on this machine (a CPU), plus validations")
    words = shlex.split(line.partition("python -m stylegan_pl.train ")[2])
    assert f"data.content.root={own}/content" in words
    assert ("model=pix2pix" in words) == ("image_size=32" in words) == bool(pairing)
    assert ("+experiment=my_painter" in words) == (not pairing)
    words = [word for word in words if not word.startswith("max_images=")]  # smoke's is smaller
    quick = ["+debug=smoke", "model.generator.blocks=1", "model.generator.width=8", f"hydra.run.dir={own}/run"]
    quick += ["feature_network=random_filters", *([] if pairing else ["start_from=null"])]
    done = preloaded("stylegan_pl.train", *words, *quick, cwd=own)
    assert done.returncode == 0, done.stderr


def test_sizes_that_were_typed_are_in_the_line(own, caplog):
    with caplog.at_level(logging.INFO):
        prepare(check(own, "data.style.load_size=[40,48]"))
    assert f"data.style.root={own}/style 'data.style.load_size=[40,48]'" in caplog.text


@pytest.fixture
def line(monkeypatch, caplog):
    """(data option, prepare's config) -> the words of the `train` line, and the config that they make."""

    def suggested(option: str, config) -> tuple[list[str], DictConfig]:
        monkeypatch.setattr(suggest, "_data_option", lambda *, usual: option)
        monkeypatch.setattr(suggest, "_seconds", lambda trained: 60.0)
        with caplog.at_level(logging.INFO):
            prepare(config)
        said = next(record.getMessage() for record in caplog.records if "to train on these" in record.getMessage())
        words = shlex.split(said.partition("python -m stylegan_pl.train ")[2])
        trained = compose_config("train", [*for_hydra(words, "train"), "run_dir=."])
        turn(trained)
        return words, trained

    return suggested


def test_the_line_keeps_what_was_typed_about_the_sets(own, line):
    typed = ["data.style.include=['00[0-3]*']", "data.content.held_out=0.1", "data.style.first_frame=true"]
    typed += ["data.content.upscale=true", "data.bad_fraction=0.2"]
    words, trained = line("folders", check(own, *typed))
    assert [words[0], words[5]] == ["+experiment=my_painter", 'data.style.include=["00[0-3]*"]']
    content, style = (instantiate(trained.data[side], _convert_="all") for side in ("content", "style"))
    assert [path.name for path in style.files("train")] == ["000.png", "001.png", "002.png", "003.png"]
    assert (content.held_out, content.upscale, style.first_frame, style.upscale) == (0.1, True, True, "crop")
    assert trained.data.bad_fraction == 0.2


def test_the_line_trains_in_the_direction_that_was_checked(own, line):
    for number, path in enumerate(sorted((own / "content").rglob("*.png"))):
        both = Image.new("RGB", (96, 48), (number * 20, 0, 0))
        both.paste(Image.open(path).crop((0, 0, 48, 48)), (48, 0))
        both.save(path)
    words, trained = line("side_by_side", check(own, "data=side_by_side", f"data_root={own}/content", "direction=BtoA"))
    assert "data=side_by_side" in words and "direction=BtoA" in words
    assert (trained.data.content.half, trained.data.style.half) == ("right", "left")


def test_roots_keep_the_names_that_were_typed(own, line):
    words, trained = line("folders", check(own, "direction=BtoA", "data.style.load_size=40"))
    assert f"data.content.root={own}/content" in words and "data.style.load_size=40" in words
    assert (trained.data.content.root, trained.data.content.load_size) == (f"{own}/style", 40)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [([], [None, None]), (["data.content.load_size=[34,60]", "data.style.load_size=[34,60]"], [[34, 60]] * 2)],
)
def test_the_line_for_pairs_of_two_sizes_has_one_load_size(own, line, typed, expected):
    for path in sorted((own / "style").rglob("*.png")):
        image = Image.open(own / "content" / path.relative_to(own / "style"))
        image.resize((2 * image.width, 2 * image.height)).save(path)
    _, trained = line("paired", check(own, "data=paired", *typed))
    sets = [instantiate(trained.data[side], _convert_="all") for side in ("content", "style")]
    assert [folder.load_size for folder in sets] == expected
    assert len(PairedByName().match(*sets, "train")[0]) == 6


def test_a_good_set_is_usable_and_stays_as_it_was(own, caplog):
    before = files_below(own)
    with caplog.at_level(logging.INFO):
        assert prepare(check(own)) == 0
    assert "no problems found: 24 images can be used at image_size=32" in caplog.text
    after = files_below(own)
    report = {name: after.pop(f"report/{name}") for name in ("check.json", "check.csv", "check.png")}
    assert after == before
    assert json.loads(report["check.json"])["usable"] is True
    assert report["check.csv"].decode().split() == ["file,set,split,kind,remark"]
    assert Image.open(own / "report/check.png").size == (1640, 880)


def test_a_report_is_not_written_among_the_pictures_of_a_set(own):
    before = sorted(own.rglob("*"))
    with pytest.raises(ConfigError, match=r"is data\.style\.root, where nothing is written"):
        prepare(check(own, f"output={own / 'style'}/"))
    assert sorted(own.rglob("*")) == before


def test_a_leak_is_found_and_is_the_exit_code(own, caplog):
    source = Image.open(own / "style/train/002.png")
    source.resize((40, 40)).save(own / "style/val/new.jpg", quality=40)
    with caplog.at_level(logging.INFO):
        assert prepare(check(own)) == 1
    assert "1 both in train and in val" in caplog.text
    assert f"style/val/new.jpg: nearly identical to {own}/style/train/002.png" in caplog.text


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["image_size=64"], "data.content.root: 6 of 6 images looked at below"),
        (["data.content.load_size=16"], "data.content.load_size=16 shrinks every image below the crop of 32 pixels"),
    ],
)
def test_what_a_run_would_refuse_is_told_with_the_whole_report(own, caplog, overrides, words):
    with caplog.at_level(logging.INFO):
        assert prepare(check(own, *overrides)) == 1
    assert f"a run would end with this error: {words}" in caplog.text
    assert "to train on these, once mended: python -m stylegan_pl.train" in caplog.text
    assert (own / "report/check.png").is_file()


def test_damage_that_headers_hide_is_counted_against_bad_fraction(own, caplog):
    path = own / "content/train/000.png"
    path.write_bytes(path.read_bytes()[:-200])  # the header, which a run looks at first, is whole
    with caplog.at_level(logging.INFO):
        assert prepare(check(own)) == 1
    assert "data.content: 1 of 6 images to train on cannot be used, more than data.bad_fraction=0.05" in caplog.text
    with caplog.at_level(logging.INFO):
        assert prepare(check(own, "data.bad_fraction=0.2", f"output={own / 'again'}")) == 0


def test_animations_are_judged_by_their_own_sets_option(own, caplog):
    frames = [Image.open(path) for path in sorted((own / "content/train").glob("*.png"))[:2]]
    for side in ("content", "style"):
        frames[0].save(own / side / "train/film.webp", save_all=True, append_images=frames[1:])
    with caplog.at_level(logging.INFO):
        prepare(check(own, "data.style.first_frame=true"))
    rows = (own / "report/check.csv").read_text().splitlines()
    assert [row.partition(",")[0] for row in rows if ",unreadable," in row] == [f"{own}/content/train/film.webp"]


def test_one_folder_given_twice_is_told(own, caplog):
    with caplog.at_level(logging.INFO):
        assert prepare(check(own, f"data.style.root={own / 'content'}")) == 1
    assert "12 of 12 paintings are among the photographs" in caplog.text


def test_pairs_may_be_alike_and_need_partners(own, caplog):
    paired = check(own, "data=paired", f"data.style.root={own / 'content'}")
    with caplog.at_level(logging.INFO):
        assert prepare(paired) == 0
    (own / "content/train/lonely.png").write_bytes((own / "style/train/000.png").read_bytes())
    with caplog.at_level(logging.INFO):
        assert prepare(check(own, "data=paired", f"output={own / 'again'}")) == 0
    assert "1 without a partner of the same name" in caplog.text


def test_the_sample_set_and_a_single_pair_can_be_checked(own, caplog):
    single = [f"data.content.root={own / 'content/val/000.png'}", f"data.style.root={own / 'style/val/000.png'}"]
    with caplog.at_level(logging.INFO):
        assert prepare(check(own, "data=single_pair", *single)) == 0
    assert "no problems found: 2 images can be used" in caplog.text


def test_a_set_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(DataError, match=r"^data\.content\.root: no folder .*content; type data\.content\.root=FOLDER"):
        prepare(check(tmp_path))
    assert not list(tmp_path.iterdir())


def test_a_missing_set_is_named_as_it_was_typed(own):
    words = [f"data.content.root={own / 'nowhere'}", f"data.style.root={own / 'style'}", "direction=BtoA"]
    with pytest.raises(DataError, match=r"^data\.content\.root: no folder .*nowhere; type data\.content\.root=FOLDER"):
        prepare(check(own, *words))


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ([], "nothing to do: type dataset=NAME to fetch a set, or check=true data=NAME to look through one"),
        (["check=true", "dataset=sample"], "check=true takes data=NAME, as train does: type data= instead of dataset="),
        (["check=true", "shards=s"], "check=true writes no shards; type dataset=NAME shards=FOLDER in another command"),
        (["dataset=folders", "data.style.include=[a*]"], "with dataset=NAME type dataset.style.include="),
        (["dataset=sample", "image_size=64"], "image_size= is an option of check=true, and dataset=NAME does not use"),
        (["dataset=sample", "output=out"], "output= is an option of check=true, and dataset=NAME does not use it"),
        (["dataset=sample", "data=paired"], "data= is an option of check=true, and dataset=NAME does not use it"),
        (["chekc=true"], "no option 'chekc'; did you mean 'check'?"),
        (["check=perhaps"], "check: value 'perhaps' is not a valid bool"),
        (["check=true", "data=smple"], "data has no option 'smple'; did you mean 'sample'?"),
        (["check=true", "data.content.rot=x"], "no option 'data.content.rot'; did you mean 'data.content.root'?"),
        (["check=true", "image_size=big"], "image_size=big: type pixels, image_size=256, or height and width"),
        (["check=true", "data.content.upscale=maybe"], "data.content.upscale='maybe': input should be a valid boolean"),
        (["check=true", "output=taken"], "output=taken is a file; type output=FOLDER"),
        (["check=true", "data=shards"], "check=true looks at files, and data.content is shards; check the folder that"),
        (["check=true", "output=."], "output=. holds a report already; type another output=FOLDER"),
    ],
)
def test_a_wrong_command_line_is_one_line(monkeypatch, capsys, tmp_path, arguments, line):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").touch()
    (tmp_path / "check.csv").touch()
    code, said = typed(monkeypatch, capsys, *arguments)
    assert code == 2 and said.startswith("error: ") and said.count("\n") == 1
    assert line in said
