"""Downloading against a real server on localhost that can be told to misbehave."""

import hashlib
import io
import multiprocessing
import re
import socket
import tarfile
import threading
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

from stylegan_pl.data.sources import download, transfer
from stylegan_pl.data.sources.download import Archive
from stylegan_pl.data.sources.extract import count_files, human_bytes
from stylegan_pl.errors import ConfigError, DataError, UserError
from stylegan_pl.pictures import progress

CHUNK = transfer.CHUNK


@dataclass
class Request:
    range: str | None
    if_range: str | None
    sent: int = 0  # bytes of the body


@dataclass
class Site:
    """What the server serves, how it misbehaves, and what it was asked."""

    body: bytes = b""
    etag: str | None = '"one"'
    ranges: bool = True
    obeys_if_range: bool = True
    drops: list[int] = field(default_factory=list)  # for the first requests: close the connection after so many bytes
    statuses: list[int | None] = field(default_factory=list)  # for the first requests: answer this error instead
    slow_s: float = 0.0
    requests: list[Request] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/files/paintings.zip"

    @property
    def sent(self) -> int:
        return sum(request.sent for request in self.requests)


class Handler(BaseHTTPRequestHandler):
    site: Site

    def do_GET(self) -> None:
        site = self.site
        request = Request(self.headers["Range"], self.headers["If-Range"])
        site.requests.append(request)
        if status := site.statuses.pop(0) if site.statuses else None:
            self.send_error(status)
            return
        time.sleep(site.slow_s)
        start = int(request.range.removeprefix("bytes=").removesuffix("-")) if request.range and site.ranges else 0
        if site.obeys_if_range and request.if_range and request.if_range != site.etag:
            start = 0
        if start and start >= len(site.body):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(site.body) - 1}/{len(site.body)}")
        if site.etag:
            self.send_header("ETag", site.etag)
        self.send_header("Content-Length", str(len(site.body) - start))
        self.end_headers()
        limit = site.drops.pop(0) if site.drops else len(site.body)
        piece = site.body[start : start + limit]
        request.sent = len(piece)
        self.wfile.write(piece)  # HTTP/1.0: the connection is closed after it, whole or not

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site(body=make_zip())
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("SiteHandler", (Handler,), {"site": site}))
    site.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield site
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "BACKOFF_S", 0.0)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


def noise(count: int, seed: int = 0) -> bytes:
    """Bytes that do not compress."""
    return hashlib.shake_128(bytes([seed])).digest(count)


def make_zip(members: dict[str, bytes] | None = None, fill: int = 0) -> bytes:
    """A zip of a few CHUNKs, with a folder `paintings` of three files unless told otherwise."""
    if members is None:
        members = {f"paintings/sub/{i}.jpg": noise(2 * CHUNK, seed=fill + i) for i in range(3)}
        members |= {"README.txt": b"outside the folder", "paintings/.DS_Store": b"not an image"}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        for name, content in members.items():
            zipped.writestr(name, content)
    return buffer.getvalue()


def make_tar(*members: tarfile.TarInfo, content: bytes = b"pixels") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for member in members:
            member.size = len(content) if member.isreg() else 0
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def archive_of(site: Site, into: Path, **changes: object) -> Archive:
    archive = Archive(
        url=site.url,
        size_bytes=len(site.body),
        md5=hashlib.md5(site.body).hexdigest(),
        members="paintings",
        files=3,
        into=into,
    )
    return replace(archive, **changes)  # type: ignore[arg-type]


def start_part(archive: Archive, content: bytes, version: str | None = '"one"') -> Path:
    """What an interrupted run leaves."""
    part = download._part(archive.path)
    part.parent.mkdir(parents=True)
    part.write_bytes(content)
    if version:
        transfer._version_file(part).write_text(version)
    return part


def complaint(archive: Archive, kind: type[UserError] = DataError) -> str:
    """The words of the error that fetch() raises: always one line."""
    with pytest.raises(kind) as caught:
        archive.fetch()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def visible(folder: Path) -> list[str]:
    """All that lies in a folder, the lock aside, which is never deleted."""
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file() and p.suffix != ".lock")


