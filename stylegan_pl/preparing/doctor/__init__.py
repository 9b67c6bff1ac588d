"""The data doctor: what is in two image sets, before a run learns from it or is scored on it."""
