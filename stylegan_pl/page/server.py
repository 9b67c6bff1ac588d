"""One call of `app`: serves the page until Ctrl-C, with a temporary folder for its files."""

import logging
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from errno import EACCES, EADDRINUSE
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

from omegaconf import DictConfig, OmegaConf

from stylegan_pl.errors import ConfigError, first_line
from stylegan_pl.inference.tiling.tile_plan import Tiling
from stylegan_pl.page.check import HIGHEST_PORT, checkpoints
from stylegan_pl.page.events import build
from stylegan_pl.page.look import CSS, theme
from stylegan_pl.page.painters import Painters
from stylegan_pl.page.studio import Studio
from stylegan_pl.page.visitors import OwnVisitors
from stylegan_pl.pictures.read import pixel_limit
from stylegan_pl.runs.signals import handled

_log = logging.getLogger(__name__)

ALONE = ("127.0.0.1", "::1", "localhost")
PATIENCE_S = 2  # seconds for open connections at the end
_ENVIRONMENT = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_DISABLE_TELEMETRY": "1"}


def serve(config: DictConfig) -> int:
    """Serve the page of a composed `AppConfig` until Ctrl-C, SIGTERM or a closed terminal; returns the exit code.

    Call it in the main thread, which gets the signals.

    Raises:
        ConfigError: a checkpoint cannot be read, or the port cannot be used.
    """
    with (
        signals_to(signal.default_int_handler, "SIGTERM", "SIGHUP"),
        listening(config.host, config.port) as door,
        own_folder() as folder,
        pixel_limit(config.max_megapixels),
    ):
        painters = Painters(
            checkpoints(config.ckpt), style_size=config.style_size, stroke_at=config.stroke_at, device=config.device,
            precision=config.precision, tiling=Tiling(config.tile, config.memory_gb, config.tile_exact),
            trust=config.trust,
        )  # fmt: skip
        film: Any = OmegaConf.to_container(config.film, resolve=True)
        studio = Studio(painters, folder, film=film, max_megapixels=config.max_megapixels, batch_size=config.batch_size)
        server = server_of(application(studio, config), studio)
        _log.info("the page: %s (Ctrl-C ends it)", address(door, config.host))
        if config.host not in ALONE:
            _log.warning("host=%s: whoever reaches this machine can use the page; passwords: docs/app.md", config.host)
        with signals_to(server.handle_exit, "SIGHUP"):  # uvicorn handles the others itself
            server.run(sockets=[door])
        studio.stops.wait()  # otherwise a painting under way would be written after its folder is deleted
    _log.info("the page has ended; its files are deleted")
    return 0


def application(studio: Studio, config: DictConfig) -> Any:
    """The page as an ASGI application, without sharing, analytics, programming interface and history."""
    import gradio as gr
    from fastapi import FastAPI

    page = build(studio, max_waiting=config.max_waiting, keep_seconds=round(config.keep_minutes * 60))
    bare = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    bare.add_middleware(OwnVisitors, **names_of(config))
    return gr.mount_gradio_app(
        bare, page, path="/", server_name=config.host, server_port=config.port, root_path=config.root_path,
        max_file_size=round(config.max_upload_mb * 1e6), theme=theme(), css=CSS, footer_links=[], run_history=False,
        show_error=False, enable_monitoring=False, mcp_server=False, ssr_mode=False, pwa=False,
        app_kwargs={"openapi_url": None},
    )  # fmt: skip


def names_of(config: DictConfig) -> dict[str, list[str]]:
    """The host names of this page, for `OwnVisitors`."""
    proxy = urlsplit(config.root_path or "").hostname
    everywhere = [] if config.host in ALONE else [socket.gethostname(), socket.getfqdn()]
    return {"hosts": [config.host, *everywhere], "proxies": [*([proxy] if proxy else []), *config.hosts]}


def server_of(application: Any, studio: Studio) -> Any:
    """A `uvicorn.Server` whose `run` returns at Ctrl-C (or SIGTERM); a second Ctrl-C closes connections at once."""
    import uvicorn

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            studio.stops.end()
            logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # it logs errors for open pages
            self.should_exit, self.force_exit = True, self.should_exit

    settings = uvicorn.Config(
        application, log_config=None, log_level="error", access_log=False, timeout_graceful_shutdown=PATIENCE_S
    )
    return Server(settings)


@contextmanager
def signals_to(handler: Callable[[int, FrameType | None], Any], *names: str) -> Iterator[None]:
    """Within it, the named signals call `handler`."""
    before = {number: signal.signal(number, handler) for number in handled(names)}
    try:
        yield
    finally:
        for number, handler_before in before.items():
            signal.signal(number, handler_before)


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens on exactly that address.

    Raises:
        ConfigError: the address is in use or not permitted.
    """
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise ConfigError(f"host={host}: no such address ({first_line(error)}); type host=127.0.0.1") from error
    with socket.socket(family, kind, protocol) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # so that a port can be used again at once
        try:
            door.bind(place)
            door.listen()
        except OSError as error:
            raise ConfigError(_refused(host, port, error)) from error
        yield door


def _refused(host: str, port: int, error: OSError) -> str:
    if error.errno == EADDRINUSE:
        other = port + 1 if port < HIGHEST_PORT else port - 1
        return f"port={port} is taken, perhaps by another page; type port={other}, or port=0 for any free one"
    if error.errno == EACCES:
        return f"port={port} is for the system's own programs; type port=7860"
    return f"host={host}: is no address of this machine; type host=127.0.0.1, or host=0.0.0.0 for all it has"


def address(door: socket.socket, host: str) -> str:
    """The URL for a browser on this machine."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{door.getsockname()[1]}/"


@contextmanager
def own_folder() -> Iterator[Path]:
    """A temporary folder for Gradio's and our files. Gradio gets it from the environment, before it is imported."""
    folder = Path(tempfile.mkdtemp(prefix="stylegan-pl-page-")).resolve()
    settings = {**_ENVIRONMENT, "GRADIO_TEMP_DIR": str(folder)}
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield folder
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        shutil.rmtree(folder, ignore_errors=True)
