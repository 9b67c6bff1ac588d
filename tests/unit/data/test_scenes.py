"""Made-up game frames: a pinhole's projection, flat shades, far behind near, one world a seed."""

import numpy as np
import pytest

from stylegan_pl.data.sources.scenes import landscape as module
from stylegan_pl.data.sources.scenes import source
from stylegan_pl.data.sources.scenes.flat_shading import Camera, Light, draw, project, shade
from stylegan_pl.data.sources.scenes.landscape import landscape
from stylegan_pl.data.sources.scenes.source import LandscapeSource

CAMERA = Camera(height=2.0, focal_length=1.0, horizon=0.5)
UP = np.array([0, 0, 1], np.float32)
CLEAR = Light((np.full(3, 100.0), np.full(3, 200.0)), UP, ambient=0.5, visibility=1e9)


def wall(y: float, colour: tuple[int, int, int], half: float = 50) -> tuple[np.ndarray, np.ndarray]:
    """A large upright triangle across the view, y metres ahead."""
    face = np.array([[[-half, y, -half], [half, y, -half], [0, y, 2 * half]]], np.float32)
    return face, np.array([colour], np.float32)


def test_a_point_ahead_at_eye_height_is_on_the_horizon() -> None:
    at = project(np.array([[0, 5, 2], [1, 5, 2], [0, 5, 1]], np.float32), CAMERA, 100)
    assert np.allclose(at, [[50, 50], [70, 50], [50, 70]])  # 100 pixels · 1 m / 5 m


def test_the_near_wall_hides_the_far_one_in_whichever_order_they_come() -> None:
    for walls in ([wall(5, (200, 0, 0)), wall(9, (0, 200, 0))], [wall(9, (0, 200, 0)), wall(5, (200, 0, 0))]):
        picture = draw(np.concatenate([f for f, _ in walls]), np.concatenate([c for _, c in walls]), CAMERA, CLEAR, 32)
        assert picture[16, 16].argmax() == 0


def test_what_is_behind_the_camera_is_not_drawn() -> None:
    face, colour = wall(-5, (200, 0, 0))
    assert np.array_equal(
        draw(face, colour, CAMERA, CLEAR, 32),
        draw(np.empty((0, 3, 3), np.float32), np.empty((0, 3), np.float32), CAMERA, CLEAR, 32),
    )


@pytest.mark.parametrize("turned", [False, True])
def test_a_face_is_lit_by_the_cosine_whichever_way_its_corners_turn(turned: bool) -> None:
    floor = np.array([[[0, 5, 0], [1, 5, 0], [0, 6, 0]]], np.float32)
    floor = floor[:, ::-1] if turned else floor
    for tilt in (0.0, 0.5, 1.2):
        sun = np.array([np.sin(tilt), 0, np.cos(tilt)], np.float32)
        light = Light(CLEAR.sky, sun, ambient=0.5, visibility=1e9)
        seen = shade(floor, np.full((1, 3), 100, np.float32), CAMERA, light)
        assert np.allclose(seen, 100 * (0.5 + 0.65 * np.cos(tilt)), atol=1e-3)


def test_fog_takes_63_percent_at_the_visibility_and_everything_far_away() -> None:
    light = Light((np.zeros(3), np.full(3, 200.0)), UP, ambient=1.0, visibility=50.0)
    for y, left in ((50.0, np.exp(-1)), (1000.0, 0.0)):
        face, _ = wall(y, (0, 0, 0))
        assert np.allclose(shade(face, np.zeros((1, 3), np.float32), CAMERA, light), 200 * (1 - left), atol=0.1)


def test_one_world_a_seed() -> None:
    assert np.array_equal(landscape(3, 32), landscape(3, 32))
    assert not np.array_equal(landscape(3, 32), landscape(4, 32))


def test_a_frame_is_of_flat_shades_with_a_texture_of_a_few_levels(monkeypatch) -> None:
    from scipy.ndimage import median_filter

    for seed in range(4):
        frame = landscape(seed, 96)
        assert frame.shape == (96, 96, 3) and frame.dtype == np.uint8
        texture = frame.astype(float) - median_filter(frame, (5, 5, 1))
        assert 1 < np.median(np.abs(texture)) < 5
        with monkeypatch.context() as patch:
            patch.setattr(module, "_texture", lambda size, rng: 0.0)
            flat = landscape(seed, 96)
        same = (flat[:, 1:] == flat[:, :-1]).all(axis=2)
        assert same.mean() > 0.5  # most neighbours are of one face
        assert len(np.unique(flat.reshape(-1, 3), axis=0)) > 60
        assert np.abs(flat.astype(float) - frame).mean() < 5


def test_the_source_draws_once_and_no_world_is_in_both_splits(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(source, "COUNTS", {"train": 3, "val": 2})
    monkeypatch.setattr(source, "IMAGE_SIZE", 32)
    frames = LandscapeSource(into=str(tmp_path))
    assert not frames.is_ready()
    assert frames.fetch() == frames.folder and frames.is_ready()
    files = sorted(frames.folder.rglob("*.png"))
    assert [path.parent.name for path in files] == ["train"] * 3 + ["val"] * 2
    assert len({path.read_bytes() for path in files}) == 5
    monkeypatch.setattr(source, "landscape", lambda *_: pytest.fail("drawn again"))
    assert frames.fetch() == frames.folder
    assert LandscapeSource(into=str(tmp_path), seed=1).folder != frames.folder


def test_two_seeds_share_no_world(tmp_path, monkeypatch) -> None:
    drawn: list[int] = []
    monkeypatch.setattr(source, "landscape", lambda world, size: drawn.append(world) or np.zeros((4, 4, 3), np.uint8))
    for seed in (0, 1, 2):
        LandscapeSource(into=str(tmp_path), seed=seed).fetch()
    assert len(drawn) == len(set(drawn)) == 3 * sum(source.COUNTS.values())
