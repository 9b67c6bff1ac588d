"""Style sets made by a program: crops of photographs, rendered in a style.

So a style can be learnt without a download: the photographs are inside the scikit-image wheel. They show the same
scenes as the sample's content, but in other crops, so nothing is paired; no photograph of its `content/val` is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stylegan_pl.data.sources.built_once import BuiltSource
from stylegan_pl.data.sources.photographs import CROP_SHARES, load_photograph, random_square, save_png
from stylegan_pl.data.sources.renderers.renderer import Renderer

IMAGE_SIZE = 256  # pixels, both sides
PHOTOGRAPHS: dict[str, tuple[str, ...]] = {
    # The scenes of the sample's content, so that the two sets differ only in style.
    "train": ("astronaut.png", "chelsea.png", "motorcycle_right.png"),
    "val": ("camera.png", "ihc.png"),
}
COUNTS: dict[str, int] = {"train": 36, "val": 8}

README = """style/  renderings of crops of photographs that ship with scikit-image, by a program:
{renderer}
seed {seed}, {size} x {size} PNG; nobody's pictures but the photographs'.

{photographs}

The photographs' authors and licences: https://scikit-image.org/docs/stable/api/skimage.data.html
"""


@dataclass(frozen=True, kw_only=True)
class RenderedSource(BuiltSource):
    """A style set as a `Source`.

    Args:
        name: name of the set's folder, with a version; change it when the pictures change.
        renderer: draws the style.
    """

    name: str
    renderer: Renderer

    @property
    def set_name(self) -> str:
        """The folder's name, with the version of its pictures."""
        return self.name

    @property
    def readme(self) -> str:
        """See `BuiltSource`; contains the renderer with its settings."""
        lines = "\n".join(f"{split}: {', '.join(names)}" for split, names in PHOTOGRAPHS.items())
        return README.format(renderer=self.renderer, seed=self.seed, size=IMAGE_SIZE, photographs=lines)

    def describe(self) -> str:
        """One line for the user: what it is and how it is made."""
        return f"{self.name}, a style set rendered from photographs (in seconds, no download) -> {self.into}"

    def write(self, folder: Path) -> None:
        """Make all pictures in an empty folder."""
        for number, (split, names) in enumerate(PHOTOGRAPHS.items()):
            rng = np.random.default_rng((self.seed, number))
            photos = [load_photograph(name) for name in names]
            for index in range(COUNTS[split]):
                which = index % len(photos)
                share = CROP_SHARES[index // len(photos) % len(CROP_SHARES)]
                crop = random_square(photos[which], share, IMAGE_SIZE, rng)
                picture = self.renderer(crop, seed=int(rng.integers(2**31)))
                save_png(picture, folder / "style" / split / f"{Path(names[which]).stem}-{index:02d}.png")
