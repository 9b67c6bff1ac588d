"""What keeps a painted film from flickering, each part beside a computation of its own."""

import logging
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import instance_norm

from stylegan_pl.errors import UserError
from stylegan_pl.inference.colour import KeepColour
from stylegan_pl.inference.film.frame_painter import FramePainter
from stylegan_pl.inference.film.steadiness import RunningMean, SceneCuts, SceneStatistics, Smoothing, Steadiness
from stylegan_pl.inference.finish import Finish
from stylegan_pl.inference.painter import Painter
from stylegan_pl.inference.stroke_size import Strokes
from stylegan_pl.inference.styles import AdaIN
from stylegan_pl.inference.tiling.tile_plan import Tiling
from stylegan_pl.nn.layers.adain import Statistics


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def smooth(frames: int, *, seed: int = 0, height: int = 48, width: int = 64, step: int = 1) -> Tensor:
    """A soft picture that moves left: (T, 3, H, W)."""
    coarse = noise(1, 3, 6, 8 + frames * step // 8, seed=seed)
    wide = torch.nn.functional.interpolate(coarse, size=(height, width + frames * step), mode="bilinear")[0]
    return torch.stack([wide[:, :, step * t : step * t + width] for t in range(frames)])


def small_painter() -> nn.Module:
    """Two instance norms, one with weights, at full size and at half."""
    torch.manual_seed(0)
    layers = [
        nn.Conv2d(3, 8, 3, padding=1), nn.InstanceNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, 3, stride=2, padding=1),
        nn.InstanceNorm2d(8, affine=True), nn.ReLU(), nn.Upsample(scale_factor=2),
        nn.Conv2d(8, 3, 3, padding=1), nn.Tanh(),
    ]  # fmt: skip
    network = nn.Sequential(*layers)
    nn.init.uniform_(network[4].weight, 0.5, 1.5)
    nn.init.uniform_(network[4].bias, -0.5, 0.5)
    return network


# running mean


def test_the_mean_weighs_frames_by_their_age() -> None:
    values, keeps = noise(7, 4), [0.0, 0.5, 0.9, 0.5, 0.0, 0.8, 1.0]
    mean = RunningMean()
    for t in range(7):
        (found,) = mean.add([values[t]], keeps[t])
        weights = [float(np.prod(keeps[k + 1 : t + 1])) for k in range(t + 1)]
        expected = sum(w * values[k] for k, w in enumerate(weights)) / sum(weights)
        torch.testing.assert_close(found, expected)


def test_half_lives() -> None:
    assert Steadiness(2.0).keep(2.0) == pytest.approx(0.5)
    assert Steadiness(2.0).keep(1.0) ** 2 == pytest.approx(0.5)
    assert Steadiness(None).keep(1000.0) == 1.0
    assert Steadiness(0.0).keep(0.04) == 0.0


# scene cuts


def test_cuts_are_found_where_they_are() -> None:
    film = torch.cat([smooth(10, seed=1), smooth(7, seed=2), smooth(12, seed=3)])
    cuts = SceneCuts()
    assert [t for t, frame in enumerate(film) if cuts.begins(frame)] == [0, 10, 17]


def test_pans_noise_and_fades_are_no_cuts() -> None:
    still = smooth(1)[0]
    fade = torch.stack([still * (1 - t / 24) - t / 24 for t in range(25)])
    grain = torch.stack([still + 0.3 * noise(3, 48, 64, seed=t) for t in range(25)])
    stripes = torch.sign(torch.sin(torch.arange(1000) / 4.0)).expand(3, 48, 1000)
    whip = torch.stack([stripes[:, :, 9 * t : 9 * t + 64] for t in range(25)])  # thumbnails change by much, steadily
    for film in (smooth(25, step=4), fade, grain, whip):
        cuts = SceneCuts()
        begun = [t for t, frame in enumerate(film) if cuts.begins(frame)]
        assert begun in ([0], [0, 1])  # what is usual is known from the second frame on


def test_without_a_threshold_a_film_is_one_scene() -> None:
    cuts = SceneCuts(None)
    assert [cuts.begins(frame) for frame in torch.cat([smooth(2, seed=1), -smooth(2, seed=1)])] == [True] + [False] * 3


# statistics


