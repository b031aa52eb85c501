"""Errors of the ground station's library: what was asked, what was wrong, what exists."""

from sheber.i18n import Worded

__all__ = ["GroundError"]


class GroundError(Worded):
    """Something that was asked of the library cannot be done; the root of all its errors. It carries a sentence."""
