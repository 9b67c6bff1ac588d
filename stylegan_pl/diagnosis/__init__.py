"""Known failures of GANs, one per file: how each is measured, and what to type against it."""
