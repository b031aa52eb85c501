"""The teacher's pages of grades and of what was handed in; own exercises; and the administrator's pages."""

from __future__ import annotations

import csv
import io
import json
import re
import time
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from judged import script
from sqlalchemy import select
from test_submission import judge_all
from town import HOSTILE, Town

from school.making import found
from sheber.judge.sandbox import Sandbox
from sheber.school import clock
from sheber.school.audit import AuditEntry
from sheber.school.courses import checking
from sheber.school.courses.models import Assignment
from sheber.school.gradebook import overrides
from sheber.school.people import accounts
from sheber.school.queue import claiming
from sheber.school.similarity import comparer
from sheber.school.similarity.comparer import Comparer
from sheber.school.similarity.winnowing import compared
from sheber.school.submissions import comments, handing_in, requests
from sheber.web.pages.teaching.similarity import _lines

EXERCISE = Path(__file__).parents[2] / "src/sheber/exercises/poses_and_moves"


def hand_in(town: Town, points: float = 80.0, source: bytes = b"print(1)\n") -> int:
    """The student's program, judged."""
    with town.school.writing() as session:
        secret = town.school.secret
        made = handing_in.submit(secret, session, town.student, town.assignment, source, "program.py")
    judge(town, points)
    return made


def judge(town: Town, points: float) -> None:
    """What a worker would do: every scene that waits gets these points."""
    with town.school.writing() as session:
        for job in claiming.claim(session, "tester", 99):
            assert claiming.finish(session, "tester", job.job_id, found(points))


def actions(town: Town) -> list[str]:
    with town.school.reading() as session:
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def grade(town: Town) -> str:
    return f"/assignments/{town.assignment}/grades/{town.student.id}"


def test_the_gradebook_is_a_table_of_links(town: Town) -> None:
    hand_in(town)
    page = town.browser(town.teacher).get(f"/courses/{town.course}/gradebook").text
    assert re.search(rf'<a href="{grade(town)}" aria-label="80 points">80</a>', page)
    assert 'aria-sort="ascending"' in page
    assert 'role="grid"' not in page  # the script makes it one: without it, it is a plain table
    order = re.findall(r'<a href="/courses/\d+/students/\d+"><bdi>([^<]+)</bdi>', page)
    down = town.browser(town.teacher).get(f"/courses/{town.course}/gradebook?sort=name&down=yes").text
    assert re.findall(r'<a href="/courses/\d+/students/\d+"><bdi>([^<]+)</bdi>', down) == order[::-1]
    few = town.browser(town.teacher).get(f"/courses/{town.course}/gradebook?search=Айгүл&passed=yes").text
    assert "李伟" not in few


def test_a_total_says_everywhere_by_which_rule_and_of_how_much_it_is_one(town: Town) -> None:
    hand_in(town)
    past = {"due": clock.now() - timedelta(days=2), "position": 9, "exercise": "poses-and-moves", "scenes": 1}
    with town.school.writing() as session:
        closed = Assignment(course_id=town.course, created=clock.now(), closes=clock.now() - timedelta(days=1), **past)
        later = clock.now() + timedelta(days=1)
        session.add_all([closed, Assignment(course_id=town.course, created=clock.now(), closes=later, **past)])
    student, teacher = town.browser(town.student), town.browser(town.teacher)
    course = f"/courses/{town.course}"
    pages = [student.get(course).text, teacher.get(f"{course}/gradebook").text]
    pages += [teacher.get(f"{course}/students/{town.student.id}{end}").text for end in ("", "/report")]
    for page in pages:
        assert "The total is the mean of the exercises that are graded, by their weights." in page
    for page in (pages[0], *pages[2:]):
        assert "<b>40</b>" in page
        assert re.search(r"1 of \d graded, 1 missing", page)
    assert re.search(r">40 \(1 of \d\)</td>", pages[1])
    assert 'aria-label="nothing yet, late work is taken">–</a>' in pages[1]
    assert "Nothing handed in yet; late work is taken." in pages[3]
    assert "nothing yet, late work is taken" in pages[2]


