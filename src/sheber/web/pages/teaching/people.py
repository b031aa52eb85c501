"""People of a course: listed, enrolled from a file or one by one, invited; their roles and groups."""

from __future__ import annotations

import base64
import csv
import io
import zlib
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from fastapi import Response

from sheber.i18n import _, ngettext
from sheber.school.courses import courses, roster
from sheber.school.courses.roster import Enrolled, Preview
from sheber.school.errors import NotAllowed, NotFound, Refused
from sheber.school.gradebook.exporting import csv_lines
from sheber.school.people import invitations
from sheber.school.people.policy import require
from sheber.web.pages.teaching.frame import frame, shown
from sheber.web.paging import page_with, paged
from sheber.web.posted import Posted, Sent, integer, quantity_of
from sheber.web.rendering import go_to
from sheber.web.visit import Id, Known, Visit, page_router

__all__ = ["router"]

router = page_router()

_MOST_CARRIED = 4 << 20  # bytes
_SHOWN_ROWS = 300  # of a preview: more makes a page of megabytes, and is looked at by nobody


@router.get("/courses/{course_id}/people")
def people(
    visit: Known,
    course_id: Id,
    search: str = "",
    group: str = "",
    page: str = "1",
    at: str = "",
    undo: str = "",
    done: str = "",
) -> Response:
    """Who is in the course, a page at a time. at: the page with this person."""
    return _people(visit, course_id, search=search[:200], group=group, page=page, at=at, undo=undo, done=done)


@router.post("/courses/{course_id}/people")
def add(visit: Known, course_id: Id, sent: Posted) -> Response:
    """Add one person: the same way as a file with one row. A new account's one-time link is shown at once."""
    _may_enrol(visit, course_id)
    found = _one_row(sent)
    wrong = {_field(one.column): one.sentence for one in found.problems if one.serious}
    if wrong:
        return _people(visit, course_id, status=422, add_wrong=wrong, typed=sent.plain())
    with visit.school.writing() as session:
        done = roster.enrol(session, visit.actor, course_id, found)
        links = _links_of(session, visit, course_id, found.rows[0].login) if done.made else []
    if links:
        return _links(visit, course_id, links, undo=done.undo)
    return go_to(f"/courses/{course_id}/people?undo={done.undo}&done={_mark(done)}")


@router.post("/courses/{course_id}/people/group")
def move(visit: Known, course_id: Id, sent: Posted) -> Response:
    """Put the chosen people into a group, or into none."""
    chosen = [integer(text, "person") for text in sent.every("person")]
    seen: dict[str, Any] = {"search": sent["search"][:200], "group": sent["of"], "page": sent["page"]}
    if not chosen:
        wrong = _("Choose who moves, by the boxes in the list.")
        return _people(visit, course_id, status=422, move_wrong=wrong, **seen)
    with visit.school.writing() as session:
        count = courses.put_in_group(session, visit.actor, course_id, chosen, quantity_of(sent["group"], "group"))
    notice = ngettext("{n} person was moved.", "{n} people were moved.", count).format(n=count)
    return _people(visit, course_id, notice=notice, **seen)


@router.get("/courses/{course_id}/members/{person_id}")
def member(visit: Known, course_id: Id, person_id: Id) -> Response:
    """One person in the course: role, group, link."""
    return _member(visit, course_id, person_id)


@router.post("/courses/{course_id}/members/{person_id}")
def change(visit: Known, course_id: Id, person_id: Id, sent: Posted) -> Response:
    """Give somebody another role or group, or take them out of the course."""
    try:
        with visit.school.writing() as session:
            if sent["remove"]:
                courses.remove_member(session, visit.actor, course_id, person_id)
            else:
                courses.change_member(session, visit.actor, course_id, person_id, sent["role"])
                courses.put_in_group(session, visit.actor, course_id, [person_id], quantity_of(sent["group"], "group"))
    except Refused as error:
        return _member(visit, course_id, person_id, error)
    return go_to(f"/courses/{course_id}/people?at={person_id}#person-{person_id}")