def test_forgetting_frames_are_painted_as_pictures() -> None:
    network, frames = small_painter(), smooth(5)
    expected = torch.cat([network(frame) for frame in frames.split(1)])
    torch.testing.assert_close(SceneStatistics(network).paint_frames(frames, [0.0] * 5), expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(network(frames[:1]), expected[:1])  # the network is left as it was


def test_a_frame_is_normalised_by_the_mean_of_the_scenes() -> None:
    norm, frames = nn.InstanceNorm2d(3), noise(4, 3, 6, 7)
    statistics = SceneStatistics(norm)
    found = statistics.paint_frames(frames, [0.0, 0.5, 0.5, 0.0])
    for t, weights in ((0, [1.0]), (1, [0.5, 1.0]), (2, [0.25, 0.5, 1.0]), (3, [0.0, 0.0, 0.0, 1.0])):
        mean = variance = torch.zeros(3)
        for k, weight in enumerate(weights):
            mean = mean + weight * frames[k].mean(dim=(1, 2)) / sum(weights)
            variance = variance + weight * frames[k].var(dim=(1, 2), correction=0) / sum(weights)
        expected = (frames[t] - mean[:, None, None]) / (variance[:, None, None] + norm.eps).sqrt()
        torch.testing.assert_close(found[t], expected)


def test_batches_do_not_matter() -> None:
    network, frames, keeps = small_painter(), smooth(6), [0.0, 0.9, 0.9, 0.0, 0.9, 0.9]
    together = SceneStatistics(network).paint_frames(frames, keeps)
    one = SceneStatistics(network)
    alone = torch.cat([one.paint_frames(frame, [keep]) for frame, keep in zip(frames.split(1), keeps, strict=True)])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


def test_adain_is_held_like_an_instance_norm() -> None:
    frames, style = noise(3, 5, 32, 32), Statistics(noise(1, 5, 1, 1, seed=1), noise(1, 5, 1, 1, seed=2).abs())

    class Styled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.adain = AdaIN()

        def forward(self, x: Tensor) -> Tensor:
            return self.adain(x, style)

    network = Styled()
    found = SceneStatistics(network).paint_frames(frames, [0.0, 0.0, 1.0])
    torch.testing.assert_close(found[:2], network(frames[:2]), rtol=2e-3, atol=2e-3)
    mean = frames[1:].mean(dim=(0, 2, 3))
    variance = frames[1:].var(dim=(2, 3), correction=0).mean(dim=0)
    normal = (frames[2] - mean[:, None, None]) / variance.sqrt()[:, None, None]
    torch.testing.assert_close(found[2], normal * style.std[0] + style.mean[0], rtol=2e-3, atol=2e-3)


def test_somebody_who_walks_in_changes_the_sky_less() -> None:
    frames = smooth(1).repeat(12, 1, 1, 1)
    for t in range(12):
        frames[t, :, 16:, : 3 * t] = 0.9  # from the left, below
    sky = (slice(None), slice(None), slice(0, 8), slice(48, 64))

    def unrest(half_life: float | None) -> float:
        painter = FramePainter(Painter(small_painter()), Steadiness(half_life))
        film = painter(frames, [t / 25 for t in range(12)])
        assert painter.begun == [0]
        return float((film[1:] - film[:-1])[sky].abs().mean())

    own, held, frozen = unrest(0.0), unrest(2.0), unrest(None)
    assert held < 0.6 * own
    assert frozen <= 1.05 * held


def test_a_cut_forgets_the_scene_before() -> None:
    first, second = smooth(4, seed=1), smooth(4, seed=2) * 0.3 + 0.6
    painter = FramePainter(Painter(small_painter()), Steadiness(None))
    film = painter(torch.cat([first, second]), [t / 25 for t in range(8)])
    assert painter.begun == [0, 4]
    alone = FramePainter(Painter(small_painter()), Steadiness(None))(second, [t / 25 for t in range(4)])
    torch.testing.assert_close(film[4:], alone, rtol=1e-4, atol=1e-5)


def test_a_norm_that_runs_twice_is_refused() -> None:
    norm = nn.InstanceNorm2d(3)
    with pytest.raises(ValueError, match="runs twice"):
        SceneStatistics(nn.Sequential(norm, norm)).paint_frames(noise(1, 3, 8, 8), [0.0])


# frames of any size, colours


@pytest.mark.parametrize("size", [(48, 64), (47, 61), (5, 9)])
def test_forgetting_a_film_is_painted_like_its_pictures(size: tuple[int, int]) -> None:
    frames = (noise(3, 3, *size) * 127.5 + 127.5).to(torch.uint8)
    painter = Painter(small_painter(), finish=Finish(0.7, KeepColour.luma))
    film = FramePainter(painter, Steadiness(0.0))(frames, [0.0, 0.04, 0.08])
    assert film.dtype == torch.uint8
    assert (film.int() - painter(frames).int()).abs().max() <= 1


def test_frames_in_tiles_are_held_like_whole_ones() -> None:
    frames, times = smooth(4, height=96, width=128), [t / 25 for t in range(4)]
    whole = FramePainter(Painter(small_painter()), Steadiness(None))(frames, times)
    painter = FramePainter(Painter(small_painter(), tiling=Tiling(tile=64)), Steadiness(None))
    tiles = painter(frames, times)
    assert (tiles - whole).abs().mean() < 0.03  # statistics are a thumbnail's
    unrest = [(film[1:] - film[:-1]).abs().mean() for film in (whole, tiles)]
    assert unrest[1] < 1.2 * unrest[0]


@pytest.mark.parametrize("kept", [None, KeepColour.coral])
def test_frames_in_strips_are_what_whole_ones_would_be(kept: KeepColour | None) -> None:
    """Large strokes in frames that memory cannot hold: a cut, the scene's statistics, a mask, the scene's palette."""
    frames = torch.cat([smooth(3, height=150, width=203), smooth(2, height=150, width=203, seed=1)])
    mask, times = torch.rand(1, 1, 150, 203, generator=torch.Generator().manual_seed(2)), [t / 25 for t in range(5)]
    options: dict[str, Any] = {"finish": Finish(0.9, kept), "strokes": Strokes(1.5)}
    whole, strips = (
        FramePainter(
            Painter(small_painter(), **options, tiling=tiling).of_size(150, 203), Steadiness(2.0, 0.5), mask=mask
        )(frames, times)
        for tiling in (Tiling(None), Tiling(160))
    )
    palettes_of_small_frames = 0.05 if kept else 0.0
    torch.testing.assert_close(strips, whole, atol=2e-3 + palettes_of_small_frames, rtol=0)


def test_tiles_that_differ_are_told_once(caplog: pytest.LogCaptureFixture) -> None:
    wide = nn.Sequential(
        *(nn.Conv2d(3, 3, 31, padding=15) for _ in range(3))
    )  # a pixel depends on 45 around it: 48 on the grid of 16
    painter = FramePainter(Painter(wide, tiling=Tiling(64)), Steadiness())
    with caplog.at_level(logging.WARNING):
        painter(smooth(3, height=96, width=128), [0.0, 0.04, 0.08])
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == ["tile=64"]
    assert "tiles overlap by 16 pixels, and a painted pixel depends on 48 around it" in caplog.text


def test_a_palette_is_the_scenes() -> None:
    frames = smooth(1).repeat(8, 1, 1, 1)
    frames[4:, 0, :, :20] = 1.0  # something red, for good

    class Turned(nn.Module):  # colours unlike the film's, so that the palette has work
        def forward(self, x: Tensor) -> Tensor:
            return x.roll(1, dims=1) * 0.5

    painter = Painter(Turned(), finish=Finish(1.0, KeepColour.coral))
    jumps = []
    for half_life in (0.0, 2.0):
        film = FramePainter(painter, Steadiness(half_life, cut_threshold=None))(frames, [t / 25 for t in range(8)])
        jumps.append(float((film[4] - film[3])[..., 24:].abs().mean()))
    assert jumps[1] < 0.5 * jumps[0]


# smoothing


def test_what_stands_still_flickers_less_the_stronger() -> None:
    still = smooth(1)[0].repeat(10, 1, 1, 1)
    flickering = noise(10, 3, 48, 64)
    unrest = []
    for strength in (0.0, 0.3, 0.6, 0.9):
        smoothing = Smoothing(strength)
        film = torch.stack([smoothing(still[t], flickering[t], begins=t == 0) for t in range(10)])
        unrest.append(float((film[1:] - film[:-1]).abs().mean()))
    assert unrest == sorted(unrest, reverse=True)
    assert unrest[-1] < 0.2 * unrest[0]


def test_a_still_frame_is_the_weighted_sum() -> None:
    content, paintings = smooth(1)[0], noise(2, 3, 48, 64)
    smoothing = Smoothing(0.7)
    assert torch.equal(smoothing(content, paintings[0], begins=True), paintings[0])
    torch.testing.assert_close(smoothing(content, paintings[1], begins=False), 0.3 * paintings[1] + 0.7 * paintings[0])


def test_what_moves_leaves_no_trail() -> None:
    content = torch.full((2, 3, 32, 32), -0.5)
    content[0, :, 8:16, 8:16] = 1
    content[1, :, 8:16, 20:28] = 1  # it has moved on
    smoothing = Smoothing(0.95)
    film = [smoothing(frame, frame, begins=t == 0) for t, frame in enumerate(content)]
    assert (film[1] - content[1]).abs().max() < 0.02


def test_a_cut_is_not_smoothed() -> None:
    smoothing, content = Smoothing(0.9), smooth(1)[0]
    smoothing(content, noise(3, 48, 64), begins=True)
    painted = noise(3, 48, 64, seed=1)
    assert torch.equal(smoothing(content, painted, begins=True), painted)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Steadiness(smoothing=1.0), "film.smoothing"),
        (lambda: Steadiness(-1.0), "film.statistics_half_life"),
        (lambda: Steadiness(float("nan")), "film.statistics_half_life"),
        (lambda: Steadiness(cut_threshold=2.0), "film.cut_threshold"),
    ],
)
def test_numbers_out_of_range(make, said: str) -> None:
    with pytest.raises(UserError, match=said):
        make()


def test_the_reference_norm_is_torchs() -> None:
    frames = noise(2, 3, 8, 8)
    found = SceneStatistics(nn.InstanceNorm2d(3)).paint_frames(frames, [0.0, 0.0])
    torch.testing.assert_close(found, instance_norm(frames), rtol=1e-4, atol=1e-5)
