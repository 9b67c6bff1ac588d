"""One call of `stylize sheet=true`: one picture that shows photographs in all styles."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from omegaconf import DictConfig, OmegaConf
from PIL import Image

from stylegan_pl.errors import ConfigError, DataError
from stylegan_pl.inference.onnx.finish import colours_named
from stylegan_pl.pictures.inputs import pictures
from stylegan_pl.pictures.read import pixel_limit, read_image
from stylegan_pl.pictures.write import EXTENSIONS, check_result, write_image
from stylegan_pl.runs.outcome import Outcome
from stylegan_pl.runs.painters import distinct_names, short_names
from stylegan_pl.stylizing.contact_sheet import contact_sheet, in_cell
from stylegan_pl.stylizing.options import check_used

_log = logging.getLogger(__name__)
_MOST = 400  # most cells of a sheet

Paint = Callable[[Image.Image], Image.Image]
Column = tuple[str, Paint]


def paint_sheet(config: DictConfig) -> int:
    """Paint by a composed `StylizeConfig`; returns the exit code, 1 if a photograph could not be read.

    Columns are the generators of `painter=`, `ckpt=` or `model=`; a generator that takes a painting has one column for
    each painting of `style=`. Rows are the photographs, shrunk to `sheet_size` before they are painted.

    Raises:
        ConfigError: options that do not work together, or a file that exists.
    """
    output = Path(config.output)
    photographs = pictures([str(source) for source in _listed(config.input)])
    _check(config, output, photographs)
    with pixel_limit(config.max_megapixels):
        return _paint(config, output, photographs)


def _paint(config: DictConfig, output: Path, photographs: list[Path]) -> Outcome:
    columns = _columns(config)
    if len(photographs) * (len(columns) + 1) > _MOST:
        raise ConfigError(
            f"sheet=true: {len(photographs)} photographs in {len(columns)} styles are more than {_MOST} cells; "
            "name fewer photographs"
        )
    rows: list[list[Image.Image]] = []
    failed = 0
    for path in photographs:
        try:
            photograph = in_cell(read_image(path, at_least=config.sheet_size), config.sheet_size)
        except DataError as error:
            _log.error("skipped: %s", error)
            failed += 1
            continue
        rows.append([photograph, *(paint(photograph) for _, paint in columns)])
    if not rows:
        raise ConfigError("sheet=true: none of the photographs could be read")
    sheet = contact_sheet(rows, ["photograph", *(label for label, _ in columns)], cell=config.sheet_size)
    write_image(sheet, output, quality=config.quality)
    counts = [f"{n} {what}{'' if n == 1 else 's'}" for n, what in ((len(rows), "photograph"), (len(columns), "style"))]
    _log.info("%s in %s -> %s", *counts, output)
    facts = {
        "output": str(output),
        "photographs": len(rows),
        "styles": [label for label, _ in columns],
        "skipped": failed,
    }
    return Outcome(int(failed > 0), facts={"sheet": facts})


def _check(config: DictConfig, output: Path, photographs: list[Path]) -> None:
    check_used(config, "sheet")
    if config.sheet_size < 16:
        raise ConfigError(f"sheet_size={config.sheet_size} must be at least 16 pixels; the default is 256")
    if output.suffix.lower() not in EXTENSIONS:
        raise ConfigError(f"output={output}: a sheet is one picture; type output=sheet.jpg")
    check_result(output, config.sheet_size, config.sheet_size)
    if output.exists() and not config.overwrite:
        raise ConfigError(f"output={output} is there already; type overwrite=true or another output=")
    if output.exists() and any(output.samefile(path) for path in photographs):
        raise ConfigError(f"output={output} is an input, and inputs are never overwritten; choose another output=")


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    listed: Any = OmegaConf.to_container(value) if OmegaConf.is_list(value) else [value]
    return list(listed)


def _columns(config: DictConfig) -> list[Column]:
    """(label, painter) of each column; a generator that is named twice has two columns."""
    columns: list[Column] = []
    styled = False  # whether a generator takes a painting
    load = _onnx if config.onnx is not None else _checkpoint
    sources = [str(source) for source in _listed(config.onnx if config.onnx is not None else config.ckpt)]
    for source, name in zip(sources, short_names(sources), strict=True):
        for label, paint in load(config, source):
            styled |= bool(label)
            columns.append((f"{name} {label}".strip() if len(sources) > 1 or not label else label, paint))
    if config.style is not None and not styled:
        raise ConfigError("style= is for generators that take any painting (model=adain); leave it out")
    return columns


def _styles(config: DictConfig) -> list[tuple[str, str]]:
    paths = [str(path) for path in _listed(config.style)]
    return list(zip(distinct_names(paths), paths, strict=True)) if paths else []


def _checkpoint(config: DictConfig, source: str) -> list[Column]:
    from stylegan_pl.inference.load_painter import painter_of
    from stylegan_pl.inference.stylizer import Stylizer
    from stylegan_pl.runs.checkpoint import load_generator, resolve  # torch takes seconds to import
    from stylegan_pl.runs.device import inference_device, inference_dtype

    device = inference_device(config.device)
    options: dict[str, Any] = {
        "style_size": config.style_size, "strength": config.strength, "stroke": config.stroke,
        "stroke_at": config.stroke_at,
        "keep_colour": config.keep_colour,
        "device": device, "dtype": inference_dtype(config.precision, device),
    }  # fmt: skip
    generator = load_generator(resolve(source), trusted=list(config.trust))
    if not generator.takes_style:
        return [("", Stylizer(painter_of(generator, **options)))]
    styles = _styles(config)
    if not styles:
        raise ConfigError(f"ckpt={source} paints in the style of a painting that you give; type style=[a.jpg,b.jpg]")
    return [(label, Stylizer(painter_of(generator, style=path, **options))) for label, path in styles]


def _onnx(config: DictConfig, source: str) -> list[Column]:
    from stylegan_pl.inference.onnx.painter import OnnxPainter, facts_in, read_style

    check_used(config, "onnx")
    options: dict[str, Any] = {
        "strength": config.strength, "stroke": config.stroke,
        "stroke_at": config.stroke_at, "keep_colour": colours_named(config.keep_colour),
        "device": config.device,
    }  # fmt: skip
    graph = facts_in(Path(source))["graph"]
    styles = _styles(config) if graph["takes_style"] else []
    given = [(label, read_style(Path(path), size=config.style_size, stride=graph["stride"])) for label, path in styles]
    if not given:
        return [("", _by_arrays(OnnxPainter(Path(source), **options)))]
    return [(label, _by_arrays(OnnxPainter(Path(source), style=style, **options))) for label, style in given]


def _by_arrays(painter: Callable[[Any], Any]) -> Paint:
    return lambda image: Image.fromarray(painter(np.array(image)[None])[0])
