"""What the page refuses to whoever reaches it, or makes a visitor's browser reach it; over HTTP, as they would ask."""

import json
import socket
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from unit.page.example import noise, page_config, studio, write_checkpoints

from stylegan_pl.errors import UserError
from stylegan_pl.page.server import application, names_of, own_folder
from stylegan_pl.page.uploads import check_upload

pytest.importorskip("gradio")

from fastapi.testclient import TestClient

HERE = "http://127.0.0.1:7860"
REFUSED = "only files that were dropped here are read"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """(client, folder, event): a page that paints after any painting, and its buttons by what they paint."""
    with own_folder() as folder:
        here = studio(folder, write_checkpoints(tmp_path_factory.mktemp("ckpts"))[1])
        with TestClient(application(here, page_config(hosts=["painting.example.org"])), base_url=HERE) as client:
            events = client.get("/config").json()["dependencies"]
            takes = {component["id"]: component for component in client.get("/config").json()["components"]}

            def first_input(event) -> str:
                return takes[event["inputs"][0]]["props"].get("elem_id", "") if event["inputs"] else ""

            chosen = {(first_input(event), len(event["inputs"]) > 1): event["id"] for event in events}
            yield client, folder, chosen


def described(path: str) -> dict:
    return {"path": path, "orig_name": "a.png", "meta": {"_type": "gradio.FileData"}}


def ask(page, where: str, upload, *, paints: bool, style=None) -> dict:
    """What an event ends with."""
    client, _, events = page
    wishes = ["adain/best.ckpt", 1, 1, "no", style, 1, 1, 1, 1, 1, 1] if paints else []
    sent = {"fn_index": events[where, paints], "data": [upload, *wishes], "session_hash": "me"}
    joined = client.post("/gradio_api/queue/join", json=sent)
    assert joined.status_code == 200, joined.text
    with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": "me"}) as told:
        for line in told.iter_lines():
            said = json.loads(line.removeprefix("data: ")) if line else {}
            if said.get("msg") == "process_completed":
                return said
    raise AssertionError("no answer")


def upload(page, picture: Path) -> dict:
    (path,) = page[0].post("/gradio_api/upload", files={"files": (picture.name, picture.read_bytes())}).json()
    return described(path)


@pytest.fixture
def secret(tmp_path) -> Path:
    path = tmp_path / "secret.png"
    Image.fromarray(noise(48, 40)).save(path)
    return path


def test_what_was_uploaded_is_painted(page, secret):
    photograph, painting = upload(page, secret), upload(page, secret)
    done = ask(page, "picture", photograph, paints=True, style=[painting])
    assert done["success"], done
    result = Path(done["output"]["data"][3]["value"]["path"])
    assert np.asarray(Image.open(result)).shape == (48, 40, 3)


def named(secret: Path, folder: Path, way: str) -> str:
    if way == "a link":
        link = folder / "link.png"
        link.unlink(missing_ok=True)
        link.symlink_to(secret)
        return str(link)
    ways = {
        "its path": str(secret),
        "round about": f"{folder}/../../../../../../../../{secret}",
        "an address": "http://127.0.0.1:1/secret.png",
        "a file's address": f"file://{secret}",
        "a folder beside": f"{folder}x/secret.png",
        "nothing": "\0",
    }
    return ways[way]


WAYS = ["its path", "round about", "a link", "an address", "a file's address", "a folder beside", "nothing"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("where", "paints"), [("picture", False), ("picture", True), ("film", True)])
def test_a_path_outside_the_uploads_is_refused(page, secret, way, where, paints):
    _, folder, _ = page
    before = {path for path in folder.rglob("*") if path.is_file() and path.stat().st_size}
    forged = described(named(secret, folder, way))
    for shape in (forged, {**forged, "meta": {}}, {**forged, "url": f"{HERE}/secret.png"}):
        done = ask(page, where, shape, paints=paints)
        assert not done["success"] and done["output"]["error"] == REFUSED, done
    assert {path for path in folder.rglob("*") if path.is_file() and path.stat().st_size} - before <= {
        folder / "link.png"
    }


def test_a_style_picture_outside_the_uploads_is_refused(page, secret):
    photograph = upload(page, secret)
    for style in ([described(str(secret))], [upload(page, secret), described(str(secret))]):
        done = ask(page, "picture", photograph, paints=True, style=style)
        assert not done["success"] and done["output"]["error"] == REFUSED, done


def test_an_upload_is_a_path_in_the_folder(tmp_path):
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside/a.png").touch()
    check_upload(str(tmp_path / "inside/a.png"), tmp_path / "inside")
    for other in (None, 3, ["a"], "a" * 10_000, str(tmp_path / "inside/../a.png"), "~/a.png"):
        with pytest.raises(UserError, match="dropped here"):
            check_upload(other, tmp_path / "inside")


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({}, True),
        ({"host": "localhost:7860"}, True),
        ({"host": "[::1]:7860"}, True),
        ({"host": "painting.example.org"}, True),  # hosts=
        ({"host": "Painting.Example.Org.:8080"}, True),
        ({"origin": HERE}, True),
        ({"host": "painting.example.org", "origin": "https://painting.example.org:8443"}, True),  # a proxy's port
        ({"host": "evil.example"}, False),
        ({"host": "evil.example:7860", "origin": "http://evil.example:7860"}, False),  # DNS rebinding
        ({"host": "127.0.0.1.evil.example"}, False),
        ({"host": "192.0.2.7"}, False),
        ({"host": "evil.example@127.0.0.1:7860 "}, False),
        ({"host": "127.0.0.1:7860, evil.example"}, False),
        ({"host": ""}, False),
        ({"origin": "https://evil.example"}, False),
        ({"origin": "http://127.0.0.1:3000"}, False),  # another program on this machine
        ({"origin": "http://localhost:7860"}, False),
        ({"origin": "null"}, False),
        ({"origin": "http://painting.example.org.evil.example"}, False),
    ],
)
def test_hosts_and_origins(page, headers, allowed):
    client, *_ = page
    for method, path in (("GET", "/"), ("GET", "/config"), ("POST", "/gradio_api/upload"), ("OPTIONS", "/config")):
        told = client.request(method, path, headers=headers)
        assert (told.status_code == 403) is not allowed, (method, path, told.text[:200])
        assert allowed or "access-control-allow-origin" not in told.headers


def test_a_full_root_path_is_a_name_of_the_page(page):
    assert names_of(page_config(root_path="https://art.example/paint"))["proxies"] == ["art.example"]
    assert names_of(page_config(root_path="/paint")) == {"hosts": ["127.0.0.1"], "proxies": []}
    assert socket.gethostname() in names_of(page_config(host="0.0.0.0"))["hosts"]
