"""Storage: what takes room on the disk of a school, for its administrator."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sheber.school import clock
from sheber.school.courses.models import Assignment, Course
from sheber.school.notices import BackupNotice, RuleNotice, last_backup, rule_in_force
from sheber.school.people.policy import Actor, require_rank
from sheber.school.submissions.models import Submission
from sheber.school.traces import named_traces

__all__ = ["CourseRoom", "Storage", "storage"]

BACKUP_OLD: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class CourseRoom:
    """The traces of one course."""

    course_id: int
    title: str
    archived: bool
    traces: int  # that are kept
    size: int  # bytes


@dataclass(frozen=True, slots=True)
class Storage:
    """The disk."""

    total: int  # bytes, of the disk that holds the school's folder
    free: int
    database: int  # bytes of the file; 0 where it is another server's
    courses: tuple[CourseRoom, ...]  # the largest first
    submissions: int
    rule: RuleNotice | None  # by which old traces are removed; None: nobody has cleaned yet
    backup: BackupNotice | None  # the last one; None: none was made of this folder's school

    @property
    def quota_share(self) -> float:
        """How full the quota is, 0 to 1; 0 where there is none."""
        quota = self.rule.quota_bytes if self.rule else 0
        return min(1.0, self.traces / quota) if quota else 0.0

    @property
    def backup_old(self) -> bool:
        """Whether an operator should look after the backups."""
        return self.backup is None or clock.now() - self.backup.at > BACKUP_OLD

    @property
    def traces(self) -> int:
        """Bytes of all traces that are kept."""
        return sum(one.size for one in self.courses)

    @property
    def scarce(self) -> bool:
        """Whether an operator should act: less than a tenth is free."""
        return self.free * 10 < self.total


def storage(session: Session, actor: Actor, folder: Path) -> Storage:
    """What the school in this folder takes. Two queries; two small files are read. Raises NotAllowed."""
    require_rank(actor, "school.see")
    traces = named_traces().subquery()
    room = func.sum(traces.c.size)
    query = (
        select(Course.id, Course.title, Course.archived, func.count(Submission.id), room)
        .join(Assignment, Assignment.course_id == Course.id)
        .join(Submission, Submission.assignment_id == Assignment.id)
        .join(traces, traces.c.submission_id == Submission.id)
        .group_by(Course.id, Course.title, Course.archived)
        .order_by(room.desc(), Course.id)
    )
    rows = session.execute(query)
    courses = tuple(
        CourseRoom(id_, title, archived, count, int(size or 0)) for id_, title, archived, count, size in rows
    )
    disk = shutil.disk_usage(folder)
    file = folder / "school.db"
    database = file.stat().st_size if file.is_file() else 0
    submissions = session.scalar(select(func.count(Submission.id))) or 0
    told = (rule_in_force(folder), last_backup(folder))
    return Storage(disk.total, disk.free, database, courses, submissions, *told)
