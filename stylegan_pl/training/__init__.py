"""One training run: check, build, fit, resume; and `preview`, which optimises pixels under the same losses."""
