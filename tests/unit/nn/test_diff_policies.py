"""DiffAugment's policies: what is drawn, what stays, and that gradients flow through it twice."""

from collections.abc import Callable

import pytest
import torch
from conf_groups import conf_node
from hydra.utils import instantiate
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck

from stylegan_pl.config.conf_dir import conf_dir
from stylegan_pl.nn.augment.ada import AdaptiveAugment
from stylegan_pl.nn.augment.diff_augment import DiffAugment
from stylegan_pl.nn.augment.diff_policies import Colour, Cutout, Policies, Translation

POLICIES: dict[str, Callable[[], DiffAugment]] = {
    "colour": Colour,
    "translation": Translation,
    "cutout": Cutout,
    "all": lambda: Policies(policies={"c": Colour(), "t": Translation(), "k": Cutout()}),
}


@pytest.fixture(params=POLICIES)
def policy(request: pytest.FixtureRequest) -> DiffAugment:
    torch.manual_seed(0)
    return POLICIES[request.param]()


def pictures(*shape: int) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(1)) * 2 - 1


# ---------------------------------------------------------------- all of them


def test_pictures_of_one_sample_are_changed_alike(policy: DiffAugment) -> None:
    one = pictures(6, 3, 16, 16)
    changed = policy(torch.cat([one, one, one], dim=1)).chunk(3, dim=1)
    assert torch.equal(changed[0], changed[1]) and torch.equal(changed[0], changed[2])
    assert not torch.equal(changed[0], one)


def test_each_sample_has_its_own_draw(policy: DiffAugment) -> None:
    same = pictures(1, 3, 16, 16).expand(8, -1, -1, -1)
    assert len({tuple(sample.flatten().tolist()) for sample in policy(same)}) >= 6


def test_draws_are_the_runs(policy: DiffAugment) -> None:
    torch.manual_seed(4)
    first = policy(pictures(4, 3, 16, 16))
    torch.manual_seed(4)
    assert torch.equal(policy(pictures(4, 3, 16, 16)), first)
    assert not torch.equal(policy(pictures(4, 3, 16, 16)), first)


def test_gradients_are_right_once_and_twice(policy: DiffAugment) -> None:
    def changed(images: Tensor) -> Tensor:
        torch.manual_seed(2)
        return policy(images) ** 3  # curved, so that a second derivative is there

    images = pictures(2, 6, 4, 5).double().requires_grad_()
    assert gradcheck(changed, images, fast_mode=True)  # along a random direction
    assert gradgradcheck(changed, images, fast_mode=True)


def test_shape_precision_and_modes(policy: DiffAugment) -> None:
    for dtype in (torch.float32, torch.float64, torch.bfloat16):
        images = pictures(2, 3, 9, 14).to(dtype)
        torch.manual_seed(5)
        trained = policy.train()(images)
        torch.manual_seed(5)
        assert torch.equal(policy.eval()(images), trained)  # D and G meet the same policy in every mode
        assert trained.shape == images.shape and trained.dtype == dtype
    assert list(policy.parameters()) == [] and policy.state_dict() == {}


def test_images_are_left_as_they_were(policy: DiffAugment) -> None:
    images = pictures(4, 3, 8, 8)
    policy(images)
    assert torch.equal(images, pictures(4, 3, 8, 8))


# ---------------------------------------------------------------- one by one


def test_brightness_is_a_shift_of_at_most_a_half() -> None:
    torch.manual_seed(0)
    images = pictures(2000, 3, 2, 2)
    shifts = Colour(saturation=0.0, contrast=0.0)(images) - images
    torch.testing.assert_close(shifts, shifts[:, :1, :1, :1].expand_as(shifts), rtol=0, atol=1e-6)
    of_samples = shifts[:, 0, 0, 0]
    assert -0.5 <= of_samples.min() < -0.49 and 0.49 < of_samples.max() <= 0.5
    assert of_samples.mean().item() == pytest.approx(0, abs=0.03)
    assert of_samples.std().item() == pytest.approx(1 / 12**0.5, abs=0.02)


def test_saturation_scales_the_distance_from_grey() -> None:
    torch.manual_seed(0)
    images = pictures(2000, 3, 2, 2)
    changed = Colour(brightness=0.0, contrast=0.0)(images)
    torch.testing.assert_close(changed.mean(dim=1), images.mean(dim=1))
    factors = scales(images - images.mean(dim=1, keepdim=True), changed - changed.mean(dim=1, keepdim=True))
    assert 0 <= factors.min() < 0.02 and 1.98 < factors.max() <= 2
    assert factors.mean().item() == pytest.approx(1, abs=0.05)


def test_contrast_scales_the_distance_from_the_pictures_mean() -> None:
    torch.manual_seed(0)
    images = pictures(2000, 3, 2, 2)
    changed = Colour(brightness=0.0, saturation=0.0)(images)
    mean, changed_mean = images.mean(dim=(1, 2, 3), keepdim=True), changed.mean(dim=(1, 2, 3), keepdim=True)
    torch.testing.assert_close(changed_mean, mean)
    factors = scales(images - mean, changed - changed_mean)
    assert 0.5 <= factors.min() < 0.51 and 1.49 < factors.max() <= 1.5
    assert factors.mean().item() == pytest.approx(1, abs=0.03)


