"""Assignments: listed with their dates, added from what there is, and changed. Two who change one notice each other."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Final

from fastapi import Response

from sheber.exercises import Exercise
from sheber.i18n import _
from sheber.school.courses import assignments
from sheber.school.courses.assignments import Settings
from sheber.school.courses.exercises import available, exercise_of
from sheber.school.courses.numbers import NumberField, number_fields, numbers_from_form
from sheber.school.errors import Conflict, NotFound, Refused, Unconfirmed, all_wrong
from sheber.web.moments import moment
from sheber.web.pages.courses import mark
from sheber.web.pages.teaching.frame import frame, frame_of, shown
from sheber.web.posted import Posted, Sent, for_field, integer, moment_of, number_of, quantity_of
from sheber.web.prose import prose
from sheber.web.rendering import go_to
from sheber.web.visit import Id, Known, Visit, page_router

__all__ = ["labels", "plain", "router"]

router = page_router()

_SWITCHES: Final = ("visible", "exam", "every_attempt")
_MOMENTS: Final = ("opens", "due", "closes")
_OTHERS: Final = ("attempts", "counts", "scenes", "position", "late_percent", "weight")


@router.get("/courses/{course_id}/assignments")
def listed(visit: Known, course_id: Id) -> Response:
    """The assignments of a course with dates and rules, for its staff."""
    with visit.school.reading() as session:
        around = frame(session, visit, course_id, "work.see-all")
    return shown(visit, "assignments", around, marks={one.id: mark(one) for one in around.course.assignments})


@router.get("/courses/{course_id}/new-assignment")
def choose(visit: Known, course_id: Id) -> Response:
    """What can be asked for."""
    with visit.school.reading() as session:
        around = frame(session, visit, course_id, "assignment.change")
        found = available(session)
    asked = {(line.exercise, line.own_exercise_id) for line in around.course.assignments}
    rows = [(one, (one.name, one.own_exercise_id) in asked) for one in found]
    return shown(visit, "new_assignment", around, rows=rows)


@router.get("/courses/{course_id}/new-assignment/text")
def read(visit: Known, course_id: Id, exercise: str = "", own: str = "") -> Response:
    """The text of an exercise, before it is added."""
    with visit.school.reading() as session:
        around = frame(session, visit, course_id, "assignment.change")
        chosen = next(
            (one for one in available(session) if one.name == exercise and str(one.own_exercise_id or "") == own),
            None,
        )
        if chosen is None:
            raise NotFound(_("There is no such exercise."))
        text = exercise_of(session, Wish(chosen.name, chosen.own_exercise_id)).text(visit.language)
    return shown(visit, "exercise_text", around, one=chosen, text=prose(text))


@dataclass(frozen=True, slots=True)
class Wish:
    """An exercise with its usual numbers, before anybody asked for it."""

    exercise: str
    own_exercise_id: int | None
    numbers: Mapping[str, Any] = field(default_factory=dict)


@router.post("/courses/{course_id}/new-assignment")
def add(visit: Known, course_id: Id, sent: Posted) -> Response:
    """Add an exercise, hidden from students until its dates are set; the form of its dates comes next."""
    own = quantity_of(sent["own"], "own")
    with visit.school.writing() as session:
        hidden = Settings(visible=False)
        made = assignments.add_assignment(
            session, visit.actor, course_id, sent["exercise"], hidden, own_exercise_id=own
        )
    return go_to(f"/assignments/{made}/settings?new=yes")


@router.get("/assignments/{assignment_id}/settings")
def settings(visit: Known, assignment_id: Id, new: str = "", saved: str = "") -> Response:
    """The form of an assignment."""
    return _form(visit, assignment_id, new=bool(new), saved=bool(saved))


@router.post("/assignments/{assignment_id}/settings")
def change(visit: Known, assignment_id: Id, sent: Posted) -> Response:
    """Store the form, unless a field is wrong or somebody else was faster."""
    try:
        with visit.school.writing() as session:
            line = assignments.assignment(session, visit.actor, assignment_id)
            wanted, wrong = _wanted(sent, exercise_of(session, line), line.settings)
            whole = partial(assignments.check_changes, session, visit.actor, assignment_id, **wanted)
            all_wrong(partial(_refuse, wrong), whole)
            edition = integer(sent["edition"], "edition")
            assignments.change_assignment(
                session, visit.actor, assignment_id, edition=edition, sure=sent["sure"], **wanted
            )
    except (Refused, Conflict) as error:
        return _form(visit, assignment_id, error, typed=sent)
    return go_to(f"/assignments/{assignment_id}/settings?saved=yes")


def _form(
    visit: Visit,
    assignment_id: int,
    error: Refused | Conflict | None = None,
    *,
    typed: Sent | None = None,
    new: bool = False,
    saved: bool = False,
) -> Response:
    with visit.school.reading() as session:
        around = frame_of(session, visit, assignment_id, "assignment.change")
        assert around.line is not None
        exercise = exercise_of(session, around.line)
    stored = _texts(around.line.settings, exercise)
    texts = stored if typed is None else _typed(typed)
    conflict, unconfirmed = isinstance(error, Conflict), isinstance(error, Unconfirmed)
    content = {
        "values": texts,
        "edition": around.line.edition if conflict or typed is None else typed["edition"],
        "tables": _tables(exercise, error.fields if isinstance(error, Refused) else ()),
        "ends": end_titles(),
        "own": sum(1 for one in number_fields(exercise) if one.changed),
        "differences": _differences(stored, texts, exercise) if conflict else [],
        "conflict": str(error) if conflict else "",
        "wrong": "" if conflict or unconfirmed else str(error or ""),
        "follows": str(error) if unconfirmed else "",
        "sure": error.mark if isinstance(error, Unconfirmed) else "",
        "fields": error.fields if isinstance(error, Refused) else {},
        "new": new,
        "saved": saved,
    }
    status = 409 if conflict else 422 if error else 200
    return shown(visit, "assignment", around, status=status, **content)


# --- form → settings ------------------------------------------------------------------------------------


def _wanted(sent: Sent, exercise: Exercise, stored: Settings) -> tuple[dict[str, Any], dict[str, str]]:
    """The settings that a form asks for, and a sentence for each field that cannot be read."""
    readers: dict[str, Callable[[], Any]] = {
        "attempts": lambda: quantity_of(sent["attempts"], "attempts"),
        "numbers": lambda: numbers_from_form(exercise, sent.under("numbers.")),
    }
    readers |= {name: partial(moment_of, sent[name], name, getattr(stored, name)) for name in _MOMENTS}
    readers |= {name: partial(integer, sent[name], name) for name in ("scenes", "position")}
    readers |= {name: partial(number_of, sent[name], name) for name in ("late_percent", "weight")}
    wanted: dict[str, Any] = {name: sent[name] == "yes" for name in _SWITCHES} | {"counts": sent["counts"]}
    wrong: dict[str, str] = {}
    for name, read in readers.items():
        try:
            wanted[name] = read()
        except Refused as error:
            wrong |= error.fields
    return wanted, wrong


def _refuse(wrong: Mapping[str, str]) -> None:
    """Raises Refused where there is anything wrong."""
    if wrong:
        raise Refused(" ".join(wrong.values()), next(iter(wrong)), fields=wrong)


# --- settings → form ------------------------------------------------------------------------------------


def _texts(settings: Settings, exercise: Exercise) -> dict[str, str]:
    """The settings as the form's fields have them."""
    texts = {name: "yes" if getattr(settings, name) else "" for name in _SWITCHES}
    texts |= {name: for_field(getattr(settings, name)) for name in _MOMENTS}
    texts |= {"attempts": "" if settings.attempts is None else str(settings.attempts), "counts": settings.counts}
    texts |= {name: str(getattr(settings, name)) for name in ("scenes", "position")}
    texts |= {name: plain(getattr(settings, name)) for name in ("late_percent", "weight")}
    for one in number_fields(exercise):
        texts |= {f"numbers.{key}": text for key, text in _parts(one, one.value).items() if one.changed}
    return texts


