"""Security: what every request must bring and every answer carries. One place, so that no page can forget it.

Theory of operation. A log-in is a random token in a cookie that scripts cannot read and other sites cannot send along
with a form. A request that changes something must also come from a page of ours: its `Origin` is compared with our own
address, and it carries a token that only our pages hold. That token is an HMAC of the log-in (or of the visit, before
somebody has logged in); it is masked anew in each page, so that compressed pages tell nothing of it.

The policy in the answers allows scripts and styles of our own files alone. The one thing that adds styles by script,
the editor, does so with a nonce. Pages may not be framed; a report page may be, by us, in a sandbox of its own.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from fastapi import HTTPException, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sheber.i18n import _
from sheber.school.opening import School
from sheber.school.people import logins, tokens
from sheber.school.secret import Secret

__all__ = [
    "COOKIE_S",
    "FIELD",
    "Guard",
    "checked",
    "cookie_name",
    "local",
    "mask",
    "page_token",
    "policy",
    "token_for",
    "unmasked",
]

FIELD: Final = "csrf"  # of a form; the header is X-CSRF-Token
COOKIE_S: Final = 14 * 24 * 3600  # that a browser keeps a log-in; the school itself may end it sooner
BODY_BYTES: Final = 1 << 20  # of a request, where nothing else is said
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_TOKEN_BYTES: Final = 32

_HEADERS: Final[Mapping[str, str]] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}


def policy(nonce: str) -> str:
    """The content security policy of a page."""
    return (
        "default-src 'none'; script-src 'self'; "
        f"style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
        "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


class Guard:
    """Around the whole application: bounds what comes in, and puts the headers on what goes out."""

    def __init__(self, app: ASGIApp, public_url: str = "", large: Mapping[str, int] | None = None) -> None:
        """public_url: the address that browsers use, where a proxy stands before us. large: bytes by end of path."""
        self._app, self._public, self._large = app, public_url, dict(large or {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        state = scope.setdefault("state", {})
        state["nonce"], state["public_url"] = nonce, self._public
        limit = next((size for end, size in self._large.items() if scope["path"].endswith(end)), BODY_BYTES)
        await self._app(scope, _bounded(receive, Request(scope), limit), _with_headers(send, scope, nonce))


def _bounded(receive: Receive, request: Request, limit: int) -> Receive:
    """The request's body, refused from the first byte over the limit on. Only who is known may send a large one: it is
    read before a page asks who sends it."""
    told = request.headers.get("content-length", "0")
    taken = int(told) if told.isdigit() else 0
    seen, small = 0, True

    async def bounded() -> Message:
        nonlocal seen, small
        _refuse(taken, limit)
        if small and taken > BODY_BYTES:
            small = await _refuse_stranger(request)
        message = await receive()
        seen += len(message.get("body", b""))
        _refuse(seen, limit)
        if small and seen > BODY_BYTES:
            small = await _refuse_stranger(request)
        return message

    return bounded


def _refuse(size: int, limit: int) -> None:
    if size > limit:
        raise _too_large(limit)


async def _refuse_stranger(request: Request) -> bool:
    """Raise for who is neither logged in nor has a token; else False: no limit of strangers holds any more."""
    school: School = request.app.state.school
    kind, _space, key = request.headers.get("authorization", "").partition(" ")
    if kind:
        known = await run_in_threadpool(tokens.known_by_token, school, key.strip())
    else:
        known = await run_in_threadpool(logins.known, school, request.cookies.get(cookie_name(request, "login"), ""))
    if known is None:
        raise _too_large(BODY_BYTES)
    return False


def _too_large(limit: int) -> HTTPException:
    text = _("What you sent is too large. At most {size} kB are taken here. Nothing was stored.")
    return HTTPException(413, text.format(size=limit >> 10))


def _with_headers(send: Send, scope: Scope, nonce: str) -> Send:
    """Put on each answer what is not on it yet: a page may have said something stricter of itself."""
    wanted = {**_HEADERS, "Content-Security-Policy": policy(nonce)}
    if is_secure(scope):
        wanted["Strict-Transport-Security"] = "max-age=31536000"

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in wanted.items():
                headers.setdefault(name, value)
        await send(message)

    return sending


def is_secure(scope: Scope) -> bool:
    """Whether browsers reach us by HTTPS."""
    public = scope.get("state", {}).get("public_url", "")
    return bool(public.startswith("https://") if public else scope["scheme"] == "https")


def cookie_name(request: Request, name: str) -> str:
    """The name of a cookie: by HTTPS browsers hold it to this very host."""
    return f"__Host-{name}" if is_secure(request.scope) else name


# --- requests that change something ---------------------------------------------------------------------


async def checked(request: Request) -> None:
    """Refuse a request that changes something and does not come from a page of ours."""
    if request.method in SAFE:
        return
    token = request.headers.get("x-csrf-token") or ""
    if not token:
        sent = (await request.form()).get(FIELD)
        token = sent if isinstance(sent, str) else ""
    if not (_of_ours(request) and unmasked(token, page_token(request))):
        await request.close()  # the files of a form that nobody will read
        text = _("This page was open for too long, or the request came from another site. Load the page again.")
        raise HTTPException(403, text)


def _of_ours(request: Request) -> bool:
    """Whether the request's own words about where it comes from name this server."""
    origin = request.headers.get("origin")
    if origin is None:
        return request.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")
    public: str = request.state.public_url
    if public:
        return origin == public.rstrip("/")
    return urlsplit(origin).netloc == request.headers.get("host", "")


def page_token(request: Request) -> bytes:
    """The token of a visitor's pages: of the log-in, else of the visit."""
    secret: Secret = request.app.state.school.secret
    bound = request.cookies.get(cookie_name(request, "login")) or request.cookies.get(cookie_name(request, "visit"))
    bound = bound or request.scope["state"].get("visit", "")
    return token_for(secret, bound) if bound else secrets.token_bytes(_TOKEN_BYTES)  # nobody: no token fits


def token_for(secret: Secret, bound: str) -> bytes:
    """The token of the pages of one log-in, or of one visit."""
    return hmac.new(secret.derived("pages"), bound.encode(), hashlib.sha256).digest()


def mask(token: bytes) -> str:
    """The token as a page carries it: no two pages carry the same characters."""
    veil = secrets.token_bytes(_TOKEN_BYTES)
    return base64.urlsafe_b64encode(veil + bytes(a ^ b for a, b in zip(veil, token, strict=True))).decode()


def unmasked(text: str, token: bytes) -> bool:
    """Whether these characters carry this token."""
    try:
        raw = base64.b64decode(text.encode("ascii", "replace"), altchars=b"-_", validate=True)
    except ValueError:
        return False
    if len(raw) != 2 * _TOKEN_BYTES:
        return False
    found = bytes(a ^ b for a, b in zip(raw[:_TOKEN_BYTES], raw[_TOKEN_BYTES:], strict=True))
    return hmac.compare_digest(found, token)


def local(target: str) -> str:
    """A path of this server to go on to; the first page where it is none. An open redirect would serve a forger."""
    plain = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return target if plain and "\\" not in target else "/"
