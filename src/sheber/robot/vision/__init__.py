"""Machine vision: what a camera in the cell sees, computed without a graphics card.

Importing this package costs nothing; its modules bring numba. `camera` is what the cell uses:
it draws with `rasteriser` and looks through `lens`. `textures` needs numpy alone.
"""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["compile"]


def compile() -> Iterator[tuple[str, int, int]]:  # noqa: A001  (read as vision.compile())
    """Compile all kernels, or load them from the cache; yields (name of the part, parts done, parts in all).

    >>> for name, done, total in compile():
    ...     print(f"{done}/{total} {name}")
    """
    from sheber.robot.vision.jit import KERNELS

    yield from KERNELS.compile(__name__)
