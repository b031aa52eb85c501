"""Downloads: what people wrote, as files."""

from __future__ import annotations

from fastapi import Response

__all__ = ["program_file"]


def program_file(content: bytes, name: str) -> Response:
    """A program as a download: never shown as a page, whatever is in it."""
    plain = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "._-") else "_" for letter in name)
    headers = {"Content-Disposition": f'attachment; filename="{plain}"'}
    return Response(content, media_type="text/x-python; charset=utf-8", headers=headers)
