"""The values of `precision=`."""

from enum import Enum


class Precision(Enum):
    """The precision of a run. Names are Lightning's, without characters that enum names cannot have."""

    auto = "auto"  # bf16 on GPUs that support it, otherwise float32
    fp32 = "32-true"
    bf16 = "bf16-mixed"
    bf16_if_fast = "bf16_if_fast"  # bf16 on GPUs and processors that compute it, otherwise float32
    fp16 = "16-mixed"
