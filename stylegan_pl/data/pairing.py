"""Rules for which content is paired with which style."""

import math
from abc import ABC, abstractmethod
from pathlib import Path

import numpy as np

from stylegan_pl.data.folder import ImageFolder
from stylegan_pl.data.held_out import held_out_names
from stylegan_pl.data.splits import SPLITS
from stylegan_pl.data.unequal import are_unequal
from stylegan_pl.errors import DataError
from stylegan_pl.pictures.tree import one_name

_LOOKS = 256  # pairs whose file headers are opened: enough to find a bad set, and quick on a network disk


class Pairing(ABC):
    """A rule that pairs each content with a style."""

    same_place: bool  # both images of a pair show the same scene, and must be cropped and flipped in the same way

    @abstractmethod
    def match(self, content: ImageFolder, style: ImageFolder, split: str) -> tuple[list[Path], list[Path]]:
        """The content files and the style files of a split that are used."""

    def report(self, content: ImageFolder, style: ImageFolder) -> list[str]:
        """Notes for the user about the matches, one line each."""
        return []

    @abstractmethod
    def length(self, n_contents: int, n_styles: int) -> int:
        """Number of pairs in an epoch."""

    @abstractmethod
    def style_index(self, index: int, n_styles: int, rng: np.random.Generator) -> int:
        """Index of the style of pair `index`."""


class Unpaired(Pairing):
    """Each content with a random style, drawn again each epoch; an epoch is as long as the larger set (CycleGAN)."""

    same_place = False

    def match(self, content: ImageFolder, style: ImageFolder, split: str) -> tuple[list[Path], list[Path]]:
        """All files of both sets."""
        return content.files(split), style.files(split)

    def length(self, n_contents: int, n_styles: int) -> int:
        """max(|X|, |Y|)."""
        return max(n_contents, n_styles)

    def style_index(self, index: int, n_styles: int, rng: np.random.Generator) -> int:
        """Drawn uniformly."""
        return int(rng.integers(n_styles))


class PairedByName(Pairing):
    """Content `a/b.jpg` with style `a/b.png`: the same path below both roots, whatever the extension."""

    same_place = True

    def match(self, content: ImageFolder, style: ImageFolder, split: str) -> tuple[list[Path], list[Path]]:
        """Files that have a partner; the two lists are in the same order.

        Raises:
            DataError: no file has a partner; all pairs are held out; the two sets have different load sizes, so that
                crops would not fit; or an image outside `train/` and `val/` has a partner in both.
        """
        _check_one_scale(content, style)
        held_out_of_pairs = _are_held_out_of_pairs(content, style)
        place = "train" if held_out_of_pairs else split
        contents, styles = _by_stem(content, place), _by_stem(style, place)
        names = sorted(contents.keys() & styles.keys())
        if not names and contents and styles:
            raise DataError(
                f"paired data: no image below {content.base(place)} has a partner of the same name below "
                f"{style.base(place)} (there: {min(contents)} and {min(styles)}); give both files of a pair one name, "
                "or take data=folders for unpaired sets"
            )
        if held_out_of_pairs:
            held_out = held_out_names(names, content.held_out)  # a share of the pairs, not of each folder
            if split == "train" and names and held_out.issuperset(names):
                raise DataError(
                    f"paired data: no pair is left to train on below {content.root}, all ({len(names)}) are held out "
                    "for validation; add pairs, or type data.content.held_out=0"
                )
            names = [name for name in names if (name in held_out) == (split == "val")]
        return [contents[name] for name in names], [styles[name] for name in names]

    def report(self, content: ImageFolder, style: ImageFolder) -> list[str]:
        """How many pairs there are, whether their sizes fit, files without a partner, and duplicate names.

        Sizes are read from the file headers of at most `_LOOKS` pairs.
        """
        pairs = {split: len(self.match(content, style, split)[0]) for split in SPLITS}
        lines = [f"paired data: {pairs['train']} pairs to train on, {pairs['val']} to validate with"]
        bases = {(content.base(split), style.base(split)): split for split in SPLITS}
        if _are_held_out_of_pairs(content, style):
            bases = {(content.base("train"), style.base("train")): "train"}
            lines += [
                f"paired data: images below {folder.base('val')} are left out, for {other.root} has none but train/"
                for folder, other in ((content, style), (style, content))
                if folder.has_splits
            ]
        for split in bases.values():
            sides = [(content, _by_stem(content, split)), (style, _by_stem(style, split))]
            for (folder, found), (other, partners) in zip(sides, reversed(sides), strict=True):
                lonely = sorted(found.keys() - partners.keys())
                if lonely:
                    lines.append(
                        f"paired data: {len(lonely)} of {len(found)} images below {folder.base(split)} have no partner "
                        f"below {other.base(split)} and are left out, such as {found[lonely[0]].name}"
                    )
                lines += _report_twins(folder, split)
        return lines + _report_sizes(content, style, list(zip(*self.match(content, style, "train"), strict=True)))

    def length(self, n_contents: int, n_styles: int) -> int:
        """The number of contents, each of which has a partner."""
        return n_contents

    def style_index(self, index: int, n_styles: int, rng: np.random.Generator) -> int:
        """The partner's index, which is the content's."""
        return index % n_styles


