"""The device and the precision of a run or a painter, as typed."""

import os
import platform
import re

import torch

from stylegan_pl.errors import ConfigError
from stylegan_pl.runs.precision import Precision

_NO_MEMORY = re.compile(
    r"can't allocate memory|could not create a primitive$|not enough memory|backend out of memory"
)  # a CPU's, and its convolutions', Windows', MPS's

_KINDS = {"auto": ("cuda", "mps"), "gpu": ("cuda", "mps"), "cuda": ("cuda",), "mps": ("mps",), "cpu": ()}
"""What a user types -> the devices it may mean, the best first."""


def device_kind(name: str) -> str:
    """`auto`, `cpu`, `gpu`, `cuda`, `mps` -> `cuda`, `mps` or `cpu`.

    Raises:
        ConfigError: an unknown name, or a device that this machine does not have; only `auto` falls back to the CPU.
    """
    if name not in _KINDS:
        raise ConfigError(f"device={name}: type auto, cpu, gpu or mps; for one of several GPUs trainer.devices=[1]")
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    found = next((kind for kind in _KINDS[name] if there[kind]), "cpu")
    if found == "cpu" and name not in ("auto", "cpu"):
        raise ConfigError(f"device={name}: this machine has no GPU of that kind that torch can use; type device=cpu")
    return found


def check_trains_where_typed(device: str, accelerator: str) -> None:
    """Refuse a run that would train on another device than the command line says.

    Args:
        device: as typed.
        accelerator: of the trainer, which names a device itself, as trainer=cpu does, or takes `device`.

    Raises:
        ConfigError: the two are different devices, or this machine has no such device.
    """
    asked = device_kind(device)
    if accelerator == device:
        return
    try:
        taken = device_kind(accelerator)
    except ConfigError as error:
        raise ConfigError(
            f"trainer.accelerator={accelerator}: this machine has no such device that torch can use; type trainer=cpu"
        ) from error
    if device != "auto" and asked != taken:
        raise ConfigError(
            f"device={device}, but trainer.accelerator={accelerator} is another device; type trainer=auto, or leave "
            "device= out"
        )


def inference_device(name: str) -> torch.device:
    """`auto`, `cpu`, `gpu`, `mps`, `cuda:1` -> a torch device.

    Raises:
        ConfigError: this machine has no such device.
    """
    if re.fullmatch(r"cuda:\d+", name):
        if int(name[5:]) >= torch.cuda.device_count():
            raise ConfigError(f"device={name}: this machine has {torch.cuda.device_count()} GPUs; type device=auto")
        return torch.device(name)
    if name not in _KINDS:
        raise ConfigError(f"device={name}: type auto, cpu, gpu, mps or cuda:N")
    return torch.device(device_kind(name))


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means that memory ran out; on a CPU, only the message of torch's error says so."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and bool(_NO_MEMORY.search(str(error)))


def inference_dtype(precision: Precision, device: torch.device) -> torch.dtype:
    """The dtype of a generator outside training."""
    exact = exact_precision(precision, device.type)
    return {Precision.fp32: torch.float32, Precision.bf16: torch.bfloat16, Precision.fp16: torch.float16}[exact]


def exact_precision(precision: Precision, kind: str) -> Precision:
    """fp32, bf16 or fp16: as typed, or what `auto` and `bf16_if_fast` mean on a device of that kind."""
    if precision is Precision.auto:  # every processor computes the same precision
        return Precision.bf16 if kind != "cpu" and has_bf16(kind) else Precision.fp32
    if precision is Precision.bf16_if_fast:
        return Precision.bf16 if has_bf16(kind) else Precision.fp32
    return precision


def has_bf16(kind: str) -> bool:
    """Whether a device of that kind computes bfloat16: NVIDIA's GPUs and processors that have instructions for it.

    Any other processor emulates them, which takes ten times as long as float32 or more.
    """
    if kind == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if kind != "cpu":
        return False
    if platform.machine() in ("arm64", "aarch64"):
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return bool(torch.cpu._is_avx512_bf16_supported())  # so have those with AMX


def half_precision(kind: str) -> str:
    """The 16-bit precision for training on a device of that kind."""
    return "bf16" if kind == "cpu" or has_bf16(kind) else "fp16"


def total_memory(device: torch.device) -> int:
    """Total memory of a device, in bytes."""
    if device.type == "cuda":
        return torch.cuda.get_device_properties(device).total_memory
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")  # mps shares the machine's


def device_name(device: torch.device) -> str:
    """The name of a device for messages: `cuda:1 (NVIDIA H200)`, `cpu`."""
    return f"{device} ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else str(device)
