"""Logs: what the processes of a school tell their operator, a line for each thing, as words or as JSON."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Final, TextIO

__all__ = ["FORMS", "begin_log"]

FORMS: Final = ("text", "json")
_OWN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
"""What every record has; everything else was given with `extra=`."""


class _Json(logging.Formatter):
    """One object in each line: time, level, from, text, what was given with it, and the error with its traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line of strict JSON."""
        told = {
            "time": _moment(record),
            "level": record.levelname.lower(),
            "from": record.name,
            "text": record.getMessage(),
            **_given(record),
        }
        if record.exc_info:
            told["error"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False, default=str)


class _Words(logging.Formatter):
    """A line for people; characters that would control the terminal are shown as U+FFFD."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line, an error's traceback below it."""
        given = " ".join(f"{name}={value}" for name, value in _given(record).items())
        line = f"{_moment(record)} {record.levelname.lower():<7} {record.getMessage()} {given}".rstrip()
        line = "".join(sign if sign.isprintable() else "\ufffd" for sign in line)
        return line + ("\n" + self.formatException(record.exc_info) if record.exc_info else "")


def begin_log(form: str, level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Let this process write its log to the standard error. form: one of FORMS, or "" for words on a terminal only."""
    stream = stream or sys.stderr
    form = form or ("text" if stream.isatty() else "json")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Words() if form == "text" else _Json())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in ("sheber", "uvicorn.error"):
        logging.getLogger(name).setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = name != "uvicorn.access"  # requests are told by our own, without secrets


def _moment(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _given(record: logging.LogRecord) -> dict[str, object]:
    return {name: value for name, value in vars(record).items() if name not in _OWN}
