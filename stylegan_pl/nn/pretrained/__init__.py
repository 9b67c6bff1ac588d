"""Frozen networks whose weights come from a file, and how these are found, checked and named."""
