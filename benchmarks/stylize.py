"""Images a second of a generator by size and backend: 8-bit picture in, 8-bit painting out, nothing read or written.

    python -m benchmarks.stylize
    python -m benchmarks.stylize sizes=1024 threads=1 repetitions=5 backends=eager,onnxruntime
    python -m benchmarks.stylize generator=resnet9 sizes=256
    python -m benchmarks.stylize device=cuda precision=bf16 generator=resnet9 sizes=512 batch=32 backends=channels_last
    python -m benchmarks.stylize profile=true sizes=1024        where onnxruntime's time goes, by operation

All backends hold the same weights (drawn, not trained: speed does not know) and paint the same photograph in turns.
`two at once` are two sessions of a thread each, as for a folder of pictures: no picture waits for operations that
onnxruntime runs on one thread. `compile` needs a C++ compiler; `int8` quantises as `export int8=true` does.
"""

import copy
import json
import shutil
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from PIL import Image
from torch import nn

from benchmarks.pairs import cpu_ratio, last_line, machine, median, pairs, ratio, table
from benchmarks.typed import chosen_of, keyed
from stylegan_pl.config.conf_dir import conf_dir
from stylegan_pl.exporting.onnx_file import to_onnx
from stylegan_pl.exporting.parity import Pictures, photograph, pixels, planes
from stylegan_pl.exporting.quantise import quantised
from stylegan_pl.exporting.row_norms import with_row_norms
from stylegan_pl.nn.fast.equivalents import keep_layout, multiply_less, show_channels_last

Paint = Callable[[Pictures], Pictures]
BACKENDS = ("eager", "channels_last", "compile", "onnxruntime", "int8", "two at once")
DEFAULTS = (("mobile", (256, 512, 1024)), ("resnet9", (256,)))
_OTHERS = ("backends", "generator", "device", "precision", "profile")  # options that are no numbers
_CALIBRATION = ("astronaut.png", "coffee.png", "chelsea.png", "rocket.jpg")


def generator(name: str) -> nn.Module:
    """`generator=NAME` of conf/, weights drawn from a seed."""
    torch.manual_seed(0)
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        made: nn.Module = instantiate(compose(f"generator/{name}").generator)
    return made.eval().requires_grad_(False)


def eager(network: nn.Module, device: str, precision: str) -> Paint:
    """PyTorch as it comes."""
    network = network.to(device)

    @torch.inference_mode()
    def paint(pictures: Pictures) -> Pictures:
        with torch.autocast(device, torch.bfloat16, enabled=precision == "bf16"):
            return pixels(network(planes(pictures, device)))

    return paint


def channels_last(network: nn.Module, device: str, precision: str) -> Paint:
    """PyTorch with the rules that training runs by."""
    network = copy.deepcopy(network)
    keep_layout(network)
    multiply_less(network)
    show_channels_last(network)
    return eager(network.to(memory_format=torch.channels_last), device, precision)


def compiled(network: nn.Module, device: str, precision: str) -> Paint:
    """PyTorch, its graph made C++; the layout-keeping norms are one operation, which stays."""
    made = copy.deepcopy(network)
    made.compile()
    return eager(made, device, precision)


def graph(network: nn.Module) -> onnx.ModelProto:
    """As `export` writes it."""
    return with_row_norms(to_onnx(network, preprocessing=True, opset=18))


def session(model: onnx.ModelProto, threads: int, *, profiled: bool = False) -> onnxruntime.InferenceSession:
    """As `inference.onnx.painter` opens it, but for the threads."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level, options.enable_profiling = threads, 3, profiled
    if profiled:
        options.profile_file_prefix = str(Path(tempfile.gettempdir(), "onnxruntime"))
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def by_session(made: onnxruntime.InferenceSession) -> Paint:
    """A graph with its preprocessing inside."""
    return lambda pictures: made.run(None, {"image": pictures})[0]


def in_eight_bits(model: onnx.ModelProto) -> onnx.ModelProto:
    """`export int8=true`, ranges from a few photographs."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, f"{number}.png") for number in range(len(_CALIBRATION))]
        for name, file in zip(_CALIBRATION, files, strict=True):
            Image.fromarray(photograph(name, 256, 256)[0]).save(file)
        return quantised(model, files)


