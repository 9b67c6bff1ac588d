"""One training run: checked, built, fitted, resumed."""
