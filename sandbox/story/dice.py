"""Dice without memory: the same keys always throw the same number, in whatever order they are asked."""

from random import Random

_MASK = (1 << 64) - 1


def mix(*keys: int) -> int:
    """Sixty-four well-stirred bits of the keys (a multiply-and-shift hash, for stories and not for secrets)."""
    bits = 0x9E3779B97F4A7C15
    for key in keys:
        bits = ((bits ^ key) * 0xBF58476D1CE4E5B9) & _MASK
        bits ^= bits >> 31
    bits = (bits * 0x94D049BB133111EB) & _MASK
    return bits ^ (bits >> 29)


def chance(*keys: int) -> float:
    """A number in [0, 1)."""
    return mix(*keys) / (_MASK + 1)


def dice(*keys: int) -> Random:
    """A generator of its own for these keys, where many throws in a row are wanted."""
    return Random(mix(*keys))
