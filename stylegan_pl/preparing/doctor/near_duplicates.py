"""Finds copies among pictures: similar hashes propose a pair, the thumbnails confirm it.

Hashes alone are not enough. Of the 430,000 pairs of 926 different pictures, 83 differ in at most 12 bits (most are
portraits), and a large set has thousands of times as many pairs. The thumbnails rejected all 83. They confirmed more
than 99 % of copies that were trimmed by 2 % at one corner, brightened by 10 %, halved and saved as JPEG of quality 40,
all at once. A copy of a picture with only fine texture, such as a brick wall, is found only if its edges did not move.

Shapes: N pictures, P pairs, S pixels of a thumbnail.
"""

from collections.abc import Iterator
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from stylegan_pl.preparing.doctor.perceptual_hash import Hashes, Thumbnails, is_flat, perceptual_hashes

Pairs = NDArray[np.int64]  # (P, 2), i < j
Floats = NDArray[np.float32]

RADIUS = 12  # number of the 64 bits that may differ; always an even number, because each hash has 32 ones
LIKENESS = 0.975  # least `likeness` of a copy: copies as above have 0.98 or more, different pictures had at most 0.968
_CORRELATION = 0.7  # of two thumbnails without a fit; below it no fit is tried; trimmed copies have 0.73 or more
_BLUR = 0.7  # pixels of a thumbnail: shifts are then linear in the derivatives
_AGREE = 3  # blocks of bits in which a close pair must agree; more: shorter lists, but more of them
_CHUNK = 1024  # pairs fitted at a time


def near_duplicates(thumbnails: Thumbnails) -> Pairs:
    """Pairs of copies among pictures; pictures of one colour are left out.

    Pictures with the same hash are only compared with the first of them, so a thousand copies give a thousand pairs,
    not a million.
    """
    worth = np.flatnonzero(~is_flat(thumbnails))
    pairs = worth[close_pairs(perceptual_hashes(thumbnails[worth]))]
    confirmed = [_confirmed(thumbnails, pairs[start : start + _CHUNK]) for start in range(0, len(pairs), _CHUNK)]
    return np.concatenate([np.empty((0, 2), np.int64), *confirmed])


def close_pairs(hashes: Hashes, *, radius: int = RADIUS) -> Pairs:
    """Pairs of hashes that differ in at most `radius` bits; equal hashes are paired with their first.

    The pigeonhole principle instead of all pairs: of `radius + 3` blocks of bits, a close pair differs in at most
    `radius`, so some 3 blocks agree entirely. For every 3 blocks the hashes are sorted by them, and only neighbours
    with the same key are compared (multi-index hashing; Norouzi et al., 2012).
    """
    unique, first, inverse = np.unique(hashes, return_index=True, return_inverse=True)
    found = [np.stack([first[inverse.ravel()], np.arange(len(hashes))], axis=1)]
    for blocks in combinations(_blocks(radius + _AGREE), _AGREE):
        keys = unique & np.uint64(sum(blocks))
        order = np.argsort(keys)
        for left, right in _same_key(keys[order]):
            apart = np.bitwise_count(unique[order[left]] ^ unique[order[right]])
            near = apart <= radius
            found.append(np.stack([first[order[left[near]]], first[order[right[near]]]], axis=1))
    pairs = np.sort(np.concatenate(found), axis=1)
    return np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0)


def _blocks(count: int) -> list[int]:
    """64 bits divided into `count` masks of nearly equal length."""
    edges = [round(64 * k / count) for k in range(count + 1)]
    return [(1 << end) - (1 << start) for start, end in pairwise(edges)]


def _same_key(ordered: Hashes) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Positions of all pairs with equal keys in a sorted list, by their distance in the list."""
    left = np.arange(len(ordered))
    for step in range(1, len(ordered)):
        left = left[left + step < len(ordered)]
        left = left[ordered[left] == ordered[left + step]]
        if not left.size:
            return
        yield left, left + step


def _confirmed(thumbnails: Thumbnails, pairs: Pairs) -> Pairs:
    from scipy.ndimage import gaussian_filter

    first, second = (thumbnails[pairs[:, k]].astype(np.float32) for k in (0, 1))
    alike = _correlation(first, second) > _CORRELATION
    first, second = (gaussian_filter(images[alike], (0, _BLUR, _BLUR)) for images in (first, second))
    return pairs[alike][np.maximum(likeness(first, second), likeness(second, first)) > LIKENESS]


def _correlation(a: Floats, b: Floats) -> Floats:
    a, b = (images - images.mean(axis=(1, 2), keepdims=True) for images in (a, b))
    product = np.einsum("nij,nij->n", a, b)
    return product / np.sqrt(np.einsum("nij,nij->n", a, a) * np.einsum("nij,nij->n", b, b))


def likeness(a: Floats, b: Floats) -> Floats:
    """How well the pictures `b` (P, S, S) explain the pictures `a`, 0 to 1, allowing for a different crop and light.

    The multiple correlation of the least-squares fit a ≈ w₀ + w₁ b + w₂ ∂b/∂x + w₃ ∂b/∂y + w₄ x ∂b/∂x + w₅ y ∂b/∂y:
    brightness and contrast, shift and zoom to first order. A negative of a picture (w₁ < 0) is none of its copies: 0.
    """
    down, right = np.gradient(b, axis=(1, 2))
    y, x = np.mgrid[-1 : 1 : b.shape[1] * 1j, -1 : 1 : b.shape[2] * 1j].astype(np.float32)
    terms = [np.ones_like(b), b, right, down, x * right, y * down]
    design = np.stack([term.reshape(len(b), -1) for term in terms], axis=-1).astype(np.float64)  # (P, S², 6)
    target = a.reshape(len(a), -1, 1).astype(np.float64)
    normal = design.transpose(0, 2, 1) @ design + 1e-6 * np.eye(
        len(terms)
    )  # a picture of stripes has no gradient along them
    weights = np.linalg.solve(normal, design.transpose(0, 2, 1) @ target)  # (P, 6, 1)
    left_over = np.square(target - design @ weights).sum(axis=(1, 2))
    total = np.square(target - target.mean(axis=1, keepdims=True)).sum(axis=(1, 2))
    explained = np.sqrt(np.clip(1 - left_over / np.maximum(total, 1e-9), 0, 1))
    return np.where(weights[:, 1, 0] > 0, explained, 0).astype(np.float32)
