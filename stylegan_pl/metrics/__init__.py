"""Metrics of a set of stylised pictures; one per file."""
