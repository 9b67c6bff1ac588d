"""Low-poly landscapes like an open-world video game's: hills, water, trees, huts and rocks, seen by a walker.

Each landscape is a function of its seed. World axes as in `flat_shading`. Shapes: F faces of 3 corners.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from stylegan_pl.data.sources.palette import Bytes
from stylegan_pl.data.sources.scenes.flat_shading import Camera, Light, Numbers, draw

Colour = tuple[int, int, int]  # sRGB
Heights = Callable[[Numbers, Numbers], Numbers]  # (x, y) -> z, metres

FARTHEST = 120.0  # metres
WATER = 0.0  # metres, height of the water's surface


@dataclass(frozen=True)
class Biome:
    """The colours of a kind of landscape."""

    zenith: Colour
    horizon: Colour
    shore: Colour
    ground: Colour
    rock: Colour
    peak: Colour
    water: Colour
    foliage: Colour
    walls: Colour
    roofs: Colour


BIOMES = (
    Biome(  # meadow
        (64, 132, 214), (190, 224, 240), (214, 194, 132), (104, 164, 64), (128, 118, 110),
        (242, 246, 250), (48, 122, 186), (44, 116, 56), (226, 206, 170), (188, 74, 52),
    ),
    Biome(  # autumn at dusk
        (74, 74, 150), (246, 176, 120), (190, 150, 104), (190, 128, 52), (116, 92, 92),
        (224, 190, 180), (78, 88, 150), (204, 84, 36), (150, 112, 88), (92, 54, 60),
    ),
    Biome(  # desert
        (86, 160, 220), (250, 226, 170), (240, 212, 150), (224, 170, 98), (190, 108, 70),
        (206, 140, 92), (46, 160, 170), (92, 148, 70), (236, 210, 168), (60, 130, 150),
    ),
    Biome(  # snow
        (90, 140, 200), (226, 234, 246), (180, 190, 206), (232, 240, 250), (120, 132, 154),
        (250, 252, 255), (60, 104, 150), (40, 88, 84), (136, 92, 66), (170, 50, 50),
    ),
    Biome(  # another planet
        (40, 20, 80), (236, 120, 160), (150, 90, 160), (70, 130, 140), (90, 60, 120),
        (250, 210, 120), (220, 90, 90), (190, 60, 150), (200, 200, 220), (60, 200, 190),
    ),
)  # fmt: skip


def landscape(seed: int, size: int) -> Bytes:
    """A picture, uint8 (size, size, 3), of the landscape `seed`."""
    rng = np.random.default_rng(seed)
    biome = BIOMES[int(rng.integers(len(BIOMES)))]
    heights = _hills(rng)
    ground_faces, ground_colours = _ground(heights, biome, rng)
    props = [_prop(heights, biome, rng) for _ in range(int(rng.integers(30, 60)))]
    faces = np.concatenate([ground_faces, *(f for f, _ in props)])
    colours = np.concatenate([ground_colours, *(c for _, c in props)])
    sun = np.array([rng.uniform(-1, 1), rng.choice([-1.0, 1.0]), rng.uniform(0.25, 0.9)])
    light = Light((_rgb(biome.zenith), _rgb(biome.horizon)), sun / np.linalg.norm(sun))
    eye = max(float(heights(np.zeros(1), np.full(1, 2.0))[0]), WATER) + rng.uniform(2, 5)
    frame = draw(faces, colours, Camera(height=eye), light, size)
    return (frame + _texture(size, rng)).clip(0, 255).round().astype(np.uint8)


def _texture(size: int, rng: np.random.Generator) -> Numbers:
    """Texture and dithering, (size, size, 1), a few levels of 255, to be added to the flat shades.

    It is needed: a generator without random input maps a constant area to a constant area, however long it trains.
    """
    from scipy.ndimage import gaussian_filter

    coarse = gaussian_filter(rng.normal(size=(size, size)), 2.0, mode="wrap")
    return (3.0 * coarse / coarse.std() + rng.normal(0, 1.5, (size, size)))[..., None]


def _rgb(colour: Colour) -> Numbers:
    return np.array(colour, float)


def _hills(rng: np.random.Generator) -> Heights:
    """Heights as sums of smooth noise: gentle near the walker, mountains far away."""
    from scipy.ndimage import map_coordinates

    lattices = [(rng.normal(size=(64, 64)), wavelength, height) for wavelength, height in ((40, 6), (14, 2), (5, 0.5))]
    base = rng.uniform(1.0, 3.5)

    def heights(x: Numbers, y: Numbers) -> Numbers:
        z = np.full(x.shape, base)
        for lattice, wavelength, height in lattices:
            at = np.stack([x / wavelength, y / wavelength])
            z += height * map_coordinates(lattice, at, order=3, mode="grid-wrap") * (0.25 + y / 60)
        return z

    return heights


def _ground(heights: Heights, biome: Biome, rng: np.random.Generator) -> tuple[Numbers, Numbers]:
    """Two triangles per cell of a grid; cells grow with distance, so that faces are equally large in the picture."""
    rows, columns = 44, 36
    y = np.geomspace(1.0, FARTHEST, rows)[:, None] * np.ones(columns)
    x = np.linspace(-0.75, 0.75, columns) * (y + 2)
    cell = (y + 2) * 1.5 / columns
    x, y = x + cell * rng.uniform(-0.3, 0.3, x.shape), y + cell * rng.uniform(-0.3, 0.3, y.shape)
    land = np.stack([x, y, heights(x, y)], axis=-1)
    a, b, c, d = land[:-1, :-1], land[:-1, 1:], land[1:, :-1], land[1:, 1:]
    faces = np.concatenate([np.stack([a, b, c], 2).reshape(-1, 3, 3), np.stack([b, d, c], 2).reshape(-1, 3, 3)])
    colours = _land_colours(faces, biome) * rng.uniform(0.93, 1.07, (len(faces), 1))
    under = (faces[..., 2] < WATER).all(axis=1)
    faces[..., 2] = np.maximum(faces[..., 2], WATER)
    colours[under] = _rgb(biome.water) * rng.uniform(0.9, 1.1, (int(under.sum()), 1))
    return faces, colours


def _land_colours(faces: Numbers, biome: Biome) -> Numbers:
    """Colours (F, 3): shore near the water, ground above, rock on steep slopes, snow on peaks."""
    normals = np.cross(faces[:, 1] - faces[:, 0], faces[:, 2] - faces[:, 0])
    level = np.abs(normals[:, 2]) / (np.linalg.norm(normals, axis=1) + 1e-9)  # cosine of the slope's angle
    middle = faces[..., 2].mean(axis=1)
    kinds = [middle < WATER + 0.4, middle > 13, level < 0.75]
    chosen = [_rgb(biome.shore), _rgb(biome.peak), _rgb(biome.rock)]
    return np.select([kind[:, None] for kind in kinds], chosen, default=_rgb(biome.ground))


def _prop(heights: Heights, biome: Biome, rng: np.random.Generator) -> tuple[Numbers, Numbers]:
    """A tree, rock or hut at a random place; nothing if the place is under water."""
    y = 9 * 7 ** rng.random()  # metres, 9 to 63, mostly near
    x = rng.uniform(-0.6, 0.6) * y
    z = float(heights(np.array([x]), np.array([y]))[0])
    if z < WATER + 0.3:
        return np.empty((0, 3, 3)), np.empty((0, 3))
    kind, scale = rng.random(), rng.uniform(0.7, 1.4)
    if kind < 0.65:
        parts = [
            (_pyramid(5, 0.2, 1.2, 1.0), (104, 74, 50)),
            (_pyramid(6, 1.2, 2.2, 0.0, base=0.8), biome.foliage),
            (_pyramid(6, 0.9, 1.8, 0.0, base=2.0), biome.foliage),
        ]
    elif kind < 0.85:
        parts = [(_pyramid(5, 0.8, 0.8, 0.5) * rng.uniform(0.8, 1.4, 3), biome.rock)]
    else:
        parts = [(_pyramid(4, 1.8, 2.0, 1.0), biome.walls), (_pyramid(4, 2.3, 1.5, 0.0, base=2.0), biome.roofs)]
    turn = rng.uniform(0, 2 * np.pi)
    spin = np.array([[np.cos(turn), np.sin(turn), 0], [-np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    faces = np.concatenate([part for part, _ in parts]) @ spin * scale + [x, y, z - 0.2]
    colours = np.concatenate([np.tile(_rgb(colour), (len(part), 1)) for part, colour in parts])
    return faces, colours * rng.uniform(0.85, 1.1)


def _pyramid(sides: int, radius: float, height: float, top: float, *, base: float = 0.0) -> Numbers:
    """A pyramid's faces, without the floor, on z = base; `top` is the radius at the top as a share of `radius`."""
    turns = np.arange(sides + 1) * 2 * np.pi / sides
    ring = radius * np.stack([np.cos(turns), np.sin(turns), 0 * turns], axis=-1)
    ring[:, 2] = base
    roof = ring * [top, top, 1] + [0, 0, height]
    walls = np.concatenate(
        [np.stack([ring[:-1], ring[1:], roof[:-1]], axis=1), np.stack([ring[1:], roof[1:], roof[:-1]], axis=1)]
    )
    lid = np.stack([roof[:-1], roof[1:], np.broadcast_to([0.0, 0.0, base + height], (sides, 3))], axis=1)
    return np.concatenate([walls, lid])
