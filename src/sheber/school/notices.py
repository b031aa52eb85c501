"""Notices: what the processes of a school leave in its folder for its administrator to read.

They are files and no rows: the last backup is not in itself, and a school that is restored has none yet.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sheber.school import clock

__all__ = ["BackupNotice", "RuleNotice", "backup_made", "last_backup", "rule_followed", "rule_in_force"]

_BACKUP: Final = "last-backup.json"
_RULE: Final = "keeping.json"


@dataclass(frozen=True, slots=True)
class BackupNotice:
    """The last backup that was made whole."""

    at: datetime
    size: int  # bytes
    traces: bool  # it holds them
    secret: bool


@dataclass(frozen=True, slots=True)
class RuleNotice:
    """By which rule old traces are removed, and when that was last done."""

    at: datetime
    practice_days: int
    graded_days: int
    quota_bytes: int  # 0: none


def backup_made(folder: Path, size: int, *, traces: bool, secret: bool) -> None:
    """A backup was made just now."""
    _leave(folder / _BACKUP, BackupNotice(clock.now(), size, traces, secret))


def last_backup(folder: Path) -> BackupNotice | None:
    """The last backup; None where none was made, or nothing can be read of it."""
    with contextlib.suppress(OSError, ValueError, TypeError):
        return BackupNotice(**_read(folder / _BACKUP))
    return None


def rule_followed(folder: Path, practice_days: int, graded_days: int, quota_bytes: int) -> None:
    """Old traces were removed by this rule just now."""
    _leave(folder / _RULE, RuleNotice(clock.now(), practice_days, graded_days, quota_bytes))


def rule_in_force(folder: Path) -> RuleNotice | None:
    """The rule; None where nobody has cleaned yet, or nothing can be read of it."""
    with contextlib.suppress(OSError, ValueError, TypeError):
        return RuleNotice(**_read(folder / _RULE))
    return None


def _leave(file: Path, notice: BackupNotice | RuleNotice) -> None:
    """Write a notice whole, or not at all: nothing that matters depends on it."""
    aside = file.with_name(f".{file.name}.{os.getpid()}.part")
    with contextlib.suppress(OSError):
        aside.write_text(json.dumps({**asdict(notice), "at": notice.at.isoformat()}), "utf-8")
        os.replace(aside, file)


def _read(file: Path) -> dict[str, Any]:
    found = json.loads(file.read_text("utf-8"))
    if not isinstance(found, dict):
        raise ValueError("no notice")
    return {**found, "at": datetime.fromisoformat(found.pop("at", "")).astimezone(UTC)}
