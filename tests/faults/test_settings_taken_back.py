"""What a run sets for the whole process is not the next job's."""

import os

import torch
from faults.injections import At, run_with


def settings() -> dict[str, object]:
    backends = torch.backends
    return {
        "threads": torch.get_num_threads(),
        "matmul": torch.get_float32_matmul_precision(),
        "cudnn": (backends.cudnn.allow_tf32, backends.cudnn.benchmark, backends.cudnn.deterministic),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "environment": {name: value for name, value in os.environ.items() if "WANDB" not in name},
    }


def test_threads_tf32_determinism_and_environment_are_as_they_were(train_config, monkeypatch):
    def change() -> None:
        torch.set_num_threads(2)
        torch.set_float32_matmul_precision("high")
        torch.backends.cudnn.allow_tf32 = not torch.backends.cudnn.allow_tf32
        os.environ["OMP_NUM_THREADS"] = "2"
        os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":16:8"

    before = settings()
    assert run_with(train_config("deterministic=true", "trainer.benchmark=true"), monkeypatch, At(2, change)) == 0
    assert settings() == before
