"""Errors of schedules: a description that makes no sense, and what is asked of a schedule that it does not have."""

from sheber.ground.errors import GroundError

__all__ = ["ScheduleError"]


class ScheduleError(GroundError):
    """A schedule was described in a way that makes no sense, or something was asked that it does not have."""
