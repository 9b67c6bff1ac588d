"""Builds the embedded sample data set, so that every command runs at once, without a download.

The photographs ship inside the scikit-image wheel. The "paintings" are renderings by `brushstrokes.paint` of other
photographs, in a palette of Van Gogh's; no painter's work is in the set.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stylegan_pl.data.brushstrokes import paint
from stylegan_pl.data.built_once import build_once, is_built
from stylegan_pl.data.photographs import CROP_SHARES, load_photograph, random_square, save_png

VERSION = 1  # raise it when the pictures change: an older set in a user's cache must not pass for this one
IMAGE_SIZE = 256  # pixels, both sides

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

    @property
    def readme(self) -> str:
        """What is written beside the pictures."""
        lines = "\n".join(f"{part}: {', '.join(names)}" for part, names in PHOTOGRAPHS.items())
        return README.format(version=VERSION, seed=self.seed, size=IMAGE_SIZE, photographs=lines)

    def is_ready(self) -> bool:
        """Whether it has been built."""
        return is_built(self.folder, readme=self.readme)

    def fetch(self) -> Path:
        """Build it, unless it is there."""
        return build_sample(Path(self.into), seed=self.seed)


def build_sample(root: Path, *, seed: int = 0) -> Path:
    """The folder of the sample set under `root`, built on the first call (about 15 s) and found on the next.

    Raises:
        UserError: the folder cannot be written, or what is there is no finished set.
    """
    source = SampleSource(into=str(root), seed=seed)
    return build_once(source.folder, lambda folder: _write_set(folder, seed), readme=source.readme)


def _write_set(folder: Path, seed: int) -> None:
    for number, (part, names) in enumerate(PHOTOGRAPHS.items()):
        rng = np.random.default_rng((seed, number))
        photos = [load_photograph(name) for name in names]
        for index in range(COUNTS[part]):
            which = index % len(photos)
            share = CROP_SHARES[index // len(photos) % len(CROP_SHARES)]
            crop = random_square(photos[which], share, IMAGE_SIZE, rng)
            kind = part.split("/")[0]
            filename = f"{Path(names[which]).stem}-{index:02d}.png"
            if kind == "content":
                save_png(crop, folder / part / filename)
            elif kind == "style":
                save_png(paint(crop, seed=int(rng.integers(2**31))), folder / part / filename)
            else:  # one seed for all pairs: the painting is then a function of the photograph, which can be learnt
                split = part.split("/")[1]
                save_png(crop, folder / "pairs/content" / split / filename)
                save_png(paint(crop, seed=seed), folder / "pairs/style" / split / filename)
