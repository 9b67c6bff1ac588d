"""What several losses need to measure the training sets before the first step."""

LEAST = 1e-8  # smallest denominator


def buffer_name(layer: str) -> str:
    """The buffer that keeps a layer's denominator in checkpoints; torch allows no dot in its name."""
    return f"usual_{layer.replace('.', '_')}"


def evenly(count: int, most: int) -> list[int]:
    """At most `most` of `count` indices, evenly spread."""
    return list(range(count)) if count <= most else [at * count // most for at in range(most)]
