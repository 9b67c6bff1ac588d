"""How good a set of stylised pictures is; one measure a file."""
