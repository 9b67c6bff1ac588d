"""LightningModules: `base` is the mechanics of two-player training, each other file the mathematics of one method."""
