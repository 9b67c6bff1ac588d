"""One training run: check, build, fit, resume."""