@pytest.mark.parametrize("query", ["sort=x", "sort=assignment:999"])
def test_an_order_that_is_none_is_refused(quiet_town: Town, query: str) -> None:
    answer = quiet_town.browser(quiet_town.teacher).get(f"/courses/{quiet_town.course}/gradebook?{query}")
    assert answer.status_code == 422
    assert "cannot be sorted" in answer.text


@pytest.mark.parametrize("query", ["page=x", "page=-1", "page=9999999999", "group=x", "group=99", "passed=maybe"])
def test_a_filter_that_makes_no_sense_is_no_fault(quiet_town: Town, query: str) -> None:
    answer = quiet_town.browser(quiet_town.teacher).get(f"/courses/{quiet_town.course}/gradebook?{query}")
    assert answer.status_code == 200


def test_points_by_hand_need_a_reason_and_keep_their_history(town: Town) -> None:
    hand_in(town)
    browser = town.browser(town.teacher)
    for data, field in (({"points": "101", "reason": "x"}, "points"), ({"points": "90", "reason": " "}, "reason")):
        answer = browser.fill(grade(town), seen="0", **data)
        assert answer.status_code == 422
        assert re.search(rf'id="f-{field}"[^>]*aria-invalid="true"', answer.text)
    assert browser.fill(grade(town), seen="0", points="91,5", reason=HOSTILE).status_code == 303
    page = browser.get(grade(town)).text
    assert "91.5" in page
    assert "The judge computed 80." in page
    assert "<script>window" not in page
    assert "&lt;script&gt;window.hacked=1" in page
    late = browser.fill(grade(town), seen="0", points="10", reason="another")
    assert late.status_code == 409
    assert "Somebody else changed these points" in late.text
    seen = re.search(r'name="seen" value="(\d+)"', page)[1]
    assert browser.fill(grade(town), seen="0", withdraw="yes", reason="not so").status_code == 409
    assert browser.fill(grade(town), seen=seen, withdraw="yes", reason="not so").status_code == 303
    assert "taken back" in browser.get(grade(town)).text
    assert actions(town)[-2:] == ["grade.overridden", "grade.override-withdrawn"]


def test_a_cell_is_changed_in_place(town: Town) -> None:
    browser = town.browser(town.teacher)
    headers = {"HX-Request": "true", "X-CSRF-Token": browser.token()}
    part = browser.get(grade(town), headers=headers).text
    assert part.strip().startswith('<div class="stack" id="grade"')
    data = {"seen": "0", "points": "55", "reason": "by word of mouth"}
    done = browser.post(grade(town), data=data, headers=headers)
    assert done.status_code == 200
    for said in ('data-done="yes"', 'data-text="55"', 'data-low="yes"', 'data-hand="yes"', 'data-total="55"'):
        assert said in done.text


def test_nobody_elses_cell_is_found(town: Town) -> None:
    browser = town.browser(town.teacher)
    for person in (town.stranger.id, town.teacher.id, 99999):
        assert browser.get(f"/assignments/{town.assignment}/grades/{person}").status_code == 404
        answer = browser.fill(f"/assignments/{town.assignment}/grades/{person}", seen="0", points="1", reason="x")
        assert answer.status_code == 404


def test_the_gradebook_is_exported(town: Town) -> None:
    hand_in(town)
    browser = town.browser(town.teacher)
    answer = browser.get(f"/courses/{town.course}/gradebook.csv?delimiter=semicolon")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    assert ["aigul", "Айгүл Серікқызы", "", "80.0", "80.0", "1"] in rows
    assert answer.headers["content-disposition"].startswith("attachment")
    commas = browser.get(f"/courses/{town.course}/gradebook.csv?delimiter=semicolon&decimal=comma")
    rows = list(csv.reader(io.StringIO(commas.content.decode("utf-8-sig")), delimiter=";"))
    assert ["aigul", "Айгүл Серікқызы", "", "80,0", "80,0", "1"] in rows
    by_script = script(town, town.teacher).get(f"/api/v1/courses/{town.course}/gradebook.csv?decimal=comma")
    assert '"80,0","80,0"' in by_script.text
    assert "delimiter=semicolon&amp;decimal=comma" in browser.get(f"/courses/{town.course}/gradebook").text
    book = browser.get(f"/courses/{town.course}/gradebook.xlsx")
    assert zipfile.ZipFile(io.BytesIO(book.content)).testzip() is None


