"""What a run is and what lies in its folder: ranks, device, status, checkpoints; painters are read as these are."""
