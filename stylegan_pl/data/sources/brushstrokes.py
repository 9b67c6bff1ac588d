"""Renders photographs as oil paintings in numpy, so that the embedded sample set has a style to learn.

Hertzmann, "Painterly Rendering with Curved Brush Strokes of Multiple Sizes" (SIGGRAPH 1998). Three departures: colours
are mapped to a palette first, strokes swirl where the picture gives no direction, and strokes have bristles.

Shapes: H, W picture; S strokes of a layer; K control points of a stroke.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from stylegan_pl.data.sources.palette import VAN_GOGH, Bytes, Floats, map_to_palette, to_lab, to_rgb

SUPERSAMPLING = 2  # drawn this many times larger, then averaged down, because PIL draws no smooth edges


@dataclass(frozen=True)
class StrokeStyle:
    """Hertzmann's style parameters; his symbols in the comments."""

    threshold: float = 48.0  # T, mean RGB distance of a grid cell (0 to 441) above which it is painted over
    blur: float = 0.5  # f_sigma, blur of the reference in brush radii
    grid: float = 1.4  # f_g, distance between strokes in brush radii
    curvature: float = 0.6  # f_c, 1: follows the picture's direction at once, 0: straight
    shortest: float = 4.0  # in brush radii
    longest: float = 12.0  # in brush radii
    hue_jitter: float = 0.02  # j_h, in turns
    saturation_jitter: float = 0.10  # j_s
    value_jitter: float = 0.13  # j_v
    bristle_contrast: float = 0.16  # brightness of bristles, relative to the stroke's colour


def paint(
    photo: Bytes,
    *,
    palette: Bytes | None = VAN_GOGH,
    brush_radii: tuple[int, ...] = (8, 4, 2),  # pixels, coarse to fine
    style: StrokeStyle = StrokeStyle(),
    seed: int,
) -> Bytes:
    """Paint an sRGB photo, uint8 (H, W, 3); `palette` (P, 3), None: keep the colours. Same seed, same bytes."""
    if photo.ndim != 3 or photo.shape[2] != 3 or photo.dtype != np.uint8:
        raise ValueError(f"photo must be uint8 of shape (H, W, 3), got {photo.dtype} of shape {photo.shape}")
    rng = np.random.default_rng(seed)
    lab = to_lab(photo)
    swirls = _swirling_field(photo.shape[:2], rng)
    canvas: Image.Image | None = None
    for radius in sorted(brush_radii, reverse=True):
        blurred = _blur(lab, style.blur * radius)  # the detail that this brush can paint
        reference = to_rgb(blurred if palette is None else map_to_palette(blurred, palette))
        angles = _stroke_angles(blurred[..., 0], swirls, radius)
        if canvas is None:
            canvas = _primed_canvas(reference)
            error = rng.uniform(1e4, 2e4, angles.shape).astype(np.float32)  # the first layer covers everything
        else:
            error = _error(canvas, reference, style.blur * radius)
        _paint_layer(canvas, _Layer(radius, reference, angles, error), style, rng)
    if canvas is None:
        raise ValueError("brush_radii is empty; try (8, 4, 2)")
    return np.asarray(canvas.reduce(SUPERSAMPLING))


@dataclass(frozen=True)
class _Layer:
    """The input of one layer, that is, one brush size."""

    radius: int  # pixels
    reference: Floats  # (H, W, 3), RGB, 0 to 255
    angles: Floats  # (H, W), radians, direction of the strokes
    error: Floats  # (H, W), RGB distance of the canvas to the reference


def _error(canvas: Image.Image, reference: Floats, sigma: float) -> Floats:
    """RGB distance (H, W) of the blurred canvas to the reference; blurred, so that bristles do not count as error."""
    seen = np.asarray(canvas.reduce(SUPERSAMPLING), np.float32)
    return np.asarray(np.linalg.norm(reference - _blur(seen, sigma), axis=-1))


