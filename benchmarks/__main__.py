"""Every speed benchmark, one after the other: `make bench`, within 15 minutes on two cores.

Each runs as a command of its own, prints its table and ends in a line of JSON; the last line here is the JSON of all.
"""

import json
import subprocess
import sys
import time

SWITCHES = "channels_last,multiply_less,one_forward,shared_forwards,fused Adam,bf16,recompute"  # compile takes minutes
COMMANDS: list[tuple[str, list[str]]] = [
    ("reference_step", ["model=cyclegan", "image_size=128", "batch_size=1", "repetitions=5"]),
    ("train_step", ["image_size=64", "batch_size=1", "repetitions=2"]),
    ("train_step", [f"switches={SWITCHES}", "model=cyclegan", "image_size=128", "batch_size=1", "repetitions=2"]),
    ("layout", ["model=cyclegan", "image_size=64"]),
    ("framework_overhead", ["+experiment=sample"]),
    ("cost", ["model=cyclegan", "sizes=64,128,160", "batches=1,2,4"]),
    ("data", ["sets=256,coco", "repetitions=4"]),
    ("stylize", ["backends=eager,channels_last,onnxruntime", "repetitions=3"]),
    ("scaling", []),
]
"""Module -> arguments; append to it."""


def main() -> None:
    """Run all; a benchmark that fails is said, and the rest go on."""
    found: dict[str, object] = {}
    for name, arguments in COMMANDS:
        place = name if name not in found else f"{name} {arguments[0].partition('=')[0]}"
        started = time.monotonic()
        print(f"\n## {name} {' '.join(arguments)}\n", flush=True)
        done = subprocess.run(
            [sys.executable, "-m", f"benchmarks.{name}", *arguments], stdout=subprocess.PIPE, text=True
        )
        *shown, last = done.stdout.strip().splitlines() or [""]
        print("\n".join(shown), flush=True)
        try:
            found[place] = json.loads(last)
        except json.JSONDecodeError:
            print(last)
            found[place] = {"failed": done.returncode}
        print(f"\n{time.monotonic() - started:.0f} s", flush=True)
    print(json.dumps(found), flush=True)
    sys.exit(any("failed" in one for one in found.values() if isinstance(one, dict)))


if __name__ == "__main__":
    main()
