"""The page of a run that goes on."""

from images_on_disk import write_images

from stylegan_pl.callbacks.progress import speed
from stylegan_pl.report.live import LiveRun, grid_uri, live_page, write_live
from stylegan_pl.training.run import run


def test_a_page_reloads_while_its_run_goes_on_and_no_longer():
    told = {"images": "5 of 8"}
    going, ended = (live_page(LiveRun("mine", state, told)) for state in ("running", "done"))
    assert 'http-equiv="refresh"' in going and 'http-equiv="refresh"' not in ended
    assert "5 of 8" in going and "mine" in ended


def test_names_and_symptoms_are_no_markup_and_curves_and_samples_are_shown(tmp_path):
    write_images(tmp_path, 1, size=16)
    curves = {"train/generator/style": [(1.0, 2.0), (2.0, 1.0)]}
    run = LiveRun("<b>", "running", {}, grid_uri(tmp_path / "000.png"), ["kid: 1"], ["<script>"], curves)
    write_live(run, tmp_path / "report/live.html")
    text = (tmp_path / "report/live.html").read_text()
    assert "<b>" not in text and "<script>" not in text and "&lt;script&gt;" in text
    assert "data:image/webp;base64," in text and "<polyline" in text and "kid: 1" in text
    assert [path.name for path in (tmp_path / "report").iterdir()] == ["live.html"]


def test_a_run_leaves_the_page_of_its_end(train_config, tmp_path):
    assert run(train_config("callbacks.live.every_s=0")) == 0
    text = (tmp_path / "run/report/live.html").read_text()
    assert "Done, as of" in text and "8 of 8" in text and "data:image/webp" in text and "sliced_wasserstein: " in text
    assert "<polyline" in text and 'http-equiv="refresh"' not in text


def test_slow_runs_are_told_in_seconds_an_image():
    assert speed(12.34) == "12.3 images/s" and speed(0.25) == "4.0 s/image"
