"""Every route, of pages and API alike, as somebody whom it does not concern: nothing comes out and nothing changes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from fastapi.routing import APIRoute
from judged import COMMENT, DRAFT, PROGRAM, REASON, Work, script, work_of
from routes import body, every_route, filled
from sqlalchemy import select
from town import Browser, Town, person

from sheber.school.courses import courses
from sheber.school.database import Base
from sheber.school.people.policy import Actor
from sheber.web import errors

OPEN = {"/log-in", "/invitation/{token}", "/language", "/assets/{edition}/{name}", "/names/{edition}/{station}.json"}
OPEN |= {
    "/api",
    "/api/openapi.json",
    "/reference",
    "/reference/{station}",
    "/reference/program.md",
    "/reference/{station}/program.md",
}
"""What everybody may see or send, also before they have logged in."""

OWN = {"/", "/account", "/account/password", "/join", "/log-out", "/api/v1/courses/join"}
"""What concerns who asks alone; addresses without numbers are of this kind too."""

SECRET = {PROGRAM.strip(), DRAFT.strip(), REASON, COMMENT, "secret group", "laptop of aigul", "күз 2026", "Серікқызы"}
"""What only the student and the course's staff may read."""

FOREIGN = {"course_id", "assignment_id", "submission_id", "campaign_id", "token_sha256"}

Rows = dict[str, dict[Any, dict[str, Any]]]


def rows(town: Town) -> Rows:
    """Everything in the database."""
    found: Rows = {}
    with town.school.reading() as session:
        for table in Base.metadata.sorted_tables:
            key = next(iter(table.primary_key)).name
            found[table.name] = {row[key]: dict(row) for row in session.execute(select(table)).mappings()}
    return found


def untouched(before: Rows, after: Rows, town: Town, me: Actor | None) -> None:
    """Nothing of others was changed or taken away, and nothing was added to the student's course or account."""
    mine = me.id if me else None
    for table, old in before.items():
        own = {"people": {mine}, "logins": set(old), "api_tokens": set(), "members": set()}.get(table, set())
        for key, row in old.items():
            if key in own or (table in ("api_tokens", "members") and row["person_id"] == mine):
                continue
            assert after[table].get(key) == row, (table, row, after[table].get(key))
        for key in after[table].keys() - old.keys():
            added = after[table][key]
            assert added.get("course_id") != town.course, (table, added)
            assert added.get("assignment_id") != town.assignment, (table, added)
            assert "submission_id" not in added, (table, added)
            assert added.get("person_id") in (mine, None), (table, added)


def asks(browser: Browser, route: APIRoute, method: str, town: Town, work: Work, csrf: str = "") -> Any:
    """One request, with all that the route wants of it."""
    sent = body(route, town, work) if method != "GET" else {}
    if "data" in sent:
        sent["data"] = sent["data"] | {"csrf": csrf}
    headers = {**sent.pop("headers", {}), **({"X-CSRF-Token": csrf} if csrf else {})}
    params = {"older": 1, "newer": 1, "name": "exercise.toml"} if method == "GET" else {}
    return browser.request(method, filled(route.path, town, work), headers=headers, params=params, **sent)


def walk(town: Town, work: Work, browser: Browser, csrf: str) -> list[tuple[APIRoute, str, Any]]:
    """The answers of every route; logging out comes last."""
    found = []
    routes = sorted(every_route(), key=lambda route: (route.path in ("/log-out", "/account/password"), route.path))
    for route in routes:
        for method in sorted(route.methods - {"HEAD"}):
            answer = asks(browser, route, method, town, work, csrf)
            found.append((route, method, answer))
    return found


def concerns_others(route: APIRoute) -> bool:
    return "{" in route.path and route.path not in OPEN


@pytest.fixture
def others(town: Town) -> Mapping[str, Actor]:
    """Those whom the student's work does not concern."""
    teacher = person(town.school, town.admin, "elsewhere", "Teacher elsewhere", "teacher")
    with town.school.writing() as session:
        code = courses.new_join_code(session, town.admin, town.other_course)
    with town.school.writing() as session:
        courses.join(session, teacher, code)
        courses.change_member(session, town.admin, town.other_course, teacher.id, "teacher")
    return {"student": town.stranger, "assistant": town.outsider, "teacher": teacher}