def painters(name: str, chosen: list[str], threads: int, device: str, precision: str) -> dict[str, Paint]:
    """By backend; compiling waits for the first picture. Exported files are painted on the CPU."""
    network = generator(name)
    model = graph(network)
    built: dict[str, Callable[[], Paint]] = {
        "eager": lambda: eager(network, device, precision),
        "channels_last": lambda: channels_last(network, device, precision),
        "compile": lambda: compiled(network, device, precision),
        "onnxruntime": lambda: by_session(session(model, threads)),
        "int8": lambda: by_session(session(in_eight_bits(model), threads)),
        "two at once": lambda: two_at_once(model),
    }
    if device == "cpu" and shutil.which("c++") is None and shutil.which("g++") is None:
        chosen = [backend for backend in chosen if backend != "compile"]
    return {backend: built[backend]() for backend in chosen}


def two_at_once(model: onnx.ModelProto) -> Paint:
    """Two pictures for one that goes in; `rows` counts both."""
    pool = ThreadPoolExecutor(2)
    sessions = [by_session(session(model, 1)) for _ in range(2)]

    def paint(pictures: Pictures) -> Pictures:
        first, second = [pool.submit(one, pictures) for one in sessions]
        second.result()
        return first.result()

    return paint


def rows(name: str, size: int, painters: dict[str, Paint], repetitions: int, batch: int) -> list[dict[str, Any]]:
    """One row a backend."""
    picture = photograph("astronaut.png", size, size).repeat(batch, axis=0)
    first = next(iter(painters))
    expected = painters[first](picture).astype(np.int16)
    spent = pairs({backend: partial(paint, picture) for backend, paint in painters.items()}, repetitions=repetitions)
    found = []
    for backend, paint in painters.items():
        twice = 2 if backend == "two at once" else 1
        count = twice * batch
        found.append(
            {
                "generator": name,
                "size": size,
                "backend": backend,
                "ms a picture": round(1e3 * median(spent[backend]) / count, 1),
                "pictures/s": round(count / median(spent[backend]), 2),
                f"time / {first}": round(ratio(spent[backend], spent[first]) / twice, 3),
                "processor time": round(cpu_ratio(spent[backend], spent[first]) / twice, 3),
                "of 255, at most": int(np.abs(paint(picture) - expected).max()),
            }
        )
    return found


def profile(name: str, size: int, threads: int) -> list[dict[str, Any]]:
    """Milliseconds a picture by operation: of each node the fastest of five runs, summed."""
    made = session(graph(generator(name)), threads, profiled=True)
    picture = photograph("astronaut.png", size, size)
    for _ in range(5):
        made.run(None, {"image": picture})
    file = Path(made.end_profiling())
    times: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for event in json.loads(file.read_text()):
        if event.get("cat") == "Node" and event["name"].endswith("_kernel_time"):
            times[event["args"]["op_name"]][event["name"]].append(event["dur"] / 1e3)
    file.unlink()
    sums = {operation: sum(map(min, nodes.values())) for operation, nodes in times.items()}
    total = sum(sums.values())
    return [
        {"operation": operation, "nodes": len(times[operation]), "ms": round(ms, 1), "share": f"{ms / total:.1%}"}
        for operation, ms in sorted(sums.items(), key=lambda pair: -pair[1])
    ]


def main() -> None:
    """See the module."""
    options = keyed(sys.argv[1:], numbers=("threads", "repetitions", "batch", "sizes"), others=_OTHERS)
    threads, repetitions = int(options.get("threads", 2)), int(options.get("repetitions", 7))
    device, precision, batch = options.get("device", "cpu"), options.get("precision", "fp32"), options.get("batch", "1")
    torch.set_num_threads(threads)
    chosen = chosen_of(options.get("backends", ",".join(BACKENDS)), BACKENDS, "backends")
    sizes = tuple(int(size) for size in options["sizes"].split(",")) if "sizes" in options else None
    asked = [(options["generator"], sizes or (256,))] if "generator" in options else DEFAULTS
    found = []
    for name, usual in asked if "generator" in options or sizes is None else [("mobile", sizes)]:
        if options.get("profile") == "true":
            found += [row for size in usual for row in profile(name, size, threads)]
            continue
        made = painters(name, chosen, threads, device, precision)
        found += [row for size in usual for row in rows(name, size, made, repetitions, int(batch))]
    table(found)
    last_line({"rows": found, **machine()})


if __name__ == "__main__":
    main()
