"""Pictures that are too large for memory, painted tile by tile without a seam."""
