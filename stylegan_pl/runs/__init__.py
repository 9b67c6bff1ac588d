"""A run and its folder: ranks, device, status, checkpoints; also the painters in the box, which are read alike."""
