"""Restores the settings that a run changes for its process, for the next run: a sweep's job, a notebook's cell."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def settings_restored() -> Iterator[None]:
    """Restore environment, threads, TF32, determinism and cuDNN's settings at the end.

    W&B's own variables stay: its service outlives a run.
    """
    import torch

    backends = torch.backends
    environment, threads, precision = dict(os.environ), torch.get_num_threads(), torch.get_float32_matmul_precision()
    strict, warns = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    cudnn = (backends.cudnn.allow_tf32, backends.cudnn.benchmark, backends.cudnn.deterministic)
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()  # status.json reports this run's peak
    try:
        yield
    finally:
        _restore(environment)
        torch.set_num_threads(threads)
        torch.set_float32_matmul_precision(precision)
        torch.use_deterministic_algorithms(strict, warn_only=warns)
        backends.cudnn.allow_tf32, backends.cudnn.benchmark, backends.cudnn.deterministic = cudnn


def _restore(environment: dict[str, str]) -> None:
    for name in [name for name in os.environ if name not in environment and "WANDB" not in name]:
        del os.environ[name]
    os.environ.update({name: value for name, value in environment.items() if "WANDB" not in name})