def _typed(sent: Sent) -> dict[str, str]:
    """The form as it was sent: a switch that is off is not sent at all. What a script left out is empty."""
    return dict.fromkeys((*_SWITCHES, *_MOMENTS, *_OTHERS), "") | sent.plain()


def _parts(one: NumberField, value: Any) -> dict[str, str]:
    """The texts of a number's fields, by their names."""
    if one.kind == "ramp":
        return {f"{one.key}.{end}": plain(value[end]) for end in ("full", "zero")}
    if one.kind == "pair":
        return {f"{one.key}.{end}": plain(part) for end, part in zip(("low", "high"), value, strict=True)}
    return {one.key: str(value) if one.kind == "choice" else plain(value)}


def plain(value: float) -> str:
    """A number as a teacher types it."""
    return f"{value:.10g}"


def _tables(exercise: Exercise, wrong: Collection[str] = ()) -> list[dict[str, Any]]:
    """The numbers by table, each with its usual texts. wrong: fields with an error."""
    titles = {
        "scene": _("Scene"),
        "tolerance": _("Tolerances"),
        "points": _("Points"),
        "cycle": _("Cycle time"),
        "safety": _("Safety"),
        "imperfections": _("Imperfections"),
        "limits": _("Limits"),
    }
    tables: dict[str, list[dict[str, Any]]] = {}
    for one in number_fields(exercise):
        head = one.key.partition(".")[0]
        row = {"field": one, "label": one.title, "usual": _parts(one, one.usual), "range": _range(one)}
        tables.setdefault(head, []).append(row)
    order = [name for name in titles if name in tables] + [name for name in tables if name not in titles]
    return [
        {
            "name": name,
            "title": titles.get(name, name),
            "rows": tables[name],
            "own": sum(1 for row in tables[name] if row["field"].changed),
            "wrong": any(f"numbers.{row['field'].key}" in wrong for row in tables[name]),
        }
        for name in order
    ]


