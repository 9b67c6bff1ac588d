"""A run and its folder: ranks, device, status, checkpoints. Painters in the box are loaded in the same way."""
