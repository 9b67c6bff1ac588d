"""What a run or a painter computes on, and in which arithmetic, as typed."""

import re

import torch

from stylegan_pl.errors import ConfigError
from stylegan_pl.schema import Precision


def device_kind(accelerator: str) -> str:
    """`cuda`, `mps` or `cpu`: what the accelerator will be."""
    if accelerator in ("gpu", "cuda") and not torch.cuda.is_available() and not torch.backends.mps.is_available():
        raise ConfigError("device=gpu: this machine has no GPU that torch can use; type device=cpu or trainer=cpu")
    if accelerator in ("auto", "gpu", "cuda") and torch.cuda.is_available():
        return "cuda"
    if accelerator in ("auto", "gpu", "mps") and torch.backends.mps.is_available():
        return "mps"
    return "cpu"


def inference_device(name: str) -> torch.device:
    """`auto`, `cpu`, `gpu`, `mps`, `cuda:1` -> a torch device.

    Raises:
        ConfigError: this machine has no such device.
    """
    if name.startswith("cuda:"):
        if int(name[5:]) >= torch.cuda.device_count():
            raise ConfigError(f"device={name}: this machine has {torch.cuda.device_count()} GPUs; type device=auto")
        return torch.device(name)
    if name not in ("auto", "cpu", "gpu", "cuda", "mps"):
        raise ConfigError(f"device={name}: type auto, cpu, gpu, mps or cuda:N")
    return torch.device(device_kind(name))


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a device, or the machine, had no memory left; on a CPU torch says so in words alone."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and bool(re.search(r"can't allocate memory|not enough memory", str(error)))


def inference_dtype(precision: Precision, device: torch.device) -> torch.dtype:
    """Of a generator's arithmetic outside training: float32, or bfloat16 (`auto`: on GPUs that have it)."""
    if precision is Precision.auto:
        half = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        half = precision in (Precision.bf16, Precision.fp16)
    return torch.bfloat16 if half else torch.float32
