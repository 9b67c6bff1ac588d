"""Helpers of training: average of weights, pool of earlier fakes, teacher, probes."""