def test_statistics_say_where_points_are_lost(town: Town) -> None:
    path = f"/assignments/{town.assignment}/statistics"
    browser = town.browser(town.teacher)
    assert "Nothing to count yet" in browser.get(path).text
    hand_in(town, 55.0)
    page = browser.get(path).text
    assert "The part is placed" in page
    assert page.count('<svg viewBox="0 -18 600 196"') == 2
    assert re.search(r"<td>50 to 60</td><td class=\"num\">1</td>", page)  # the table says what the chart does
    assert browser.get(f"{path}?group=x").status_code == 200


def test_a_students_page_and_what_is_printed(town: Town) -> None:
    hand_in(town)
    browser = town.browser(town.teacher)
    path = f"/courses/{town.course}/students/{town.student.id}"
    assert "Attempt 1" in browser.get(path).text
    assert "Points of the scenes:" in browser.get(f"{path}/report").text
    assert "Whole course" in browser.get(f"/courses/{town.course}/report").text
    assert browser.get(f"/courses/{town.course}/report?group=99").status_code == 404
    assert browser.get(f"/courses/{town.course}/students/{town.stranger.id}").status_code == 404


def test_comments_are_written_read_and_removed(town: Town) -> None:
    made = hand_in(town, source=b"a = 1\nb = 2\n")
    browser = town.browser(town.teacher)
    path = f"/submissions/{made}"
    assert browser.fill(f"{path}/comments", text=HOSTILE, line="2").status_code == 303
    answer = browser.fill(f"{path}/comments", text="Look here", place="1", time="2,5", back="scene")
    assert answer.headers["location"].startswith(f"{path}/scenes/1#comment-")
    page = browser.get(path).text
    assert "<script>window" not in page
    assert 'data-line="2"' in page
    seen = town.browser(town.student).get(path).text
    assert "Look here" in seen
    assert "2.50 s" in page
    assert "2.50 s" not in seen  # a moment of a hidden scene
    assert 'data-line="2"' not in seen
    for bad in ({"line": "99"}, {"line": "x"}, {"place": "77"}, {"text": " "}, {"place": "1", "time": "inf"}):
        assert browser.fill(f"{path}/comments", **({"text": "x"} | bad)).status_code == 422
    number = re.search(r'id="comment-(\d+)"', page)[1]
    assert town.browser(town.student).fill(f"{path}/comments/{number}/remove").status_code == 403
    assert browser.fill(f"{path}/comments/{number}/remove").status_code == 303
    assert town.browser(town.student).fill(f"{path}/comments", text="mine").status_code in (403, 404)
    assert town.browser(town.classmate).fill(f"{path}/comments", text="mine").status_code == 404


def test_what_was_printed_is_for_the_staff(town: Town) -> None:
    with town.school.writing() as session:
        made = handing_in.submit(town.school.secret, session, town.student, town.assignment, b"print(1)\n", "a.py")
    judge_all(town)
    path = f"/submissions/{made}/scenes/1/printed"
    assert "printed-by-the-program-7391" in town.browser(town.teacher).get(path).text
    assert town.browser(town.student).get(path).status_code == 404
    assert town.browser(town.outsider).get(path).status_code == 404


