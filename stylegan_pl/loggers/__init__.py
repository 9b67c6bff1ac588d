"""Loggers for a run's numbers and pictures."""
