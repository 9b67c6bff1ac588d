"""Style sets made by a program: crops of photographs, each as its renderer shows it.

So a look can be learnt with no download: the photographs ship inside the scikit-image wheel. They show the scenes of
the sample's content, in crops of their own, so nothing is paired; no photograph of its `content/val` is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stylegan_pl.data.built_once import build_once, is_built
from stylegan_pl.data.photographs import CROP_SHARES, load_photograph, random_square, save_png
from stylegan_pl.data.renderers.renderer import Renderer

IMAGE_SIZE = 256  # pixels, both sides
PHOTOGRAPHS: dict[str, tuple[str, ...]] = {
    # The scenes of the sample's content, so that the look is all that tells the two sets apart.
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


@dataclass(frozen=True)
class RenderedSource:
    """A style set as a `Source`: rendered on this machine, from what is installed.

    Args:
        into: folder that the set's own folder is made in.
        name: of the set's folder, its version included; raise that when the pictures change.
        renderer: the look.
        seed: of the crops, and of what the renderer draws at random.
    """

    into: str
    name: str
    renderer: Renderer
    seed: int = 0

    needs_network = False

    @property
    def folder(self) -> Path:
        """The finished set."""
        return Path(self.into) / f"{self.name}-seed{self.seed}"

    @property
    def readme(self) -> str:
        """What is written beside the pictures."""
        lines = "\n".join(f"{split}: {', '.join(names)}" for split, names in PHOTOGRAPHS.items())
        return README.format(renderer=self.renderer, seed=self.seed, size=IMAGE_SIZE, photographs=lines)

    def describe(self) -> str:
        """One line for people."""
        return f"{self.name}, a style set rendered from photographs (in seconds, no download) -> {self.into}"

    def is_ready(self) -> bool:
        """Whether it has been built, by this renderer as it is set."""
        return is_built(self.folder, readme=self.readme)

    def fetch(self) -> Path:
        """Build it, unless it is there.

        Raises:
            UserError: the folder cannot be written, or holds something else.
        """
        return build_once(self.folder, self._write, readme=self.readme)

    def _write(self, folder: Path) -> None:
        for number, (split, names) in enumerate(PHOTOGRAPHS.items()):
            rng = np.random.default_rng((self.seed, number))
            photos = [load_photograph(name) for name in names]
            for index in range(COUNTS[split]):
                which = index % len(photos)
                share = CROP_SHARES[index // len(photos) % len(CROP_SHARES)]
                crop = random_square(photos[which], share, IMAGE_SIZE, rng)
                picture = self.renderer(crop, seed=int(rng.integers(2**31)))
                save_png(picture, folder / "style" / split / f"{Path(names[which]).stem}-{index:02d}.png")