def _check_one_scale(content: ImageFolder, style: ImageFolder) -> None:
    if (content.load_size, content.upscale) == (style.load_size, style.upscale):
        return
    size = "null" if content.load_size is None else content.load_size
    raise DataError(
        "paired data: both pictures of a pair are cut at one place, so data.content and data.style need one load_size "
        f"and upscale (there: {content.load_size}, {content.upscale} and {style.load_size}, {style.upscale}); type "
        f"data.style.load_size={size} data.style.upscale={str(content.upscale).lower()}"
    )


def _are_held_out_of_pairs(content: ImageFolder, style: ImageFolder) -> bool:
    """Whether a share of the pairs is held out, because not both sets have folders for validation.

    If one set has only `train/`, the other's `val/` is not used. If one set has neither folder, each of its images is
    in the split of its partner.

    Raises:
        DataError: an image has a partner in both splits.
    """
    if content.has_splits == style.has_splits:
        return not content.has_splits
    plain, split = (style, content) if content.has_splits else (content, style)
    if plain.base("train") != Path(plain.root):
        return True
    twice = _by_stem(split, "train").keys() & _by_stem(split, "val").keys() & _by_stem(plain, "train").keys()
    if twice:
        raise DataError(
            f"paired data: {min(twice)} is below both {split.base('train')} and {split.base('val')}, and below "
            f"{plain.root} only once; give {plain.root} the same two folders"
        )
    return False


def _by_stem(folder: ImageFolder, split: str) -> dict[str, Path]:
    """Name without extension -> file; of several files with the same name, the last by extension."""
    return {one_name(Path(name).with_suffix("").as_posix()): path for name, path in folder.by_name(split).items()}


def _report_sizes(content: ImageFolder, style: ImageFolder, pairs: list[tuple[Path, Path]]) -> list[str]:
    looked = pairs[:: max(1, math.ceil(len(pairs) / _LOOKS))]
    unequal, refused = 0, []
    for photograph, painting in looked:
        try:
            unequal += are_unequal((content, photograph), (style, painting))
        except DataError as error:
            refused.append(str(error))
    lines = []
    if unequal:
        lines.append(f"paired data: {unequal} of {len(looked)} pairs looked at differ in size; the larger is shrunk")
    if refused:
        lines.append(
            f"paired data: {len(refused)} of {len(looked)} pairs looked at cannot be used, such as {refused[0]}"
        )
    return lines


def _report_twins(folder: ImageFolder, split: str) -> list[str]:
    taken = _by_stem(folder, split)
    paths = folder.by_name(split)
    left = [(path, one_name(Path(name).with_suffix("").as_posix())) for name, path in paths.items()]
    twins = [(path, taken[stem]) for path, stem in left if taken[stem] != path]
    if not twins:
        return []
    path, other = twins[0]
    more = f", and {len(twins) - 1} more below {folder.base(split)}" if len(twins) > 1 else ""
    return [f"paired data: {path} and {other.name} have one name, and {other.name} is taken{more}"]
