"""Draws artificial landscapes that look like a video game's, because a real game's pictures may not be distributed."""
