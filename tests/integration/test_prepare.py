"""`prepare`, and a run that fetches what it lacks, against a server on localhost."""

import functools
import hashlib
import http.server
import logging
import threading
import zipfile
from pathlib import Path

import pytest
from conftest import compose_config
from images_on_disk import write_images
from omegaconf import OmegaConf

from stylegan_pl.prepare import prepare
from stylegan_pl.train import make_data_ready


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
