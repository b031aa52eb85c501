"""Errand: a script of ours works on what others wrote, in a box like that of a program.

    found = errand(best_sandbox(), script, asked, limits, largest=2 << 20)

The script is one file that needs the standard library alone. It is started as a program is, with the same locks. Over
the box's only connection it takes what it is asked, as bytes, and gives what it found in pieces of text
(`{"do": "take"}`, then `{"do": "give", "text": ..., "last": ...}`). So it reads hostile bytes where there is nothing to
be gained by it: no file of ours, no network, no other process. What comes back is as untrusted as what went in: it is
bounded here, and whoever asked decodes it strictly.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Annotated, Final, Literal

import msgspec

from sheber.i18n import _, message
from sheber.judge.errors import SandboxError
from sheber.judge.program import Program
from sheber.judge.sandbox.box import Box, LimitReached
from sheber.judge.sandbox.levels import Sandbox
from sheber.station import Answer, Limits, ProtocolError

__all__ = ["BrokenOff", "errand"]

LOOK_S: Final = 0.5  # between two questions whether to go on [s]
MOST_TEXT: Final = 60_000  # characters of one piece

SILENT = message("errand.silent", "The script ended before it had given what it found: {why}")
TOO_MUCH = message("errand.too_much", "The script gave more than {most} bytes. This is the limit.")


class BrokenOff(Exception):
    """An errand that was ended before it had found anything."""


class _Take(msgspec.Struct, forbid_unknown_fields=True, tag_field="do", tag="take"):
    pass


class _Give(msgspec.Struct, forbid_unknown_fields=True, tag_field="do", tag="give"):
    text: Annotated[str, msgspec.Meta(max_length=MOST_TEXT)]
    last: bool


_decode: Final = msgspec.json.Decoder(_Take | _Give).decode


def errand(
    sandbox: Sandbox,
    script: Program,
    asked: bytes,
    limits: Limits,
    *,
    largest: int,
    going: Callable[[], bool] = lambda: True,
) -> str:
    """What a script of ours found about bytes of others. largest: bytes that it may give.

    going: asked twice a second whether to go on. Raises SandboxError where the level does not isolate or no
    box can be had, LimitReached where the script used up its limits, gave too much or nothing, and BrokenOff where
    `going` said no.
    """
    if not sandbox.verified:
        text = _("Level {level} does not isolate. What others wrote is read at level A or B only.")
        raise SandboxError(text.format(level=sandbox.level))
    with sandbox.prepare(script, limits) as box, ThreadPoolExecutor(1, "errand") as pool:
        box.wait_until_locked()
        found = pool.submit(_conversation, box, asked, largest)
        if not _waited(found, going):
            box.process.kill()  # the conversation ends with it
            raise BrokenOff
        return found.result()


def _waited(found: Future[str], going: Callable[[], bool]) -> bool:
    """Whether it ended before somebody said no."""
    while not wait([found], LOOK_S).done:
        if not going():
            return False
    return True


def _conversation(box: Box, asked: bytes, largest: int) -> str:
    """Answer the script until it has given the last piece. Raises LimitReached."""
    pieces: list[str] = []
    left = largest
    try:
        while (request := box.receive()) is not None:
            wanted: Literal["take"] | _Give = _read(request)
            if not isinstance(wanted, _Give):
                box.send(Answer(b'{"binary": %d}' % len(asked), asked))
                continue
            pieces.append(wanted.text)
            left -= len(wanted.text.encode("utf-8", "surrogatepass"))
            if left < 0:
                raise LimitReached(TOO_MUCH(most=largest))
            box.send(Answer(b"{}"))
            if wanted.last:
                return "".join(pieces)
    except ProtocolError as error:
        raise LimitReached(SILENT(why=error.text)) from error
    raise LimitReached(SILENT(why=box.outcome().text))


def _read(request: bytes) -> Literal["take"] | _Give:
    try:
        wanted = _decode(request)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise LimitReached(SILENT(why=str(error)[:200])) from error
    return wanted if isinstance(wanted, _Give) else "take"
