"""Our step against the same maths written the plain way.

    python -m benchmarks.reference_step model=cyclegan image_size=128 batch_size=1

Arguments are Hydra overrides of the training config; `repetitions=N` is the number of pairs. The reference of CycleGAN
and pix2pix is `benchmarks/plain.py`; that of other models is our step with every switch off.
"""

import statistics
import sys

import torch

from benchmarks.pairs import cpu_ratio, last_line, machine, pairs, ratio, table
from benchmarks.plain import plain_step
from benchmarks.steps import NO_DOWNLOADS, PLAIN, Run, Step, composed, random_batch
from benchmarks.typed import keyed
from stylegan_pl.training.build import build_model


def main() -> None:
    """Time both in turn and print the ratio."""
    repetitions, overrides = arguments(sys.argv[1:], repetitions=7)
    print_result(compare([*NO_DOWNLOADS, *overrides], repetitions))


def arguments(given: list[str], *, repetitions: int) -> tuple[int, list[str]]:
    """`repetitions=N` apart from the overrides."""
    own = keyed(given, numbers=("repetitions",), verb="train")
    rest = [word for word in given if not word.startswith("repetitions=")]
    return int(own.get("repetitions", repetitions)), rest


def compare(overrides: list[str], repetitions: int) -> dict[str, object]:
    """Seconds of both steps, and our median share of the reference's."""
    config = composed(overrides)
    batch = random_batch(config)
    ours = Step(config, batch)
    reference, kind = reference_of(overrides, ours)
    spent = pairs({"ours": ours, "reference": reference}, repetitions=repetitions)
    return {
        "model": type(ours.model).__name__,
        "image_size": config.image_size,
        "batch_size": config.batch_size,
        "reference": kind,
        "seconds": {name: [round(one.seconds, 4) for one in all_] for name, all_ in spent.items()},
        "ratio": round(ratio(spent["ours"], spent["reference"]), 4),
        "cpu_ratio": round(cpu_ratio(spent["ours"], spent["reference"]), 4),
        **machine(),
    }


def reference_of(overrides: list[str], ours: Step) -> tuple[Run, str]:
    """The plain step with the weights of a model built like ours, and what it is."""
    torch.manual_seed(0)
    config = composed([*overrides, *PLAIN])
    model = build_model(config).to(ours.batch.content.device)
    written = plain_step(model, ours.batch)
    if written is not None:
        return written, "written out"
    return Step(composed([*overrides, *PLAIN, "++model.game.one_forward=false"]), ours.batch), "switches off"


def print_result(result: dict[str, object]) -> None:
    """The table, then the JSON."""
    seconds = result["seconds"]
    assert isinstance(seconds, dict)
    medians = {name: statistics.median(all_) for name, all_ in seconds.items()}
    print(f"{result['model']}, {result['image_size']} pixels, batch {result['batch_size']}; {result['device']}")
    table(
        [
            {"step": name, "median s": medians[name], "fastest s": min(all_), "slowest s": max(all_)}
            for name, all_ in seconds.items()
        ]
    )
    print(f"ratio, median of {len(seconds['ours'])} pairs: {result['ratio']}; of processor time: {result['cpu_ratio']}")
    last_line(result)


if __name__ == "__main__":
    main()
