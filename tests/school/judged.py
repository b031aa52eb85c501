"""Scenes that are judged, with their traces, made straight in the database."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import func, select

from school.making import Class
from sheber.school import clock
from sheber.school.opening import School
from sheber.school.submissions.models import SceneResult, Submission


def judged(course: Class, kind: str, size: int = 1000, student: int = 0) -> str:
    """A judged scene with its trace; gives the trace's name."""
    school = course.school
    with school.writing() as session:
        number = session.scalar(select(func.count(Submission.id))) or 0
        submission = Submission(
            assignment_id=course.assignment,
            person_id=course.students[student].id,
            kind=kind,
            number=number + 1,
            source=b"x",
            source_sha256="",
            created=clock.now(),
            state="done",
            scenes=1,
            final=50.0,
            points=50.0,
        )
        session.add(submission)
        session.flush()
        name = f"{clock.now():%Y-%m}/{submission.id}-1.trace"
        session.add(
            SceneResult(
                submission_id=submission.id,
                place=1,
                seed="1",
                points=50.0,
                outcome={},
                score={"checks": 3},
                losses={},
                trace_sha256="ab",
                trace=name,
                trace_bytes=size,
                level="A",
                processor="",
                seconds=1.0,
                judged=clock.now(),
            )
        )
    write(school, name, size)
    return name


def write(school: School, name: str, size: int = 1000) -> Path:
    """A file of traces, as old as the school's time says."""
    file = school.traces / name
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(bytes(size))
    os.utime(file, (clock.now().timestamp(),) * 2)
    return file
