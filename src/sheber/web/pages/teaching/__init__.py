"""Teaching: the pages of those who teach a course or help in it."""

from __future__ import annotations

from sheber.web.pages.teaching import (
    assignment,
    assignments,
    changes,
    comments,
    course,
    exercises,
    gradebook,
    people,
    requests,
    similarity,
    statistics,
    student,
)

__all__ = ["ROUTERS"]

ROUTERS = (
    course.router,
    people.router,
    assignments.router,
    assignment.router,
    gradebook.router,
    student.router,
    statistics.router,
    similarity.router,
    requests.router,
    comments.router,
    exercises.router,
    changes.router,
)
"""Their routes."""
