"""Paints with an exported .onnx file, without torch."""

import json
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from stylegan_pl.errors import ConfigError, DataError, first_line, not_there
from stylegan_pl.inference.onnx.checksum import is_damaged
from stylegan_pl.inference.onnx.finish import ArrayFinish
from stylegan_pl.inference.stroke_size import STROKE_AT, Strokes
from stylegan_pl.pictures.read import read_image
from stylegan_pl.runs.file_format import METADATA_KEY, VERSION_KEY, check_version
from stylegan_pl.runs.painters import names

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

Pictures = NDArray[np.uint8]
"""(N, H, W, 3), RGB."""

_LARGEST_STRIDE = 4096  # pixels; a U-Net of 12 levels
_SMALLEST = 16  # pixels; as in `inference.any_size`


class OnnxPainter:
    """Paints pictures of any size; a painting has exactly its picture's size.

    Args:
        path: a file written by `python -m stylegan_pl.export`.
        style: (1, h, w, 3) uint8, sides multiples of the graph's stride; for graphs that take a style.
        stroke, stroke_at: see `Strokes`.
        strength: in [0, 1]; blends features if the graph takes a style, otherwise pictures.
        keep_colour: `luma`, `coral` or None.
        device: auto, cpu, gpu.

    Raises:
        ConfigError: the file does not exist or is not from `export`, or options do not fit it.
    """

    def __init__(
        self,
        path: Path,
        *,
        style: Pictures | None = None,
        strength: float | None = None,
        stroke: float = 1.0,
        stroke_at: int | None = STROKE_AT,
        keep_colour: str | None = None,
        device: str = "auto",
    ) -> None:
        self.path, self.style, self.strokes = path, style, Strokes(stroke, stroke_at)
        self.session = _session(path, device)
        self.facts = _facts(self.session, path)
        graph = self.facts["graph"]
        if not graph.get("has_strokes", True):  # old files do not have this fact
            self.strokes = Strokes(stroke)
        self.stride: int = graph["stride"]
        self.takes_style: bool = graph["takes_style"]
        self.preprocessing: bool = graph["preprocessing"]
        if self.takes_style and style is None:
            raise ConfigError("this generator paints after any painting, and none was given; type style=painting.jpg")
        if not self.takes_style and style is not None:
            raise ConfigError("style= is for generators that take any painting (model=adain); leave it out")
        blend = 1.0 if strength is None else strength
        finish = ArrayFinish(blend, keep_colour)  # also checks the two options
        self.strength = blend
        self.finish = ArrayFinish(1.0, keep_colour) if self.takes_style else finish

    def __call__(self, pictures: Pictures) -> Pictures:
        """Paint pictures: (N, H, W, 3) uint8 -> (N, H, W, 3) uint8.

        Raises:
            DataError: onnxruntime fails, for example because memory runs out, or the graph paints nan.
        """
        try:
            painted = self._run(pictures)
        except DataError:
            raise
        except Exception as error:  # onnxruntime raises types of its own
            height, width = pictures.shape[1:3]
            raise DataError(f"{width}×{height} pixels: onnxruntime gave up ({first_line(error)[:200]})") from error
        return self.finish(pictures, painted)

    def _run(self, pictures: Pictures) -> Pictures:
        ratio = self.strokes.ratio(*pictures.shape[1:3])
        return self._at_own_size(pictures) if ratio == 1 else in_strokes(self._at_own_size, pictures, ratio)

    def _at_own_size(self, pictures: Pictures) -> Pictures:
        if self.preprocessing:
            painted: Pictures = self.session.run(None, self._named(pictures, self.style))[0]
            return painted
        height, width = pictures.shape[1:3]
        style = None if self.style is None else planes(self.style)
        planes_out = self.session.run(None, self._named(planes(mirrored(pictures, self.stride)), style))[0]
        if not np.isfinite(planes_out.sum(dtype=np.float32)):
            raise DataError(
                "the graph paints nan or infinite numbers; export without half=true, or an earlier checkpoint"
            )
        return pixels(planes_out[:, :, :height, :width])

    def _named(self, image: NDArray[Any], style: NDArray[Any] | None) -> dict[str, NDArray[Any]]:
        if style is None:
            return {"image": image}
        return {"image": image, "style": style, "strength": np.array(self.strength, dtype=np.float32)}


def in_strokes(paint: Callable[[Pictures], Pictures], pictures: Pictures, ratio: Fraction) -> Pictures:
    """Like `inference.stroke.InStrokes`: paint smaller pictures, and enlarge what changed to full size."""
    height, width = pictures.shape[1:3]
    whole = mirrored(pictures, ratio.numerator)
    sides = whole.shape[1:3]
    small = np.stack([_resized(picture, [int(side / ratio) for side in sides]) for picture in whole])
    levels = small.clip(0, 255).round().astype(np.uint8)
    change = paint(levels).astype(np.float32) - levels
    painted = [picture + _resized(part, sides) for picture, part in zip(whole, change, strict=True)]
    return np.stack(painted)[:, :height, :width].clip(0, 255).round().astype(np.uint8)


