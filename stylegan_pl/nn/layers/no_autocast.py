"""Arithmetic in float32 inside a run of half precision."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch


def no_autocast(device_type: str) -> AbstractContextManager[Any]:
    """Within it, autocast is off. Where it is off already, nothing is done: torch.export cannot write such a region."""
    return torch.autocast(device_type, enabled=False) if torch.is_autocast_enabled(device_type) else nullcontext()