def scales(before: Tensor, after: Tensor) -> Tensor:
    """The factor of each sample, the same at every pixel."""
    factors = (before * after).flatten(1).sum(dim=1) / before.square().flatten(1).sum(dim=1)
    torch.testing.assert_close(after, factors.view(-1, 1, 1, 1) * before, rtol=1e-4, atol=1e-5)
    return factors


def test_colours_mean_is_that_of_each_picture_of_a_sample() -> None:
    """Two pictures of one sample meet the same factor, each about its own mean."""
    pair = torch.cat([torch.full((1, 3, 4, 4), -0.5), torch.full((1, 3, 4, 4), 0.5)], dim=1)
    torch.manual_seed(0)
    torch.testing.assert_close(Colour(brightness=0.0, saturation=0.0)(pair), pair)


@pytest.mark.parametrize(("height", "width"), [(16, 24), (17, 9)])
def test_translation_against_a_loop(height: int, width: int) -> None:
    torch.manual_seed(0)
    images = pictures(300, 3, height, width) + 2  # never 0, so that what comes in is seen
    moved, offsets = Translation()(images), set()
    rows, columns = int(height / 8 + 0.5), int(width / 8 + 0.5)
    for image, result in zip(images, moved, strict=True):
        candidates = [
            (down, right)
            for down in range(-rows, rows + 1)
            for right in range(-columns, columns + 1)
            if torch.equal(shifted(image, down, right), result)
        ]
        assert len(candidates) == 1
        offsets.add(candidates[0])
    assert {down for down, _ in offsets} == set(range(-rows, rows + 1))
    assert {right for _, right in offsets} == set(range(-columns, columns + 1))


def shifted(image: Tensor, down: int, right: int) -> Tensor:
    height, width = image.shape[1:]
    result = torch.zeros_like(image)
    result[:, max(0, down) : height + min(0, down), max(0, right) : width + min(0, right)] = image[
        :, max(0, -down) : height - max(0, down), max(0, -right) : width - max(0, right)
    ]
    return result


@pytest.mark.parametrize(("height", "width"), [(8, 12), (7, 6)])
def test_cutout_is_one_rectangle(height: int, width: int) -> None:
    torch.manual_seed(0)
    kept = Cutout()(torch.ones(2000, 3, height, width))
    assert ((kept == 0) | (kept == 1)).all() and (kept == kept[:, :1]).all()
    tall, wide = int(height / 2 + 0.5), int(width / 2 + 0.5)
    heights, tops = set(), set()
    for gone in kept[:, 0] == 0:
        rows, columns = gone.any(dim=1).nonzero().flatten(), gone.any(dim=0).nonzero().flatten()
        assert gone.sum() == len(rows) * len(columns)  # a rectangle, and in one piece
        assert len(rows) == rows.max() - rows.min() + 1 and len(columns) == columns.max() - columns.min() + 1
        assert (wide + 1) // 2 <= len(columns) <= wide
        heights.add(len(rows))
        tops.add(int(rows.min()))
    assert heights == set(range((tall + 1) // 2, tall + 1))  # at most half of it hangs over the border
    assert tops == set(range(height - (tall + 1) // 2 + 1))


def test_cutout_reaches_every_pixel_about_as_often() -> None:
    torch.manual_seed(0)
    share = (Cutout()(torch.ones(4000, 3, 8, 8)) == 0)[:, 0].float().mean(dim=0)
    assert share.min() > 0.05 and share.max() < 0.35  # at most 4 of 9 middles in each direction


@pytest.mark.parametrize("kind", [Translation, Cutout])
def test_a_ratio_is_a_share(kind: type[DiffAugment]) -> None:
    with pytest.raises(ValueError, match=r"ratio must be a share .* between 0 and 1, got 12\.5"):
        kind(ratio=12.5)
    images = pictures(2, 3, 8, 8)
    assert torch.equal(kind(ratio=0.0)(images), images)


def test_policies_run_in_order_and_none_is_left_out() -> None:
    class Twice(DiffAugment):
        def forward(self, images: Tensor) -> Tensor:
            return images * 2

    class Plus(DiffAugment):
        def forward(self, images: Tensor) -> Tensor:
            return images + 1

    chain = Policies(policies={"twice": Twice(), "without": None, "plus": Plus()})
    assert chain(torch.tensor([3.0])).item() == 7


def test_policies_hand_on_what_they_are_told() -> None:
    adaptive = AdaptiveAugment(Colour(), interval=2)
    Policies(policies={"c": Cutout(), "a": adaptive}).observe([torch.ones(4)], 16)
    assert adaptive.get_extra_state() == {"steps": 1, "images": 16}


def test_every_config_builds_a_policy() -> None:
    names = {path.stem for path in (conf_dir() / "diff_augment").glob("*.yaml")}
    assert names >= {"none", "diffaugment", "style", "ada"}
    built = {name: instantiate(conf_node("diff_augment", name), _convert_="all") for name in sorted(names)}
    assert all(isinstance(augment, DiffAugment) for augment in built.values())
    assert [type(policy) for policy in built["diffaugment"].policies.values()] == [Colour, Translation, Cutout]
    assert [type(policy) for policy in built["style"].policies.values()] == [Translation, Cutout]
    swapped = conf_node("diff_augment", "ada", "diff_augment@diff_augment.policy=diffaugment")
    assert len(instantiate(swapped, _convert_="all").policy.policies) == 3
    images = pictures(2, 3, 16, 16)
    assert torch.equal(built["none"](images), images)
    assert torch.equal(built["ada"](images), images)  # p starts at 0
