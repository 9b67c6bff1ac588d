"""What a run's folder tells, and what a checkpoint's config may build."""

import json

import pytest

from stylegan_pl.errors import DataError, UserError
from stylegan_pl.evaluation.training_data import sets_of
from stylegan_pl.runs.record import RunRecord


def test_curves_cost_and_symptoms(tmp_path) -> None:
    (tmp_path / "metrics.csv").write_text(
        "step,images_seen,train/generator/style,val/kid\n2,2,5.5,\n4,4,4.5,\n4,4,,0.25\n6,6,nan,\n"
    )
    status = {
        "images_seen": 4000,
        "seconds": 61.4,
        "peak_memory_gib": 1.25,
        "state": "done",
        "versions": {"torch": "2.15"},
    }
    (tmp_path / "status.json").write_text(json.dumps(status))
    row = {"images_seen": 400, "name": "collapse", "evidence": "all alike", "advice": "type penalty=r1"}
    (tmp_path / "diagnosis.json").write_text(json.dumps([row]))
    record = RunRecord(tmp_path)
    assert record.curves() == {"train/generator/style": [(2.0, 5.5), (4.0, 4.5)], "val/kid": [(4.0, 0.25)]}
    assert record.cost() == {
        "images seen": "4,000", "training": "61 s", "peak memory": "1.25 GiB", "state": "done", "torch": "2.15",
    }  # fmt: skip
    assert record.symptoms() == ["collapse at 400 images: all alike; type penalty=r1"]


def test_what_is_not_there_is_left_out(tmp_path) -> None:
    record = RunRecord(tmp_path)
    assert (record.curves(), record.cost(), record.symptoms()) == ({}, {}, [])


@pytest.mark.parametrize(
    "content", ["", "[", "[" * 5000, "3", '"a"', "[1, {}]", '{"versions": 3, "images_seen": "many"}']
)
def test_what_is_not_as_train_leaves_it_is_left_out(tmp_path, content) -> None:
    for name in ("status.json", "diagnosis.json", "metrics.csv"):
        (tmp_path / name).write_text(content)
    record = RunRecord(tmp_path)
    assert (record.curves(), record.cost(), record.symptoms()) == ({}, {}, [])
    (tmp_path / "metrics.csv").write_text("images_seen,val/kid\n1,0.5\nx,0.5\n2,y\n3\n4,0.25,7,8\n5,0.2")
    assert record.curves() == {"val/kid": [(1.0, 0.5), (4.0, 0.25), (5.0, 0.2)]}


FOLDER = {"_target_": "stylegan_pl.data.folder.ImageFolder"}
PAIRING = {"_target_": "stylegan_pl.data.pairing.Unpaired"}
EVALUATED = {"_target_": "sympy.sympify", "a": "open('exploded', 'w')"}


def test_a_checkpoints_sets_are_built_without_its_downloads(tmp_path, image_sets) -> None:
    node = {**FOLDER, "root": str(image_sets / "content"), "source": {"_target_": "os.system", "command": "false"}}
    data = {"content": node, "style": {**FOLDER, "root": str(image_sets / "style")}, "pairing": PAIRING}
    content, style, _ = sets_of({"data": data}, tmp_path / "best.ckpt")
    assert content.source is None
    assert len(content.files("val")) == 4 and len(style.files("train")) == 7


def test_a_checkpoints_sets_may_have_moved(tmp_path, image_sets) -> None:
    sides = {side: {**FOLDER, "root": f"data/{side}"} for side in ("content", "style")}
    config = {"data": {**sides, "pairing": PAIRING}, "data_root": "data"}
    content, style, _ = sets_of(config, tmp_path / "best.ckpt", str(image_sets))
    assert (content.root, style.root) == (f"{image_sets}/content", f"{image_sets}/style")
    with pytest.raises(DataError, match="type data_root=FOLDER, which holds now what was below data"):
        sets_of(config, tmp_path / "best.ckpt", str(tmp_path))
    elsewhere = {**config["data"], "style": {**FOLDER, "root": str(image_sets / "style")}}
    _, style, _ = sets_of({**config, "data": elsewhere}, tmp_path / "best.ckpt", str(image_sets))
    assert style.root == str(image_sets / "style")  # it was never below data_root


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        ({"_target_": "os.system", "command": "false"}, UserError, "its data are 'os.system', which is not built"),
        ({**FOLDER, "root": "${oc.env:HOME}"}, UserError, "is not evaluated; refused; type data=folders"),
        ({**FOLDER, "root": ".", "how_to": EVALUATED}, UserError, "its data are 'sympy.sympify', which is not built"),
        ({**FOLDER, "root": {"_target_": "pathlib.Path.write_text"}}, UserError, "write_text', which is not built"),
        ({**FOLDER, "root": ".", "include": [{"deep": EVALUATED}]}, UserError, "its data are 'sympy.sympify'"),
        ({**FOLDER, "root": ".", "how_to": {**FOLDER, "root": "."}}, UserError, "how_to=ImageFolder, which is of"),
        ({**FOLDER, "root": 3}, UserError, "root=3, which is of another type"),
        (PAIRING, UserError, "instead of ImageFolder"),
        ("folders", UserError, "instead of ImageFolder"),
        (
            {**FOLDER, "root": "/nowhere/at/all"},
            DataError,
            "trained on data.content.root=/nowhere/at/all, which is not",
        ),
        (None, UserError, "type data=folders"),
    ],
)
def test_what_a_checkpoint_may_not_build_or_has_lost(tmp_path, monkeypatch, content, error, words) -> None:
    monkeypatch.chdir(tmp_path)
    data = {"content": content, "style": FOLDER | {"root": str(tmp_path)}, "pairing": PAIRING}
    with pytest.raises(error, match=words):
        sets_of({"data": data}, tmp_path / "best.ckpt")
    assert not (tmp_path / "exploded").exists()
