"""Paints pictures that are too large for memory in tiles, without seams."""
