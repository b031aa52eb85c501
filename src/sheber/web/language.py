"""Language: in which language a request is answered. A cookie says it, else what the browser asks for."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from sheber.i18n import LANGUAGES, language, written

__all__ = ["COOKIE", "NAMES", "InLanguage", "asked", "choices", "wished"]

COOKIE: Final = "language"
NAMES: Final = {"en": "English", "kk": "Қазақша", "ru": "Русский", "zh-Hans": "中文"}
"""Each language in its own words."""


class InLanguage:
    """Around the application: everything that a request says is said in its language."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with language(asked(Request(scope))):
            await self._app(scope, receive, send)


def choices() -> list[tuple[str, str]]:
    """Tag and name of each language that the pages can be read in."""
    return [(tag, NAMES[tag]) for tag in written()]


def asked(request: Request) -> str:
    """The language of a request: of its cookie, of its browser, else English."""
    return wished(request) or LANGUAGES[0]


def wished(request: Request) -> str:
    """The language that a request asks for itself; "" where it asks for none that is written here."""
    chosen = request.cookies.get(COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    return next((tag for tag in _wishes(request.headers.get("accept-language", "")) if tag), "")


def _wishes(header: str) -> list[str]:
    """What a browser asks for, the dearest first: "ru;q=0.8, kk" gives kk, ru."""
    wishes = []
    for part in header[:400].split(","):
        tag, _, weight = part.strip().partition(";q=")
        wishes.append((-_weight(weight), _known(tag)))
    return [tag for _, tag in sorted(wishes, key=lambda wish: wish[0])]


def _weight(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0


def _known(tag: str) -> str:
    """`zh-CN` → `zh-Hans`, `kk-KZ` → `kk`; "" for what is not written here."""
    parts = tag.replace("_", "-").split("-")
    found = "zh-Hans" if parts[0] == "zh" and not {"Hant", "TW", "HK", "MO"} & set(parts) else parts[0]
    return found if found in written() else ""
