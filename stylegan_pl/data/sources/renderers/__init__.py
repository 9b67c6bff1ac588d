"""Styles as programs: each turns a photograph into a picture of its style, to make a training set of styles.

A renderer is a frozen dataclass of its parameters: `renderer(photo, seed=0)`, uint8 (H, W, 3) of any size in and out,
the same bytes for the same seed.
"""
