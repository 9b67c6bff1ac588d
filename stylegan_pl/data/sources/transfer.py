"""Downloads one file over HTTP, and continues a download that was interrupted, as happens with many GB."""

import logging
import re
import socket
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

from stylegan_pl.data.sources.extract import Report, human_bytes
from stylegan_pl.errors import DataError, UserError
from stylegan_pl.pictures.progress import Progress

if TYPE_CHECKING:
    import requests

logger = logging.getLogger(__name__)

REACH_S = 2.5  # seconds for the name lookup and the first connection together, over all addresses
READ_S = 30.0  # seconds without a byte after which a connection counts as dropped
RETRIES = 5  # retries in a row without progress
PROGRESS_BYTES = 1 << 20  # an attempt that received this much resets the count of retries
BACKOFF_S = 1.0  # seconds before the first retry; doubles
CHUNK = 1 << 16  # bytes per write; at most this much is downloaded twice when a connection drops


class Transfer:
    """A download over HTTP. The bytes received so far are in `part`, and the next attempt starts at its length."""

    def __init__(self, url: str, part: Path, size_bytes: int) -> None:
        self.url, self.part, self.size_bytes = url, part, size_bytes
        self.answered = False  # no retries before the server has sent a first byte

    def run(self) -> None:
        """Download until `part` is complete, with retries.

        Raises:
            UserError: the server cannot be reached, or the disk is full.
            DataError: the server sends another file.
        """
        import requests

        if size_of(self.part) > self.size_bytes:
            discard(self.part)
        if size_of(self.part) == self.size_bytes:
            return  # complete already, but killed before it was checked
        _reach(self.url, self.part)
        failures, best = 0, size_of(self.part)
        with requests.Session() as session, progress_in_bytes(f"downloading {self.part.stem}", done=best) as bar:
            while size_of(self.part) < self.size_bytes:
                try:
                    self._attempt(session, bar.reach)
                except requests.RequestException as error:
                    failures = 1 if size_of(self.part) >= best + PROGRESS_BYTES else failures + 1
                    best = max(best, size_of(self.part))
                    self._retry_or_give_up(error, failures)

    def _attempt(self, session: "requests.Session", report: Report) -> None:
        """One request, read to its end; RequestException if the connection drops before."""
        from requests import ConnectionError

        start = size_of(self.part)
        with session.get(self.url, headers=self._headers(start), stream=True, timeout=(REACH_S, READ_S)) as response:
            if start and response.status_code in (206, 416) and not self._continues(response, start):
                discard(self.part)  # the server's file has changed: never mix the two
                self._attempt(session, report)
                return
            response.raise_for_status()
            self.answered = True
            if response.status_code == 200:  # the whole file: first attempt, changed file, or no ranges
                self._start_over(response)
            self._append(response, report)
        if size_of(self.part) < self.size_bytes:
            raise ConnectionError("closed early")

    def _headers(self, start: int) -> dict[str, str]:
        headers = {"Accept-Encoding": "identity"}  # sizes and ranges must be of the uncompressed file
        if start:
            headers["Range"] = f"bytes={start}-"
            if known := _known_version(self.part):
                headers["If-Range"] = known
        return headers

    def _continues(self, response: "requests.Response", start: int) -> bool:
        """Whether the answer starts exactly where `part` ends, and is of the same file."""
        offered = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
        if response.status_code != 206 or not offered:
            return False
        versions = {_known_version(self.part), _version(response)} - {""}
        return int(offered[1]) == start and offered[2] in (str(self.size_bytes), "*") and len(versions) < 2

    def _start_over(self, response: "requests.Response") -> None:
        offered = int(response.headers.get("Content-Length", self.size_bytes))
        if offered != self.size_bytes:
            self._refuse_size(f"{offered} bytes")  # before `part` is deleted: this may be a login page
        discard(self.part)
        _version_file(self.part).write_text(_version(response))

    def _append(self, response: "requests.Response", report: Report) -> None:
        size = size_of(self.part)
        with self.part.open("ab") as file:
            for chunk in response.iter_content(CHUNK):
                size += len(chunk)
                if size > self.size_bytes:
                    break
                file.write(chunk)
                report(size, self.size_bytes)
        if size > self.size_bytes:
            discard(self.part)
            self._refuse_size("more")

    def _refuse_size(self, found: str) -> NoReturn:
        raise DataError(
            f"{self.url} is not the file it should be: expected {self.size_bytes} bytes, found {found}: "
            "look whether the address still brings the same archive, and set url, size_bytes and checksum"
        )

    def _retry_or_give_up(self, error: "requests.RequestException", failures: int) -> None:
        response = error.response
        if response is not None and (not self.answered or response.status_code < 500 or failures > RETRIES):
            answer = f"{response.status_code} {response.reason}"
            raise UserError(f"{self.url} answers {answer}: check the address, or try again later") from error
        if not self.answered:
            raise _unreachable(self.url, self.part, error) from error
        if failures > RETRIES:
            got = f"{human_bytes(size_of(self.part))} of {human_bytes(self.size_bytes)}"
            raise UserError(
                f"{self.url} broke off at {got} ({_reason(error)}): type the same command again, it goes on from there"
            ) from error
        wait = BACKOFF_S * 2 ** (failures - 1)
        logger.warning("%s: %s; retry %d of %d in %.0f s", self.part.stem, _reason(error), failures, RETRIES, wait)
        time.sleep(wait)


