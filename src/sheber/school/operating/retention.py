"""Retention: how long traces are kept, and how much room they may take. Rows, scores and programs always stay.

A trace is the large part of a result, and only replay and rescoring need it. Practice goes first. What is removed is
first forgotten by the database and then removed from the disk: a process that is killed in between leaves a file that
nobody names, and such files are removed too, once they are a day old.

A campaign has results aside, each with its trace: what it found, and, once it is published, what it replaced. While it
is not decided, none of them goes. Then they go by the days of graded work, counted from when they were judged.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from sheber.school import audit, clock, notices
from sheber.school.gradebook.models import Campaign, CampaignResult
from sheber.school.opening import School
from sheber.school.people.models import Invitation, Login
from sheber.school.submissions.models import SceneResult, Submission
from sheber.school.traces import ASIDE_JUDGED, ASIDE_SIZE, ASIDE_TRACE, named_traces

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
    """A trace that a row names."""

    row: type[SceneResult | CampaignResult]
    row_id: int
    name: str
    size: int


def clean(school: School, rule: Rule) -> Removed:
    """Remove what the rule does not keep, and say so in the log and the audit. Raises DatabaseAway."""
    old, old_bytes = _forget(school, _past(school, rule))
    over, over_bytes = _over(school, rule)
    full, full_bytes = _forget(school, over)
    unnamed, unnamed_bytes = _unnamed(school)
    size = old_bytes + full_bytes + unnamed_bytes
    removed = Removed(old, full, unnamed, size, max(0, over_bytes - full_bytes))
    with school.writing() as session:
        _end_log_ins(session)
        if removed.files:
            details = {"old": old, "quota": full, "unnamed": unnamed, "bytes": size}
            audit.record(session, None, "traces.removed", "traces", **details)
    notices.rule_followed(school.folder, rule.practice_days, rule.graded_days, rule.quota_bytes)
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
    """The traces that are older than their days; what a campaign has aside is graded work."""
    practice, graded = (clock.now() - max(SAFE, timedelta(days=one)) for one in (rule.practice_days, rule.graded_days))
    with school.reading() as session:
        return [*_own(session, "practice", practice), *_aside(session, graded), *_own(session, "graded", graded)]


def _over(school: School, rule: Rule) -> tuple[list[_Kept], int]:
    """The traces that go so that the rest fits the quota; and the bytes too many.

    Practice goes first, then what campaigns have aside, then what counts; of each the oldest first.
    """
    if not rule.quota_bytes:
        return [], 0
    with school.reading() as session:
        total = int(session.scalar(select(func.sum(named_traces().subquery().c.size))) or 0)
        if total <= rule.quota_bytes:
            return [], 0
        aim, found = total - int(rule.quota_bytes * DOWN_TO), []
        before = clock.now() - SAFE
        for one in (*_own(session, "practice", before), *_aside(session, before), *_own(session, "graded", before)):
            if aim <= 0:
                break
            found.append(one)
            aim -= one.size
    return found, total - rule.quota_bytes


def _own(session: Session, kind: str, before: datetime) -> list[_Kept]:
    """Traces of results that count, of submissions of a kind, the oldest first."""
    query = (
        select(SceneResult.id, SceneResult.trace, SceneResult.trace_bytes)
        .join(Submission, Submission.id == SceneResult.submission_id)
        .where(Submission.kind == kind, SceneResult.trace != "", SceneResult.judged < before)
        .order_by(SceneResult.judged, SceneResult.id)
    )
    return [_Kept(SceneResult, *row) for row in session.execute(query)]


def _aside(session: Session, before: datetime) -> list[_Kept]:
    """Traces that campaigns have aside, the oldest first. One that is not decided needs all of its own."""
    query = (
        select(CampaignResult.id, ASIDE_TRACE, ASIDE_SIZE)
        .join(Campaign, Campaign.id == CampaignResult.campaign_id)
        .where(Campaign.state.in_(("published", "withdrawn")), ASIDE_TRACE != "", before.isoformat() > ASIDE_JUDGED)
        .order_by(ASIDE_JUDGED, CampaignResult.id)
    )
    return [_Kept(CampaignResult, *row) for row in session.execute(query)]


# --- how they go -----------------------------------------------------------------------------------


def _forget(school: School, kept: Sequence[_Kept]) -> tuple[int, int]:
    """Forget traces and remove their files; gives how many and how many bytes."""
    count = size = 0
    for row in (SceneResult, CampaignResult):
        mine = [one for one in kept if one.row is row]
        for start in range(0, len(mine), CHUNK):
            part = {one.row_id: one for one in mine[start : start + CHUNK]}
            with school.writing() as session:
                gone = [part[id_] for id_ in _forgotten(session, row, part)]
            _unlink(school.traces / one.name for one in gone)
            count, size = count + len(gone), size + sum(one.size for one in gone)
    return count, size


def _forgotten(session: Session, row: type[SceneResult | CampaignResult], part: Mapping[int, _Kept]) -> Iterator[int]:
    """Forget the traces of these rows; gives the rows that still named them. A campaign that was published or taken
    back since has given some of them another trace, which stays."""
    for one in session.scalars(select(row).where(row.id.in_(part)).order_by(row.id).with_for_update()):
        if isinstance(one, SceneResult) and one.trace == part[one.id].name:
            one.trace, one.trace_bytes = "", 0
            yield one.id
        elif isinstance(one, CampaignResult) and one.result.get("trace") == part[one.id].name:
            one.result = {**one.result, "trace": "", "trace_bytes": 0}
            yield one.id


def _unnamed(school: School) -> tuple[int, int]:
    """Remove files that no row names: of lost workers, of tries that did not count."""
    files = {str(file.relative_to(school.traces)): file for file in school.traces.glob("*/*.trace")}
    with school.reading() as session:
        named = set(session.scalars(select(named_traces().subquery().c.name)))
    gone = [file for name, file in files.items() if name not in named and _is_old(file)]
    size = sum(file.stat().st_size for file in gone)
    _unlink(gone)
    return len(gone), size


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
