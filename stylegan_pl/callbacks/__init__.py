"""What watches a model train: logs, grids, scores, checkpoints, the progress bar."""
