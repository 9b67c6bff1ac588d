"""Checks two image sets before a run trains on them or is scored on them."""
