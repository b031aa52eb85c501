"""People and courses for the tests of the pages, made by the school's own functions."""

from __future__ import annotations

import re
import shutil
import warnings
from contextvars import Context
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from sheber.school.courses import assignments, courses
from sheber.school.courses.assignments import Settings
from sheber.school.opening import School, open_school
from sheber.school.people import accounts, invitations
from sheber.school.people.policy import Actor
from sheber.web.app import create_app

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it would rather have another client, which is not there yet
    from fastapi.testclient import TestClient

PASSWORD = "сары бие мен тулпар"
HOSTILE = "<script>window.hacked=1</script>\"'&{{7*7}}\u202e"


RAW = re.compile(r"\{(?:'|&#39;|&#x27;)id(?:'|&#39;|&#x27;):")  # a stored text that was not put into words


@dataclass
class Town:
    """A school with somebody of every kind; everybody has the same password."""

    school: School
    admin: Actor
    teacher: Actor
    student: Actor
    classmate: Actor
    stranger: Actor  # a student of another course
    outsider: Actor  # an assistant of another course
    course: int
    other_course: int
    assignment: int

    def browser(self, who: Actor | None = None, **more: Any) -> Browser:
        """A browser, in which somebody has logged in."""
        found = Browser(self.school, **more)
        if who:
            found.log_in(LOGINS[who.id])
        return found


LOGINS: dict[int, str] = {}  # by id, of the newest town


@lru_cache(maxsize=4)
def application(school: School, public_url: str) -> FastAPI:
    """The application of a school: all browsers of a test ask the same one."""
    return create_app(school, public_url=public_url)


class Browser(TestClient):
    """A client that sends the token of the last page along, as the pages' forms do."""

    def __init__(self, school: School, public_url: str = "", base_url: str = "http://testserver") -> None:
        super().__init__(application(school, public_url), base_url=base_url, follow_redirects=False)

    def request(self, *args: Any, **how: Any) -> Any:
        """Ask, and look whether every text of the page is in words."""
        answer = Context().run(super().request, *args, **how)  # a server knows nothing of what a test did before
        if answer.headers.get("content-type", "").startswith("text/html"):
            assert not RAW.search(answer.text), RAW.search(answer.text)
        return answer

    def token(self, path: str = "/log-in") -> str:
        """The token that a page's forms carry."""
        answer = self.get(path)
        if answer.status_code == 303:
            answer = self.get("/account")
        return answer.text.split('name="csrf-token" content="')[1].split('"')[0]

    def fill(self, path: str, method: str = "POST", **data: Any) -> Any:
        """Send a form, with its token."""
        return self.request(method, path, data=data | {"csrf": self.token()})

    def put_json(self, path: str, method: str = "PUT", **data: Any) -> Any:
        """Send JSON as the page's script does."""
        headers = {"X-CSRF-Token": self.token(), "Accept": "application/json"}
        return self.request(method, path, json=data, headers=headers)

    def log_in(self, login: str, password: str = PASSWORD) -> Any:
        """Log somebody in."""
        answer = self.fill("/log-in", login=login, password=password)
        assert answer.status_code == 303, answer.text
        return answer


def settle(school: School, exercise: str = "poses-and-moves", name: str = "Айгүл Серікқызы") -> Town:
    """A town with two courses, and one exercise in the first."""
    with school.writing() as session:
        token = invitations.first_administrator(session)
    assert token
    with school.writing() as session:
        admin = invitations.accept(session, token, PASSWORD)
    LOGINS[admin.id] = "admin"
    teacher = person(school, admin, "bolat", "Болат Ахметов", "teacher")
    student = person(school, admin, "aigul", name)
    classmate = person(school, admin, "li", "李伟")
    stranger = person(school, admin, "stranger", "Stranger")
    outsider = person(school, admin, "outsider", "Outsider")
    with school.writing() as session:
        course = courses.make_course(session, teacher, "Роботтандырылған ұяшықтар, күз 2026")
        other = courses.make_course(session, admin, "Another course")
        code = courses.new_join_code(session, teacher, course)
        other_code = courses.new_join_code(session, admin, other)
    for one, key in ((student, code), (classmate, code), (stranger, other_code), (outsider, other_code)):
        with school.writing() as session:
            courses.join(session, one, key)
    with school.writing() as session:
        courses.change_member(session, admin, other, outsider.id, "assistant")
        assignment = assignments.add_assignment(session, teacher, course, exercise, Settings(scenes=3))
    return Town(school, admin, teacher, student, classmate, stranger, outsider, course, other, assignment)


def copied(model: Town, folder: Path) -> Town:
    """The same town in another folder, opened."""
    shutil.copytree(model.school.folder, folder)
    return replace(model, school=open_school(folder, migrate=False))


def person(school: School, admin: Actor, login: str, name: str, rank: str = "student") -> Actor:
    """Somebody with an account and the password of everybody."""
    with school.writing() as session:
        person_id = accounts.add_person(session, admin, login=login, name=name, rank=rank)
    with school.writing() as session:
        token = invitations.invite(session, admin, person_id)
    with school.writing() as session:
        actor = invitations.accept(session, token, PASSWORD)
    LOGINS[actor.id] = login
    return actor
