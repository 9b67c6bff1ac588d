"""Which content meets which style."""

from abc import ABC, abstractmethod
from pathlib import Path

import numpy as np

from stylegan_pl.data.folder import ImageFolder, held_out_names
from stylegan_pl.errors import DataError


class Pairing(ABC):
    """The rule that puts a style beside a content."""

    same_place: bool  # whether the two images of a pair show the same scene, and must be cropped and flipped alike

    @abstractmethod
    def match(self, content: ImageFolder, style: ImageFolder, split: str) -> tuple[list[Path], list[Path]]:
        """The content files and the style files that take part."""

    @abstractmethod
    def length(self, n_contents: int, n_styles: int) -> int:
        """Pairs in an epoch."""

    @abstractmethod
    def style_index(self, index: int, n_styles: int, rng: np.random.Generator) -> int:
        """Position of the style that pair `index` gets."""


class Unpaired(Pairing):
    """Any content with any style, drawn anew each epoch; an epoch is as long as the larger set (CycleGAN)."""

    same_place = False

    def match(self, content: ImageFolder, style: ImageFolder, split: str) -> tuple[list[Path], list[Path]]:
        """All of both."""
        return content.files(split), style.files(split)

    def length(self, n_contents: int, n_styles: int) -> int:
        """max(|X|, |Y|)."""
        return max(n_contents, n_styles)

    def style_index(self, index: int, n_styles: int, rng: np.random.Generator) -> int:
        """Uniform."""
        return int(rng.integers(n_styles))


class PairedByName(Pairing):
    """Content `a/b.jpg` with style `a/b.png`: the same path below both roots, whatever the extension."""

    same_place = True

    def match(self, content: ImageFolder, style: ImageFolder, split: str) -> tuple[list[Path], list[Path]]:
        """Files that have a partner, in one order."""
        contents, styles = _by_stem(content, split), _by_stem(style, split)
        names = sorted(contents.keys() & styles.keys())
        if not names and contents and styles:
            raise DataError(
                f"paired data: no image below {content.base(split)} has a partner of the same name below "
                f"{style.base(split)} (there: {min(contents)} and {min(styles)}); give both files of a pair one name, "
                "or take data=folders for unpaired sets"
            )
        if not (content.has_splits or style.has_splits):
            held_out = held_out_names(names, content.held_out)  # of the pairs, not of each folder alone
            names = [name for name in names if (name in held_out) == (split == "val")]
        return [contents[name] for name in names], [styles[name] for name in names]

    def length(self, n_contents: int, n_styles: int) -> int:
        """The number of pairs."""
        return n_contents

    def style_index(self, index: int, n_styles: int, rng: np.random.Generator) -> int:
        """The partner."""
        return index % n_styles


def _by_stem(folder: ImageFolder, split: str) -> dict[str, Path]:
    return {Path(name).with_suffix("").as_posix(): path for name, path in folder.by_name(split).items()}
