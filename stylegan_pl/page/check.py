"""Checks `app`'s options before torch or Gradio is imported."""

import importlib.util
from collections.abc import Sequence
from typing import Any

from omegaconf import DictConfig, OmegaConf

from stylegan_pl.errors import ConfigError
from stylegan_pl.inference.stroke_size import Strokes
from stylegan_pl.page.visitors import bare, name_of

HIGHEST_PORT = 65535


def check(config: DictConfig) -> None:
    """Raise for the first wrong option of an `AppConfig`.

    Raises:
        ConfigError: an option is wrong, or Gradio is not installed; one line with what to type instead.
    """
    for path in checkpoints(config.ckpt):
        if path.lower().endswith(".onnx"):
            raise ConfigError(
                f"ckpt={path}: the page paints with checkpoints and .safetensors; an .onnx is for "
                f"python -m stylegan_pl.stylize model={path}"
            )
    if not 0 <= config.port <= HIGHEST_PORT:
        raise ConfigError(f"port={config.port} must be from 1 to {HIGHEST_PORT}, or 0 for any free one; try port=7860")
    for key, least in (("max_upload_mb", 0), ("max_megapixels", 0), ("keep_minutes", 0), ("style_size", 1)):
        if not config[key] > least:  # nan fails it, too
            raise ConfigError(f"{key}={config[key]:g} must be above {least}")
    Strokes(at=config.stroke_at)  # raises, too
    if config.max_waiting < 1:
        raise ConfigError(f"max_waiting={config.max_waiting} must be at least 1; 16 unless given")
    if config.root_path is not None and not config.root_path.startswith(("/", "http://", "https://")):
        raise ConfigError(f"root_path={config.root_path}: type root_path=/{config.root_path}, as the proxy serves it")
    for host in config.hosts:
        if (name := name_of(host)) not in ("", bare(host)):
            raise ConfigError(f"hosts=[{host}]: a name holds for every port; type hosts=[{name}]")
    if config.film.fps is not None:
        raise ConfigError("film.fps= is for a folder of frames, and the page paints films; leave it out")
    if importlib.util.find_spec("gradio") is None:
        raise ConfigError("the page needs Gradio, which is not installed; type pip install 'stylegan-pl[app]'")


def checkpoints(ckpt: Any) -> list[str]:
    """One path or a list of them, as typed -> a list, each once.

    Raises:
        ConfigError: an empty list.
    """
    given: Sequence[Any] = ckpt if OmegaConf.is_list(ckpt) or isinstance(ckpt, list | tuple) else [ckpt]
    if not given:
        raise ConfigError("ckpt=[] names no checkpoint; type ckpt=RUN_OR_FILE, or several: ckpt=[a,b]")
    return list(dict.fromkeys(str(path) for path in given))