# --- the good way ---


def test_plain_download(site: Site, tmp_path: Path) -> None:
    archive = archive_of(site, tmp_path / "data" / "art", sha256=hashlib.sha256(site.body).hexdigest())
    assert not archive.is_ready()
    folder = archive.fetch()
    assert folder == tmp_path / "data" / "art" / "paintings"
    assert archive.is_ready()
    assert (folder / "sub" / "1.jpg").read_bytes() == noise(2 * CHUNK, seed=1)
    assert visible(tmp_path / "data") == ["art/paintings/.DS_Store", *(f"art/paintings/sub/{i}.jpg" for i in range(3))]


def test_archive_is_kept_on_request(site: Site, tmp_path: Path) -> None:
    archive = archive_of(site, tmp_path, keep_archive=True)
    archive.fetch()
    assert archive.path.read_bytes() == site.body


def test_second_fetch_touches_no_network(site: Site, tmp_path: Path) -> None:
    archive = archive_of(site, tmp_path)
    archive.fetch()
    asked = len(site.requests)
    unreachable = replace(archive, url="http://127.0.0.1:1/paintings.zip")
    assert unreachable.fetch() == archive.fetch() == archive.folder
    assert len(site.requests) == asked


def test_archive_brought_by_hand_needs_no_network(site: Site, tmp_path: Path) -> None:
    archive = archive_of(site, tmp_path, url="http://127.0.0.1:1/paintings.zip")
    archive.path.parent.mkdir()
    archive.path.write_bytes(site.body)
    assert archive.fetch().is_dir()


def test_wrong_archive_brought_by_hand_is_not_deleted(site: Site, tmp_path: Path) -> None:
    archive = archive_of(site, tmp_path)
    archive.path.parent.mkdir()
    archive.path.write_bytes(b"something else")
    assert "found 14 bytes: delete it and type the same command again" in complaint(archive)
    assert archive.path.exists()


def test_tar_gz(site: Site, tmp_path: Path) -> None:
    site.body = make_tar(*(tarfile.TarInfo(f"./paintings/{i}.jpg") for i in range(3)))
    archive = archive_of(site, tmp_path, url=site.url.replace(".zip", ".tar.gz"))
    assert (archive.fetch() / "2.jpg").read_bytes() == b"pixels"


def test_description(tmp_path: Path) -> None:
    archive = Archive(
        url="http://images.cocodataset.org/zips/val2017.zip",
        size_bytes=815585330,
        members="val2017",
        files=5000,
        into="data/coco",
        title="COCO val2017",
    )
    assert archive.describe() == "COCO val2017: 778 MiB from images.cocodataset.org -> data/coco"
    assert human_bytes(19336861798) == "18.0 GiB"


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "ftp://host/a.zip"},
        {"url": "http://host"},
        {"url": "http://host/a.tar.gz", "md5": None},
        {"members": "../x"},
        {"members": ""},
    ],
)
def test_wrong_keys_fail_at_once(site: Site, tmp_path: Path, wrong: dict[str, str | None]) -> None:
    with pytest.raises(ConfigError, match="must be"):
        archive_of(site, tmp_path, **wrong)


# --- interruptions ---


def test_dropped_connection_is_resumed(site: Site, tmp_path: Path) -> None:
    site.drops = [2 * CHUNK, CHUNK]
    archive_of(site, tmp_path).fetch()
    assert [request.range for request in site.requests] == [None, f"bytes={2 * CHUNK}-", f"bytes={3 * CHUNK}-"]
    assert site.requests[1].if_range == '"one"'
    assert site.sent == len(site.body)  # nothing came twice


@pytest.mark.parametrize("drop", [0, 1000, CHUNK + 1000])
def test_connection_dropped_anywhere(site: Site, tmp_path: Path, drop: int) -> None:
    site.drops = [drop, drop]
    assert archive_of(site, tmp_path).fetch().is_dir()
    assert len(site.requests) == 3


