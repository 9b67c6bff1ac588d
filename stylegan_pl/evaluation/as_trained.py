"""How a training measured its scores; `evaluate` does the same by default, and reports what differs."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import prod
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig

from stylegan_pl.errors import ConfigError, UserError
from stylegan_pl.metrics.kinds import PictureMetric
from stylegan_pl.runs.from_file import build
from stylegan_pl.runs.network_from_file import check_numbers, part_of_ours
from stylegan_pl.runs.precision import Precision

_ROOMS = ("stylegan_pl.metrics.", "stylegan_pl.nn.")
_LARGEST = 65_536  # largest number of patches, bins or subsets that a checkpoint's config may ask for
_WORK = 2**27  # largest product of these; sliced_wasserstein's, patches × directions × 7, is the largest of ours: 2²⁵
_CROPS = 10_000  # largest number of crops of paintings


@dataclass(frozen=True)
class Measures:
    """What a score depends on besides weights, photographs and paintings.

    Attributes:
        pairs: largest number of photographs.
        style_crops: number of crops of training paintings; None: as many as photographs, at least 128.
        seed: seed of these crops.
        size: pixels of the crops, as in a config.
        precision: precision of painting.
        metrics: name -> config of the metric.
    """

    pairs: int
    style_crops: int | None
    seed: int
    size: Any
    precision: str
    metrics: Mapping[str, Any]


def measures_of(config: Mapping[str, Any]) -> Measures:
    """The measures of a training, from its checkpoint's config; `evaluate`'s defaults for missing or invalid values."""
    data, callbacks = _node(config, "data"), _node(config, "callbacks")
    precision = config.get("precision")
    return Measures(
        pairs=_count(data.get("val_pairs"), 500),
        style_crops=_count(_node(callbacks, "evaluation").get("style_crops"), None, least=2, most=_CROPS),
        seed=_count(config.get("seed"), 0, least=0),
        size=data.get("val_size") or config.get("image_size"),
        precision=precision if isinstance(precision, str) and precision in Precision.__members__ else "fp32",
        metrics={name: node for name, node in _node(config, "metric").items() if isinstance(name, str)},
    )


def metrics_of(measures: Measures, path: Path) -> tuple[dict[str, PictureMetric], list[str]]:
    """The metrics of a training that can be built here, and one line for each that cannot.

    Args:
        path: the checkpoint, which may be untrusted: only metrics and networks of this package are built.
    """
    found: dict[str, PictureMetric] = {}
    refused = []
    for name, node in measures.metrics.items():
        try:
            if _urls(node):
                raise ConfigError(f"its weights are at {_urls(node)[0][:200]}, which is not fetched for a file")
            check_numbers(node, _LARGEST, path)
            if _product(node) > _WORK:
                raise ConfigError("its numbers together ask for more memory than a metric of ours")
            found[name] = build(node, path, _permitted, PictureMetric)
        except UserError as error:
            reason = str(error).removeprefix(f"{path}: ")
            refused.append(f"{name} was taken in its training and is not taken here ({reason}); type metric=[{name}]")
    return found, refused


def metrics_were_typed() -> bool:
    """Whether the user typed an option of metrics; True without Hydra, because then the whole config was given."""
    if not HydraConfig.initialized():
        return True
    typed = (word.lstrip("+~").partition("=")[0] for word in HydraConfig.get().overrides.task)
    return any(key.startswith("metric") or "@metric." in key for key in typed)


def differences(trained: Measures, here: Measures) -> list[str]:
    """One line for each measure that differs from the training's."""
    lines = []
    for key in (field.name for field in fields(Measures) if field.name != "metrics"):
        there, now = getattr(trained, key), getattr(here, key)
        if key == "size":
            there, now = _as_typed(there), _as_typed(now)
        if there != now:
            option = "image_size" if key == "size" else key
            lines.append(f"{option}={_as_text(now)}, in its training {_as_text(there)}")
    for name, node in trained.metrics.items():
        if name in here.metrics and here.metrics[name] != node:
            lines.append(f"metric.{name} has other options than in its training")
    return lines


def _as_text(value: Any) -> str:
    return "null" if value is None else str(value)


def _as_typed(size: Any) -> str:
    height, width = size if isinstance(size, list | tuple) and len(size) == 2 else (size, size)
    return str(height) if height == width else f"[{height},{width}]"


def _permitted(target: str) -> Any:
    found = part_of_ours(target, _ROOMS)
    if found is None:
        raise ConfigError(f"its config would run '{target[:200]}', no metric of stylegan_pl")
    return found


def _product(node: Any) -> int:
    """The product of the whole numbers of a config from a file, seeds left out."""
    if isinstance(node, dict):
        return prod(_product(child) for key, child in node.items() if key != "seed")
    if isinstance(node, list | tuple):
        return prod(map(_product, node))
    return max(1, abs(node)) if type(node) is int else 1


def _urls(node: Any) -> list[str]:
    if isinstance(node, dict):
        return [url for child in node.values() for url in _urls(child)]
    if isinstance(node, list | tuple):
        return [url for child in node for url in _urls(child)]
    return [node] if isinstance(node, str) and "://" in node else []


def _node(config: Mapping[str, Any], key: str) -> dict[str, Any]:
    found = config.get(key)
    return found if isinstance(found, dict) else {}


def _count(value: Any, otherwise: Any, *, least: int = 1, most: int = 2**32 - 1) -> Any:
    return value if type(value) is int and least <= value <= most else otherwise
