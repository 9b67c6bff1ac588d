"""Builds the embedded sample data set, so that every command runs at once, without a download.

The photographs ship inside the scikit-image wheel. The "paintings" are renderings by `brushstrokes.paint` of other
photographs, in a palette of Van Gogh's; no painter's work is in the set.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from stylegan_pl.data.brushstrokes import paint
from stylegan_pl.errors import UserError

VERSION = 1  # raise it when the pictures change: an older set in a user's cache must not pass for this one
IMAGE_SIZE = 256  # pixels, both sides
STALE_S = 3600.0  # seconds after which a workshop is a killed build's: a build takes some 15
CROP_SHARES = (0.95, 0.7, 0.5)  # side of a crop, as a share of its photograph's shorter side

PHOTOGRAPHS: dict[str, tuple[str, ...]] = {
    "content/train": ("astronaut.png", "chelsea.png", "motorcycle_left.png"),
    "content/val": ("coffee.png", "rocket.jpg"),
    "style/train": (
        "camera.png",
        "coins.png",
        "moon.png",
        "retina.jpg",
        "hubble_deep_field.jpg",
        "brick.png",
    ),
    "style/val": ("ihc.png", "clock_motion.png"),
    "pairs/train": ("astronaut.png", "chelsea.png", "motorcycle_left.png"),
    "pairs/val": ("coffee.png", "rocket.jpg"),
}
COUNTS: dict[str, int] = {
    "content/train": 48,
    "content/val": 12,
    "style/train": 32,
    "style/val": 8,
    "pairs/train": 16,
    "pairs/val": 4,
}

README = """A small data set for trying and testing stylegan_pl. Built by stylegan_pl/data/sample.py, \
version {version}, seed {seed}.

content/  crops of photographs that ship with scikit-image
style/    NOT paintings: renderings of other scikit-image photographs by a program (stylegan_pl/data/brushstrokes.py,
          after Hertzmann 1998), in a palette of Van Gogh's
pairs/    the same name in pairs/content/ and pairs/style/: a crop, and its rendering by that program with seed {seed}

No photograph is in both train and val; content/ and style/ share none. All pictures are {size} x {size} PNG.

{photographs}

The photographs' authors and licences: https://scikit-image.org/docs/stable/api/skimage.data.html
"""


@dataclass(frozen=True)
class SampleSource:
    """The sample set as a `Source`: built on this machine, from what is installed."""

    into: str  # folder that the set's own folder is made in
    seed: int = 0

    needs_network = False

    @property
    def folder(self) -> Path:
        """The finished set."""
        return Path(self.into) / f"sample-v{VERSION}-seed{self.seed}"

    def describe(self) -> str:
        """One line for people."""
        return f"the embedded sample (built in seconds, no download) -> {self.into}"

    def is_ready(self) -> bool:
        """Whether it has been built."""
        return _is_finished(self.folder)

    def fetch(self) -> Path:
        """Build it, unless it is there."""
        return build_sample(Path(self.into), seed=self.seed)


def build_sample(root: Path, *, seed: int = 0) -> Path:
    """The folder of the sample set under `root`, built on the first call (about 15 s) and found on the next.

    Built beside its place and renamed at the end: what bears the name is whole, also when a build was interrupted or
    two processes build at once.

    Raises:
        UserError: the folder cannot be written, or what is there is no finished set.
    """
    target = root / f"sample-v{VERSION}-seed{seed}"
    if _is_finished(target):
        return target
    try:
        root.mkdir(parents=True, exist_ok=True)
        _remove_stale_workshops(root)
        with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=root) as workshop:
            built = Path(workshop) / target.name  # a folder inside: the workshop itself is closed to other users
            _write_set(built, seed)
            _put_in_place(built, target)
    except OSError as error:
        reason = error.strerror or error
        raise UserError(f"cannot write the sample data to {root}: {reason}; choose another folder") from error
    return target


def _is_finished(target: Path) -> bool:
    """README.txt is written last, so a set that has it is whole, even one copied here by hand."""
    return (target / "README.txt").is_file()


def _remove_stale_workshops(root: Path) -> None:
    """Remove what killed builds left, of any version and seed; never what a running one may still need."""
    for workshop in root.glob(".sample-v*-seed*-*"):
        with contextlib.suppress(OSError):  # another process may remove it too; a leftover is no reason to fail
            if time.time() - workshop.stat().st_mtime > STALE_S:
                shutil.rmtree(workshop)


def _put_in_place(built: Path, target: Path) -> None:
    try:
        built.rename(target)
    except OSError as error:
        if _is_finished(target):  # another process was faster; its pictures are the same
            return
        if target.exists():
            raise UserError(f"{target} is not a finished sample set; remove it: rm -r '{target}'") from error
        raise


def _write_set(folder: Path, seed: int) -> None:
    for number, (part, names) in enumerate(PHOTOGRAPHS.items()):
        rng = np.random.default_rng((seed, number))
        photos = [_load_photograph(name) for name in names]
        for index in range(COUNTS[part]):
            which = index % len(photos)
            crop = _crop(photos[which], CROP_SHARES[index // len(photos) % len(CROP_SHARES)], rng)
            kind = part.split("/")[0]
            filename = f"{Path(names[which]).stem}-{index:02d}.png"
            if kind == "content":
                _save(crop, folder / part / filename)
            elif kind == "style":
                _save(paint(crop, seed=int(rng.integers(2**31))), folder / part / filename)
            else:  # one seed for all pairs: the painting is then a function of the photograph, which can be learnt
                split = part.split("/")[1]
                _save(crop, folder / "pairs/content" / split / filename)
                _save(paint(crop, seed=seed), folder / "pairs/style" / split / filename)
    lines = "\n".join(f"{part}: {', '.join(names)}" for part, names in PHOTOGRAPHS.items())
    text = README.format(version=VERSION, seed=seed, size=IMAGE_SIZE, photographs=lines)
    (folder / "README.txt").write_text(text, encoding="utf-8")


def _load_photograph(name: str) -> Image.Image:
    """A photograph from inside the installed wheel: `skimage.data`'s own functions would ask pooch for some."""
    spec = find_spec("skimage")
    folders = (spec.submodule_search_locations or []) if spec else []
    for folder in folders:
        path = Path(folder) / "data" / name
        if path.is_file():
            return Image.open(path).convert("RGB")
    raise UserError(f"scikit-image's photograph {name} is missing; type: pip install --force-reinstall scikit-image")


def _crop(photo: Image.Image, share: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A random square of the photograph, (IMAGE_SIZE, IMAGE_SIZE, 3)."""
    side = round(share * min(photo.size))
    left, top = (int(rng.integers(length - side + 1)) for length in photo.size)
    square = photo.crop((left, top, left + side, top + side))
    return np.asarray(square.resize((IMAGE_SIZE, IMAGE_SIZE), Image.Resampling.LANCZOS))


def _save(image: NDArray[np.uint8], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path, compress_level=1)  # of 9: a third of the time, some percent larger