def test_next_run_resumes_after_retries_are_spent(site: Site, tmp_path: Path) -> None:
    site.drops = [2 * CHUNK] + [0] * transfer.RETRIES
    archive = archive_of(site, tmp_path)
    words = complaint(archive, UserError)
    assert f"broke off at {2 * CHUNK} bytes of" in words and "type the same command again" in words
    assert len(site.requests) == 1 + transfer.RETRIES
    assert archive.fetch().is_dir()
    assert site.sent == len(site.body)


def test_busy_server_is_tried_again_once_bytes_have_flowed(site: Site, tmp_path: Path) -> None:
    site.drops, site.statuses = [CHUNK], [None, 503, 503]
    assert archive_of(site, tmp_path).fetch().is_dir()
    assert len(site.requests) == 4


def test_complete_part_is_not_downloaded_again(site: Site, tmp_path: Path) -> None:
    archive = archive_of(site, tmp_path)
    start_part(archive, site.body)
    archive.fetch()
    assert not site.requests


@pytest.mark.parametrize("extra", [b"", b"too long"])
def test_useless_part_starts_over(site: Site, tmp_path: Path, extra: bytes) -> None:
    archive = archive_of(site, tmp_path)
    start_part(archive, (site.body + extra) if extra else b"")
    assert archive.fetch().is_dir()
    assert [request.range for request in site.requests] == [None]


def test_server_without_ranges_starts_over(site: Site, tmp_path: Path) -> None:
    site.ranges, site.drops = False, [2 * CHUNK]
    assert archive_of(site, tmp_path).fetch().is_dir()
    assert [request.sent for request in site.requests] == [2 * CHUNK, len(site.body)]


@pytest.mark.parametrize("obeys_if_range", [True, False])
def test_changed_file_is_not_mixed_with_the_old_one(site: Site, tmp_path: Path, obeys_if_range: bool) -> None:
    archive = archive_of(site, tmp_path, md5=None)
    start_part(archive, make_zip(fill=100)[: 2 * CHUNK], version='"old"')
    site.obeys_if_range = obeys_if_range
    assert (archive.fetch() / "sub" / "0.jpg").read_bytes() == noise(2 * CHUNK, seed=0)
    assert site.requests[0].if_range == '"old"'


def test_range_beyond_the_servers_file(site: Site, tmp_path: Path) -> None:
    archive = archive_of(site, tmp_path)
    start_part(archive, site.body[:-1])
    site.body = site.body[:CHUNK]
    assert f"expected {archive.size_bytes} bytes, found {CHUNK} bytes" in complaint(archive)
    assert visible(tmp_path) == []


