"""Storage: what takes room on the disk of a school, for its administrator."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sheber.school.courses.models import Assignment, Course
from sheber.school.people.policy import Actor, require_rank
from sheber.school.submissions.models import SceneResult, Submission

__all__ = ["CourseRoom", "Storage", "storage"]


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

    @property
    def traces(self) -> int:
        """Bytes of all traces that are kept."""
        return sum(one.size for one in self.courses)

    @property
    def scarce(self) -> bool:
        """Whether an operator should act: less than a tenth is free."""
        return self.free * 10 < self.total


def storage(session: Session, actor: Actor, folder: Path) -> Storage:
    """What the school in this folder takes. Two queries; no file is opened. Raises NotAllowed."""
    require_rank(actor, "school.see")
    size = func.sum(SceneResult.trace_bytes)
    query = (
        select(Course.id, Course.title, Course.archived, func.count(SceneResult.id), size)
        .join(Assignment, Assignment.course_id == Course.id)
        .join(Submission, Submission.assignment_id == Assignment.id)
        .join(SceneResult, SceneResult.submission_id == Submission.id)
        .where(SceneResult.trace != "")
        .group_by(Course.id, Course.title, Course.archived)
        .order_by(size.desc(), Course.id)
    )
    courses = tuple(CourseRoom(*row[:4], int(row[4] or 0)) for row in session.execute(query))
    disk = shutil.disk_usage(folder)
    file = folder / "school.db"
    database = file.stat().st_size if file.is_file() else 0
    return Storage(disk.total, disk.free, database, courses, session.scalar(select(func.count(Submission.id))) or 0)
