"""Draws triangles like an old video game: one shade per face, far faces first, fog.

World axes: x right, y ahead, z up, in metres; the camera stands at x = y = 0. Shapes: F faces of 3 corners.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from stylegan_pl.data.sources.palette import Bytes

Numbers = NDArray[np.floating]  # float32 or float64

SUPERSAMPLING = 2  # drawn this many times larger, then averaged down, because PIL draws no smooth edges
NEAREST = 0.5  # metres ahead; nearer faces are not drawn, because their projection overflows


@dataclass(frozen=True)
class Camera:
    """The camera's height and lens; it looks horizontally, along y."""

    height: float  # metres
    focal_length: float = 0.9  # of the picture's width; 0.9 gives an angle of view of 58°
    horizon: float = 0.45  # of the picture's height, from above


@dataclass(frozen=True)
class Light:
    """Sun, sky and fog."""

    sky: tuple[Numbers, Numbers]  # RGB at the zenith and at the horizon, 0 to 255
    sun: Numbers  # (3,), unit vector towards the sun
    ambient: float = 0.5  # share of a face's colour that remains in shadow
    visibility: float = 60.0  # metres after which 63 % of a colour is fog


def project(points: Numbers, camera: Camera, size: int) -> Numbers:
    """World coordinates (..., 3) -> pixels (..., 2) of a square picture; a pinhole camera."""
    focal = camera.focal_length * size
    right = size / 2 + focal * points[..., 0] / points[..., 1]
    down = size * camera.horizon + focal * (camera.height - points[..., 2]) / points[..., 1]
    return np.stack([right, down], axis=-1)


def shade(faces: Numbers, colours: Numbers, camera: Camera, light: Light) -> Numbers:
    """Shaded colours (F, 3) of faces (F, 3, 3): Lambert's cosine, then fog of the horizon's colour."""
    normals = np.cross(faces[:, 1] - faces[:, 0], faces[:, 2] - faces[:, 0])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-9
    middles = faces.mean(axis=1)
    to_camera = np.array([0, 0, camera.height], np.float32) - middles
    normals *= np.where((normals * to_camera).sum(axis=1, keepdims=True) < 0, -1, 1)  # normals of the visible side
    cosine = (normals * light.sun).sum(axis=1, keepdims=True).clip(0)
    lit = colours * (light.ambient + (1.15 - light.ambient) * cosine)
    fog = 1 - np.exp(-np.square(middles[:, 1:2] / light.visibility))
    return np.asarray((lit * (1 - fog) + light.sky[1] * fog).clip(0, 255))


def draw(faces: Numbers, colours: Numbers, camera: Camera, light: Light, size: int) -> Bytes:
    """A square picture, uint8 (size, size, 3): the sky, then faces from far to near (the painter's algorithm)."""
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
    """The sky, in a few broad bands from the zenith's colour to the horizon's, and the sun's disc."""
    bands = 9
    down = np.arange(size) / (size * camera.horizon)
    down = np.floor(down.clip(0, 1) * bands) / bands
    zenith, horizon = light.sky
    sky = np.repeat((zenith + down[:, None] * (horizon - zenith))[:, None], size, axis=1)
    if light.sun[1] > 0:  # the sun is in front of the camera
        at = project(light.sun * 1e4 + [0, 0, camera.height], camera, size)
        y, x = np.mgrid[:size, :size]
        sky[np.hypot(x - at[0], y - at[1]) < 0.05 * size] = (255, 246, 214)
    return np.asarray(sky.round(), np.uint8)
