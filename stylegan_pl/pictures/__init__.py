"""Reads and writes image files; only `tensors` needs torch."""
