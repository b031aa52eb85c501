"""Reference: what a program can use, one page a kind of station. Everybody may read it, also before the log-in."""

from __future__ import annotations

from fastapi import Response

from sheber.i18n import _
from sheber.school.errors import NotFound
from sheber.web.reference import place_of, reference, source, stations
from sheber.web.rendering import page
from sheber.web.visit import Asked, page_router

router = page_router()


@router.get("/reference")
def reference_page(visit: Asked) -> Response:
    """The reference of the library: robot cells, and what all stations have in common."""
    return _page(visit, "")


@router.get("/reference/program.md")
def download_reference(_visit: Asked) -> Response:
    """The same as a text, to take along."""
    return _text("")


@router.get("/reference/{station}")
def station_page(visit: Asked, station: str) -> Response:
    """The reference of another kind of station."""
    _check(station)
    return _page(visit, station)


@router.get("/reference/{station}/program.md")
def download_station(_visit: Asked, station: str) -> Response:
    """The same as a text, to take along."""
    _check(station)
    return _text(station)


def _check(station: str) -> None:
    if not station or station not in stations():
        raise NotFound(_("There is no such page."))


def _page(visit: Asked, station: str) -> Response:
    pages = {place_of(name): title for name, title in stations().items()}
    return page(visit, "reference.html.j2", reference=reference(station), here=place_of(station), pages=pages)


def _text(station: str) -> Response:
    name = f"program-{station}.md" if station else "program.md"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(source(station), media_type="text/markdown; charset=utf-8", headers=headers)
