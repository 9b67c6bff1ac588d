"""Reports to render, of scikit-image's photographs and filters that stand for generators."""

import csv
import math
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

from stylegan_pl.metrics.score import Score
from stylegan_pl.report.contents import Entry, Photo, Picture, Report

SEPIA = torch.tensor([[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]])


def score(value=0.5, floor=1.0, ceiling=0.2, **other) -> Score:
    kind = {
        "interval": (value - 0.1, value + 0.1), "n": 12, "n_paintings": 40, "higher_is_better": False,
        "of_sets": True, "weights": "a1b2c3d4", "resize": "none", "seconds": {"features": 1.5, "distances": 0.25},
    }  # fmt: skip
    return Score(value=value, floor=floor, ceiling=ceiling, **(kind | other))


def picture(seed: int, size: int) -> Tensor:
    """Smooth random colours, uint8 (3, size, size)."""
    coarse = torch.rand(1, 3, 4, 4, generator=torch.Generator().manual_seed(seed))
    return (interpolate(coarse, size=(size, size), mode="bicubic").clamp(0, 1)[0] * 255).to(torch.uint8)


def photographs(count: int, size: int) -> list[Photo]:
    return [Photo(f"hills/{i:02d}.jpg", picture(i, size)) for i in range(count)]


def real_photographs(count: int, size: int) -> list[Photo]:
    from skimage import data

    sources = [data.astronaut(), data.chelsea(), data.coffee(), data.cat(), data.rocket()]
    found = []
    for i in range(count):
        pixels = torch.from_numpy(sources[i % len(sources)].copy()).permute(2, 0, 1)[None].float()
        side = min(pixels.shape[-2:]) * (10 - i // len(sources)) // 10
        at = (i * 37 % (pixels.shape[-2] - side + 1), i * 53 % (pixels.shape[-1] - side + 1))
        crop = pixels[..., at[0] : at[0] + side, at[1] : at[1] + side]
        crop = interpolate(crop, size=(size, size), mode="bilinear", antialias=True)
        found.append(Photo(f"photographs/crop_{i:03d}.jpg", crop[0].round().to(torch.uint8)))
    return found


def sepia(image: Tensor) -> Tensor:
    return torch.einsum("ij,jhw->ihw", SEPIA, image.float()).clamp(0, 255).to(torch.uint8)


def poster(image: Tensor) -> Tensor:
    return (image // 64 * 85).clamp(0, 255).to(torch.uint8)


def blocks(image: Tensor) -> Tensor:
    coarse = avg_pool2d(image[None].float(), 4)
    return interpolate(coarse, size=image.shape[-2:])[0].round().to(torch.uint8)


FILTERS = {"sepia": sepia, "poster": poster, "blocks": blocks}


def losses(scale: float = 1.0) -> dict[str, list[tuple[float, float]]]:
    """A noisy fall over two decades, and a score with its anchors."""
    noise = torch.rand(200, generator=torch.Generator().manual_seed(0)).tolist()
    style = [(10.0 * i, scale * (100 * math.exp(-i / 40) + 1 + n)) for i, n in enumerate(noise)]
    kid = [(500.0 * i, scale * (0.3 - 0.05 * i)) for i in range(5)]
    anchors = {f"val/kid_{end}": [(x, value) for x, _ in kid] for end, value in (("floor", 0.31), ("ceiling", 0.01))}
    return {"train/generator/style": style, "val/kid": kid, **anchors, "train/images_per_second": [(0.0, 3.0)]}


def logged(path: Path) -> dict[str, list[tuple[float, float]]]:
    """Curves of a run's metrics.csv."""
    found: dict[str, list[tuple[float, float]]] = {}
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            for name, text in row.items():
                if "/" in name and text and math.isfinite(float(text)):
                    found.setdefault(name, []).append((float(row["images_seen"]), float(text)))
    return found


def entry(name: str, photos: list[Photo], *, paint=sepia, shift: float = 0.0, **other) -> Entry:
    scores = {
        "kid": score(0.05 + shift / 5, 0.31, 0.01, recoloured=0.25, interval=(0.03 + shift / 5, 0.08 + shift / 5)),
        "fid": score(180 + 100 * shift, 271.5, 36.2, interval=(170 + 100 * shift, 196 + 100 * shift), resize="299 px"),
        "ssim": score(0.6 - shift, 1.0, 0.11, of_sets=False, higher_is_better=True, n_paintings=0, weights=None,
                      interval=(0.57 - shift, 0.63 - shift)),
    }  # fmt: skip
    pictures = [Picture(photo.name, paint(photo.image), 0.1 * i + shift) for i, photo in enumerate(photos)]
    known = {
        "source": f"outputs/{name}", "kind": "run", "scores": scores, "pictures": pictures, "curves": losses(1 + shift),
        "config": "seed: 0\nmodel:\n  _target_: stylegan_pl.models.vanilla.VanillaGAN\n", "symptoms": [],
        "cost": {"images seen": "300", "training": "99 s", "peak memory": "0.82 GiB", "device": "CPU"},
    }  # fmt: skip
    return Entry(name=name, **(known | other))


def report(*entries: Entry, photos: list[Photo] | None = None, **other) -> Report:
    photos = photographs(6, 24) if photos is None else photos
    known = {
        "title": "A test", "made": "2026-01-01 12:00, x86_64, torch 2.4, cpu", "photographs": photos,
        "paintings": [picture(100 + i, photos[0].image.shape[-1] if photos else 24) for i in range(4)],
        "entries": list(entries) or [entry("sepia", photos)],
        "data": {"photographs": "6 of 6, split=val", "paintings": "40 crops", "crop": "24 × 24 pixels"},
        "seconds": {"reading": 0.4, "painting": 12.5, "features": 3.0, "distances": 0.05},
    }  # fmt: skip
    return Report(**(known | other))


def comparison(count: int = 3, photos: list[Photo] | None = None, **other) -> Report:
    photos = photographs(6, 24) if photos is None else photos
    names = [(name, paint) for name, paint in FILTERS.items()]
    made = [
        entry(names[i % 3][0] + ("" if i < 3 else str(i)), photos, paint=names[i % 3][1], shift=(0.3, 0.0, 0.15)[i % 3])
        for i in range(count)
    ]
    return report(*made, photos=photos, title=f"{count} compared", **other)
