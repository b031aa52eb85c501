"""Assets: scripts and styles of the pages, built by `frontend/` and shipped; each under an address with its hash."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request, Response

from sheber.i18n import _
from sheber.school.errors import NotFound

__all__ = ["address", "router"]

_BUNDLE: Final = Path(__file__).parent / "bundle"
_TYPES: Final = {".js": "text/javascript", ".css": "text/css", ".txt": "text/plain", ".svg": "image/svg+xml"}
_FOREVER: Final = "public, max-age=31536000, immutable"

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, ready to be sent."""

    content: bytes
    packed: bytes  # the same, gzip
    edition: str
    kind: str


@cache
def _all() -> dict[str, Asset]:
    return {file.name: _read(file) for file in _BUNDLE.iterdir() if file.suffix in _TYPES}


def _read(file: Path) -> Asset:
    content = file.read_bytes()
    edition = hashlib.sha256(content).hexdigest()[:12]
    return Asset(content, gzip.compress(content, 9, mtime=0), edition, f"{_TYPES[file.suffix]}; charset=utf-8")


def address(name: str) -> str:
    """Where a file of the bundle is served. Raises KeyError for one that does not exist."""
    return f"/assets/{_all()[name].edition}/{name}"


@router.get("/assets/{edition}/{name}")
def asset(request: Request, edition: str, name: str) -> Response:
    """One file. Its address changes with its content, so browsers keep it."""
    found = _all().get(name)
    if found is None or found.edition != edition:
        raise NotFound(_("There is no such file. Load the page again."))
    headers = {"Cache-Control": _FOREVER, "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(found.packed, media_type=found.kind, headers={**headers, "Content-Encoding": "gzip"})
    return Response(found.content, media_type=found.kind, headers=headers)
