"""Layers of generators and discriminators: blocks, resampling, normalisation, initialisation, taps."""
