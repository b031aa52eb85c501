"""School: the queue for its administrators, and who changed what."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import Query
from pydantic import Field

from sheber.school import preferences, zones
from sheber.school.people import auditing
from sheber.school.queue import waiting
from sheber.school.storage import storage
from sheber.web.api.caller import Asks, api_router
from sheber.web.api.forms import MOST_ID, Answer, Form, Id

router = api_router("school")

Before = Annotated[int | None, Query(ge=1, le=MOST_ID, description="only entries before this one: the next page")]


class WorkerAnswer(Answer):
    """A process that judges."""

    name: str
    executor: str
    places: int = Field(description="scenes at a time")
    level: str = Field(description="of the sandbox")
    processor: str
    started: datetime
    seen: datetime
    lives: bool


class TroubleAnswer(Answer):
    """A try that failed."""

    submission_id: int
    place: int
    tries: int
    state: str
    kind: str
    why: str
    worker: str
    at: str


class WaitingCourse(Answer):
    """What waits in a course."""

    id: int
    title: str
    scenes: int


class QueueAnswer(Answer):
    """The queue, its workers and troubles."""

    waiting: dict[str, int] = Field(description="scenes by class: exam, graded, practice, regrade")
    running: int = Field(description="scenes")
    places: int = Field(description="scenes that all living workers judge at a time")
    drain_s: float | None = Field(description="until nothing waits [s]; null: nobody judges")
    congested: bool
    oldest: datetime | None
    courses: list[WaitingCourse]
    workers: list[WorkerAnswer]
    troubles: list[TroubleAnswer]
    faults: int = Field(description="submissions that ended by our fault")


class CourseRoomAnswer(Answer):
    """The traces of one course."""

    course_id: int
    title: str
    archived: bool
    traces: int = Field(description="that are kept")
    size: int = Field(description="bytes")


class DiskAnswer(Answer):
    """What takes room."""

    total: int = Field(description="bytes, of the disk that holds the school's folder")
    free: int = Field(description="bytes")
    scarce: bool = Field(description="less than a tenth is free")
    database: int = Field(description="bytes of the file; 0 where it is another server's")
    traces: int = Field(description="bytes")
    submissions: int
    courses: list[CourseRoomAnswer] = Field(description="the largest first")


class AuditAnswer(Answer):
    """One change."""

    id: int
    at: datetime
    person_id: int | None = Field(description="null: the school itself")
    person: str
    course_id: int | None
    action: str = Field(examples=["assignment.changed"])
    thing: str = Field(examples=["assignment 12"])
    details: dict[str, Any] = Field(description="before and after")


class SchoolZone(Answer):
    """The time zone in which dates are shown, where a course has none of its own."""

    zone: str = Field(examples=["Asia/Almaty"])


class SchoolZoneForm(Form):
    """The time zone of the school."""

    zone: str = Field(max_length=64, examples=["Asia/Almaty"])


@router.get("/school/zone", summary="The time zone of the school")
def read_zone(caller: Asks) -> SchoolZone:
    """Moments are always in UTC here; pages and sentences show them in this zone, or in the course's own."""
    with caller.school.reading() as session:
        return SchoolZone(zone=zones.of_school(session))


@router.put("/school/zone", summary="Choose the time zone of the school")
def change_zone(caller: Asks, form: SchoolZoneForm) -> SchoolZone:
    """For administrators. Dates that are set stay the same moments."""
    with caller.school.writing() as session:
        preferences.set_zone(session, caller.actor, form.zone)
        return SchoolZone(zone=zones.of_school(session))


@router.get("/queue", summary="The queue")
def read_queue(caller: Asks) -> QueueAnswer:
    """For administrators: what waits, who judges, and what failed."""
    with caller.school.reading() as session:
        found = waiting.overview(session, caller.actor)
    return QueueAnswer(
        waiting=found.waiting,
        running=found.queue.running,
        places=found.queue.places,
        drain_s=found.queue.drain_s,
        congested=found.queue.congested,
        oldest=found.oldest,
        courses=[WaitingCourse(id=id_, title=title, scenes=scenes) for id_, title, scenes in found.courses],
        workers=WorkerAnswer.all_of(found.workers),
        troubles=TroubleAnswer.all_of(found.troubles),
        faults=found.faults,
    )


@router.get("/disk", summary="The disk")
def read_disk(caller: Asks) -> DiskAnswer:
    """For administrators: what takes room."""
    with caller.school.reading() as session:
        return DiskAnswer.of(storage(session, caller.actor, caller.school.folder))


@router.get("/audit", summary="The audit log of the school")
def read_audit(caller: Asks, before: Before = None) -> list[AuditAnswer]:
    """For administrators: who changed what, the newest first; a page of 100."""
    with caller.school.reading() as session:
        return AuditAnswer.all_of(auditing.entries(session, caller.actor, before=before))


@router.get("/courses/{course_id}/audit", summary="The audit log of a course")
def read_course_audit(caller: Asks, course_id: Id, before: Before = None) -> list[AuditAnswer]:
    """For teachers of the course: who changed what, the newest first; a page of 100."""
    with caller.school.reading() as session:
        return AuditAnswer.all_of(auditing.entries(session, caller.actor, course_id, before=before))