@pytest.mark.parametrize("kind", ["student", "assistant", "teacher"])
@pytest.mark.parametrize("by", ["script", "browser"])
def test_every_route_as_somebody_of_another_course(town: Town, others: Mapping[str, Actor], kind: str, by: str) -> None:
    work, me = work_of(town), others[kind]
    browser = script(town, me) if by == "script" else town.browser(me)
    csrf = browser.token() if by == "browser" else ""
    before = rows(town)
    answers = walk(town, work, browser, csrf)
    assert len(answers) > 90
    for route, method, answer in answers:
        where = (method, route.path, answer.status_code)
        assert answer.status_code < 500, where
        assert not {secret for secret in SECRET if secret in answer.text}, where
        page = not route.path.startswith("/api/")
        if concerns_others(route):
            allowed = {404, 403} if not page else {404, 403} if by == "browser" else {404, 403, 303}
            assert answer.status_code in allowed, (where, answer.text[:300])
        elif method != "GET" and not page:
            assert answer.status_code in (200, 201, 403, 404, 422), where
    untouched(before, rows(town), town, me)


def test_every_route_as_nobody(town: Town) -> None:
    work = work_of(town)
    before = rows(town)
    for route, method, answer in walk(town, work, town.browser(), ""):
        where = (method, route.path, answer.status_code)
        assert not {secret for secret in SECRET if secret in answer.text}, where
        if route.path.startswith("/api/v1"):
            assert answer.status_code == 401, where
            assert answer.headers["www-authenticate"] == "Bearer"
            assert answer.json()["error"]
        elif route.path not in OPEN:
            assert answer.status_code in ((303,) if method == "GET" else (403,)), where
    assert rows(town) == before


def test_every_route_as_a_classmate(town: Town) -> None:
    """A classmate is in the course, and reads nothing of the student's."""
    work = work_of(town)
    browser = script(town, town.classmate)
    before = rows(town)
    own = SECRET - {"күз 2026"}  # the course is theirs too
    for route, method, answer in walk(town, work, browser, ""):
        where = (method, route.path, answer.status_code)
        assert answer.status_code < 500, where
        assert not {secret for secret in own if secret in answer.text}, where
        if "submission_id" in route.path and route.path.startswith("/api/"):
            assert answer.status_code == 404, where
    after = rows(town)
    theirs = {"drafts", "submissions", "jobs", "members", "api_tokens", "people", "audit", "looks"}
    assert {row["person_id"] for row in after["looks"].values()} == {town.classmate.id}
    for table, old in before.items():
        for key, row in old.items():
            if table not in ("people", "members", "api_tokens") or town.classmate.id not in (key, row.get("person_id")):
                assert after[table].get(key) == row, (table, row)
        assert table in theirs or after[table].keys() == old.keys(), table


def test_the_bodies_of_the_walk_are_taken_from_who_may(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a route would look closed although only the request was wrong."""
    work, wrong, taken = work_of(town), [], 0
    monkeypatch.setattr(errors, "invalid", lambda found: wrong.append(found) or (422, "", ""))
    admin = script(town, town.admin)
    routes = [route for route in every_route() if route.path.startswith("/api/v1")]
    for route in routes:
        for method in sorted(route.methods - {"HEAD", "DELETE"}):
            answer = asks(admin, route, method, town, work)
            taken += answer.status_code in (200, 201)
    assert not wrong
    assert taken > 40


NOT_NOW = {
    "/assignments/{assignment_id}/similarity",  # one program resembles no other
    "/courses/{course_id}/roster/undo",  # there is no such enrolment
    "/submissions/{submission_id}/cancel",  # it is judged
    "/submissions/{submission_id}/request",  # the student's own
    "/submissions/{submission_id}/share",  # the same
}
"""Forms that a town has no use for."""


def test_the_forms_of_the_walk_are_taken_from_who_may(town: Town) -> None:
    """The same of the pages of teachers and administrators."""
    work, refused, taken = work_of(town), set(), 0
    admin = town.browser(town.admin)
    csrf = admin.token()
    for route in sorted(every_route(), key=lambda one: (not one.path.endswith("/settings"), one.path)):
        if "POST" in route.methods and re.match("/(courses|assignments|submissions|school|new-)", route.path):
            good = asks(admin, route, "POST", town, work, csrf).status_code in (200, 303)
            taken += good
            refused |= set() if good else {route.path}
    assert refused == NOT_NOW
    assert taken > 20