@router.post("/courses/{course_id}/members/{person_id}/invitation")
def invite(visit: Known, course_id: Id, person_id: Id) -> Response:
    """A one-time link for one person, shown once."""
    try:
        with visit.school.writing() as session:
            one = _found(session, visit, course_id, person_id)
            token = invitations.invite(session, visit.actor, person_id)
    except (Refused, NotAllowed) as error:
        return _member(visit, course_id, person_id, error)
    return _links(visit, course_id, [(one.name, one.login, token)])


@router.post("/courses/{course_id}/invitations")
def invite_all(visit: Known, course_id: Id) -> Response:
    """A one-time link for everybody who has no password yet, shown once."""
    with visit.school.writing() as session:
        found = invitations.invite_course(session, visit.actor, course_id)
    return _links(visit, course_id, [(one.name, one.login, one.token) for one in found])


@router.get("/courses/{course_id}/roster")
def roster_page(visit: Known, course_id: Id) -> Response:
    """The form for a file of students."""
    return _roster(visit, course_id, None, "")


@router.post("/courses/{course_id}/roster")
def roster_file(visit: Known, course_id: Id, sent: Posted) -> Response:
    """Show what a file would do; or do it, where it was looked at. Reading a long one takes a second."""
    _may_enrol(visit, course_id)
    data = sent.file("file") or _carried(sent)
    encoding = sent["encoding"] if sent["encoding"] in roster.ENCODINGS else ""
    found = roster.preview(data, encoding)
    if not (sent["enrol"] and found.usable):
        return _roster(visit, course_id, found, _to_carry(data) if found.usable else "", encoding)
    with visit.school.writing() as session:
        done = roster.enrol(session, visit.actor, course_id, found)
    return _enrolled(visit, course_id, done)


@router.post("/courses/{course_id}/roster/undo")
def undo(visit: Known, course_id: Id, sent: Posted) -> Response:
    """Take an enrolment back."""
    with visit.school.writing() as session:
        done = roster.undo(session, visit.actor, integer(sent["undo"], "undo"))
    gone = ngettext("{n} person left the course.", "{n} people left the course.", done.left).format(n=done.left)
    if done.stayed:
        stayed = ngettext(
            "{n} stays: something was handed in since.", "{n} stay: something was handed in since.", done.stayed
        )
        gone = f"{gone} {stayed.format(n=done.stayed)}"
    return _people(visit, course_id, notice=_("The enrolment was undone.") + " " + gone)


def _may_enrol(visit: Visit, course_id: int) -> None:
    """Raises NotFound, NotAllowed."""
    with visit.school.reading() as session:
        require(session, visit.actor, "people.enrol", course_id)


def _people(
    visit: Visit,
    course_id: int,
    *,
    search: str = "",
    group: str = "",
    page: str = "1",
    at: str = "",
    undo: str = "",
    done: str = "",
    status: int = 200,
    **content: Any,
) -> Response:
    group_id = int(group) if group.isascii() and group.isdigit() and len(group) < 10 else None
    with visit.school.reading() as session:
        around = frame(session, visit, course_id, "work.see-all")
        found = courses.members(session, visit.actor, course_id, search=search, group_id=group_id)
        groups = courses.groups(session, visit.actor, course_id)
    usual: dict[str, Any] = {
        "found": paged(found, page_with(found, lambda one: str(one.person_id) == at) if at else page),
        "address": _address(search, group_id),
        "groups": groups,
        "search": search,
        "page": page,
        "group_id": group_id,
        "waiting": sum(1 for one in found if not one.has_password and one.role == "student"),
        "undo": undo if undo.isascii() and undo.isdigit() else "",
        "done": _done_words(done) if undo else "",
        "typed": {},
        "add_wrong": {},
        "notice": "",
        "move_wrong": "",
        "moves": bool(groups) and around.changes("people.enrol"),
    }
    return shown(visit, "people", around, status=status, **(usual | content))


def _address(search: str, group_id: int | None) -> str:
    """Of the same list, to be ended by a page."""
    asked = {"search": search, "group": "" if group_id is None else str(group_id)}
    return "?" + "".join(f"{urlencode({name: value})}&" for name, value in asked.items() if value)


