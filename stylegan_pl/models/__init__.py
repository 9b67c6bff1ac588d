"""LightningModules: `base` has the mechanics of two-player training; each method's mathematics has its own file."""
