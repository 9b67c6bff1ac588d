"""Copies are found however they were made, and different pictures are not taken for copies."""

import io
import math

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from stylegan_pl.data.sources.photographs import load_photograph
from stylegan_pl.data.sources.sample import PHOTOGRAPHS
from stylegan_pl.preparing.doctor.near_duplicates import close_pairs, likeness, near_duplicates
from stylegan_pl.preparing.doctor.perceptual_hash import is_flat, perceptual_hashes, thumbnail

NAMES = sorted({name for names in PHOTOGRAPHS.values() for name in names})


@pytest.fixture(scope="module")
def photographs() -> list[Image.Image]:
    """The sample set's, whole and unlike one another."""
    return [load_photograph(name) for name in NAMES]


def jpeg(image: Image.Image, quality: int) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(file).convert("RGB")


def half(image: Image.Image) -> Image.Image:
    return image.resize((image.width // 2, image.height // 2), Image.Resampling.BICUBIC)


def brighter(image: Image.Image) -> Image.Image:
    return ImageEnhance.Brightness(image).enhance(1.1)


def trimmed(image: Image.Image) -> Image.Image:
    """2 % off two sides: the picture is shifted as well."""
    return image.crop((round(0.02 * image.width), round(0.02 * image.height), image.width, image.height))


def edited(image: Image.Image) -> Image.Image:
    return jpeg(half(brighter(trimmed(image))), 40)


COPIES = [half, lambda image: jpeg(image, 40), brighter, trimmed, edited]


def found(images: list[Image.Image]) -> set[tuple[int, int]]:
    return {(int(i), int(j)) for i, j in near_duplicates(np.stack([thumbnail(image) for image in images]))}


def test_different_photographs_are_no_copies(photographs: list[Image.Image]) -> None:
    assert found(photographs) == set()


@pytest.mark.parametrize("copy", COPIES, ids=["half", "jpeg", "brighter", "trimmed", "edited"])
def test_copies_are_found_and_nothing_else(photographs: list[Image.Image], copy) -> None:
    count = len(photographs)
    pairs = found([*photographs, *map(copy, photographs)])
    bricks = NAMES.index("brick.png")  # fine texture alone: a trimmed wall is another wall
    assert pairs | {(bricks, bricks + count)} == {(index, index + count) for index in range(count)}
    assert (bricks, bricks + count) in pairs or copy in (trimmed, edited)


def test_another_part_or_the_negative_of_a_photograph_is_no_copy(photographs: list[Image.Image]) -> None:
    others = [photo.crop((0, 0, photo.width // 2, photo.height)) for photo in photographs]
    negatives = [Image.eval(photo, lambda value: 255 - value) for photo in photographs]
    assert found([*photographs, *others, *negatives]) == set()


def test_one_hash_is_no_proof() -> None:
    """Pictures whose waves have the same signs and other strengths share all 64 bits, and are not copies."""
    rng = np.random.default_rng(0)
    waves = np.array([[math.cos(math.pi * k * (2 * n + 1) / 64) for n in range(32)] for k in range(8)])
    signs = rng.permutation([-1.0, 1.0] * 32).reshape(8, 8)
    images = [waves.T @ (signs * rng.uniform(0.5, 1.5, (8, 8))) @ waves for _ in range(4)]
    small = np.stack([128 + 120 * image / np.abs(image).max() for image in images]).astype(np.uint8)
    small = small - small.mean(axis=(1, 2), keepdims=True).astype(np.uint8) + 128  # one mean: it is the lowest wave
    hashes = perceptual_hashes(small)
    assert len(close_pairs(hashes)) >= 3 and len(near_duplicates(small)) == 0


def test_flat_pictures_are_not_copies_of_one_another(photographs: list[Image.Image]) -> None:
    noisy = np.random.default_rng(0).integers(118, 122, (64, 64, 3), np.uint8)
    flat = [Image.new("RGB", (64, 64), shade) for shade in ("black", "black", "white")] + [Image.fromarray(noisy)]
    assert found([*flat, photographs[0], *flat, half(photographs[0])]) == {(4, 9)}
    assert is_flat(np.stack([thumbnail(image) for image in [*flat, *photographs]])).sum() == len(flat)


def test_the_hash_is_phash(photographs: list[Image.Image]) -> None:
    """Cosine transform by its definition, the 8 × 8 lowest coefficients against their median."""
    small = thumbnail(photographs[0]).astype(float)
    waves = np.array([[math.cos(math.pi * k * (2 * n + 1) / 64) for n in range(32)] for k in range(8)])
    low = np.array([[(np.outer(waves[i], waves[j]) * small).sum() for j in range(8)] for i in range(8)])
    bits = "".join("1" if value > np.median(low) else "0" for value in low.ravel())
    assert f"{int(perceptual_hashes(thumbnail(photographs[0])[None])[0]):064b}" == bits


@pytest.mark.parametrize("radius", [0, 5, 12])
def test_close_pairs_are_those_of_a_loop_over_all_pairs(radius: int) -> None:
    rng = np.random.default_rng(radius)
    hashes = [int(value) for value in rng.integers(0, 2**64, 60, np.uint64)]
    for index in range(60):  # relatives of every distance around the radius
        flips = rng.choice(64, size=index % (radius + 4), replace=False)
        hashes.append(hashes[index] ^ sum(1 << int(bit) for bit in flips))
    expected = set()
    for i, one in enumerate(hashes):
        for j in range(i + 1, len(hashes)):
            if (one ^ hashes[j]).bit_count() <= radius:
                expected.add((i, j))
    pairs = close_pairs(np.array(hashes, np.uint64), radius=radius)
    assert {(int(i), int(j)) for i, j in pairs} == expected and len(pairs) == len(expected) > 0


def test_many_equal_hashes_are_compared_with_the_first_alone() -> None:
    hashes = np.array([7] * 1000 + [7 ^ 3], np.uint64)
    assert sorted(map(tuple, close_pairs(hashes).tolist())) == [(0, index) for index in range(1, 1001)]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_pictures(count: int) -> None:
    images = np.random.default_rng(0).integers(0, 256, (count, 32, 32)).astype(np.uint8)
    assert near_duplicates(images).shape == (0, 2)


def test_likeness_forgives_light_shift_and_zoom_not_content() -> None:
    y, x = np.mgrid[-1:1:32j, -1:1:32j]

    def hills(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return (100 + 50 * np.sin(4 * x + 1) * np.cos(3 * y) + 30 * x * y).astype(np.float32)[None]

    plain = hills(x, y)
    assert likeness(plain, plain)[0] == pytest.approx(1, abs=1e-5)
    assert likeness(1.3 * plain + 12, plain)[0] == pytest.approx(1, abs=1e-5)
    assert likeness(hills(1.03 * x + 0.02, 0.98 * y - 0.02), plain)[0] > 0.995
    assert likeness(-plain, plain)[0] == 0
    noise = np.random.default_rng(0).normal(size=(1, 32, 32)).astype(np.float32)
    assert likeness(noise, plain)[0] < 0.2
