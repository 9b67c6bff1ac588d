"""Norms that are told a whole picture's statistics: on its parts they give what they give on the whole."""

import pytest
import torch
from small_generators import SMALL, network, picture
from torch import Tensor, nn

from stylegan_pl.inference.tiling.picture_statistics import Core, PictureStatistics
from stylegan_pl.nn.fast.instance_norm import LayoutKeepingInstanceNorm
from stylegan_pl.nn.layers.blocks import ResidualBlock

WHOLE = Core(0, 1, 0, 1)


@pytest.mark.parametrize("name", SMALL)
def test_a_picture_by_its_own_statistics_is_the_plain_picture(name):
    generator = network(name)
    image = picture(1, 3, 64, 96)
    statistics = PictureStatistics(generator)
    expected = generator(image)
    close = {"rtol": 1e-3, "atol": 5e-3 if name.startswith("adain") else 1e-4}  # AdaIN's variance is unbiased
    torch.testing.assert_close(statistics.measure(image), expected, **close)
    torch.testing.assert_close(statistics.paint(image), expected, **close)
    assert torch.equal(generator(image), expected)  # and nothing is left behind


@pytest.mark.parametrize("name", SMALL)
def test_a_picture_does_not_depend_on_anything_beyond_its_reach(name):
    generator = network(name)
    statistics = PictureStatistics(generator)
    stride = generator.stride
    reach = statistics.reach(stride)
    assert reach is not None and reach % stride == 0
    width = 2 * reach + 3 * stride
    image = picture(1, 3, max(32, stride), -(-width // stride) * stride + stride)
    statistics.measure(image)
    before = statistics.paint(image)
    column = reach + stride  # on the grid
    changed = image.clone()
    changed[..., column : column + stride] *= -1
    moved = (statistics.paint(changed) - before).abs().amax(dim=(0, 1, 2))
    assert moved[: column - reach].max() == 0 and moved[column + stride + reach :].max() == 0
    near = moved[max(0, column - reach) : column - reach + stride]
    assert near.max() > 0 or moved[column + reach : column + reach + stride].max() > 0  # and it is no larger than that


@pytest.mark.parametrize(("kernels", "reach"), [([3], 1), ([3, 5], 3), ([7, 1], 3), ([9, 9, 3], 9), ([1], 0)])
def test_the_reach_of_convolutions_is_half_their_kernels(kernels, reach):
    convolutions = [nn.Conv2d(3, 3, kernel, padding=kernel // 2) for kernel in kernels]
    assert PictureStatistics(nn.Sequential(*convolutions)).reach(1) == reach


def test_what_sees_everything_has_no_reach():
    class Mean(nn.Module):
        def forward(self, image: Tensor) -> Tensor:
            return image - image.mean(dim=(2, 3), keepdim=True)

    assert PictureStatistics(Mean()).reach(1, at_most=200) is None


@pytest.mark.parametrize("kind", [nn.InstanceNorm2d, LayoutKeepingInstanceNorm])
@pytest.mark.parametrize("affine", [False, True])
def test_the_formula(affine, kind):
    norm = kind(3, affine=affine, eps=0.1)
    if affine:
        nn.init.normal_(norm.weight)
        nn.init.normal_(norm.bias)
    thumbnail, tile = picture(1, 3, 8, 9), picture(2, 3, 4, 5, seed=2)
    statistics = PictureStatistics(norm)
    statistics.measure(thumbnail)
    found = statistics.paint(tile)
    for channel in range(3):
        values = thumbnail[0, channel].double()
        expected = (tile[:, channel] - values.mean()) / (values.var(unbiased=False) + 0.1).sqrt()
        if affine:
            expected = expected * norm.weight[channel] + norm.bias[channel]
        torch.testing.assert_close(found[:, channel].double(), expected.double(), rtol=1e-4, atol=1e-5)


def test_gathered_over_parts_the_statistics_are_the_wholes():
    norm = nn.InstanceNorm2d(3)
    spread, level = torch.tensor([1.0, 0.01, 1.0]), torch.tensor([0.0, 50.0, 0.0])
    image = picture(1, 3, 16, 24) * spread.view(3, 1, 1) + level.view(3, 1, 1)
    statistics = PictureStatistics(norm)
    statistics.measure(image[..., :8, :8])
    parts = [  # uneven; each sees one row or column of its neighbour, and counts its own only
        (image[..., :9, :], Core(0, 8 / 9, 0, 1)),
        (image[..., 8:, :17], Core(0, 1, 0, 16 / 17)),
        (image[..., 8:, 15:], Core(0, 1, 1 / 9, 1)),
    ]
    statistics.gather(norm, iter(parts))
    moments = statistics.moments[norm]
    torch.testing.assert_close(moments.mean, image.double().mean(dim=(0, 2, 3)).float())
    torch.testing.assert_close(moments.variance, image.double().var(dim=(0, 2, 3), unbiased=False).float())


@pytest.mark.parametrize("name", ["resnet", "johnson", "mobile", "unet", "adain_scratch"])
def test_norm_by_norm_the_wholes_statistics_are_found_from_a_wrong_start(name):
    generator = network(name)
    image = picture(1, 3, 64, 64)
    statistics = PictureStatistics(generator)
    statistics.measure(picture(1, 3, 32, 32, seed=9))
    wrong = statistics.paint(image)
    expected = generator(image)
    assert (wrong - expected).abs().mean() > 1e-3
    for norm in list(statistics.moments):
        statistics.gather(norm, iter([(image, WHOLE)]))
    torch.testing.assert_close(statistics.paint(image), expected, rtol=1e-3, atol=5e-3 if "adain" in name else 1e-4)


def test_two_places_need_two_norms():
    norm = nn.InstanceNorm2d(3)
    with pytest.raises(ValueError, match="runs twice"):
        PictureStatistics(nn.Sequential(norm, norm)).measure(picture(1, 3, 8, 8))


def test_a_norm_with_something_more_must_say_how_it_is_told():
    class NormReLU(nn.InstanceNorm2d):
        def forward(self, features: Tensor) -> Tensor:
            return super().forward(features).relu()

    class Told(NormReLU):
        def normalise_with(self, features: Tensor, mean: Tensor, variance: Tensor) -> Tensor:
            return ((features - mean.view(-1, 1, 1)) / (variance.view(-1, 1, 1) + self.eps).sqrt()).relu()

    with pytest.raises(TypeError, match="NormReLU needs a method normalise_with"):
        PictureStatistics(NormReLU(3))
    image = picture(1, 3, 8, 8)
    told = Told(3)
    torch.testing.assert_close(PictureStatistics(told).measure(image), told(image))


def test_after_an_error_the_norms_are_themselves_again():
    block = ResidualBlock(3)
    statistics = PictureStatistics(block)
    with pytest.raises(RuntimeError):
        statistics.measure(torch.zeros(1, 4, 8, 8))
    image = picture(1, 3, 8, 8)
    assert all("forward" not in vars(module) for module in block.modules())
    assert block(image).shape == image.shape


def test_running_statistics_are_left_alone():
    assert PictureStatistics(nn.InstanceNorm2d(3, track_running_stats=True)).norms == []
