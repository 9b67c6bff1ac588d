"""Images a second, peak memory and share of the machine's arithmetic of a training step.

    python -m benchmarks.train_step image_size=128 models=cyclegan,cut
    python -m benchmarks.train_step image_size=128 switches=true model=cyclegan     a row a switch, with and without it

Arguments are Hydra overrides of the training config, and `models=`, `switches=`, `repetitions=`. The table
comes first, JSON is the last line.
"""

import sys
from typing import Any

import torch

from benchmarks.flops import flops, matmul_peak
from benchmarks.memory import cost_of_step
from benchmarks.pairs import cpu_ratio, last_line, machine, median, pairs, ratio, table
from benchmarks.steps import NO_DOWNLOADS, Step, composed, device
from benchmarks.typed import keyed

MODELS = ("vanilla", "cyclegan", "cut", "fastcut", "pix2pix", "adain_scratch", "ast", "perceptual")
SWITCHES = {
    "channels_last": ["model.mechanics.channels_last=false"],
    "multiply_less": ["model.mechanics.multiply_less=false"],
    "one_forward": ["model.game.one_forward=false"],
    "shared_forwards": ["model.shared_forwards=false"],
    "fused Adam": ["model.generator_optimizer.fused=false", "model.discriminator_optimizer.fused=false"],
    "compile": ["model.mechanics.compile=true"],
    "bf16": ["precision=bf16"],
    "recompute": ["model.mechanics.recompute=true"],
}
"""Switch -> what turns it round from where it stands."""
_OWN = ("models", "switches", "repetitions")


def main() -> None:
    """See the module."""
    own = keyed(sys.argv[1:], numbers=("repetitions",), others=_OWN, verb="train")
    overrides = [*NO_DOWNLOADS, *(word for word in sys.argv[1:] if word.partition("=")[0] not in _OWN)]
    repetitions = int(own.get("repetitions", 3))
    if own.get("switches"):
        rows = switch_rows(overrides, own["switches"], repetitions)
    else:
        rows = model_rows(overrides, own.get("models", ",".join(MODELS)).split(","), repetitions)
    table(rows)
    last_line({"rows": rows, **machine()})


def model_rows(overrides: list[str], models: list[str], repetitions: int) -> list[dict[str, Any]]:
    """One row a model."""
    peak = matmul_peak(device(), torch.bfloat16 if "precision=bf16" in overrides else torch.float32)
    rows = []
    for model in models:
        chosen = [*overrides, f"model={model}", *_small_unet(model, overrides)]
        config = composed(chosen)
        step = Step(config)
        plain = Step(composed([*chosen, "model.mechanics.multiply_less=false"]))
        defined = flops(plain)  # as the layers define it; our own rules need fewer
        del plain
        seconds = median(pairs({"step": step}, repetitions=repetitions, warm_up=1)["step"])
        del step
        rows.append(
            {
                "model": model,
                "s a step": round(seconds, 3),
                "images/s": round(config.batch_size / seconds, 3),
                "GMAC a pair": round(defined / 2e9 / config.batch_size, 1),
                "GFLOP/s": round(defined / seconds / 1e9, 1),
                "of matmul peak": round(defined / seconds / peak, 3),
                "peak GiB": round(cost_of_step(chosen).gib, 2),
            }
        )
    return rows


def turned(changes: list[str], overrides: list[str]) -> list[str]:
    """A switch's words, each the other way round where it is typed already."""
    other = {"true": "false", "false": "true", "bf16": "fp32"}
    halves = (word.split("=", 1) for word in changes)
    return [f"{key}={other[value] if f'{key}={value}' in overrides else value}" for key, value in halves]


def switch_rows(overrides: list[str], names: str, repetitions: int) -> list[dict[str, Any]]:
    """One row a switch: as the config has it and turned round, in pairs."""
    rows = []
    for name in SWITCHES if names == "true" else names.split(","):
        changes = turned(SWITCHES[name], overrides)
        runs = {"as set": Step(composed(overrides)), "turned": Step(composed([*overrides, *changes]))}
        spent = pairs(runs, repetitions=repetitions, warm_up=1)
        rows.append(
            {
                "switch": name,
                "turned to": changes[0],
                "s as set": round(median(spent["as set"]), 3),
                "s turned": round(median(spent["turned"]), 3),
                "turned / as set": round(ratio(spent["turned"], spent["as set"]), 3),
                "of processor time": round(cpu_ratio(spent["turned"], spent["as set"]), 3),
            }
        )
    return rows


def _small_unet(model: str, overrides: list[str]) -> list[str]:
    """A U-Net of as many levels as the picture can be halved."""
    if model != "pix2pix" or any("generator" in word for word in overrides):
        return []
    size = int(composed(overrides).image_size)
    return [f"model.generator.levels={min(8, (size & -size).bit_length() - 1)}"]


if __name__ == "__main__":
    main()
