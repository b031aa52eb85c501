"""The connection of a program to its cell: simulated time, the line of each request, errors as exceptions."""

from __future__ import annotations

import sys
import sysconfig
import threading
from collections.abc import Mapping
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NoReturn

from sheber.client.errors import KINDS, Collision, RunOver, SheberError
from sheber.client.wire import Channel, WireClosed
from sheber.i18n import _, is_form, message

__all__ = ["Session", "is_students_file", "student_line"]

OTHER_THREAD = message(
    "client.other_thread",
    "This call comes from a second thread of your program. Only the thread that connected can talk to the station, "
    "so that every run is the same.",
)
UNKNOWN_KIND = message("client.unknown_kind", "The station reports {kind}: {words}")

_OURS = (str(Path(__file__).parent), str(Path(__file__).parents[1] / "geometry.py"))
_LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})
_known: dict[CodeType, bool] = {}  # whether a piece of code is the student's


def is_students_file(name: str) -> bool:
    """True for a source file that is neither ours nor a library's."""
    if name.startswith("<") and not name.startswith("<ipython"):
        return False  # <frozen importlib._bootstrap>, <string>: nobody's file
    return not (name.startswith(_OURS) or name.startswith(_LIBRARIES))


def student_line(frame: FrameType | None = None) -> int:
    """The line of the student's program that runs now: that of the innermost frame that is not a library's; or 0."""
    frame = frame or sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        students = _known.get(code)
        if students is None:
            students = _known[code] = is_students_file(code.co_filename)
        if students:
            return frame.f_lineno
        frame = frame.f_back
    return 0


class Session:
    """The connection of one program to one cell."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._thread = threading.get_ident()  # the one that talks: the order of calls must be the program's alone
        self._over = ""  # why nothing can be asked any more
        self.time = 0.0  # simulated s at the last reply

    def call(self, do: str, **fields: Any) -> dict[str, Any]:
        """Ask for one thing and wait for the reply; raises what the station reports, or RunOver."""
        return self.call_for_bytes(do, **fields)[0]

    def call_for_bytes(self, do: str, **fields: Any) -> tuple[dict[str, Any], bytearray]:
        """As `call`, with the bytes that follow the reply: images."""
        if self._over:
            raise RunOver(self._over)
        fields["do"] = do
        fields["line"] = student_line(sys._getframe(1))
        if threading.get_ident() != self._thread:
            raise SheberError(str(OTHER_THREAD()), fields["line"], {"id": OTHER_THREAD.id, "values": {}})
        try:
            reply, binary = self._channel.exchange(fields)
        except WireClosed:
            self._over = _("The run is over: the station has closed the connection.")
            raise RunOver(self._over) from None
        except (ValueError, TypeError):
            raise  # nothing was sent
        except BaseException:
            self.close()  # interrupted between request and reply: the next reply would be that of this request
            raise
        self.time = float(reply.get("time", self.time))
        error = reply.get("error")
        if error is not None:
            self._raise(error)
        return reply, binary

    def _raise(self, told: Mapping[str, Any]) -> NoReturn:
        """Raise what the station reports, as the error of its kind."""
        kind, words, line = str(told.get("kind")), str(told.get("message")), int(told.get("line") or 0)
        form = told.get("text") if is_form(told.get("text")) else None
        if kind == "RunOver":
            self._over = words
            raise RunOver(words)
        if kind not in KINDS:  # of a station that is newer than this client
            values = {"kind": kind, "words": form or words}
            text = str(UNKNOWN_KIND(kind=kind, words=words))
            raise SheberError(text, line, {"id": UNKNOWN_KIND.id, "values": values})
        if KINDS[kind] is Collision:
            self._over = _("The run is over: {why}").format(why=words)
        raise KINDS[kind](words, line, form)

    def close(self) -> None:
        """Close the connection. You can call it again."""
        self._over = self._over or _("The connection to the station is closed.")
        self._channel.close()
