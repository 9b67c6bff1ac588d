"""Clips: a panned photograph, changed in known ways."""

import numpy as np
import pytest
import torch
from skimage import data, transform
from torch import Tensor

from stylegan_pl.metrics.flicker import Flicker
from stylegan_pl.metrics.per_step import PerStep
from stylegan_pl.metrics.warping_error import WarpingError, optical_flow, visible
from stylegan_pl.nn.layers.flow_warp import warp

FRAMES, SIDE = 5, 64


@pytest.fixture(scope="module")
def clip() -> Tensor:
    return panned()


def panned() -> Tensor:
    """A window that moves over a photograph by (2, 1) pixels a frame, (T, 3, 64, 64)."""
    small = transform.resize(data.astronaut(), (128, 128), anti_aliasing=True)
    picture = torch.from_numpy(small).float().permute(2, 0, 1) * 2 - 1
    return torch.stack(
        [picture[:, 20 + 2 * t : 20 + 2 * t + SIDE, 30 + t : 30 + t + SIDE] for t in range(FRAMES)]
    )  # fmt: skip


def stylise(clip: Tensor) -> Tensor:
    """The same change of colours in every frame."""
    return (0.8 * clip.flip(1) - 0.1).sin()


def noise(clip: Tensor, sigma: float, *, seed: int = 0) -> Tensor:
    return sigma * torch.randn(clip.shape, generator=torch.Generator().manual_seed(seed))


def read(metric: PerStep, stylised: Tensor, content: Tensor, *, batch: int = FRAMES):
    for start in range(0, len(content), batch):
        metric.add_stylised(stylised[start : start + batch], content[start : start + batch])
    return metric.read()


def test_flow_is_that_of_the_pan(clip: Tensor) -> None:
    """reference(p) = moving(p + f): what was at p is seen one frame later 2 rows up and 1 column left."""
    flow = optical_flow(clip[1], clip[0])
    inside = flow[0, :, 8:-8, 8:-8].flatten(1)
    assert inside.median(dim=1).values.tolist() == pytest.approx([1, 2], abs=0.1)


def test_a_pan_that_is_stylised_consistently_has_no_error(clip: Tensor) -> None:
    reading = read(WarpingError(), stylise(clip), clip)
    moved = stylise(clip).diff(dim=0).square().mean().item()
    assert reading.value < 0.05 * moved
    assert reading.factors["visible"] > 0.6
    assert reading.n_pictures == FRAMES


@pytest.mark.parametrize("sigma", [0.1, 0.3])
def test_new_noise_in_every_frame_has_twice_its_variance(sigma: float, clip: Tensor) -> None:
    """Within 15 %: the flow is not whole pixels everywhere, and interpolation takes some noise away."""
    reading = read(WarpingError(), clip + noise(clip, sigma), clip)
    assert reading.value == pytest.approx(2 * sigma**2 + reading.factors["original"], rel=0.15)


def test_noise_that_moves_with_the_scene_is_no_error(clip: Tensor) -> None:
    wide = noise(torch.zeros(1, 3, 128, 128), 0.3)[0]
    moving = torch.stack([wide[:, 2 * t : 2 * t + SIDE, t : t + SIDE] for t in range(FRAMES)])
    still = noise(torch.zeros(1, 3, SIDE, SIDE), 0.3)
    along = read(WarpingError(), 0.3 * clip + moving, clip).value
    stuck = read(WarpingError(), 0.3 * clip + still, clip).value
    assert along < 0.3 * stuck  # the shower-door effect is what the measure is for


def test_still_frames_have_no_flow_and_all_is_visible() -> None:
    still = torch.rand(1, 3, 24, 24, generator=torch.Generator().manual_seed(0)).expand(3, 3, 24, 24) * 2 - 1
    reading = read(WarpingError(), still, still)
    assert reading.value == pytest.approx(0, abs=1e-9)
    assert reading.factors == {"original": pytest.approx(0, abs=1e-9), "visible": 1}


def test_a_shuffle_of_frames_is_caught(clip: Tensor) -> None:
    order = [2, 0, 4, 1, 3]
    for metric in (WarpingError, Flicker):
        right = read(metric(), stylise(clip), clip).value
        shuffled = read(metric(), stylise(clip)[order], clip).value
        assert shuffled > 2 * right, metric


