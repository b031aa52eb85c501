"""School server: the API of a school, by the standard library alone.

A token belongs to one server and goes to no other: it is kept beside the server's address, in a file that only its
owner can read, and a redirection is refused. What a server says is bounded, and shown without control characters.
"""

from __future__ import annotations

import http.client
import json
import os
import stat
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final, NoReturn
from urllib.parse import urlsplit

from sheber.cli.errors import FAULT, WRONG_USE, Refused
from sheber.i18n import _, current

__all__ = ["Server", "Unreachable", "keep_token", "kept_token", "server_address", "usual_file"]

ANSWER_S: Final = 30.0  # that a server may take for an answer
ANSWER_BYTES: Final = 8 << 20
TRIES: Final = 5  # of a request that found nobody, or was asked to wait
LONGEST_WAIT_S: Final = 60.0
_TOKEN_BYTES: Final = 64 << 10


class Unreachable(Refused):
    """The server does not answer."""


class _NoRedirection(urllib.request.HTTPRedirectHandler):
    """A token is for one server: who sends it on may not have it."""

    def redirect_request(self, *_all: Any) -> NoReturn:
        raise Refused(_("The server sends this request to another address. Use that address with --server."))


@dataclass(frozen=True, slots=True)
class Server:
    """One school, and who asks it."""

    url: str
    token: str = field(repr=False)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """An answer of the API. A request that found nobody is sent again. Raises Refused, Unreachable."""
        for tried in range(1, TRIES + 1):
            try:
                return self._ask(method, path, body)
            except urllib.error.HTTPError as error:
                wait_s = _wait(error)
                if wait_s is None or tried == TRIES:
                    raise _refused(error) from error
            except (OSError, http.client.HTTPException) as error:
                if tried == TRIES:
                    text = _("The server {url} does not answer: {why}")
                    raise Unreachable(text.format(url=self.url, why=getattr(error, "reason", error))) from error
                wait_s = float(2**tried) / 2.0
            time.sleep(min(wait_s, LONGEST_WAIT_S))
        raise AssertionError("the last try returns or raises")

    def _ask(self, method: str, path: str, body: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json", "Accept-Language": current()}
        content = None
        if body is not None:
            content, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        request = urllib.request.Request(self.url + path, content, headers, method=method)
        opener = urllib.request.build_opener(_NoRedirection)
        with opener.open(request, timeout=ANSWER_S) as answer:
            return _read(answer)


def _read(answer: IO[bytes]) -> Any:
    """What an answer says. Raises Refused where it is no answer of a school."""
    content = answer.read(ANSWER_BYTES + 1)
    try:
        if len(content) > ANSWER_BYTES:
            raise ValueError
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Refused(_("This is no server of Sheberkhana: its answer cannot be read. Check the address.")) from error


def _wait(error: urllib.error.HTTPError) -> float | None:
    """How long to wait before the same request is sent again [s]; None: not at all."""
    told = error.headers.get("Retry-After", "")
    return float(told) if error.code in (429, 503) and told.isdigit() and len(told) < 5 else None


def _refused(error: urllib.error.HTTPError) -> Refused:
    """The server's own sentence."""
    try:
        told = json.loads(error.read(ANSWER_BYTES))
        sentence = str(told["error"])
    except (ValueError, RecursionError, KeyError, TypeError, OSError):
        sentence = _("The server answers with the status {status}. Check the address.").format(status=error.code)
    return Refused(sentence, FAULT if error.code >= 500 else WRONG_USE)


# --- addresses and tokens ------------------------------------------------------------------------------


def server_address(text: str) -> str:
    """The address of a server, without a path. Raises Refused."""
    parts = urlsplit(text if "://" in text else f"https://{text}")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.username:
        shown = _("{text!r} is not the address of a server. It is like https://school.example")
        raise Refused(shown.format(text=text))
    if parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        shown = _("{text} has no encryption: everybody on the way could read your token. Use https://")
        raise Refused(shown.format(text=text))
    return f"{parts.scheme}://{parts.netloc}"


def usual_file() -> Path:
    """Where tokens are kept unless --token-file says otherwise."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "sheber" / "tokens"


def kept_token(file: Path, asked: str | None) -> tuple[str, str]:
    """Address and token of a server; the token is "" where none is kept. asked: the server, where it was named.

    Each line of the file is an address and a token. Without a name the only server of the file is meant.
    """
    kept = _kept(file)
    if asked is None:
        if len(kept) != 1:
            there = ", ".join(kept) or _("none yet")
            text = _("Which server? Name it with --server. In {file}: {there}.")
            raise Refused(text.format(file=file, there=there))
        return next(iter(kept.items()))
    url = server_address(asked)
    return url, kept.get(url, "")


def keep_token(file: Path, url: str, token: str) -> None:
    """Keep a token in a file that only its owner can read; those of other servers stay."""
    kept = _kept(file) | {url: token}
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    aside = file.with_name(f"{file.name}.new")
    aside.unlink(missing_ok=True)
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.writelines(f"{address} {key}\n" for address, key in kept.items())
    aside.replace(file)


def _kept(file: Path) -> dict[str, str]:
    """The tokens of a file by server. Raises Refused for a file that others can read."""
    try:
        descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise Refused(_("{file} cannot be read: {why}").format(file=file, why=error.strerror)) from error
    with os.fdopen(descriptor, "rb") as stream:
        status = os.fstat(stream.fileno())
        if not stat.S_ISREG(status.st_mode) or (os.name == "posix" and status.st_mode & 0o077):
            text = _("The tokens in {file} must be a file that only you can read: chmod 600 {file}")
            raise Refused(text.format(file=file))
        text = stream.read(_TOKEN_BYTES).decode("utf-8", "replace")
    lines = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if any(len(line) != 2 for line in lines):
        raise Refused(_("Each line of {file} must be the address of a server and a token.").format(file=file))
    return {server_address(address): key for address, key in lines}
