"""Gradebook: students times assignments, one cell of it with its history, and the whole as a file."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote, urlencode

from fastapi import Response

from sheber.i18n import _
from sheber.school import clock
from sheber.school.courses.courses import members
from sheber.school.errors import Conflict, NotFound, Refused
from sheber.school.gradebook import exporting
from sheber.school.gradebook.book import Cell, Gradebook, Row, gradebook, sheet
from sheber.school.gradebook.overrides import override, override_history, withdraw_override
from sheber.school.submissions.reading import attempts
from sheber.web.moments import day
from sheber.web.pages.teaching.frame import Frame, frame, frame_of, shown
from sheber.web.posted import Posted, integer, number_of
from sheber.web.rendering import go_to, part
from sheber.web.visit import Id, Known, Visit, page_router

__all__ = ["router"]

router = page_router()

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_PASSED: Final = {"yes": True, "no": False}


@router.get("/courses/{course_id}/gradebook")
def book(
    visit: Known,
    course_id: Id,
    search: str = "",
    group: str = "",
    passed: str = "",
    sort: str = "name",
    down: str = "",
    page: str = "1",
    left: str = "",
) -> Response:
    """The gradebook. Every order, filter and page is an address of its own."""
    asked = {"search": search[:200], "group": group, "passed": passed, "sort": sort, "down": down, "left": left}
    with visit.school.reading() as session:
        around = frame(session, visit, course_id, "gradebook.see")
        found = gradebook(
            session,
            visit.actor,
            course_id,
            search=asked["search"],
            group_id=_id(group),
            passed=_PASSED.get(passed),
            sort=sort,
            descending=bool(down),
            page=None if page == "all" else _id(page) or 1,
            left=bool(left),
        )
    return shown(visit, "gradebook", around, book=found, asked=asked, links=_links(course_id, asked, found))


@router.get("/courses/{course_id}/gradebook.csv")
def as_csv(
    visit: Known, course_id: Id, delimiter: str = ",", decimal: str = "point", group: str = "", left: str = ""
) -> Response:
    """The gradebook as CSV."""
    with visit.school.reading() as session:
        around = frame(session, visit, course_id, "gradebook.see")
        found = sheet(session, visit.actor, course_id, group_id=_id(group), left=bool(left))
    between, inside = {"semicolon": ";", "tab": "\t"}.get(delimiter, ","), "," if decimal == "comma" else "."
    content = exporting.csv_of(found, titles=around.titles, delimiter=between, decimal=inside)
    kind = delimiter if delimiter in ("semicolon", "tab") else "comma"
    return _file(content, "text/csv; charset=utf-8", _name(around), f"-{kind}.csv")


@router.get("/courses/{course_id}/gradebook.xlsx")
def as_xlsx(visit: Known, course_id: Id, group: str = "", left: str = "") -> Response:
    """The gradebook as a workbook."""
    with visit.school.reading() as session:
        around = frame(session, visit, course_id, "gradebook.see")
        found = gradebook(session, visit.actor, course_id, group_id=_id(group), page=None, left=bool(left))
    content = exporting.xlsx_of(found, titles=around.titles)
    return _file(content, XLSX, _name(around), ".xlsx")


@router.get("/assignments/{assignment_id}/grades/{person_id}")
def cell(visit: Known, assignment_id: Id, person_id: Id) -> Response:
    """One student in one assignment: what counts, who decided what, and the form."""
    return _cell(visit, assignment_id, person_id)


@router.post("/assignments/{assignment_id}/grades/{person_id}")
def decide(visit: Known, assignment_id: Id, person_id: Id, sent: Posted) -> Response:
    """Give points by hand, or take them back."""
    try:
        seen = integer(sent["seen"] or "0", "points")
        with visit.school.writing() as session:
            if sent["withdraw"]:
                withdraw_override(session, visit.actor, assignment_id, person_id, sent["reason"], seen=seen)
            else:
                points = number_of(sent["points"], "points")
                override(session, visit.actor, assignment_id, person_id, points, sent["reason"], seen=seen)
    except (Refused, Conflict) as error:
        return _cell(visit, assignment_id, person_id, error, typed=sent.plain())
    if visit.partial:
        return _cell(visit, assignment_id, person_id, done=True)
    return go_to(f"/assignments/{assignment_id}/grades/{person_id}")


def _cell(
    visit: Visit,
    assignment_id: int,
    person_id: int,
    error: Refused | Conflict | None = None,
    *,
    typed: dict[str, str] | None = None,
    done: bool = False,
) -> Response:
    with visit.school.reading() as session:
        around = frame_of(session, visit, assignment_id, "gradebook.see")
        row, found = _row(session, visit, around, assignment_id, person_id)
        history = override_history(session, visit.actor, assignment_id, person_id)
        handed = attempts(session, visit.actor, assignment_id, person_id)
    conflict = isinstance(error, Conflict)
    content: dict[str, Any] = {
        "row": row,
        "cell": found,
        "history": history,
        "attempts": handed[::-1],
        "wrong": str(error or ""),
        "where": error.where if isinstance(error, Refused) else "",
        "typed": {"points": "" if found.points is None else f"{found.points:g}", "reason": ""} | (typed or {}),
        "may": around.changes("grade.override"),
        "done": done,
    }
    status = 409 if conflict else 422 if error else 200
    if visit.partial:
        usual = {"frame": around, "course": around.course, "line": around.line}
        return part(visit, "teaching/part_grade.html.j2", status=status, **usual, **content)
    return shown(visit, "grade", around, status=status, **content)


def _row(session: Any, visit: Visit, around: Frame, assignment_id: int, person_id: int) -> tuple[Row, Cell]:
    """A student's row, also of one who left, and the cell in it. Raises NotFound."""
    login = next((one.login for one in members(session, visit.actor, around.id, person_id=person_id)), "")
    found = gradebook(session, visit.actor, around.id, search=login, page=None, left=not login)
    for row in found.rows:
        if row.person_id == person_id:
            return row, next(one for one in row.cells if one.assignment_id == assignment_id)
    raise NotFound(_("This person is not a student of this course."))


def _links(course_id: int, asked: dict[str, str], found: Gradebook) -> dict[str, Any]:
    """The addresses of the same book in other orders and pages."""
    here = f"/courses/{course_id}/gradebook?"
    plain = {name: value for name, value in asked.items() if value}

    def address(**changes: str) -> str:
        return here + urlencode({name: value for name, value in (plain | changes).items() if value})

    def by(key: str) -> str:
        points = key == "total" or key.startswith("assignment:")
        first = "yes" if points else ""  # points: the best first
        again = asked["sort"] == key
        return address(sort=key, down=("" if asked["down"] else "yes") if again else first)

    keys = ["name", "login", "group", "total", *(f"assignment:{one.assignment_id}" for one in found.columns)]
    return {"sort": {key: by(key) for key in keys}, "page": address() + "&", "all": address(page="all")}


def _id(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _name(around: Frame) -> str:
    """The name of a file of this course: its title and the day."""
    return f"{around.course.title[:80]} {day(clock.now())}"


def _file(content: bytes, kind: str, name: str, end: str) -> Response:
    """A file by the title of its course, in every alphabet; for old browsers in plain letters."""
    whole = "".join(sign if sign.isalnum() or sign in " .-_()" else "_" for sign in name) + end
    plain = whole.encode("ascii", "ignore").decode().strip(" .-_")
    named = f"filename=\"{plain}\"; filename*=UTF-8''{quote(whole)}"
    return Response(content, media_type=kind, headers={"Content-Disposition": f"attachment; {named}"})
