"""Retention: how long traces are kept, and how much room they may take. Rows, scores and programs always stay.

A trace is the large part of a result, and only replay and rescoring need it. Practice goes first. What is removed is
first forgotten by the database and then removed from the disk: a process that is killed in between leaves a file that
nobody names, and such files are removed too, once they are a day old.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from sheber.school import audit, clock
from sheber.school.gradebook.models import Campaign, CampaignResult
from sheber.school.opening import School
from sheber.school.people.models import Invitation, Login
from sheber.school.submissions.models import SceneResult, Submission

__all__ = ["Removed", "Rule", "clean"]

log = logging.getLogger("sheber.school.retention")

GB: Final = 10**9
CHUNK: Final = 500  # traces that are forgotten in one transaction
DOWN_TO: Final = 0.9  # of the quota: room is made for a while, and not for one trace
SAFE: Final = timedelta(days=1)  # nothing younger is removed: somebody may look at it now


@dataclass(frozen=True, slots=True)
class Rule:
    """What is kept."""

    practice_days: int = 30
    graded_days: int = 400  # a school year, and time for complaints after it
    quota_bytes: int = 0  # that all traces together may take; 0: as much as there is


@dataclass(frozen=True, slots=True)
class Removed:
    """What one cleaning removed."""

    old: int = 0  # traces past their days
    quota: int = 0  # traces over the quota
    unnamed: int = 0  # files that no result names
    size: int = 0  # bytes of all of them
    over_bytes: int = 0  # still over the quota: everything that is left is younger than a day

    @property
    def files(self) -> int:
        """All of them."""
        return self.old + self.quota + self.unnamed


@dataclass(frozen=True, slots=True)
class _Kept:
    """A trace that a result names."""

    result_id: int
    name: str
    size: int


def clean(school: School, rule: Rule) -> Removed:
    """Remove what the rule does not keep, and say so in the log and the audit. Raises DatabaseAway."""
    old, old_bytes = _forget(school, _past(school, rule))
    over, over_bytes = _over(school, rule)
    full, full_bytes = _forget(school, over)
    unnamed, unnamed_bytes = _unnamed(school, rule)
    size = old_bytes + full_bytes + unnamed_bytes
    removed = Removed(old, full, unnamed, size, max(0, over_bytes - full_bytes))
    with school.writing() as session:
        _end_log_ins(session)
        if removed.files:
            details = {"old": old, "quota": full, "unnamed": unnamed, "bytes": size}
            audit.record(session, None, "traces.removed", "traces", **details)
    _tell(removed, rule)
    return removed


def _tell(removed: Removed, rule: Rule) -> None:
    if removed.files:
        text = "removed %d traces by rule (%d past their days, %d over the quota, %d of no result): %.1f MB"
        log.info(text, removed.files, removed.old, removed.quota, removed.unnamed, removed.size / 1e6)
    if removed.over_bytes:
        text = "traces take %.2f GB more than the quota of %.2f GB, and all that is left is younger than a day"
        log.warning(text, removed.over_bytes / GB, rule.quota_bytes / GB)


# --- which traces go -------------------------------------------------------------------------------


def _past(school: School, rule: Rule) -> list[_Kept]:
    """The traces that are older than their days."""
    found = []
    with school.reading() as session:
        for kind, days in (("practice", rule.practice_days), ("graded", rule.graded_days)):
            before = clock.now() - max(SAFE, timedelta(days=days))
            found += _named(session, kind, SceneResult.judged < before)
    return found


def _over(school: School, rule: Rule) -> tuple[list[_Kept], int]:
    """The traces that go so that the rest fits the quota, practice first, the oldest first; and the bytes too many."""
    if not rule.quota_bytes:
        return [], 0
    with school.reading() as session:
        total = session.scalar(select(func.sum(SceneResult.trace_bytes)).where(SceneResult.trace != "")) or 0
        if total <= rule.quota_bytes:
            return [], 0
        aim, found = total - int(rule.quota_bytes * DOWN_TO), []
        before = clock.now() - SAFE
        for kind in ("practice", "graded"):
            for one in _named(session, kind, SceneResult.judged < before):
                if aim <= 0:
                    break
                found.append(one)
                aim -= one.size
    return found, total - rule.quota_bytes


def _named(session: Session, kind: str, *which: object) -> list[_Kept]:
    """Traces of submissions of a kind, the oldest first."""
    query = (
        select(SceneResult.id, SceneResult.trace, SceneResult.trace_bytes)
        .join(Submission, Submission.id == SceneResult.submission_id)
        .where(Submission.kind == kind, SceneResult.trace != "", *which)  # type: ignore[arg-type]
        .order_by(SceneResult.judged, SceneResult.id)
    )
    return [_Kept(*row) for row in session.execute(query)]


# --- how they go -----------------------------------------------------------------------------------


def _forget(school: School, kept: Sequence[_Kept]) -> tuple[int, int]:
    """Forget traces and remove their files; gives how many and how many bytes."""
    for start in range(0, len(kept), CHUNK):
        part = kept[start : start + CHUNK]
        forget = update(SceneResult).where(SceneResult.id.in_([one.result_id for one in part]))
        with school.writing() as session:
            session.execute(forget.values(trace="", trace_bytes=0), execution_options={"synchronize_session": False})
        _unlink(school.traces / one.name for one in part)
    return len(kept), sum(one.size for one in kept)


def _unnamed(school: School, rule: Rule) -> tuple[int, int]:
    """Remove files that no result names: of lost workers, of tries that did not count, of regrades long past."""
    files = {str(file.relative_to(school.traces)): file for file in school.traces.glob("*/*.trace")}
    with school.reading() as session:
        named = set(session.scalars(select(SceneResult.trace).where(SceneResult.trace != "")))
        regraded = _of_campaigns(session, rule)
    gone = [file for name, file in files.items() if name not in named and name not in regraded and _is_old(file)]
    size = sum(file.stat().st_size for file in gone)
    _unlink(gone)
    return len(gone), size


def _of_campaigns(session: Session, rule: Rule) -> set[str]:
    """The traces of regrades that are still wanted: not decided yet, or within the days of graded work."""
    since = clock.now() - timedelta(days=rule.graded_days)
    wanted = Campaign.state.in_(("running", "ready")) | (Campaign.created > since)
    results = select(CampaignResult.result).join(Campaign, Campaign.id == CampaignResult.campaign_id).where(wanted)
    return {str(result.get("trace", "")) for result in session.scalars(results)}


def _is_old(file: Path) -> bool:
    """Whether nobody has written to it for a day."""
    with contextlib.suppress(FileNotFoundError):
        return clock.now().timestamp() - file.stat().st_mtime > SAFE.total_seconds()
    return False


def _unlink(files: Iterable[Path]) -> None:
    for file in files:
        with contextlib.suppress(FileNotFoundError):
            file.unlink()


def _end_log_ins(session: Session) -> None:
    """Forget log-ins and links that ended long ago: rows that grow and tell nothing."""
    before = clock.now() - timedelta(days=30)
    session.execute(delete(Login).where(Login.expires < before))
    session.execute(delete(Invitation).where(Invitation.expires < before))
