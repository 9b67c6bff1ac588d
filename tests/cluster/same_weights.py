"""Whether two runs ended with the same bytes, and their ranks among themselves: python same_weights.py RUN RUN."""

import sys
from pathlib import Path

import torch


def weights(path: Path) -> dict[str, torch.Tensor]:
    return torch.load(path, weights_only=True)["weights"]


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)


first, second = (sorted(Path(run, "ranks").glob("rank*.pt")) for run in sys.argv[1:3])
assert first and len(first) == len(second), (first, second)
pairs = [(a, b) for a, b in zip(first, second, strict=True)] + [(first[0], other) for other in first[1:]]
for a, b in pairs:
    found = same(weights(a), weights(b))
    print(f"{a} and {b}: {'the same bytes' if found else 'DIFFERENT'}")
    if not found:
        sys.exit(1)
