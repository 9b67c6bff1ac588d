"""Arithmetic, as `precision=` takes it."""

from enum import Enum


class Precision(Enum):
    """Arithmetic of a run. Names are Lightning's, less the punctuation that enum names cannot hold."""

    auto = "auto"  # bf16 on GPUs that have it, else float32
    fp32 = "32-true"
    bf16 = "bf16-mixed"
    fp16 = "16-mixed"