def _member(visit: Visit, course_id: int, person_id: int, error: Refused | NotAllowed | None = None) -> Response:
    with visit.school.reading() as session:
        around = frame(session, visit, course_id, "people.enrol")
        one = _found(session, visit, course_id, person_id)
        groups = courses.groups(session, visit.actor, course_id)
    return shown(visit, "member", around, status=422 if error else 200, one=one, groups=groups, wrong=str(error or ""))


def _found(session: Any, visit: Visit, course_id: int, person_id: int) -> courses.MemberLine:
    """One member. Raises NotFound."""
    for one in courses.members(session, visit.actor, course_id, person_id=person_id):
        return one
    raise NotFound(_("This person is not in this course."))


def _links_of(session: Any, visit: Visit, course_id: int, login: str) -> list[tuple[str, str, str]]:
    """Name, login and a new one-time link of somebody whose account was made just now."""
    session.flush()
    found = courses.members(session, visit.actor, course_id, search=login)
    return [
        (one.name, one.login, invitations.invite(session, visit.actor, one.person_id))
        for one in found
        if one.login == login
    ]


def _roster(visit: Visit, course_id: int, found: Preview | None, carried: str, encoding: str = "") -> Response:
    with visit.school.reading() as session:
        around = frame(session, visit, course_id, "people.enrol")
        known = roster.known_logins(session, visit.actor, course_id, found) if found else frozenset[str]()
    count = len(found.rows) if found else 0
    content = {
        "found": found and replace(found, rows=found.rows[:_SHOWN_ROWS]),
        "count": count,
        "known": known,
        "new": sum(1 for row in found.rows if row.login not in known) if found else 0,
        "rest": max(0, count - _SHOWN_ROWS),
        "carried": carried,
        "encoding": encoding,
        "encodings": roster.ENCODINGS,
    }
    return shown(visit, "roster", around, status=422 if found and not found.usable else 200, **content)


def _enrolled(visit: Visit, course_id: int, done: Enrolled) -> Response:
    with visit.school.reading() as session:
        around = frame(session, visit, course_id, "people.enrol")
    return shown(visit, "enrolled", around, done=done)


def _links(visit: Visit, course_id: int, links: list[tuple[str, str, str]], undo: int | None = None) -> Response:
    """The page of new links. undo: of the enrolment that has just made these accounts."""
    with visit.school.reading() as session:
        around = frame(session, visit, course_id, "people.enrol")
    base = visit.request.state.public_url.rstrip("/") or str(visit.request.base_url).rstrip("/")
    days = invitations.LASTS.days
    whole = [(name, login, f"{base}/invitation/{token}") for name, login, token in links]
    file = base64.b64encode(csv_lines([(_("Name"), _("Login"), _("Link")), *whole])).decode()
    return shown(visit, "links", around, links=whole, days=days, file=file, undo=undo)


def _one_row(sent: Sent) -> Preview:
    """The fields of one person as a file, so that they are read and checked as every row of a file is."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["login", "name", "email", "group"])
    writer.writerow([" ".join(sent[name].split()) for name in ("login", "name", "email", "group")])
    return roster.preview(text.getvalue().encode("utf-8", "replace"), "utf-8")


def _field(column: str) -> str:
    return column if column in ("login", "name", "email", "group") else ""


def _carried(sent: Sent) -> bytes:
    """The file that was looked at, as the page carried it back. It is previewed anew: nobody needs to trust it."""
    try:
        return zlib.decompressobj().decompress(base64.b64decode(sent["carried"], validate=True), _MOST_CARRIED)
    except (ValueError, zlib.error):
        return b""


def _to_carry(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data, 9)).decode()


def _mark(done: Enrolled) -> str:
    return "made" if done.made else "joined" if done.joined else "moved" if done.moved else "already"


def _done_words(mark: str) -> str:
    told = {
        "made": _("A new account was made and enrolled."),
        "joined": _("This person was enrolled."),
        "moved": _("This person is in another group now."),
        "already": _("This person was in the course already."),
    }
    return told.get(mark, "")
