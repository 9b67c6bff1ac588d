"""Triangles drawn the way an old game draws them: one shade a face, far ones first, fog.

World axes: x right, y ahead, z up, in metres; the camera stands at x = y = 0. Shapes: F faces of 3 corners.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from stylegan_pl.data.sources.palette import Bytes

Numbers = NDArray[np.floating]  # of either precision

SUPERSAMPLING = 2  # drawn this much larger, then averaged down: PIL draws no smooth edges itself
NEAREST = 0.5  # metres ahead; nearer faces are not drawn, for their projection overflows


@dataclass(frozen=True)
class Camera:
    """Where one looks from; it looks level, along y."""

    height: float  # metres
    focal_length: float = 0.9  # of the picture's width; 0.9 sees 58°
    horizon: float = 0.45  # of the picture's height, from above


@dataclass(frozen=True)
class Light:
    """What the air and the sun do to colours."""

    sky: tuple[Numbers, Numbers]  # RGB at the zenith and at the horizon, 0 to 255
    sun: Numbers  # (3,), towards it, of length 1
    ambient: float = 0.5  # share of a face's colour that shows in the shadow
    visibility: float = 60.0  # metres after which fog has taken 63 % of a colour


def project(points: Numbers, camera: Camera, size: int) -> Numbers:
    """World (..., 3) -> pixels (..., 2) of a square picture, through a pinhole."""
    focal = camera.focal_length * size
    right = size / 2 + focal * points[..., 0] / points[..., 1]
    down = size * camera.horizon + focal * (camera.height - points[..., 2]) / points[..., 1]
    return np.stack([right, down], axis=-1)


def shade(faces: Numbers, colours: Numbers, camera: Camera, light: Light) -> Numbers:
    """Colours (F, 3) of faces (F, 3, 3) as they are seen: Lambert's cosine, then fog of the horizon's colour."""
    normals = np.cross(faces[:, 1] - faces[:, 0], faces[:, 2] - faces[:, 0])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-9
    middles = faces.mean(axis=1)
    to_camera = np.array([0, 0, camera.height], np.float32) - middles
    normals *= np.where((normals * to_camera).sum(axis=1, keepdims=True) < 0, -1, 1)  # the side that is seen
    cosine = (normals * light.sun).sum(axis=1, keepdims=True).clip(0)
    lit = colours * (light.ambient + (1.15 - light.ambient) * cosine)
    fog = 1 - np.exp(-np.square(middles[:, 1:2] / light.visibility))
    return np.asarray((lit * (1 - fog) + light.sky[1] * fog).clip(0, 255))


def draw(faces: Numbers, colours: Numbers, camera: Camera, light: Light, size: int) -> Bytes:
    """A square picture (size, size, 3): the sky, then every face over those behind it (the painter's algorithm)."""
    visible = faces[..., 1].min(axis=1) > NEAREST
    faces, colours = faces[visible], colours[visible]
    far_first = np.argsort(-faces[..., 1].mean(axis=1), kind="stable")
    corners = project(faces, camera, size * SUPERSAMPLING)[far_first]
    shades = shade(faces, colours, camera, light)[far_first].round().astype(np.uint8)
    canvas = Image.fromarray(_sky(light, camera, size * SUPERSAMPLING))
    pen = ImageDraw.Draw(canvas)
    for triangle, fill in zip(corners.reshape(-1, 6).tolist(), shades.tolist(), strict=True):
        pen.polygon(triangle, fill=tuple(fill))
    return np.asarray(canvas.reduce(SUPERSAMPLING))


def _sky(light: Light, camera: Camera, size: int) -> NDArray[np.uint8]:
    """From the zenith's colour to the horizon's, in a few broad bands, and the sun's disc."""
    bands = 9
    down = np.arange(size) / (size * camera.horizon)
    down = np.floor(down.clip(0, 1) * bands) / bands
    zenith, horizon = light.sky
    sky = np.repeat((zenith + down[:, None] * (horizon - zenith))[:, None], size, axis=1)
    if light.sun[1] > 0:  # ahead
        at = project(light.sun * 1e4 + [0, 0, camera.height], camera, size)
        y, x = np.mgrid[:size, :size]
        sky[np.hypot(x - at[0], y - at[1]) < 0.05 * size] = (255, 246, 214)
    return np.asarray(sky.round(), np.uint8)
