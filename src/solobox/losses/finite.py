"""Roots and logarithms whose gradients are finite at 0: a size may come that close."""

from torch import Tensor

# Below this both go on as straight lines. A decoded side is never below 1e-4 of the image.
SMALLEST = 1e-12


def finite_sqrt(value: Tensor) -> Tensor:
    """Square root; below SMALLEST the line through the origin, of slope 1e6."""
    return value * value.clamp(min=SMALLEST).rsqrt()


def finite_log(value: Tensor) -> Tensor:
    """Natural logarithm; below SMALLEST its tangent there, of slope 1e12."""
    clamped = value.clamp(min=SMALLEST)
    return clamped.log() + (value - clamped) / clamped
