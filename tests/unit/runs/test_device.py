"""What is computed on and in which arithmetic is what was typed, or is refused."""

import platform

import pytest
import torch

from stylegan_pl.errors import ConfigError
from stylegan_pl.runs.device import check_trains_where_typed, inference_device, inference_dtype, is_out_of_memory
from stylegan_pl.runs.precision import Precision


@pytest.fixture
def machine(monkeypatch):
    """One with these kinds of device."""

    def having(*kinds: str) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: "cuda" in kinds)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: 2 if "cuda" in kinds else 0)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: "mps" in kinds)

    return having


@pytest.mark.parametrize(
    ("kinds", "name", "expected"),
    [
        ((), "auto", "cpu"),
        ((), "cpu", "cpu"),
        (("cuda",), "auto", "cuda"),
        (("cuda",), "gpu", "cuda"),
        (("cuda",), "cpu", "cpu"),
        (("cuda",), "cuda:1", "cuda:1"),
        (("mps",), "gpu", "mps"),
        (("mps",), "auto", "mps"),
    ],
)
def test_a_device_is_the_one_that_was_typed(machine, kinds, name, expected):
    machine(*kinds)
    assert inference_device(name) == torch.device(expected)


@pytest.mark.parametrize(
    ("kinds", "name", "said"),
    [
        ((), "gpu", "device=gpu: this machine has no GPU of that kind that torch can use; type device=cpu"),
        ((), "cuda", "type device=cpu"),
        ((), "mps", "type device=cpu"),
        (("cuda",), "mps", "type device=cpu"),
        (("mps",), "cuda", "type device=cpu"),
        (("cuda",), "cuda:2", "device=cuda:2: this machine has 2 GPUs; type device=auto"),
        (("cuda",), "cuda:-1", "type auto, cpu, gpu, mps or cuda:N"),
        (("cuda",), "cuda:x", "type auto, cpu, gpu, mps or cuda:N"),
        ((), "GPU", "type auto, cpu, gpu, mps or cuda:N"),
    ],
)
def test_what_is_not_there_is_refused_and_never_the_cpu_instead(machine, kinds, name, said):
    machine(*kinds)
    with pytest.raises(ConfigError, match=said) as refused:
        inference_device(name)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("kinds", "device", "accelerator", "said"),
    [
        ((), "gpu", "gpu", "device=gpu: this machine has no GPU"),
        ((), "gpu", "cpu", "device=gpu: this machine has no GPU"),  # with trainer=cpu
        ((), "auto", "gpu", "trainer.accelerator=gpu: .*; type trainer=cpu"),
        (("cuda",), "gpu", "cpu", "device=gpu, but trainer.accelerator=cpu is another device; type trainer=auto"),
        (("cuda",), "cpu", "gpu", "device=cpu, but trainer.accelerator=gpu is another device"),
        (("cuda",), "cuda:1", "cuda:1", r"trainer.devices=\[1\]"),
        ((), "tpu", "tpu", "type auto, cpu, gpu or mps"),
    ],
)
def test_a_run_that_would_train_elsewhere_is_refused(machine, kinds, device, accelerator, said):
    machine(*kinds)
    with pytest.raises(ConfigError, match=said):
        check_trains_where_typed(device, accelerator)


@pytest.mark.parametrize(
    ("kinds", "device", "accelerator"),
    [
        ((), "auto", "auto"),
        ((), "auto", "cpu"),
        ((), "cpu", "cpu"),
        (("cuda",), "gpu", "gpu"),
        (("cuda",), "gpu", "cuda"),
        (("cuda",), "auto", "cpu"),
    ],
)
def test_a_run_that_trains_where_it_was_typed_is_not(machine, kinds, device, accelerator):
    machine(*kinds)
    check_trains_where_typed(device, accelerator)


def test_painting_is_in_the_precision_that_was_typed(monkeypatch):
    cpu, cuda = torch.device("cpu"), torch.device("cuda")
    typed = {Precision.fp32: torch.float32, Precision.bf16: torch.bfloat16, Precision.fp16: torch.float16}
    for precision, dtype in typed.items():
        assert inference_dtype(precision, cpu) == inference_dtype(precision, cuda) == dtype
    for has_it, dtype in ((True, torch.bfloat16), (False, torch.float32)):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda *, including_emulation, has=has_it: has)
        assert inference_dtype(Precision.auto, cuda) == dtype
        assert inference_dtype(Precision.bf16_if_fast, cuda) == dtype
        assert inference_dtype(Precision.auto, cpu) == torch.float32


@pytest.mark.parametrize(
    ("machine_name", "avx512_bf16", "arm_bf16", "dtype"),
    [
        ("x86_64", True, False, torch.bfloat16),
        ("x86_64", False, True, torch.float32),  # oneDNN answers for AVX-512, too, without the instructions
        ("AMD64", False, False, torch.float32),
        ("aarch64", False, True, torch.bfloat16),
        ("arm64", False, False, torch.float32),
    ],
)
def test_bf16_if_fast_is_bf16_on_processors_that_compute_it(monkeypatch, machine_name, avx512_bf16, arm_bf16, dtype):
    monkeypatch.setattr(platform, "machine", lambda: machine_name)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: avx512_bf16)
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: arm_bf16)
    assert inference_dtype(Precision.bf16_if_fast, torch.device("cpu")) == dtype
    assert inference_dtype(Precision.auto, torch.device("cpu")) == torch.float32


def test_memory_that_ran_out_is_known_on_every_device():
    with pytest.raises(RuntimeError) as on_a_cpu:
        torch.empty(2**61, dtype=torch.uint8)
    for error in (on_a_cpu.value, MemoryError(), torch.OutOfMemoryError("CUDA out of memory. Tried to allocate")):
        assert is_out_of_memory(error)
    assert is_out_of_memory(RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"))
    assert is_out_of_memory(RuntimeError("[enforce fail] DefaultCPUAllocator: not enough memory: you tried"))
    assert is_out_of_memory(RuntimeError("could not create a primitive"))  # a convolution's on a CPU
    assert not is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    assert not is_out_of_memory(ValueError("can't allocate memory"))
