"""Images a second and peak memory of the flagship's training step: `python -m benchmarks.train_step image_size=128`.

Arguments are Hydra overrides of `+experiment=sample`. The last line is JSON; medians over the repetitions.
"""

import json
import resource
import statistics
import sys
import time

import torch
from hydra import compose, initialize_config_dir

from stylegan_pl.build import build_model
from stylegan_pl.contracts import StylePair
from stylegan_pl.paths import conf_dir
from stylegan_pl.schema import register

REPETITIONS = 10


def main() -> None:
    """Time both players' forward and backward on random pictures, without loader or logging."""
    register()
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        config = compose("train", overrides=["+experiment=sample", "run_dir=.", *sys.argv[1:]])
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = build_model(config).to(device)
    optimizers = model.configure_optimizers()
    size = (config.batch_size, 3, config.image_size, config.image_size)
    batch = StylePair(torch.rand(size, device=device) * 2 - 1, torch.rand(size, device=device) * 2 - 1)
    seconds = []
    for repetition in range(REPETITIONS + 2):
        started = time.perf_counter()
        fakes = model.generate(batch)
        _step(optimizers[0], model.generator_loss(batch, fakes))
        _step(optimizers[1], model.discriminator_loss(batch, {name: fake.detach() for name, fake in fakes.items()}))
        if device.type == "cuda":
            torch.cuda.synchronize()
        if repetition >= 2:  # the first ones allocate and pick kernels
            seconds.append(time.perf_counter() - started)
    _report(config.batch_size, seconds, device)


def _step(optimizer: torch.optim.Optimizer, terms: dict[str, torch.Tensor]) -> None:
    optimizer.zero_grad(set_to_none=True)
    torch.stack(list(terms.values())).sum().backward()
    optimizer.step()


def _report(batch_size: int, seconds: list[float], device: torch.device) -> None:
    median = statistics.median(seconds)
    peak = (
        torch.cuda.max_memory_allocated()
        if device.type == "cuda"
        else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    )
    row = {
        "device": torch.cuda.get_device_name() if device.type == "cuda" else f"cpu, {torch.get_num_threads()} threads",
        "seconds_per_step": round(median, 4),
        "fastest": round(min(seconds), 4),
        "slowest": round(max(seconds), 4),
        "images_per_second": round(batch_size / median, 2),
        "peak_memory_gib": round(peak / 2**30, 3),
    }
    for name, value in row.items():
        print(f"{name:20} {value}")
    print(json.dumps(row))


if __name__ == "__main__":
    main()
