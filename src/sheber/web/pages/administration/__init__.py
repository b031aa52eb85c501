"""Administration: the pages of those who run the school."""

from __future__ import annotations

from sheber.web.pages.administration import people, school

__all__ = ["ROUTERS"]

ROUTERS = (people.router, school.router)
"""Their routes."""
