"""Builds the embedded sample data set, so that every command can be tried without a download.

The photographs are inside the scikit-image wheel. The "paintings" are other photographs, rendered by
`brushstrokes.paint` in a palette like Van Gogh's; the set contains no painter's work.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stylegan_pl.data.sources.brushstrokes import paint
from stylegan_pl.data.sources.built_once import BuiltSource
from stylegan_pl.data.sources.photographs import CROP_SHARES, load_photograph, random_square, save_png

VERSION = 1  # raise it when the pictures change, because users have cached the old ones
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

# names the files as they were called first: the text is the seal of the sets that users have
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
class SampleSource(BuiltSource):
    """The sample set as a `Source`; built in about 15 seconds."""

    @property
    def set_name(self) -> str:
        """The folder's name, with the version of its pictures."""
        return f"sample-v{VERSION}"

    @property
    def readme(self) -> str:
        """What the set is and how it is made, with all settings."""
        lines = "\n".join(f"{part}: {', '.join(names)}" for part, names in PHOTOGRAPHS.items())
        return README.format(version=VERSION, seed=self.seed, size=IMAGE_SIZE, photographs=lines)

    def describe(self) -> str:
        """One line for the user: what it is and how it is made."""
        return f"the embedded sample (built in seconds, no download) -> {self.into}"

    def write(self, folder: Path) -> None:
        """Make all pictures in an empty folder."""
        for number, (part, names) in enumerate(PHOTOGRAPHS.items()):
            rng = np.random.default_rng((self.seed, number))
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
                else:  # one seed for all pairs: the painting is then a function of the photograph, and can be learnt
                    split = part.split("/")[1]
                    save_png(crop, folder / "pairs/content" / split / filename)
                    save_png(paint(crop, seed=self.seed), folder / "pairs/style" / split / filename)