def test_visible_is_where_there_and_back_leads_home_inside_the_picture_and_motion_is_smooth() -> None:
    def uniform(x: float, y: float) -> Tensor:
        return torch.tensor([x, y], dtype=torch.float32).view(1, 2, 1, 1).expand(1, 2, 10, 12).clone()

    mask = visible(uniform(-3, 0), uniform(3, 0))
    assert mask[..., :9].eq(1).all() and mask[..., 9:].eq(0).all()
    assert visible(uniform(-1, 0), uniform(3, 0)).sum() == 0  # 4 > 0.01 · 10 + 0.5
    assert visible(uniform(-2.8, 0), uniform(3, 0))[..., :9].eq(1).all()
    assert visible(uniform(-8.6, 0), uniform(10, 0)).any()  # 1.96 < 0.01 · (74 + 100) + 0.5
    edge = uniform(0, 0)
    edge[:, 0, :, 6:] = 0.6
    mask = visible(-edge, edge)
    assert mask[..., 5:7].eq(0).all() and mask[..., :5].eq(1).all() and mask[..., 7:11].eq(1).all()


def test_flicker_is_its_formula(clip: Tensor) -> None:
    stylised = stylise(clip) + noise(clip, 0.1)
    o, i = stylised.double().numpy(), clip.double().numpy()
    steps = [np.abs((o[t] - o[t - 1]) - (i[t] - i[t - 1])).mean() for t in range(1, FRAMES)]
    reading = read(Flicker(), stylised, clip)
    assert reading.value == pytest.approx(np.mean(steps), rel=1e-5)
    assert reading.factors == {
        "stylised": pytest.approx(np.abs(np.diff(o, axis=0)).mean(), rel=1e-5),
        "original": pytest.approx(np.abs(np.diff(i, axis=0)).mean(), rel=1e-5),
    }


def test_a_constant_change_does_not_flicker_and_noise_does(clip: Tensor) -> None:
    assert read(Flicker(), clip + 0.3, clip).value == pytest.approx(0, abs=1e-6)
    sigma = 0.2  # the difference of two frames' noise has deviation σ √2, and its mean absolute value is 2 σ / √π
    assert read(Flicker(), clip + noise(clip, sigma), clip).value == pytest.approx(2 * sigma / np.pi**0.5, rel=0.02)


@pytest.mark.parametrize("metric", [Flicker, WarpingError])
def test_steps_between_batches_count_and_those_between_clips_do_not(metric: type[PerStep], clip: Tensor) -> None:
    stylised = stylise(clip)
    expected = read(metric(), stylised, clip)
    one_by_one = metric()
    assert read(one_by_one, stylised, clip, batch=1).value == pytest.approx(expected.value, rel=1e-6)
    assert one_by_one.per_step().shape == (FRAMES - 1, 1 + len(metric.factor_names))
    one_by_one.reset()
    assert one_by_one.n_pictures == 0
    assert read(one_by_one, stylised, clip, batch=2) == expected


def test_one_frame_is_no_clip_and_frames_are_of_one_size(clip: Tensor) -> None:
    metric = Flicker()
    metric.update(clip[:1], clip[:1])
    assert metric.n_pictures == 1
    with pytest.raises(ValueError, match="no two frames"):
        metric.compute()
    with pytest.raises(ValueError, match=r"one size, got \(3, 60, 64\) after \(3, 64, 64\); call reset"):
        metric.update(clip[1:, :, :60], clip[1:, :, :60])


def test_visible_is_its_formula_pixel_by_pixel() -> None:
    random = torch.Generator().manual_seed(0)
    coarse = torch.randn(2, 2, 3, 3, generator=random)
    bent, noise = torch.nn.functional.interpolate(coarse, (12, 14), mode="bicubic")[:, None]
    forward = torch.tensor([2.5, -1.5]).view(1, 2, 1, 1) + 0.3 * bent
    backward = 0.5 * noise - forward  # leads home here and there
    there, known = warp(forward, backward)
    expected = torch.zeros(1, 1, 12, 14)
    slopes = [torch.gradient(backward[0, axis]) for axis in (0, 1)]
    for y, x in np.ndindex(12, 14):
        w, v = there[0, :, y, x], backward[0, :, y, x]
        home = float((w + v) @ (w + v)) <= 0.01 * float(w @ w + v @ v) + 0.5
        bends = sum(float(slope[y, x]) ** 2 for of_axis in slopes for slope in of_axis)
        expected[0, 0, y, x] = bool(known[0, 0, y, x]) and home and bends <= 0.01 * float(v @ v) + 0.002
    found = visible(forward, backward)
    assert torch.equal(found, expected)
    assert 0 < found.mean() < known.mean()