def _reach(url: str, part: Path) -> None:
    """Raise UserError within REACH_S seconds unless the server, or the proxy, accepts a connection.

    A thread is needed: a connect timeout limits neither the name lookup nor the sum over a server's many addresses.
    """
    from requests.utils import get_environ_proxies, prepend_scheme_if_needed, select_proxy

    proxy = select_proxy(url, get_environ_proxies(url))
    target = urlsplit(prepend_scheme_if_needed(proxy, "http") if proxy else url)
    outcome: list[OSError | None] = []

    def connect() -> None:
        try:
            port = target.port or (443 if target.scheme == "https" else 80)
            socket.create_connection((target.hostname, port), timeout=REACH_S / 2).close()
            outcome.append(None)
        except OSError as error:
            outcome.append(error)

    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    thread.join(REACH_S)
    if error := outcome[0] if outcome else TimeoutError("no answer"):
        raise _unreachable(target.geturl(), part, error) from error


def _unreachable(url: str, part: Path, error: Exception) -> UserError:
    return UserError(
        f"cannot reach {urlsplit(url).hostname} ({_reason(error)}): check the network or HTTP_PROXY, "
        f"or bring {part.stem} here by hand as {part.with_name(part.stem)}"
    )


def _reason(error: BaseException) -> str:
    """The system's own short error, which requests wraps into several lines."""
    while error.__context__ is not None:
        error = error.__context__
    return str(getattr(error, "strerror", None) or error)


def _version(response: "requests.Response") -> str:
    """The value for If-Range: the file's strong ETag, else its date, else an empty string."""
    etag = response.headers.get("ETag", "W/")
    return response.headers.get("Last-Modified", "") if etag.startswith("W/") else etag


def _version_file(part: Path) -> Path:
    return part.with_name(f"{part.name}.version")


def _known_version(part: Path) -> str:
    path = _version_file(part)
    return path.read_text() if path.exists() else ""


def discard(part: Path) -> None:
    """Delete the partial download and its version file."""
    part.unlink(missing_ok=True)
    _version_file(part).unlink(missing_ok=True)


def size_of(path: Path) -> int:
    """Bytes of a file; 0 if it is missing."""
    return path.stat().st_size if path.exists() else 0


def progress_in_bytes(doing: str, *, done: int = 0) -> Progress:
    """A progress bar in bytes, for downloading, checking or unpacking; starts at `done` bytes."""
    return Progress(doing, done=done, describe=_bytes, pace=lambda rate: f"{human_bytes(int(rate))}/s")


def _bytes(done: float, total: float | None) -> str:
    return human_bytes(int(done)) if total is None else f"{human_bytes(int(done))} of {human_bytes(int(total))}"
