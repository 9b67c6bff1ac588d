"""The memory that painting a film takes while it goes on, and by its length: clips that differ in nothing else.

    python -m benchmarks.film
    python -m benchmarks.film seconds=3,30 width=1280 height=720 ckpt=RUN smoothing=0.7

Each clip is painted by a process of its own, looked at once a second: the most resident memory in each third of its
time. What grew with the film would be more in the last than in the second; the first has the start. Without `ckpt=` the
mobile generator is made, its weights as drawn: neither memory nor time knows what they are.
"""

import itertools
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import av
import numpy as np
from PIL import Image

from benchmarks.pairs import last_line, machine, table
from benchmarks.stylize_lite import photograph
from benchmarks.typed import keyed

_RATE = 25  # frames a second
_UNTRAINED = [
    "+experiment=sample", "generator@model.generator=mobile", "model.generator.blocks=5", "model.generator.width=32",
    "max_images=2", "val_every_images=2", "device=cpu", "data.workers=0", "logger=none",
]  # fmt: skip


def clip(path: Path, *, seconds: int, width: int, height: int) -> Path:
    """A camera that moves over a photograph, there and back."""
    still = Image.open(photograph(width + height, path.parent))
    wide = np.array(still)[:height]
    free = wide.shape[1] - width
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=_RATE, options={"crf": "18", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(seconds * _RATE):
            left = abs((3 * number) % (2 * free) - free)
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(wide[:, left : left + width]), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def frames(path: Path) -> int:
    """Counted by decoding them."""
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def painted(ckpt: str, source: Path, result: Path, typed: list[str]) -> tuple[float, list[float]]:
    """Seconds, and GiB resident at most in each third of them."""
    words = [f"ckpt={ckpt}", f"input={source}", f"output={result}", "device=cpu", *typed]
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "stylegan_pl.stylize", *words], stdout=sys.stderr)
    resident: list[float] = []
    while process.poll() is None:
        found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text())
        resident += [float(found[1]) / 2**20] if found is not None else []  # none: it has just ended
        time.sleep(1)
    if process.returncode:
        raise SystemExit(f"stylize ended with {process.returncode}")
    return time.perf_counter() - started, thirds(resident)


def thirds(resident: list[float]) -> list[float]:
    """The largest in each third.

    Raises:
        SystemExit: fewer than three.
    """
    if len(resident) < 3:
        raise SystemExit(f"error: painted within {len(resident)} s, too soon for a third each; type longer seconds=")
    edges = [place * len(resident) // 3 for place in range(4)]
    return [max(resident[start:end]) for start, end in itertools.pairwise(edges)]


def main() -> None:
    """See the module."""
    options = keyed(sys.argv[1:], numbers=("width", "height", "seconds", "smoothing"), others=("ckpt",))
    width, height = int(options.get("width", 1280)), int(options.get("height", 720))
    typed = [f"film.smoothing={options['smoothing']}"] if "smoothing" in options else []
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ckpt = options.get("ckpt", str(folder / "run"))
        if "ckpt" not in options:
            words = [*_UNTRAINED, f"hydra.run.dir={ckpt}", f"data_root={folder / 'data'}"]
            subprocess.run([sys.executable, "-m", "stylegan_pl.train", *words], check=True, stdout=sys.stderr)
        for seconds in (int(text) for text in options.get("seconds", "3,30").split(",")):
            source = clip(folder / f"{seconds}.mp4", seconds=seconds, width=width, height=height)
            result = folder / f"{seconds}-painted.mp4"
            spent, peaks = painted(ckpt, source, result, typed)
            count = frames(result)
            assert count == frames(source) == seconds * _RATE
            rows.append(
                {
                    "clip, s": seconds,
                    "frames": count,
                    "size": f"{width}×{height}",
                    **{f"GiB, third {place}": round(peak, 3) for place, peak in enumerate(peaks, start=1)},
                    "frames/s, start included": round(count / spent, 2),
                }
            )
    table(rows)
    last_line({"rows": rows, **machine()})


if __name__ == "__main__":
    main()