def test_a_request_is_answered_in_words(town: Town) -> None:
    made = hand_in(town)
    with town.school.writing() as session:
        asked = requests.ask(session, town.student, made, HOSTILE)
    browser = town.browser(town.teacher)
    path = f"/courses/{town.course}/requests"
    page = browser.get(path).text
    assert "Айгүл" in page
    assert "<script>window" not in page
    empty = browser.fill(f"{path}/{asked}", granted="yes", answer=" ")
    assert empty.status_code == 422
    assert 'aria-invalid="true"' in empty.text
    assert browser.fill(f"{path}/{asked}", granted="no", answer="It fell at 3 s.").status_code == 303
    assert "It fell at 3 s." in town.browser(town.student).get(f"/submissions/{made}").text
    again = browser.fill(f"{path}/{asked}", granted="yes", answer="Yes")
    assert again.status_code == 409
    assert "answered this request already" in again.text
    assert town.browser(town.outsider).fill(f"{path}/{asked}", granted="yes", answer="x").status_code == 404


def test_the_printed_page_says_who_decided_what_and_when(town: Town) -> None:
    made = hand_in(town, 70.0)
    hand_in(town, 80.0, b"print(2)\n")
    teacher, report = town.browser(town.teacher), f"/courses/{town.course}/students/{town.student.id}/report"
    assert "What was said and decided" not in teacher.get(report).text
    with town.school.writing() as session:
        asked = requests.ask(session, town.student, made, f"It was right. {HOSTILE}")
        comments.comment(session, town.teacher, made, "Mind the third corner.", place=1, time_s=1.5)
        gone = comments.comment(session, town.teacher, made, "A slip of mine.")
    with town.school.writing() as session:
        comments.remove_comment(session, town.teacher, gone)
        requests.answer(session, town.teacher, asked, True, "You are right.")
        overrides.override(session, town.teacher, town.assignment, town.student.id, 91.5, "Shown in class.")
    page = teacher.get(report).text
    told = page[page.index("What was said and decided") :]
    places = [told.index(words) for words in ("Asked for another look", "Comment", "The request was granted")]
    assert places == sorted(places)
    for words in (
        "Points given by hand: 91.5 · <bdi>Болат Ахметов</bdi> · <time",
        "Shown in class.",
        "Attempt 1 · Scene 1, 1.50 s · <bdi>Болат Ахметов</bdi>",
        "You are right.",
        "It was right. &lt;script&gt;",
    ):
        assert words in told, words
    assert "A slip of mine." not in page
    assert "what the judge computed does not count" in page
    assert re.search(r'class="curve-days small muted"><time datetime="20', page)
    other = f"/courses/{town.course}/students/{town.classmate.id}/report"
    assert "Shown in class." not in teacher.get(other).text
    assert town.browser(town.student).get(report).status_code == 403


def test_a_regrade_is_looked_at_published_and_taken_back(town: Town) -> None:
    hand_in(town, 50.0)
    browser = town.browser(town.teacher)
    path = f"/assignments/{town.assignment}/regrades"
    bare = browser.fill(path, chosen="best", reason="")
    assert bare.status_code == 422
    assert re.search(r'id="f-reason"[^>]*aria-invalid="true"', bare.text)
    here = browser.fill(path, chosen="best", reason="The tolerance was wrong").headers["location"]
    assert "data-renew" in browser.get(here).text
    judge(town, 90.0)
    page = browser.get(here).text
    assert "ready to look at" in page
    assert re.search(r"50</td><td class=\"num\">90</td>", page)
    assert 'aria-label="50 points"' in browser.get(f"/courses/{town.course}/gradebook").text  # nothing counts yet
    stale = browser.fill(f"{here}/publish", seen="x")
    assert stale.status_code == 409
    seen = re.search(r'name="seen" value="(\w+)"', page)[1]
    assert browser.fill(f"{here}/publish", seen=seen).status_code == 303
    assert 'aria-label="90 points"' in browser.get(f"/courses/{town.course}/gradebook").text
    assert browser.fill(f"{here}/withdraw").status_code == 303
    assert 'aria-label="50 points"' in browser.get(f"/courses/{town.course}/gradebook").text
    assert town.browser(town.student).get(here).status_code in (403, 404)
    assert town.browser(town.outsider).get(here).status_code == 404