def _resized(picture: NDArray[Any], sides: Sequence[int]) -> NDArray[np.float32]:
    """(H, W, 3) float -> (*sides, 3), bicubic."""
    planes = [Image.fromarray(plane.astype(np.float32)) for plane in np.moveaxis(picture, -1, 0)]
    resized = [np.asarray(plane.resize((sides[1], sides[0]), Image.Resampling.BICUBIC)) for plane in planes]
    return np.stack(resized, axis=-1)


def read_style(path: Path, *, size: int, stride: int) -> Pictures:
    """Read a style: (1, h, w, 3) uint8, its shorter side shrunk to `size` pixels, sides multiples of `stride`.

    Raises:
        ConfigError: the file does not exist, or is not an image.
    """
    if not path.is_file():
        raise ConfigError(f"style={path}: no such file; type style=painting.jpg")
    if size < 1:
        raise ConfigError(f"style_size={size} must be at least 1 pixel; 512 unless given")
    image = read_image(path, at_least=size)
    scale = min(1.0, size / min(image.size))
    width, height = (max(2 * stride, round(side * scale) // stride * stride) for side in image.size)
    return np.array(image.resize((width, height), Image.Resampling.LANCZOS))[None]


def facts_in(path: Path) -> dict[str, Any]:
    """The facts that `export` wrote into a file, without building a painter."""
    return _facts(_session(path, "cpu"), path)


def planes(pictures: Pictures) -> NDArray[np.float32]:
    """(N, H, W, 3) uint8 -> (N, 3, H, W) in [-1, 1], as `pictures.tensors.to_float`."""
    return np.ascontiguousarray(pictures.transpose(0, 3, 1, 2), dtype=np.float32) / np.float32(127.5) - np.float32(1)


def pixels(planes: NDArray[np.float32]) -> Pictures:
    """(N, 3, H, W) in [-1, 1] -> (N, H, W, 3) uint8, as `pictures.tensors.to_uint8`."""
    scaled = (planes.clip(-1, 1) + 1) * 127.5
    return np.ascontiguousarray(scaled.round().astype(np.uint8).transpose(0, 2, 3, 1))


def mirrored(pictures: Pictures, stride: int) -> Pictures:
    """Pad by mirroring to multiples of the stride, at least 16, as `inference.any_size.pad_to_stride`."""
    for axis in (1, 2):
        size = pictures.shape[axis]
        place = np.arange(-(-max(size, _SMALLEST) // stride) * stride) % max(2 * (size - 1), 1)
        pictures = pictures.take(np.minimum(place, 2 * (size - 1) - place), axis=axis)
    return pictures


def _session(path: Path, device: str) -> "InferenceSession":
    try:
        import onnxruntime
    except ImportError as error:
        raise ConfigError("model= needs onnxruntime; type: pip install onnxruntime") from error
    if path.is_dir() or path.suffix in (".ckpt", ".safetensors"):
        raise ConfigError(f"model={path}: model= takes an .onnx; type ckpt={path}")
    if not path.is_file():
        what = "no such file; python -m stylegan_pl.export writes one from a checkpoint"
        what = f"that is a painter in the box; type painter={path}" if str(path) in names() else what
        raise ConfigError(f"model={path}: {not_there(str(path), what)}")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # only fatal ones, because errors are also raised
    try:
        if is_damaged(path.read_bytes()):
            raise ConfigError(f"model={path}: it is damaged: its bytes are not those that were written")
        providers = _providers(device, onnxruntime)
        # otherwise it prints four lines about a retry, even if there is no other provider
        return onnxruntime.InferenceSession(path, options, providers=providers, enable_fallback=len(providers) > 1)
    except ConfigError:
        raise
    except Exception as error:  # onnxruntime raises types of its own
        raise ConfigError(f"model={path}: cannot be read as an ONNX file ({first_line(error)[:200]})") from error


def _providers(device: str, onnxruntime: Any) -> Sequence[str]:
    there, cuda = onnxruntime.get_available_providers(), "CUDAExecutionProvider"
    if device not in ("auto", "cpu", "gpu", "cuda"):
        raise ConfigError(f"device={device}: with model=, type auto, cpu or gpu")
    if device in ("gpu", "cuda") and cuda not in there:
        raise ConfigError("device=gpu: this onnxruntime knows no GPU; type: pip install onnxruntime-gpu, or device=cpu")
    return [cuda, "CPUExecutionProvider"] if device != "cpu" and cuda in there else ["CPUExecutionProvider"]


def _facts(session: "InferenceSession", path: Path) -> dict[str, Any]:
    try:
        facts: dict[str, Any] = json.loads(session.get_modelmeta().custom_metadata_map[METADATA_KEY])
        graph = facts["graph"]
        values = graph["stride"], graph["takes_style"], graph["preprocessing"]
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ConfigError(
            f"model={path}: not written by python -m stylegan_pl.export (its metadata says nothing)"
        ) from error
    check_version(facts.get(VERSION_KEY), path)
    if [type(value) for value in values] != [int, bool, bool] or not 1 <= graph["stride"] <= _LARGEST_STRIDE:
        raise ConfigError(
            f"model={path}: not written by python -m stylegan_pl.export (its metadata is of another kind)"
        )
    return facts
