"""DINO's structure distance against loops, and that moved parts are seen; LPIPS as a mean of pictures."""

import numpy as np
import pytest
import torch
from stand_ins import SmallDistance, SmallKeys, pictures

from stylegan_pl.metrics.dino_structure import DINOStructure
from stylegan_pl.metrics.lpips import LPIPS


def looped(a: np.ndarray, b: np.ndarray) -> float:
    """Of one picture's keys, (T, d) each."""

    def cosine(x: np.ndarray, y: np.ndarray) -> float:
        return float(x @ y / np.sqrt((x @ x) * (y @ y)))

    gaps = [
        (cosine(a[i], a[j]) - cosine(b[i], b[j])) ** 2 for i in range(len(a)) for j in range(len(a))
    ]  # every two tokens, each with itself, too
    return float(np.mean(gaps))


def test_it_is_its_formula_token_by_token() -> None:
    stylised, content = pictures(3, seed=0), pictures(3, seed=1)
    metric = DINOStructure(network=SmallKeys())
    metric.update(stylised, content)
    keys = [SmallKeys()(images).double().numpy() for images in (stylised, content)]
    expected = [looped(a, b) for a, b in zip(*keys, strict=True)]
    torch.testing.assert_close(
        metric.per_picture().double(), torch.tensor(expected, dtype=torch.float64), rtol=1e-4, atol=0
    )
    assert metric.compute().item() == pytest.approx(np.mean(expected), rel=1e-4)


def test_untouched_photographs_are_at_0_and_moved_parts_are_seen() -> None:
    content = pictures(4, seed=1)
    values = []
    for stylised in (content, 0.95 * content, content.flip(3)):
        metric = DINOStructure(network=SmallKeys())
        metric.update(stylised, content)
        values.append(metric.compute().item())
    assert values[0] == 0
    assert values[2] > 5 * values[1] > 0


def test_lpips_is_the_mean_of_its_pictures() -> None:
    stylised, content = pictures(4, seed=0), pictures(4, seed=1)
    metric = LPIPS(network=SmallDistance())
    metric.update(stylised[:1], content[:1])
    metric.update(stylised[1:], content[1:])
    each = [SmallDistance()(a[None], b[None]).item() for a, b in zip(stylised, content, strict=True)]
    assert metric.per_picture().tolist() == pytest.approx(each, rel=1e-5)
    assert metric.compute().item() == pytest.approx(np.mean(each), rel=1e-5)
