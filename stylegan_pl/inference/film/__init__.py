"""Paints films frame by frame, without flicker."""
