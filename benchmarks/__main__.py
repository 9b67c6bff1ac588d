"""Every speed benchmark, one after the other: `make bench`, within 15 minutes on two cores.

Each runs as a command of its own, prints its table and ends in a line of JSON; the last line here is the JSON of all.
"""

import json
import subprocess
import sys
import time

COMMANDS: list[tuple[str, list[str]]] = [
    ("reference_step", ["model=cyclegan", "image_size=128", "batch_size=1", "repetitions=5"]),
    ("train_step", ["image_size=64", "batch_size=1", "repetitions=3"]),
    ("framework_overhead", ["+experiment=sample"]),
    ("scaling", []),
]
"""Module -> arguments; append to it."""


def main() -> None:
    """Run all; a benchmark that fails is said, and the rest go on."""
    found: dict[str, object] = {}
    for name, arguments in COMMANDS:
        started = time.monotonic()
        print(f"\n## {name} {' '.join(arguments)}\n", flush=True)
        done = subprocess.run(
            [sys.executable, "-m", f"benchmarks.{name}", *arguments], stdout=subprocess.PIPE, text=True
        )
        *shown, last = done.stdout.strip().splitlines() or [""]
        print("\n".join(shown), flush=True)
        try:
            found[name] = json.loads(last)
        except json.JSONDecodeError:
            print(last)
            found[name] = {"failed": done.returncode}
        print(f"\n{time.monotonic() - started:.0f} s", flush=True)
    print(json.dumps(found), flush=True)
    sys.exit(any("failed" in one for one in found.values() if isinstance(one, dict)))


if __name__ == "__main__":
    main()
