"""Which files of a folder are for training, and which for validation."""

from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

from stylegan_pl.data.held_out import held_out_folder, held_out_names, stem
from stylegan_pl.pictures.read import READABLE
from stylegan_pl.pictures.tree import files_below, one_name

SPLITS = ("train", "val")


@dataclass(frozen=True)
class SplitFolder:
    """The image files of a folder in two splits, `train` and `val`.

    A split's files are those below `root/train` or `root/val`, if these exist; `held_out_folder` lists other names for
    `val`. Without such a folder, a `held_out` fraction of the files below `root/train`, or else below `root`, is for
    validation, chosen by a hash of the file's name, so that a file stays in its split if others are added. Without
    `train`, all files that are not below `val` are training files.

    Args:
        root: the folder; searched recursively, links to folders included.
        include: keep only files whose path below root, or name, matches one of these patterns (`fnmatch`).
        held_out: fraction of files for validation, if there is no folder for it.
        first_frame: use the first picture of GIFs, other animations and files of several pages; otherwise GIFs are
            skipped, and the others are errors.
        beside: for a root such as `trainA`, use the `valA` or `testA` beside it for validation.
    """

    root: str
    include: list[str] = field(default_factory=list)
    held_out: float = 0.05
    first_frame: bool = False
    beside: bool = False

    @property
    def has_splits(self) -> bool:
        """Whether a folder, not a hash, decides which files are for validation."""
        return self.base("val") != self.base("train")

    def base(self, split: str) -> Path:
        """The folder that contains the split's files."""
        root = Path(self.root)
        train = root / "train" if (root / "train").is_dir() else root
        if split == "train":
            return train
        return held_out_folder(root, beside=self.beside) or train

    def files(self, split: str) -> list[Path]:
        """The split's image files, sorted by path."""
        named = self.by_name(split)
        if self.has_splits:
            return list(named.values())
        held_out = held_out_names(named, self.held_out)
        return [path for name, path in named.items() if (stem(name) in held_out) == (split == "val")]

    def by_name(self, split: str) -> dict[str, Path]:
        """Path below `base(split)`, extension included, -> file; if no folder holds the split, all files."""
        base, others = self.base(split), self.base("val")
        named = {
            path.relative_to(base).as_posix(): path
            for path in list_images(base, gifs=self.first_frame)
            if split == "val" or base == others or not path.is_relative_to(others)
        }
        return {name: path for name, path in named.items() if self.includes(name)}

    def includes(self, name: str) -> bool:
        """Whether a file's path below the root, or its name, matches one of the patterns; True without patterns."""
        names = [one_name(name), one_name(Path(name).name)]
        return not self.include or any(fnmatch(one, one_name(pattern)) for pattern in self.include for one in names)


def list_images(folder: Path, *, gifs: bool = False) -> list[Path]:
    """Image files below a folder, sorted; see `files_below` for which are skipped."""
    known = READABLE | {".gif"} if gifs else READABLE
    return [path for path in files_below(folder) if path.suffix.lower() in known]