def _paint_layer(canvas: Image.Image, layer: _Layer, style: StrokeStyle, rng: np.random.Generator) -> None:
    """Draw one layer's strokes on the canvas, in place, in random order."""
    starts = _worst_points(layer.error, max(1, round(style.grid * layer.radius)), style.threshold)
    starts = rng.permutation(starts)  # (S, 2)
    colours = layer.reference[starts[:, 1], starts[:, 0]]  # (S, 3)
    points, lengths = _trace(starts, colours, layer, style, rng)
    _draw(canvas, points, lengths, _jitter(colours, style, rng), layer.radius, style, rng)


def _primed_canvas(reference: Floats) -> Image.Image:
    """The canvas's ground colour, visible where the first strokes leave gaps."""
    height, width = reference.shape[:2]
    ground = Image.fromarray(reference.round().astype(np.uint8))
    return ground.resize((width * SUPERSAMPLING, height * SUPERSAMPLING))


def _worst_points(error: Floats, step: int, threshold: float) -> NDArray[np.int64]:
    """(S, 2): the pixel (x, y) of largest error in every grid cell whose mean error is above the threshold."""
    height, width = error.shape
    rows, columns = -(-height // step), -(-width // step)
    padded = np.full((rows * step, columns * step), np.nan, np.float32)
    padded[:height, :width] = error
    cells = padded.reshape(rows, step, columns, step).swapaxes(1, 2).reshape(rows * columns, step * step)
    chosen = np.flatnonzero(np.nanmean(cells, axis=1) > threshold)
    worst = np.nanargmax(cells[chosen], axis=1) if chosen.size else chosen
    return np.stack([chosen % columns * step + worst % step, chosen // columns * step + worst // step], axis=1)


def _trace(
    starts: NDArray[np.int64], colours: Floats, layer: _Layer, style: StrokeStyle, rng: np.random.Generator
) -> tuple[Floats, NDArray[np.int64]]:
    """Trace all strokes of a layer at once: control points (K, S, 2) as (x, y), and how many each stroke uses, (S,).

    Points continue past a stroke's end, so that its last tangent is defined.
    """
    height, width = layer.error.shape
    step = max(0.5 * layer.radius, 2.0)  # pixels
    most = round(style.longest * layer.radius / step) + 1
    points = np.empty((most, len(starts), 2), np.float32)
    points[0] = starts
    lengths = np.full(len(starts), 2)
    heading = np.where(rng.random((len(starts), 1)) < 0.5, -1, 1) * _unit(layer.angles[starts[:, 1], starts[:, 0]])
    alive = np.ones(len(starts), bool)
    for k in range(1, most):
        x, y = np.rint(points[k - 1]).astype(np.int64).T
        alive &= (x >= 0) & (x < width) & (y >= 0) & (y < height)
        x, y = x.clip(0, width - 1), y.clip(0, height - 1)
        if k * step > style.shortest * layer.radius:  # end where the canvas is already closer than this colour
            alive &= layer.error[y, x] >= np.linalg.norm(layer.reference[y, x] - colours, axis=-1)
        along = _unit(layer.angles[y, x])
        along *= np.where((along * heading).sum(-1, keepdims=True) < 0, -1, 1)
        heading = style.curvature * along + (1 - style.curvature) * heading
        heading /= np.linalg.norm(heading, axis=-1, keepdims=True)
        points[k] = points[k - 1] + step * heading
        lengths = np.where(alive, k + 1, lengths)
    return points, lengths


def _draw(
    canvas: Image.Image,
    points: Floats,
    lengths: NDArray[np.int64],
    colours: Floats,
    radius: int,
    style: StrokeStyle,
    rng: np.random.Generator,
) -> None:
    """Draw each stroke as a tapered ribbon with bristles, in place, in the given order."""
    tangents = np.gradient(points, axis=0)
    normals = tangents[..., ::-1] * np.array([-1, 1], np.float32) / np.linalg.norm(tangents, axis=-1, keepdims=True)
    place = np.arange(len(points))[:, None] / (lengths - 1)  # (K, S), 0 to 1 along the used part
    taper = np.sqrt(np.clip(1 - (2 * place - 1) ** 6, 0.2, 1))[..., None]  # ends rounded, not pointed
    spine, side = (points + 0.5) * SUPERSAMPLING, taper * normals * radius * SUPERSAMPLING
    offsets = np.linspace(-0.8, 0.8, max(1, 5 * radius // 8))  # bristles across the brush
    shades = rng.normal(0, style.bristle_contrast, (len(lengths), len(offsets)))
    shades[:, 0] -= 2 * style.bristle_contrast  # a shadow on one side, as of thick paint
    tints = np.clip(colours[:, None] * (1 + shades[..., None]), 0, 255).astype(np.uint8)  # (S, B, 3)
    outlines = np.stack([spine + side, spine - side]).transpose(2, 0, 1, 3)  # (S, 2, K, 2)
    bristles = (spine + offsets[:, None, None, None] * side).transpose(2, 0, 1, 3)  # (S, B, K, 2)
    brush = ImageDraw.Draw(canvas)
    fills = colours.astype(np.uint8).tolist()
    for outline, lines, length, fill, tint in zip(outlines, bristles, lengths, fills, tints.tolist(), strict=True):
        loop = np.concatenate([outline[0, :length], outline[1, length - 1 :: -1]])
        brush.polygon(loop.ravel().tolist(), fill=tuple(fill))
        for line, colour in zip(lines[:, :length].reshape(len(lines), -1).tolist(), tint, strict=True):
            brush.line(line, fill=tuple(colour), width=SUPERSAMPLING)


def _stroke_angles(lightness: Floats, swirls: Floats, radius: int) -> Floats:
    """Direction of the strokes (H, W), radians: along the picture's edges, or along the swirls where there are none.

    Gradients are averaged with doubled angles, so that opposite sides of a contour add up instead of cancelling.
    """
    padded = np.pad(lightness, 1, mode="edge")  # so that even a picture one pixel wide has a gradient
    gx = (padded[1:-1, 2:] - padded[1:-1, :-2]) / 2
    gy = (padded[2:, 1:-1] - padded[:-2, 1:-1]) / 2
    doubled = _blur(np.stack([gy * gy - gx * gx, -2 * gx * gy], axis=-1), radius)  # normal of the gradient
    weak = 1.5  # squared lightness per pixel below which an edge gives no direction
    doubled += weak * _unit(2 * swirls)
    return np.asarray(0.5 * np.arctan2(doubled[..., 1], doubled[..., 0]))


def _swirling_field(shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
    """Angles (H, W) along the level lines of smooth random noise: swirls, as in the Starry Night's sky."""
    from scipy.ndimage import zoom

    height, width = shape
    hills = np.asarray(zoom(rng.normal(size=(5, 5)), ((height + 8) / 5, (width + 8) / 5), order=3))
    down, right = np.gradient(hills)
    return np.asarray(np.arctan2(right, -down), np.float32)[4 : height + 4, 4 : width + 4]


def _jitter(colours: Floats, style: StrokeStyle, rng: np.random.Generator) -> Floats:
    """Change each stroke's colour (S, 3) slightly in HSV, so that neighbouring strokes are visible."""
    from skimage.color import hsv2rgb, rgb2hsv

    hsv = rgb2hsv(colours / 255)
    reach = np.array([style.hue_jitter, style.saturation_jitter, style.value_jitter])
    hsv += rng.uniform(-1, 1, hsv.shape) * reach
    hsv[:, 0] %= 1
    return np.asarray(255 * hsv2rgb(np.clip(hsv, 0, 1)), np.float32)


def _unit(angles: Floats) -> Floats:
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1)


def _blur(image: Floats, sigma: float) -> Floats:
    from scipy.ndimage import gaussian_filter

    return np.asarray(gaussian_filter(image, (sigma, sigma, 0), mode="nearest", truncate=3))
