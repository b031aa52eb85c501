"""Similarity: what programs of an assignment have in common. A distribution and pairs, and never a verdict."""

from __future__ import annotations

from typing import Any

from fastapi import Response

from sheber.i18n import _
from sheber.school.errors import NotFound, Refused
from sheber.school.similarity import reports
from sheber.web.pages.teaching.charts import bars
from sheber.web.pages.teaching.frame import frame_of, shown
from sheber.web.rendering import go_to
from sheber.web.visit import Id, Known, Visit, page_router

__all__ = ["router"]

router = page_router()


@router.get("/assignments/{assignment_id}/similarity")
def similarity(visit: Known, assignment_id: Id) -> Response:
    """The newest comparison."""
    return _similarity(visit, assignment_id)


@router.post("/assignments/{assignment_id}/similarity")
def compare(visit: Known, assignment_id: Id) -> Response:
    """Ask a worker to compare the programs that count now."""
    try:
        with visit.school.writing() as session:
            reports.ask(session, visit.actor, assignment_id)
    except Refused as error:
        return _similarity(visit, assignment_id, error)
    return go_to(f"/assignments/{assignment_id}/similarity")


@router.get("/assignments/{assignment_id}/similarity/{report_id}/{number}")
def pair(visit: Known, assignment_id: Id, report_id: Id, number: Id) -> Response:
    """Two programs side by side."""
    with visit.school.reading() as session:
        around = frame_of(session, visit, assignment_id, "similarity.see")
        found = reports.side_by_side(session, visit.actor, report_id, number)
        newest = reports.similarity_page(session, visit.actor, assignment_id)
    if newest is None or newest.id != report_id:
        raise NotFound(_("The programs were compared anew since. Open the list of pairs again."))
    content: dict[str, Any] = {
        "found": found,
        "sides": [
            (found.pair.one, _lines(found.program, [(one.first, one.last) for one in found.blocks])),
            (
                found.pair.other,
                _lines(found.other_program, [(one.other_first, one.other_last) for one in found.blocks]),
            ),
        ],
    }
    return shown(visit, "pair", around, **content)


def _similarity(visit: Visit, assignment_id: int, error: Refused | None = None) -> Response:
    with visit.school.reading() as session:
        around = frame_of(session, visit, assignment_id, "similarity.see")
        found = reports.similarity_page(session, visit.actor, assignment_id)
        last = reports.unfinished(session, visit.actor, assignment_id)
    wide = 100 // len(found.histogram) if found and found.histogram else 0
    content: dict[str, Any] = {
        "found": found,
        "last": last,
        "bars": bars([(f"{n * wide}", count) for n, count in enumerate(found.histogram)]) if found else (),
        "wide": wide,
        "wrong": str(error or ""),
    }
    answer = shown(visit, "similarity", around, status=422 if error else 200, **content)
    if visit.partial and not (last and last.going):
        answer.headers["HX-Refresh"] = "true"  # what the page waits for is there
    return answer


def _lines(program: str, stretches: list[tuple[int, int]]) -> list[tuple[str, int]]:
    """The lines of a program, each with the number of the stretch that it belongs to; 0 for none."""
    lines = program.removesuffix("\n").split("\n")  # as they were counted: a page break ends no line
    of = [0] * (len(lines) + 1)
    for number, (first, last) in enumerate(stretches, 1):
        for line in range(first, min(last, len(lines)) + 1):
            of[line] = number
    return [(text, of[number]) for number, text in enumerate(lines, 1)]
