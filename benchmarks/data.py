"""Decoding and cropping against the decoder alone, one core each; the decoded cache beside both.

    python -m benchmarks.data
    python -m benchmarks.data sets=256,coco repetitions=9 decoders=true

Pictures are made from scikit-image's photographs, into a folder that goes again. `decoder` is the library's call alone,
the file's bytes to pixels, on one thread: the decoder that our loader takes for such a file, at the size that it asks
for. `loader` is the training run's own DataLoader, uint8 pairs out, without workers (processor time of one thread) and
with one (wall time: the worker has a core, this process waits). All take every file twice, in turns.
"""

import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image

from benchmarks.pairs import Spent, cpu_ratio, last_line, machine, median, ratio, table, timed
from benchmarks.typed import chosen_of, keyed
from stylegan_pl.data.augment import Augmentation
from stylegan_pl.data.datamodule import StyleTransferData
from stylegan_pl.data.folder import ImageFolder
from stylegan_pl.data.pairing import Unpaired
from stylegan_pl.data.reading import decode

_PHOTOGRAPHS = (
    "astronaut.png",
    "coffee.png",
    "chelsea.png",
    "motorcycle_left.png",
    "rocket.jpg",
    "hubble_deep_field.jpg",
)
_CROP, _BATCH = 256, 8


class Set(NamedTuple):
    """JPEGs of quality 90; sides are drawn between two numbers."""

    shown: str
    files: int
    width: tuple[int, int]
    height: tuple[int, int]
    load_size: int | None


SETS = {
    "256": Set("256 × 256", 48, (256, 256), (256, 256), None),
    "coco": Set("640 × 480, load_size=286", 24, (640, 640), (480, 480), 286),
    "large": Set("1000–2000 pixels, load_size=286", 16, (1000, 2000), (1000, 2000), 286),
    "whole": Set("1000–2000 pixels, cropped as they are", 16, (1000, 2000), (1000, 2000), None),
}


class Twins(Unpaired):
    """Each file beside itself, so that every turn decodes the same files."""

    def style_index(self, index: int, n_styles: int, rng: np.random.Generator) -> int:
        """The same place."""
        return index


def write(made: Set, folder: Path) -> list[Path]:
    """Cut from photographs at their own detail, which is mirrored where they end."""
    spec = find_spec("skimage")
    assert spec is not None and spec.origin is not None
    rng = np.random.default_rng(0)
    folder.mkdir()
    paths = [folder / f"{number:03}.jpg" for number in range(made.files)]
    for number, path in enumerate(paths):
        name = _PHOTOGRAPHS[number % len(_PHOTOGRAPHS)]
        photograph = np.array(Image.open(Path(spec.origin).parent / "data" / name).convert("RGB"))
        width, height = (int(rng.integers(low, high + 1)) for low, high in (made.width, made.height))
        more = ((0, max(0, height - photograph.shape[0])), (0, max(0, width - photograph.shape[1])), (0, 0))
        whole = np.pad(photograph, more, mode="symmetric")
        top, left = (int(rng.integers(side + 1)) for side in (whole.shape[0] - height, whole.shape[1] - width))
        Image.fromarray(whole[top : top + height, left : left + width]).save(path, quality=90)
    return paths


def decoder(path: Path, load_size: int | None) -> object:
    """What `data.reading.decode` asks for such a file, and nothing else."""
    return pillow(path, load_size) if decode.simplejpeg is None else simplejpeg(path, load_size)