def test_interrupted_unpacking_starts_over_without_download(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = archive_of(site, tmp_path)

    def interrupted(path: Path, members: str, into: Path, report: object) -> Path:
        (into / members).mkdir(parents=True)
        (into / members / "half.jpg").write_bytes(b"half")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(download, "extract", interrupted)
        with pytest.raises(KeyboardInterrupt):
            archive.fetch()
    assert not archive.folder.exists() and not archive.is_ready()
    leftover = archive.path.with_name("paintings.zip.unpacked") / "paintings" / "killed.jpg"  # kill -9 cleans nothing
    leftover.parent.mkdir(parents=True)
    leftover.touch()
    assert count_files(archive.fetch()) == 3
    assert len(site.requests) == 1


# --- wrong files ---


def test_wrong_checksum(site: Site, tmp_path: Path) -> None:
    words = complaint(archive_of(site, tmp_path, md5="0" * 32))
    assert site.url in words and f"expected md5 {'0' * 32}, found {hashlib.md5(site.body).hexdigest()}" in words
    assert "type the same command again" in words
    assert visible(tmp_path) == []
    assert "expected sha256 0000" in complaint(archive_of(site, tmp_path, sha256="0" * 64))


def test_wrong_size_is_refused_before_a_byte_is_kept(site: Site, tmp_path: Path) -> None:
    words = complaint(archive_of(site, tmp_path, size_bytes=len(site.body) + 1))
    assert f"expected {len(site.body) + 1} bytes, found {len(site.body)} bytes" in words
    assert visible(tmp_path) == []


def test_login_page_does_not_cost_the_part(site: Site, tmp_path: Path) -> None:
    archive = archive_of(site, tmp_path)
    part = start_part(archive, site.body[:CHUNK])
    site.body, site.ranges = b"<html>please log in</html>", False
    assert "found 26 bytes" in complaint(archive)
    assert part.stat().st_size == CHUNK


def test_truncated_zip_is_deleted(site: Site, tmp_path: Path) -> None:
    site.body = site.body[:-100]
    archive = archive_of(site, tmp_path)
    assert re.search(r"cut off or damaged \(.*\): it was deleted; type the same command again", complaint(archive))
    assert visible(tmp_path) == []


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_damaged_archive_is_deleted(site: Site, tmp_path: Path, kind: str) -> None:
    if kind == "tar.gz":
        site.body = make_tar(tarfile.TarInfo("paintings/0.jpg"), content=noise(CHUNK))[: CHUNK // 2]
    site.body = site.body[:5000] + b"flip" + site.body[5004:]
    assert "cut off or damaged" in complaint(archive_of(site, tmp_path, url=site.url.replace("zip", kind)))
    assert visible(tmp_path) == []


def test_wrong_count_of_files(site: Site, tmp_path: Path) -> None:
    assert "brings 3 files under paintings, expected 4" in complaint(archive_of(site, tmp_path, files=4))
    assert not (tmp_path / "paintings").exists()


def test_missing_folder_names_what_is_there(site: Site, tmp_path: Path) -> None:
    words = complaint(archive_of(site, tmp_path, members="pictures"))
    assert "holds no folder 'pictures', only README.txt, paintings" in words


def test_folder_of_the_user_is_left_alone(site: Site, tmp_path: Path) -> None:
    (tmp_path / "paintings").mkdir()
    (tmp_path / "paintings" / "mine.jpg").touch()
    words = complaint(archive_of(site, tmp_path))
    assert "paintings holds 1 files where paintings.zip brings 3: move it away" in words
    assert visible(tmp_path) == ["paintings/mine.jpg"] and not site.requests


def test_empty_folder_is_no_obstacle(site: Site, tmp_path: Path) -> None:
    (tmp_path / "paintings").mkdir()
    assert count_files(archive_of(site, tmp_path).fetch()) == 3


# --- unsafe archives ---


@pytest.mark.parametrize("name", ["../evil", "paintings/../../evil", "/evil", "C:\\evil", "..\\evil", "\\\\host\\evil"])
@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_member_outside_the_target_is_refused(site: Site, tmp_path: Path, name: str, kind: str) -> None:
    if kind == "zip":
        site.body = make_zip({"paintings/good.jpg": b"pixels", name: b"evil"})
    else:
        site.body = make_tar(tarfile.TarInfo("paintings/good.jpg"), tarfile.TarInfo(name))
    refuse(site, tmp_path, kind, f"member {name!r} would land outside the target folder")


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE])
def test_link_or_device_in_a_tar_is_refused(site: Site, tmp_path: Path, kind: bytes) -> None:
    link = tarfile.TarInfo("paintings/link")
    link.type, link.linkname = kind, "/etc/passwd"
    site.body = make_tar(tarfile.TarInfo("paintings/good.jpg"), link)
    refuse(site, tmp_path, "tar.gz", "member 'paintings/link' is a link or a device")


