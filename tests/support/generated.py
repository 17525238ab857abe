"""How many generated examples a test tries."""

from hypothesis import settings


def examples(number: int) -> int:
    """Return how many of so many examples are tried: all, or the profile's share (``quick``: a tenth)."""
    return max(1, number * settings().max_examples // 100)
