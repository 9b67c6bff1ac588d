"""Random changes: each sample its own, partners alike, styles' colours left alone."""

import ast
from pathlib import Path

import pytest
import torch
from torch import Tensor

import stylegan_pl
from stylegan_pl.contracts import StylePair
from stylegan_pl.data.augment import Augmentation, RandomFlip, RandomJitter

N = 64


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def images(count: int, side: int = 8, seed: int = 0) -> Tensor:
    return torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def smooth(count: int, side: int = 16) -> Tensor:
    """Gradients within [-0.5, 0.5], the same `count` times."""
    y, x = torch.meshgrid(torch.linspace(-0.5, 0.5, side), torch.linspace(-0.5, 0.5, side), indexing="ij")
    return torch.stack([x, y, (x * y)]).expand(count, 3, side, side).clone()


def which_mirrored(before: Tensor, after: Tensor) -> list[bool]:
    """For each sample whether it was mirrored; it must be that or itself."""
    answers = []
    for old, new in zip(before, after, strict=True):
        mirrored = torch.stack([old[:, :, column] for column in range(old.shape[-1] - 1, -1, -1)], dim=-1)
        assert torch.equal(new, old) or torch.equal(new, mirrored)
        answers.append(torch.equal(new, mirrored))
    return answers


def test_no_augmentation_changes_nothing() -> None:
    pair = StylePair(images(2), images(2, seed=1))
    for together in (True, False):
        result = Augmentation()(pair, together=together)
        assert torch.equal(result.content, pair.content) and torch.equal(result.style, pair.style)


@pytest.mark.parametrize("together", [True, False])
def test_probability_0_and_1(together: bool) -> None:
    pair = StylePair(images(5), images(5, seed=1))
    for p in (0.0, 1.0):
        result = RandomFlip(p=p)(pair, together=together)
        assert isinstance(result, StylePair)
        assert which_mirrored(pair.content, result.content) == [p == 1.0] * 5
        assert which_mirrored(pair.style, result.style) == [p == 1.0] * 5


def test_each_sample_draws_for_itself() -> None:
    pair = StylePair(images(N), images(N, seed=1))
    result = RandomFlip(p=0.5)(pair, together=False)
    content, style = which_mirrored(pair.content, result.content), which_mirrored(pair.style, result.style)
    for mirrored in (content, style):
        assert 16 <= sum(mirrored) <= 48  # 32 ± four standard deviations
    assert content != style
    again = which_mirrored(pair.content, RandomFlip(p=0.5)(pair, together=False).content)
    assert again != content


def test_the_probability_is_the_share() -> None:
    pair = StylePair(images(400, 2), images(400, 2))
    mirrored = which_mirrored(pair.content, RandomFlip(p=0.2)(pair, together=True).content)
    assert 48 <= sum(mirrored) <= 112  # 80 ± four standard deviations


def test_together_mirrors_both_or_neither() -> None:
    pair = StylePair(images(N), images(N, seed=1))
    result = RandomFlip(p=0.5)(pair, together=True)
    content = which_mirrored(pair.content, result.content)
    assert content == which_mirrored(pair.style, result.style)
    assert 0 < sum(content) < N


# --- jitter


@pytest.fixture(scope="module", autouse=True)
def kornia() -> None:
    pytest.importorskip("kornia")


@pytest.mark.parametrize("together", [True, False])
def test_jitter_stays_in_range_and_shape(together: bool) -> None:
    pair = StylePair(images(8, 16).round(), images(8, 16, seed=1).round())  # the extremes -1 and 1 among them
    jitter = RandomJitter(degrees=30, scale=(0.7, 1.5), brightness=0.9, contrast=0.9, saturation=0.9, hue=0.5)
    result = jitter(pair, together=together)
    for before, after in zip(pair, result, strict=True):
        assert after.shape == before.shape and after.dtype == before.dtype
        assert torch.isfinite(after).all()
        assert after.min() >= -1 and after.max() <= 1
        assert not torch.allclose(after, before, atol=0.05)


def colours_only(p: float = 0.0) -> RandomJitter:
    return RandomJitter(p=p, degrees=0, scale=(1, 1), brightness=0.3, contrast=0.3, saturation=0.3, hue=0.1)


def geometry_only(p: float = 0.0) -> RandomJitter:
    return RandomJitter(p=p, degrees=20, scale=(1.0, 1.3), brightness=0, contrast=0, saturation=0, hue=0)


@pytest.mark.parametrize("together", [True, False])
def test_colours_of_styles_are_left_alone(together: bool) -> None:
    pair = StylePair(smooth(8), smooth(8))
    result = colours_only()(pair, together=together)
    assert torch.allclose(result.style, pair.style, atol=1e-3)
    assert torch.allclose(result.style.mean((2, 3)), pair.style.mean((2, 3)), atol=1e-4)
    bins = [torch.histc(style, bins=8, min=-1, max=1) for style in (pair.style, result.style)]
    assert (bins[0] - bins[1]).abs().sum() <= 0.02 * pair.style.numel()
    changed = (result.content - pair.content).abs().mean((1, 2, 3))
    assert (changed > 0.01).sum() >= 6  # contents do change


def test_each_sample_is_jittered_in_its_own_way() -> None:
    for jitter in (colours_only(), geometry_only()):
        content = jitter(StylePair(smooth(6), smooth(6)), together=False).content
        for a in range(6):
            for b in range(a):
                assert not torch.allclose(content[a], content[b], atol=1e-4)


@pytest.mark.parametrize("p", [0.0, 0.5])
def test_together_moves_both_alike(p: float) -> None:
    jitter = geometry_only(p)
    pair = StylePair(smooth(8), smooth(8))
    result = jitter(pair, together=True)
    assert torch.allclose(result.content, result.style, atol=1e-4)
    assert not torch.allclose(result.content, pair.content, atol=0.02)  # they did move
    apart = jitter(pair, together=False)
    assert not torch.allclose(apart.content, apart.style, atol=0.02)


def test_every_batch_is_jittered_anew() -> None:
    jitter = geometry_only()
    pair = StylePair(smooth(2), smooth(2))
    assert not torch.allclose(jitter(pair, together=True).content, jitter(pair, together=True).content, atol=1e-3)


def test_only_the_jitter_needs_kornia_and_only_when_built() -> None:
    """Kornia is an extra: a run that does not jitter must not import it."""
    package = Path(stylegan_pl.__file__).parent
    importing: dict[str, bool] = {}  # file -> whether at its top level
    for path in package.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            modules = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(module.split(".")[0] == "kornia" for module in modules):
                importing[path.relative_to(package).as_posix()] = node in tree.body
    assert importing == {"data/augment.py": False}