def test_link_in_a_zip_is_refused(site: Site, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        zipped.writestr("paintings/good.jpg", b"pixels")
        link = zipfile.ZipInfo("paintings/link")
        link.external_attr = 0o120777 << 16
        zipped.writestr(link, "/etc/passwd")
    site.body = buffer.getvalue()
    refuse(site, tmp_path, "zip", "member 'paintings/link' is a link or a device")


def refuse(site: Site, tmp_path: Path, kind: str, words: str) -> None:
    """The archive is refused with these words, and nothing of it is written anywhere."""
    into = tmp_path / "deep" / "data"
    archive = archive_of(site, into, url=site.url.replace("zip", kind))
    assert f"is refused, nothing was unpacked: its {words}" in complaint(archive)
    assert visible(tmp_path) == [f"deep/data/.downloads/paintings.{kind}"]


# --- the machine's own trouble ---


def test_refused_connection_is_quick(tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "BACKOFF_S", 60.0)  # the retries must not be burnt
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, not listening
        archive = archive_of(site, tmp_path, url=f"http://127.0.0.1:{unused.getsockname()[1]}/paintings.zip")
        started = time.monotonic()
        words = complaint(archive, UserError)
    assert time.monotonic() - started < 5
    assert "cannot reach 127.0.0.1 (Connection refused): check the network or HTTP_PROXY" in words
    assert f"bring paintings.zip here by hand as {archive.path}" in words


def test_unknown_name(tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "create_connection", unknown)
    words = complaint(archive_of(site, tmp_path, url="http://nowhere.invalid/paintings.zip"), UserError)
    assert "cannot reach nowhere.invalid (Name or service not known)" in words


def test_resolver_that_hangs_is_not_waited_for(tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*_: object, **__: object) -> None:
        time.sleep(1.0)
        raise socket.gaierror

    assert transfer.REACH_S < 5
    monkeypatch.setattr(transfer, "REACH_S", 0.1)
    monkeypatch.setattr(socket, "create_connection", hang)
    started = time.monotonic()
    words = complaint(archive_of(site, tmp_path, url="http://nowhere.invalid/paintings.zip"), UserError)
    assert time.monotonic() - started < 0.9
    assert "cannot reach nowhere.invalid (no answer)" in words


def test_unreachable_proxy_is_named(tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "127.0.0.1:1")
    words = complaint(archive_of(site, tmp_path, url="http://nowhere.invalid/paintings.zip"), UserError)
    assert "cannot reach 127.0.0.1 (Connection refused): check the network or HTTP_PROXY" in words


def test_missing_page(tmp_path: Path, site: Site) -> None:
    site.statuses = [404]
    words = complaint(archive_of(site, tmp_path), UserError)
    assert f"{site.url} answers 404 Not Found: check the address" in words
    assert len(site.requests) == 1


def test_full_disk_is_noticed_before_the_download(tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1000))
    archive = archive_of(site, tmp_path)
    needed = human_bytes(archive.size_bytes + int(download.UNPACKED * archive.size_bytes))
    words = complaint(archive, UserError)
    assert f"{needed} needed for paintings.zip and its images, 1000 bytes found" in words
    assert not site.requests


def test_full_disk_is_noticed_before_unpacking(tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = archive_of(site, tmp_path)
    archive.path.parent.mkdir()
    archive.path.write_bytes(site.body)
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1000))
    assert "needed for the images of paintings.zip" in complaint(archive, UserError)
    assert visible(tmp_path) == [".downloads/paintings.zip"]


def test_unwritable_target(tmp_path: Path, site: Site) -> None:
    (tmp_path / "file").touch()
    assert "mend that folder or choose another" in complaint(archive_of(site, tmp_path / "file"), UserError)


# --- two at once ---


def test_two_threads_fetch_once(site: Site, tmp_path: Path) -> None:
    site.slow_s = 0.2
    archive = archive_of(site, tmp_path)
    threads = [threading.Thread(target=archive.fetch) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert archive.is_ready()
    assert len(site.requests) == 1


def test_two_processes_fetch_once(site: Site, tmp_path: Path) -> None:
    site.slow_s = 0.2
    archive = archive_of(site, tmp_path)
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=archive.fetch) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    assert archive.is_ready()
    assert len(site.requests) == 1


# --- what the user sees ---


def test_log_files_get_a_line_now_and_then(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    archive_of(site, tmp_path / "quick").fetch()
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(progress, "LINE_EVERY_S", 0.0)
    archive_of(site, tmp_path / "slow").fetch()
    assert f"downloading paintings.zip: {CHUNK} bytes of" in capsys.readouterr().err


def test_terminals_get_a_bar(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    archive_of(site, tmp_path).fetch()
    shown = capsys.readouterr()
    assert "downloading paintings.zip" in shown.err and "unpacking paintings.zip" in shown.err
    assert shown.out == ""
