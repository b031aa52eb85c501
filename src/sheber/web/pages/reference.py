"""Reference: what a program can use. Everybody may read it, also before the log-in."""

from __future__ import annotations

from fastapi import Response

from sheber.web.reference import reference, source
from sheber.web.rendering import page
from sheber.web.visit import Asked, page_router

router = page_router()


@router.get("/reference")
def reference_page(visit: Asked) -> Response:
    """The reference of the library."""
    return page(visit, "reference.html.j2", reference=reference())


@router.get("/reference/program.md")
def download_reference(_visit: Asked) -> Response:
    """The same as a text, to take along."""
    headers = {"Content-Disposition": 'attachment; filename="program.md"'}
    return Response(source(), media_type="text/markdown; charset=utf-8", headers=headers)
