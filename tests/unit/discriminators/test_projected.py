"""Projected GAN's discriminator: what is mixed, what is frozen, what trains, and what a checkpoint holds."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from stylegan_pl.discriminators.patchgan import PatchGAN
from stylegan_pl.discriminators.projected import ProjectedDiscriminator
from stylegan_pl.nn.layers.discriminator import head_weights, heads
from stylegan_pl.nn.pretrained.backbone import Backbone, RandomBackbone
from stylegan_pl.nn.pretrained.feature_mixing import FeatureMixing


def projected(pixel: nn.Module | None = None, **options: object) -> ProjectedDiscriminator:
    return ProjectedDiscriminator(RandomBackbone(width=4), pixel, width=4, **options)


def picture(side: int = 32, count: int = 2) -> Tensor:
    return torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(1)) * 2 - 1


def pyramid() -> list[Tensor]:
    draws = torch.Generator().manual_seed(2)
    return [torch.randn(2, 5 + scale, side, side + 2, generator=draws) for scale, side in enumerate((16, 8, 4, 2))]


# ---------------------------------------------------------------- mixing


def test_mixing_is_its_formula() -> None:
    mixing, maps = FeatureMixing([5, 6, 7, 8], width=3), pyramid()
    mixed = mixing(maps)
    c = [
        torch.einsum("oi,nihw->nohw", layer.weight[:, :, 0, 0], features)
        for layer, features in zip(mixing.across_channels, maps, strict=True)
    ]
    expected = [c[3]]
    for scale in (2, 1, 0):
        up = interpolate(expected[0], size=c[scale].shape[2:], mode="bilinear")
        patches = nn.functional.unfold(up, 3, padding=1)  # (N, 9 C, positions)
        convolved = (mixing.across_scales[scale].weight.flatten(1) @ patches).view_as(c[scale])
        expected.insert(0, c[scale] + convolved)
    assert [m.shape[1] for m in mixed] == mixing.channels == [3, 6, 12, 24]
    for found, reference in zip(mixed, expected, strict=True):
        torch.testing.assert_close(found, reference, rtol=1e-4, atol=1e-5)


def test_what_is_fine_knows_what_is_coarse_and_not_the_reverse() -> None:
    mixing, maps = FeatureMixing([5, 6, 7, 8], width=3), pyramid()
    coarse = [*maps[:3], maps[3] + 1]
    fine = [maps[0] + 1, *maps[1:]]
    before = mixing(maps)
    assert not any(torch.equal(a, b) for a, b in zip(mixing(coarse), before, strict=True))
    assert [torch.equal(a, b) for a, b in zip(mixing(fine), before, strict=True)] == [False, True, True, True]


def test_mixing_keeps_the_scale_of_features() -> None:
    maps = [torch.randn(4, 64, side, side, generator=torch.Generator().manual_seed(side)) for side in (16, 8, 4, 2)]
    assert all(0.3 < mixed.square().mean() < 3 for mixed in FeatureMixing([64] * 4, width=64)(maps))


def test_mixing_is_its_seed() -> None:
    torch.manual_seed(1)
    first = FeatureMixing([5, 6, 7, 8], width=3, seed=4)(pyramid())
    torch.manual_seed(2)
    again, other = (FeatureMixing([5, 6, 7, 8], width=3, seed=seed)(pyramid()) for seed in (4, 5))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not any(torch.equal(a, b) for a, b in zip(first, other, strict=True))


# ---------------------------------------------------------------- the discriminator


def frozen_of(network: nn.Module) -> dict[str, Tensor]:
    parts = ("backbone.", "mixing.")
    return {name: buffer.clone() for name, buffer in network.named_buffers() if name.startswith(parts)}


def test_what_is_frozen_stays_and_is_not_saved() -> None:
    network = projected(PatchGAN(n_layers=1, width=4))
    before = frozen_of(network)
    assert len(before) == 8 + 4 + 3
    descent = torch.optim.Adam(network.parameters(), lr=0.1)
    for _ in range(2):
        descent.zero_grad()
        sum(head.square().mean() for head in network(picture())).backward()
        descent.step()
    assert all(torch.equal(value, before[name]) for name, value in frozen_of(network).items())
    held = {*network.state_dict(), *dict(network.named_parameters())}
    assert all(name.startswith(("heads.", "pixel.")) for name in held)


def test_a_resumed_run_judges_alike() -> None:
    torch.manual_seed(0)
    network = projected(PatchGAN(n_layers=1, width=4), seed=3).eval()
    torch.manual_seed(1)
    resumed = projected(PatchGAN(n_layers=1, width=4), seed=3).eval()
    resumed.load_state_dict(network.state_dict())
    assert all(torch.equal(a, b) for a, b in zip(network(picture()), resumed(picture()), strict=True))


def test_heads_share_what_the_pixel_head_leaves() -> None:
    both = projected(PatchGAN(n_layers=1, width=4), pixel_weight=0.2)
    logits = both(picture())
    assert head_weights(both, len(logits)) == pytest.approx([0.2] * 4 + [0.2])
    alone = projected()
    assert head_weights(alone, len(alone(picture()))) == pytest.approx([0.25] * 4)
    assert torch.equal(logits[-1], both.pixel(picture()))


def test_every_head_speaks_at_the_coarsest_scale() -> None:
    for side in (16, 64, 80):
        assert [tuple(head.shape) for head in projected()(picture(side))] == [(2, 1, side // 16, side // 16)] * 4


def test_sides_that_are_no_multiple_of_the_stride() -> None:
    assert all(head.isfinite().all() for head in projected()(torch.rand(1, 3, 37, 53)))


def test_the_image_is_seen_at_its_own_size() -> None:
    """Strokes of two pixels are not averaged away before the backbone."""
    sizes: list[tuple[int, ...]] = []

    class Spy(Backbone):
        def __init__(self) -> None:
            super().__init__(channels=[3] * 4, strides=[1, 2, 4, 8])

        def forward(self, image: Tensor) -> list[Tensor]:
            sizes.append(tuple(image.shape))
            return [nn.functional.avg_pool2d(image, stride) for stride in self.strides]

    ProjectedDiscriminator(Spy(), width=4, inputs=6)(torch.rand(2, 6, 40, 24))
    assert sizes == [(4, 3, 40, 24)]  # the two pictures of each sample, one after the other


def test_a_conditions_features_stand_beside_the_pictures() -> None:
    """Swapping sample 1's condition for sample 2's leaves sample 2 alone."""
    network = ProjectedDiscriminator(RandomBackbone(width=4), width=4, inputs=6).eval()
    pairs = torch.cat([picture(), picture().flip(0)], dim=1)
    other = pairs.clone()
    other[0, 3:] = 0
    before, after = heads(network, pairs), heads(network, other)
    for a, b in zip(before, after, strict=True):
        assert not torch.allclose(a[0], b[0])
        torch.testing.assert_close(a[1], b[1], rtol=1e-4, atol=1e-5)


def test_the_heads_are_spectral_normed_as_published() -> None:
    normed, plain = projected(), projected(spectral_norm=False)
    count = sum("original" in name for name, _ in normed.named_parameters())
    assert count == sum(isinstance(layer, nn.Conv2d) for layer in plain.heads.modules())
    assert not any("original" in name for name, _ in plain.named_parameters())


def test_numbers_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match=r"inputs must be a multiple of 3, .* got 4; try 3 or 6"):
        projected(inputs=4)
    with pytest.raises(ValueError, match="pixel_weight must be a share between 0 and 1, got 2"):
        projected(PatchGAN(n_layers=1, width=4), pixel_weight=2.0)
    with pytest.raises(ValueError, match=r"pixel takes 3 channels and is shown 6; try pixel\.inputs=6"):
        projected(PatchGAN(n_layers=1, width=4), inputs=6)
