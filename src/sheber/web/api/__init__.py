"""API: the school for scripts, by JSON. Each route asks the same functions of the school as the pages do."""

from __future__ import annotations

from sheber.web.api.routers import ROUTERS, SIZES

__all__ = ["ROUTERS", "SIZES"]