def test_similarity_is_no_verdict(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    source = EXERCISE.joinpath("programs/reference.py").read_bytes() + b"# a\n"
    hand_in(town, source=source)
    with town.school.writing() as session:
        handing_in.submit(
            town.school.secret, session, town.classmate, town.assignment, source + HOSTILE.encode(), "program.py"
        )
    judge(town, 80.0)
    browser = town.browser(town.teacher)
    path = f"/assignments/{town.assignment}/similarity"
    assert "This is no verdict" in browser.get(path).text
    assert browser.fill(path).status_code == 303
    waits = browser.get(path, headers={"HX-Request": "true"})
    assert "wait for a worker" in waits.text
    assert f'hx-get="{path}"' in waits.text  # the page looks again by itself
    assert "Compare the programs" not in waits.text
    assert "hx-refresh" not in waits.headers
    assert script(town, town.teacher).get("/api/v1/similarity/1").json()["state"] == "asked"
    monkeypatch.setattr(comparer, "compare_programs", _compared_here)
    assert Comparer(town.school, "w", lambda: Sandbox("A")).look()
    assert browser.get(path, headers={"HX-Request": "true"}).headers["hx-refresh"] == "true"
    page = browser.get(path).text
    assert "hx-get" not in page
    pairs = re.findall(rf'href="({path}/\d+/\d+)"', page)
    beside = [browser.get(one).text for one in pairs]
    assert all('class="same same-' in one for one in beside)
    assert any("&lt;script&gt;window" in one for one in beside)
    assert not any("<script>window" in one for one in beside)
    pair = pairs[0]
    assert town.browser(town.student).get(pair).status_code == 403
    assert town.browser(town.outsider).get(pair).status_code == 404
    assert browser.get(f"{path}/999/1").status_code == 404


def test_a_comparison_that_failed_says_why_and_can_be_asked_for_again(town: Town) -> None:
    hand_in(town)
    with town.school.writing() as session:
        handing_in.submit(town.school.secret, session, town.classmate, town.assignment, b"pass", "program.py")
    judge(town, 80.0)
    browser = town.browser(town.teacher)
    path = f"/assignments/{town.assignment}/similarity"
    browser.fill(path)
    assert Comparer(town.school, "w", lambda: Sandbox("C")).look()
    page = browser.get(path).text
    assert "Level C does not isolate" in page
    assert "Compare the programs" in page
    told = script(town, town.teacher).get("/api/v1/similarity/1").json()
    assert (told["state"], "Level C" in told["trouble"]) == ("failed", True)


def test_a_page_break_in_a_program_moves_no_mark() -> None:
    """Stretches count line feeds, as Python does."""
    assert _lines("a\x0cb\n\u2028c\nd\n", [(2, 3)]) == [("a\x0cb", 0), ("\u2028c", 1), ("d", 1)]


def _compared_here(_sandbox: Sandbox, programs: Any, starter: str, shipped: Any, **_how: Any) -> Any:
    """Without a box: it is tried elsewhere."""
    return json.loads(json.dumps(compared(programs, starter, shipped)))


# --- own exercises -------------------------------------------------------------------------------


def packed(**files: bytes) -> bytes:
    """The shipped exercise as somebody's own; files: instead, or added."""
    content = {
        str(one.relative_to(EXERCISE)): one.read_bytes()
        for one in EXERCISE.rglob("*")
        if one.is_file() and one.suffix in (".py", ".toml", ".md")
    }
    content["exercise.toml"] = content["exercise.toml"].replace(b'"poses-and-moves"', b'"my-own"', 1)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in (content | files).items():
            archive.writestr(name, data)
    return stream.getvalue()


def send(town: Town, data: bytes) -> object:
    browser = town.browser(town.teacher)
    files = {"archive": ("mine.zip", data, "application/zip")}
    return browser.post("/own-exercises", data={"csrf": browser.token()}, files=files)


@pytest.mark.parametrize("data", [b"", b"no archive", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_exercise_is_refused_at_its_field(quiet_town: Town, data: bytes) -> None:
    answer = send(quiet_town, data)
    assert answer.status_code == 422
    assert re.search(r'id="f-archive"[^>]*aria-invalid="true"', answer.text)


def test_an_upload_is_read_and_decided_by_an_administrator(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[int] = []
    monkeypatch.setattr(checking, "examine", lambda *_all, **_more: checked.append(1))  # the worker's, never a page's
    made = send(town, packed(**{"notes.md": HOSTILE.encode()}))
    assert made.status_code == 303, made.text
    other = send(town, packed(**{"exercise.toml": b'name = "another-one"\n'})).headers["location"]
    assert "<h1>another-one</h1>" in town.browser(town.teacher).get(other).text
    assert "<h1>my-own</h1>" in town.browser(town.teacher).get(made.headers["location"]).text
    here = made.headers["location"]
    page = town.browser(town.teacher).get(here).text
    assert "only an administrator can" in page
    assert "Allow the check" not in page
    text = town.browser(town.teacher).get(f"{here}/file?name=notes.md").text
    assert "&lt;script&gt;" in text
    assert town.browser(town.teacher).get(f"{here}/file?name=../../secret").status_code == 404
    assert town.browser(town.teacher).fill(f"{here}/decide", what="check").status_code == 403
    for who in (town.student, town.outsider):
        assert town.browser(who).get(here).status_code in (403, 404)
    admin = town.browser(town.admin)
    assert "Read exercise.py before you allow anything" in admin.get(here).text
    assert admin.fill(f"{here}/decide", what="admit", reason="").status_code == 422
    assert admin.fill(f"{here}/decide", what="check", reason="").status_code == 303
    assert "is being checked" in admin.get(here).text
    time.sleep(0.2)  # a thread that a page had begun would be seen here
    assert not checked
    assert admin.fill(f"{here}/decide", what="refuse", reason="").status_code == 422
    assert admin.fill(f"{here}/decide", what="refuse", reason="Too easy").status_code == 303
    assert "Too easy" in town.browser(town.teacher).get(here).text


# --- administration ------------------------------------------------------------------------------


def test_an_account_is_added_with_a_link_that_is_shown_once(town: Town) -> None:
    admin = town.browser(town.admin)
    page = admin.fill("/school/people", login="new", name="New One", email="", rank="teacher").text
    link = re.search(r"/invitation/([\w-]{20,})", page)[1]
    assert town.browser().get(f"/invitation/{link}").status_code == 200
    assert link not in admin.get("/school/people?search=new").text
    taken = admin.fill("/school/people", login="new", name="Other", email="", rank="student")
    assert taken.status_code == 422
    assert re.search(r'id="f-login"[^>]*aria-invalid="true"', taken.text)


def test_an_account_is_closed_and_the_last_administrator_stays(town: Town) -> None:
    admin, student = town.browser(town.admin), town.browser(town.student)
    path = f"/school/people/{town.student.id}"
    assert admin.fill(path, name="Айгүл", email="", rank="student", disabled="yes").status_code == 303
    assert student.get("/").headers["location"] == "/log-in"
    answer = admin.fill(f"/school/people/{town.admin.id}", name="A", email="", rank="student")
    assert answer.status_code == 422
    assert "last administrator" in answer.text
    closed = admin.fill(f"{path}/invitation")
    assert closed.status_code == 422
    with town.school.reading() as session:
        assert accounts.person(session, town.admin, town.admin.id).rank == "administrator"


def test_the_pages_of_the_school_say_what_there_is(town: Town) -> None:
    hand_in(town)
    admin = town.browser(town.admin)
    assert "No worker has ever said a word" in admin.get("/school").text
    assert "Роботтандырылған" in admin.get("/school/courses").text
    assert "are free" in admin.get("/school/disk").text
    assert "made an account" in admin.get("/school/changes?action=person.").text