def _range(one: NumberField) -> str:
    """The allowed range of a number in words."""
    if one.kind == "choice":
        return _("one of {names}").format(names=", ".join(one.names))
    return _("{low} to {high}").format(low=plain(one.low), high=plain(one.high))


def _differences(stored: Mapping[str, str], mine: Mapping[str, str], exercise: Exercise) -> list[tuple[str, str, str]]:
    """What differs between what is stored now and what was typed: label, stored, typed."""
    names = labels()
    for one in number_fields(exercise):
        names |= {f"numbers.{part}": _part_label(one, part) for part in _parts(one, one.usual)}
    rows = []
    for key in names:
        ours, theirs = mine.get(key, "").strip(), stored.get(key, "").strip()
        if _same(key, theirs, ours):
            continue
        rows.append((names[key], _readable(key, theirs), _readable(key, ours)))
    return rows


def _part_label(one: NumberField, part: str) -> str:
    """What a part of a number is called: "Height of a drop, no points [mm]"."""
    end = end_titles().get(part.removeprefix(f"{one.key}."), "")
    return f"{one.title}{f', {end}' if end else ''}{f' [{one.unit}]' if one.unit else ''}"


def end_titles() -> dict[str, str]:
    """What the ends of a tolerance and of a pair are called."""
    return {"full": _("full points"), "zero": _("no points"), "low": _("lowest"), "high": _("highest")}


def _same(key: str, first: str, second: str) -> bool:
    if key in _MOMENTS:
        try:
            return moment_of(first, key) == moment_of(second, key)
        except Refused:
            return False
    return first.replace(",", ".") == second.replace(",", ".")


def _readable(key: str, text: str) -> str:
    """A field's text as a table of differences says it."""
    if key in _SWITCHES:
        return _("yes") if text else _("no")
    if not text:
        return _("as usual") if key.startswith("numbers.") else "–"
    if key in _MOMENTS:
        found = moment_of(text, key)
        return moment(found) if isinstance(found, datetime) else text
    return text


def labels() -> dict[str, str]:
    """The names of the settings, as the form has them."""
    return {
        "visible": _("Students see it"),
        "exam": _("It is an exam"),
        "opens": _("Opens"),
        "due": _("Deadline"),
        "closes": _("Closes"),
        "late_percent": _("Taken off for each day late"),
        "attempts": _("Attempts"),
        "counts": _("What counts"),
        "every_attempt": _("Judge every attempt"),
        "scenes": _("Hidden scenes"),
        "weight": _("Weight in the total"),
        "position": _("Place in the list"),
    }
