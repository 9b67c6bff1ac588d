"""`--json`: one object on standard output, whatever else is said."""

import io
import json
import sys

import pytest
from images_on_disk import write_images
from preloaded import preloaded
from test_stylize_odd_files import checkpoint  # noqa: F401 (a fixture)

from stylegan_pl.config.json_result import json_on_stdout
from stylegan_pl.errors import exit_with


def test_stylize_tells_programs_what_became_of_each_picture(checkpoint, tmp_path):  # noqa: F811
    write_images(tmp_path / "photos", 2, size=32)
    (tmp_path / "photos/broken.jpg").write_bytes(b"no picture")
    typed = [f"ckpt={checkpoint}", "input=photos", "output=out", "device=cpu", "--json"]
    done = preloaded("stylegan_pl.stylize", *typed, cwd=tmp_path)
    said = json.loads(done.stdout)  # nothing else stands there
    assert (done.returncode, said["exit_code"], said["error"]) == (1, 1, None)
    by_state = {state: [p for p in said["pictures"] if p["state"] == state] for state in ("painted", "skipped")}
    assert len(by_state["painted"]) == 2 and all((tmp_path / p["output"]).is_file() for p in by_state["painted"])
    assert [p["input"] for p in by_state["skipped"]] == ["photos/broken.jpg"]
    assert "broken.jpg" in by_state["skipped"][0]["error"] and "pictures painted" in done.stderr


def test_a_call_that_cannot_be_made_says_why_in_json_too(tmp_path):
    done = preloaded("stylegan_pl.stylize", "ckpt=nowhere", "input=a.jpg", "output=b.jpg", "--json", cwd=tmp_path)
    said = json.loads(done.stdout)
    assert said["exit_code"] == done.returncode != 0
    assert said["error"] and f"error: {said['error']}" in done.stderr
    both = preloaded("stylegan_pl.stylize", "ckpt=x", "input=a.jpg", "output=-", "--json", cwd=tmp_path)
    assert both.returncode == 2 and "output=FILE" in both.stderr and both.stdout == ""
    elsewhere = preloaded("stylegan_pl.export", "ckpt=x", "output=a.onnx", "--json", cwd=tmp_path)
    assert elsewhere.returncode == 2 and "stylize and evaluate" in elsewhere.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_an_output_that_has_not_every_letter_gets_json_too(monkeypatch, encoding):
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding))
    with pytest.raises(SystemExit), json_on_stdout(lambda: {}):
        exit_with(2, "error: é-😀.jpg: no such file")
    written = out.getvalue().decode(encoding)
    assert json.loads(written)["error"] == "é-😀.jpg: no such file"
    assert ("😀" in written) == (encoding == "utf-8")


def test_evaluate_tells_programs_its_scores_and_files(checkpoint, image_sets, tmp_path):  # noqa: F811
    data = ["data=folders", f"data.content.root={image_sets / 'content'}", f"data.style.root={image_sets / 'style'}"]
    typed = [
        f"ckpt={checkpoint}",
        *data,
        "metric=[palette]",
        "image_size=32",
        "resamples=0",
        "cache=null",
        "device=cpu",
    ]
    done = preloaded("stylegan_pl.evaluate", *typed, "output=report", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["exit_code"] == 0 and isinstance(said["scores"]["palette"]["value"], float)
    assert said["files"][-1] == "report/metrics.json" and (tmp_path / said["files"][-1]).is_file()
    assert said["scores"] == json.loads((tmp_path / said["files"][-1]).read_text())["scores"]
