"""Routers: every route of the API, by subject."""

from __future__ import annotations

from typing import Final

from sheber.web.api import (
    assignments,
    campaigns,
    comments,
    courses,
    description,
    drafts,
    exercises,
    gradebook,
    me,
    people,
    requests,
    roster,
    school,
    similarity,
    statistics,
    students,
    submissions,
)

__all__ = ["ROUTERS", "SIZES"]

ROUTERS: Final = (
    me.router,
    people.router,
    courses.router,
    roster.router,
    exercises.router,
    assignments.router,
    drafts.router,
    submissions.router,
    comments.router,
    requests.router,
    gradebook.router,
    students.router,
    campaigns.router,
    statistics.router,
    similarity.router,
    school.router,
    description.router,
)

SIZES: Final = {"/roster/preview": 8 << 20}
"""Bytes of a request that carries a file, by the end of its path."""