def pillow(path: Path, load_size: int | None) -> object:
    with Image.open(path) as image:
        part = decode.draft((image.height, image.width), load_size)
        image.draft("RGB", (image.width // part, image.height // part))
        image.load()
        return image


def simplejpeg(path: Path, load_size: int | None) -> object:
    content = path.read_bytes()
    height, width, *_ = decode.simplejpeg.decode_jpeg_header(content)
    part = decode.draft((height, width), load_size)
    least = {"min_height": -(-height // part), "min_width": -(-width // part)} if part > 1 else {}
    return decode.simplejpeg.decode_jpeg(content, "RGB", min_factor=1, **least)


def torchvision(path: Path, load_size: int | None) -> object:
    """Deprecated by its authors, and always the whole picture."""
    from torchvision.io import ImageReadMode, decode_jpeg

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return decode_jpeg(torch.frombuffer(bytearray(path.read_bytes()), dtype=torch.uint8), ImageReadMode.RGB)


class Loader:
    """A training run's loader over a set; calling it reads as many batches as take every file twice.

    A worker runs ahead while others have their turn, so each turn has a worker of its own, and its first batches are
    not counted: after them the queue is empty, and a batch comes when the worker has made one.
    """

    def __init__(
        self, folder: Path, made: Set, workers: int, out: Path, *, cache: Path | None = None, **switches: bool
    ) -> None:
        sets = [ImageFolder(str(folder), load_size=made.load_size, held_out=0.0) for _ in range(2)]
        self.data = StyleTransferData(
            sets[0], sets[1], Twins(), Augmentation(), image_size=_CROP, batch_size=_BATCH, val_pairs=0, seed=0,
            workers=workers, download=False, bad_fraction=0.0, problems_csv=str(out / "problems.csv"),
            cache=None if cache is None else str(cache), **switches,
        )  # fmt: skip
        self.data.prepare()
        self.data.trainer = SimpleNamespace(  # type: ignore[assignment]  # all of a Trainer that loaders ask for
            global_rank=0,
            world_size=1,
            training=True,
            lightning_module=SimpleNamespace(clock=SimpleNamespace(images_seen=0)),
        )
        self.batches = made.files // _BATCH
        self.spent: list[Spent] = []

    def turn(self) -> Spent:
        """One turn, timed."""
        batches = iter(self.data.train_dataloader())
        for _ in range(2 * self.data.prefetch if self.data.workers else self.batches):
            next(batches)
        spent = timed(lambda: _look(batches, self.batches))
        if self.data.workers:
            batches._shutdown_workers()  # type: ignore[attr-defined]  # else they fill queues during the decoder's turn
        return spent


def measure(name: str, repetitions: int, decoders: bool) -> list[dict[str, Any]]:
    """Rows of one set."""
    made = SETS[name]
    with tempfile.TemporaryDirectory() as temporary:
        out = Path(temporary)
        paths = write(made, out / "set")
        loaders = {
            f"{kind}{', cached' * (cache is not None)}, {workers} workers": Loader(
                out / "set", made, workers, out, cache=cache, **switches
            )
            for cache in (None, out / "cache")
            for workers, kind, switches in (
                (0, "loader", {}),
                (1, "loader", {}),
                *([] if cache else [(0, "loader, fast_reading=false", {"fast_reading": False})]),
            )
        }
        others = [pillow, torchvision, *([] if decode.simplejpeg is None else [simplejpeg])] if decoders else []
        spent: dict[str, list[Spent]] = {name: [] for name in ("decoder", *loaders, *(f.__name__ for f in others))}
        for _ in range(1 + repetitions):
            for function in (decoder, *others):
                spent[function.__name__].append(timed(partial(_each, function, paths * 2, made.load_size)))
            for kind, loader in loaders.items():
                spent[kind].append(loader.turn())
    counted = {run: found[1:] for run, found in spent.items()}  # the first turn fills caches, ours and the processor's
    return [
        {
            "set": made.shown,
            "run": run,
            "images/s": round(2 * made.files / median(found), 1),
            "of the decoder's rate": round(1 / ratio(found, counted["decoder"]), 3),
            "by processor time": "" if "1 workers" in run else round(1 / cpu_ratio(found, counted["decoder"]), 3),
        }
        for run, found in counted.items()
    ]


def _look(batches: Iterator[object], count: int) -> None:
    for _ in range(count):
        next(batches)  # and drop it, as a training step does


def _each(function: Callable[[Path, int | None], object], paths: list[Path], load_size: int | None) -> None:
    for path in paths:
        function(path, load_size)


def main() -> None:
    """See the module."""
    options = keyed(sys.argv[1:], numbers=("repetitions",), others=("sets", "decoders"))
    torch.set_num_threads(1)
    names = chosen_of(options.get("sets", ",".join(SETS)), SETS, "sets")
    repetitions = int(options.get("repetitions", 7))
    rows = [row for name in names for row in measure(name, repetitions, options.get("decoders") == "true")]
    print(f"decoder: {'Pillow' if decode.simplejpeg is None else 'simplejpeg'}")
    table(rows)
    last_line({"rows": rows, **machine()})


if __name__ == "__main__":
    main()
