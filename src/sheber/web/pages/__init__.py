"""Pages: what a browser asks for, by subject. Each gathers what the school gives and shows it."""

from __future__ import annotations

from sheber.web.pages import (
    account,
    administration,
    courses,
    entry,
    history,
    news,
    reference,
    submission,
    teaching,
    work,
)

__all__ = ["ROUTERS"]

ROUTERS = (
    entry.router,
    account.router,
    courses.router,
    work.router,
    submission.router,
    history.router,
    news.router,
    reference.router,
    *teaching.ROUTERS,
    *administration.ROUTERS,
)
"""Every page's routes."""
