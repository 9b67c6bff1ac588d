"""Trained painters that come with the package: NAME.safetensors, its card NAME.safetensors.md, a thumbnail NAME.jpg."""
