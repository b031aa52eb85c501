"""The API as scripts and pages use it: tokens, refusals, languages, and a class from its making to its grades."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from judged import PROGRAM, judge, script, work_of
from town import Town

from sheber.school import clock
from sheber.school.people import accounts, tokens
from sheber.school.submissions import handing_in
from sheber.web import language

ME = "/api/v1/me"


def refused(answer: Any, status: int, where: str = "", word: str = "") -> None:
    """The one form of a refusal."""
    assert answer.status_code == status, answer.text
    assert answer.json().keys() == {"error", "where"}
    assert answer.json()["where"] == where
    assert answer.json()["error"].endswith((".", "…"))
    assert word in answer.json()["error"]


# --- who asks ------------------------------------------------------------------------------------------


def test_a_token_says_who_asks_and_only_its_hash_is_kept(town: Town) -> None:
    with town.school.writing() as session:
        token = tokens.make_token(session, town.student, "x", 1)
    browser = town.browser()
    assert browser.get(ME, headers={"Authorization": f"Bearer {token}"}).json()["login"] == "aigul"
    assert token not in (town.school.folder / "school.db").read_bytes().decode("latin-1")


@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer wrong", "Basic YTpi", "Bearer sheber_" + "x" * 43, "x"])
def test_a_wrong_token_is_refused_even_where_somebody_has_logged_in(town: Town, header: str) -> None:
    for browser in (town.browser(), town.browser(town.student)):
        answer = browser.get(ME, headers={"Authorization": header})
        refused(answer, 401, word="token")
        assert answer.headers["www-authenticate"] == "Bearer"


def test_a_token_ends_when_it_expires_is_revoked_or_its_owner_is_closed_out(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = (script(town, town.student) for _ in range(3))
    ids = [one["id"] for one in first.get(f"{ME}/tokens").json()]
    assert first.delete(f"{ME}/tokens/{ids[0]}").json() == {"done": True}
    refused(third.get(ME), 401)
    later = clock.now() + timedelta(days=31)
    with monkeypatch.context() as moved:
        moved.setattr(clock, "_clock", lambda: later)
        refused(second.get(ME), 401)
    assert second.get(ME).status_code == 200
    with town.school.writing() as session:
        accounts.change_person(session, town.admin, town.student.id, disabled=True)
    refused(second.get(ME), 401)


def test_a_token_makes_no_token(town: Town) -> None:
    refused(script(town, town.student).post(f"{ME}/tokens", json={"name": "x"}), 403, word="browser")
    browser = town.browser(town.student)
    answer = browser.put_json(f"{ME}/tokens", "POST", name="laptop", days=3)
    assert answer.status_code == 201
    assert answer.json()["token"].startswith("sheber_")
    assert browser.get(f"{ME}/tokens").json()[0]["name"] == "laptop"
    assert "sheber_" not in browser.get(f"{ME}/tokens").text


def test_a_token_is_made_on_the_page_of_the_account_shown_once_and_revoked(town: Town) -> None:
    browser = town.browser(town.student)
    shown = browser.fill("/account/tokens", name="<b>laptop").text
    token = shown.split('id="token">')[1].split("<")[0]
    assert "&lt;b&gt;laptop" in shown
    assert town.browser().get(ME, headers={"Authorization": f"Bearer {token}"}).status_code == 200
    assert token not in browser.get("/account").text
    assert browser.fill("/account/tokens", name="").status_code == 422
    (one,) = browser.get(f"{ME}/tokens").json()
    assert town.browser(town.classmate).fill(f"/account/tokens/{one['id']}/revoke").status_code == 404
    assert browser.fill(f"/account/tokens/{one['id']}/revoke").status_code == 303
    refused(town.browser().get(ME, headers={"Authorization": f"Bearer {token}"}), 401)


def test_a_page_needs_the_token_of_its_forms_and_a_script_does_not(town: Town) -> None:
    browser = town.browser(town.student)
    refused(browser.patch(ME, json={"language": "kk"}), 403)
    refused(browser.patch(ME, json={"language": "kk"}, headers={"X-CSRF-Token": "x"}), 403)
    assert browser.put_json(ME, "PATCH", language="kk").json()["language"] == "kk"
    elsewhere = {"X-CSRF-Token": browser.token(), "Origin": "https://evil.example"}
    refused(browser.patch(ME, json={"language": "ru"}, headers=elsewhere), 403)
    assert script(town, town.student).patch(ME, json={"language": "ru"}).json()["language"] == "ru"


# --- refusals -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "sent", "status", "where"),
    [
        ("POST", "/api/v1/courses", {"content": b"{", "headers": {"content-type": "application/json"}}, 400, "body"),
        ("POST", "/api/v1/courses", {"content": b"{}"}, 422, "body"),
        ("POST", "/api/v1/courses", {}, 422, "body"),
        ("POST", "/api/v1/courses", {"json": {}}, 422, "title"),
        ("POST", "/api/v1/courses", {"json": {"title": 3}}, 422, "title"),
        ("POST", "/api/v1/courses", {"json": {"title": " "}}, 422, "title"),
        ("POST", "/api/v1/courses", {"json": {"title": "x", "owner": 1}}, 422, "owner"),
        ("POST", "/api/v1/courses", {"json": {"title": "\ud800"}}, 422, "title"),
        ("POST", "/api/v1/courses", {"content": b"\xff", "headers": {"content-type": "application/json"}}, 400, ""),
        ("POST", "/api/v1/courses", {"content": b"x" * (1 << 21)}, 413, ""),
        ("GET", "/api/v1/courses/0", {}, 404, ""),
        ("GET", "/api/v1/courses/99999999999999", {}, 404, ""),
        ("GET", "/api/v1/courses/x", {}, 404, ""),
        ("GET", "/api/v1/nothing", {}, 404, ""),
        ("PUT", "/api/v1/courses", {}, 405, ""),
        ("GET", "/api/v1/school/courses?page=0", {}, 422, "page"),
    ],
)
def test_whatever_is_refused_has_one_form(
    quiet_town: Town, method: str, path: str, sent: dict[str, Any], status: int, where: str
) -> None:
    if isinstance(sent.get("json"), dict) and "\ud800" in str(sent["json"].get("title")):
        sent = {"content": json.dumps(sent["json"]).encode(), "headers": {"content-type": "application/json"}}
    refused(script(quiet_town, quiet_town.admin).request(method, path, **sent), status, where)


def test_a_fault_of_ours_is_told_in_the_same_form(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    from sheber.web.api import courses

    def broken(*_all: object) -> None:
        raise RuntimeError("inner words")

    monkeypatch.setattr(courses.courses, "my_courses", broken)
    answer = script(town, town.student).get("/api/v1/courses")
    refused(answer, 500)
    assert "inner words" not in answer.text


def test_two_teachers_who_change_one_assignment_notice_each_other(town: Town) -> None:
    teacher, path = script(town, town.teacher), f"/api/v1/assignments/{town.assignment}"
    assert teacher.patch(path, json={"edition": 1, "scenes": 4}).json() == {"edition": 2}
    refused(teacher.patch(path, json={"edition": 1, "scenes": 5}), 409, word="Болат Ахметов")
    assert teacher.get(path).json()["settings"]["scenes"] == 4


def test_a_draft_that_another_window_changed_comes_back_with_its_text(town: Town) -> None:
    student, path = script(town, town.student), f"/api/v1/assignments/{town.assignment}/draft"
    assert student.put(path, json={"source": "a", "edition": 0}).json() == {"edition": 1}
    answer = student.put(path, json={"source": "b", "edition": 0})
    assert answer.status_code == 409
    assert answer.json() == {"error": answer.json()["error"], "where": "edition", "source": "a", "edition": 1}
    assert student.get(path).json()["source"] == "a"


@pytest.mark.parametrize(
    ("sent", "where", "word"),
    [
        ({"due": "2020-01-01T00:00:00Z"}, "due", "passed"),
        ({"due": "2027-01-01T00:00:00"}, "due", "time zone"),
        ({"due": "0001-01-01T00:00:00+14:00"}, "due", ""),
        ({"scenes": 33}, "scenes", "32"),
        ({"scenes": True}, "scenes", "whole number"),
        ({"late_percent": "NaN"}, "late_percent", ""),
        ({"counts": "worst"}, "counts", "best"),
        ({"exercise": "../../etc"}, "exercise", "poses-and-moves"),
        ({"numbers": {"nothing.here": 3}}, "numbers.nothing.here", ""),
        ({"numbers": {"limits.simulated_s": "x"}}, "numbers.limits.simulated_s", ""),
    ],
)
def test_an_assignment_that_makes_no_sense_is_refused_at_its_field(
    quiet_town: Town, sent: dict[str, Any], where: str, word: str
) -> None:
    path = f"/api/v1/courses/{quiet_town.course}/assignments"
    answer = script(quiet_town, quiet_town.teacher).post(path, json={"exercise": "poses-and-moves"} | sent)
    refused(answer, 422, where, word)


# --- languages ------------------------------------------------------------------------------------------


def test_words_are_in_the_asked_language_else_in_that_of_the_account(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    monkeypatch.setattr(language, "written", lambda: ("en", "kk", "ru"))
    from sheber.web.api import me

    person = accounts.person

    def spied(*all_: Any) -> Any:
        seen.append(me.accounts_language())
        return person(*all_)

    from sheber.i18n import current

    monkeypatch.setattr(me, "accounts_language", current, raising=False)
    monkeypatch.setattr(me.accounts, "person", spied)
    with town.school.writing() as session:
        accounts.change_self(session, town.student, language="ru")
    student = script(town, town.student)
    student.headers.pop("accept-language", None)
    student.get(ME)
    student.get(ME, headers={"Accept-Language": "kk-KZ, en;q=0.5"})
    student.get(ME, headers={"Accept-Language": "fr"})
    assert seen == ["ru", "kk", "ru"]


# --- submissions ------------------------------------------------------------------------------------------


def test_a_program_from_hand_in_to_the_explained_score(town: Town) -> None:
    student = script(town, town.student)
    path = f"/api/v1/assignments/{town.assignment}/submissions"
    made = student.post(path, json={"source": PROGRAM, "file_name": "../ы.py", "token": "t1"})
    assert made.status_code == 201
    assert student.post(path, json={"source": PROGRAM, "token": "t1"}).json() == made.json()
    found = student.get(made.json()["address"]).json()
    assert (found["state"], found["points"], found["file_name"]) == ("queued", None, "ы.py")
    assert found["place"]["position"] == 1
    assert found["place"]["words"]
    judge(town)
    found = student.get(made.json()["address"]).json()
    assert (found["state"], found["points"], found["place"]) == ("done", 20.0, None)
    scene = found["scenes"][0]
    assert scene["points"] == 20.0
    assert scene["losses"][0]["message"] == "The part is 1.5 mm away."
    assert (scene["checks"][0]["measured"], scene["checks"][0]["unit"]) == (1.5, "mm")
    assert found["made_of"]
    program = student.get(f"{made.json()['address']}/program")
    assert program.text == PROGRAM
    assert program.headers["content-disposition"].startswith("attachment")
    progress = student.get(f"{made.json()['address']}/progress").json()
    assert progress["judged"] == [{"place": n, "points": 20.0} for n in (1, 2, 3)]
    (attempt,) = student.get(path).json()
    assert attempt["points"] == 20.0


@pytest.mark.parametrize(
    ("sent", "where"),
    [
        ({"source": ""}, "program"),
        ({"source": "a\0b"}, "program"),
        ({"source": "x" * (257 << 10)}, "program"),
        ({"source": "x", "seed": "3"}, "seed"),
        ({"source": "x", "kind": "practice", "seed": "-3"}, "seed"),
        ({"source": "x", "kind": "practice", "seed": "9" * 80}, "seed"),
        ({"source": "x", "kind": "exam"}, "kind"),
        ({"source": "x", "token": "t" * 41}, "token"),
    ],
)
def test_a_program_that_is_none_is_refused_at_its_field(quiet_town: Town, sent: dict[str, Any], where: str) -> None:
    path = f"/api/v1/assignments/{quiet_town.assignment}/submissions"
    refused(script(quiet_town, quiet_town.student).post(path, json=sent), 422, where)


def test_too_many_programs_of_one_person_do_not_hold_up_a_class_behind_one_address(town: Town) -> None:
    student, classmate = script(town, town.student), script(town, town.classmate)
    path = f"/api/v1/assignments/{town.assignment}/submissions"
    for _ in range(handing_in.MOST_A_MINUTE):
        assert student.post(path, json={"source": PROGRAM}).status_code == 201
    answer = student.post(path, json={"source": PROGRAM})
    refused(answer, 429, word=str(handing_in.MOST_A_MINUTE))
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert classmate.post(path, json={"source": PROGRAM}).status_code == 201


def test_cancelling_sharing_and_comparing(town: Town) -> None:
    work, student = work_of(town), script(town, town.student)
    here = f"/api/v1/submissions/{work.waiting}"
    assert student.post(f"{here}/cancel").json() == {"done": True}
    refused(student.post(f"{here}/cancel"), 422)
    practice = f"/api/v1/submissions/{work.practice}"
    classmate = script(town, town.classmate)
    assert classmate.get(practice).status_code == 404
    assert student.put(f"{practice}/shared", json={"shared": True}).status_code == 200
    shared = classmate.get(practice).json()
    assert (shared["own"], shared["program_sha256"]) == (False, "")
    assert classmate.get(f"{practice}/program").status_code == 404
    refused(student.put(f"/api/v1/submissions/{work.graded}/shared", json={"shared": True}), 422)
    change = student.get(f"{here}/changes", params={"older": work.graded}).json()
    assert (change["older"], change["newer"], change["lines"]) == (work.graded, work.waiting, [])


# --- a course ------------------------------------------------------------------------------------------


def test_a_teacher_makes_a_course_and_enrols_a_class(town: Town) -> None:
    teacher = script(town, town.teacher)
    course = f"/api/v1/courses/{teacher.post('/api/v1/courses', json={'title': 'Cells'}).json()['id']}"
    file = "логин;фио;группа\nдана;Дана Оспанова;CE-21\nерлан;Ерлан Сейтов;CE-22\n".encode("cp1251")
    csv = {"content": file, "headers": {"Content-Type": "text/csv"}}
    seen = teacher.post(f"{course}/roster/preview", **csv).json()
    assert (seen["usable"], seen["encoding"], len(seen["rows"])) == (True, "cp1251", 2)
    assert teacher.get(f"{course}/members").json()[1:] == []  # a look changes nothing
    done = teacher.post(f"{course}/roster", **csv)
    assert (done.status_code, done.json()["made"], done.json()["groups"]) == (201, 2, 2)
    assert [one["login"] for one in teacher.get(f"{course}/members").json()] == ["bolat", "дана", "ерлан"]
    (first, _second) = teacher.get(f"{course}/groups").json()
    assert first["members"] == 1
    undone = teacher.post(f"{course}/roster/undo", json={"undo": done.json()["undo"]}).json()
    assert undone == {"left": 2, "deleted": 2, "stayed": 0}
    refused(teacher.post(f"{course}/roster/undo", json={"undo": done.json()["undo"]}), 422)
    wrong = teacher.post(f"{course}/roster", content=b"a,b\n1,2\n", headers={"Content-Type": "text/csv"})
    refused(wrong, 422, "file")


def test_dates_numbers_and_extensions(town: Town) -> None:
    teacher, student = script(town, town.teacher), script(town, town.student)
    here = f"/api/v1/assignments/{town.assignment}"
    numbers = teacher.get(f"{here}/numbers").json()
    one = next(number for number in numbers if number["key"] == "limits.simulated_s")
    assert one["low"] < one["usual"] <= one["high"]
    assert one["unit"] == "s"
    own = {"limits.simulated_s": one["usual"] + 1}
    due = "2030-05-01T09:00:00Z"
    assert teacher.patch(here, json={"edition": 1, "numbers": own, "due": due}).status_code == 200
    assert student.get(f"{here}/text").json()["simulated_s"] == one["usual"] + 1
    refused(student.get(f"{here}/numbers"), 403)
    later = {"due": "2030-05-08T09:00:00+05:00", "reason": "ill"}
    assert teacher.put(f"{here}/extensions/{town.student.id}", json=later).status_code == 200
    assert student.get(here).json()["dates"]["due"] == "2030-05-08T04:00:00Z"
    assert teacher.get(f"{here}/extensions").json()[0]["reason"] == "ill"
    assert teacher.delete(f"{here}/extensions/{town.student.id}").status_code == 200
    assert student.get(here).json()["dates"]["due"] == due


def test_gradebook_overrides_requests_and_audit(town: Town) -> None:
    work, teacher, student = work_of(town), script(town, town.teacher), script(town, town.student)
    book = teacher.get(f"/api/v1/courses/{town.course}/gradebook", params={"search": "айгүл"}).json()
    (cell,) = book["rows"][0]["cells"]
    assert (cell["points"], cell["submission_id"]) == (20.0, work.graded)
    points = f"/api/v1/assignments/{town.assignment}/overrides/{town.student.id}"
    assert teacher.post(points, json={"points": 75, "reason": "shown", "seen": 0}).status_code == 201
    refused(teacher.post(points, json={"points": 80, "reason": "shown", "seen": 0}), 409)
    assert student.get(points).json()[0]["points"] == 75
    assert teacher.post(points, json={"points": None, "reason": "an error"}).status_code == 201
    asked = teacher.get(f"/api/v1/courses/{town.course}/requests").json()
    assert (asked["count"], asked["requests"][0]["id"]) == (1, work.request)
    answer = {"granted": True, "text": "Yes."}
    assert teacher.post(f"/api/v1/requests/{work.request}/answer", json=answer).status_code == 200
    refused(teacher.post(f"/api/v1/requests/{work.request}/answer", json=answer), 409)
    actions = [one["action"] for one in teacher.get(f"/api/v1/courses/{town.course}/audit").json()]
    assert actions[:2] == ["request.granted", "grade.override-withdrawn"]
    refused(teacher.get("/api/v1/audit"), 403)
    assert script(town, town.admin).get("/api/v1/audit").status_code == 200


def test_a_student_reads_each_grade_with_its_reasons_and_nobody_elses(town: Town) -> None:
    work, student, teacher = work_of(town), script(town, town.student), script(town, town.teacher)
    here = f"/api/v1/courses/{town.course}/students/{town.student.id}"
    found = student.get(here).json()
    assert found == teacher.get(here).json()
    assert (found["person_id"], found["name"], found["total"]) == (town.student.id, town.student.name, 20.0)
    one = next(one for one in found["assignments"] if one["cell"]["assignment_id"] == town.assignment)
    assert (one["cell"]["points"], one["scenes"], one["cell"]["submission_id"]) == (20.0, [20.0] * 3, work.graded)
    assert [line["submission_id"] for line in one["attempts"] if line["counts"]] == [work.graded]
    assert [loss["lost"] for loss in one["losses"]] == sorted((x["lost"] for x in one["losses"]), reverse=True)
    assert one["losses"][0]["lost"] > 0
    assert {group["group"] for group in one["groups"]} == {"quality", "cycle", "safety", "procedure"}
    refused(script(town, town.classmate).get(here), 404)


def test_the_disk_is_the_administrators(town: Town) -> None:
    work_of(town)
    found = script(town, town.admin).get("/api/v1/disk").json()
    assert found["total"] > found["free"] > 0
    assert (found["submissions"], found["scarce"]) == (3, found["free"] * 10 < found["total"])
    assert found["traces"] == sum(one["size"] for one in found["courses"])
    refused(script(town, town.teacher).get("/api/v1/disk"), 403)


def test_exports_statistics_campaigns_and_similarity(town: Town) -> None:
    work, teacher = work_of(town), script(town, town.teacher)
    course, here = f"/api/v1/courses/{town.course}", f"/api/v1/assignments/{town.assignment}"
    table = teacher.get(f"{course}/gradebook.csv", params={"delimiter": "semicolon"})
    assert "Айгүл" in table.text
    assert ";20.0;" in table.text
    book = teacher.get(f"{course}/gradebook.xlsx")
    assert book.content.startswith(b"PK")
    assert book.headers["content-disposition"].startswith("attachment")
    found = teacher.get(f"{here}/statistics").json()
    assert (found["students"], found["graded"], found["mean"]) == (2, 1, 20.0)
    assert (found["checks"][0]["key"], found["checks"][0]["mean_lost"]) == ("placed", 40.0)
    script(town, town.student).post(f"/api/v1/submissions/{work.waiting}/cancel")
    made = teacher.post(f"{here}/campaigns", json={"chosen": "latest", "reason": "the check was wrong"}).json()["id"]
    judge(town, points=60.0)
    preview = teacher.get(f"/api/v1/campaigns/{made}").json()
    assert (preview["campaign"]["state"], preview["students"][0]["gained"]) == ("ready", 40.0)
    refused(teacher.post(f"/api/v1/campaigns/{made}/publish", json={"digest": "x"}), 409)
    done = teacher.post(f"/api/v1/campaigns/{made}/publish", json={"digest": preview["digest"]})
    assert done.json() == {"submissions": 1}
    refused(teacher.post(f"{here}/similarity"), 422, word="two")
    refused(teacher.get(f"{here}/similarity"), 404)
    assert teacher.post(f"/api/v1/campaigns/{made}/withdraw").status_code == 200


def test_the_queue_is_for_administrators(town: Town) -> None:
    work_of(town)
    queue = script(town, town.admin).get("/api/v1/queue").json()
    assert queue["waiting"] == {"exam": 0, "graded": 3, "practice": 0, "regrade": 0}
    assert queue["drain_s"] is None
    refused(script(town, town.teacher).get("/api/v1/queue"), 403)


def test_an_exercise_that_is_uploaded_waits_for_an_administrator(town: Town) -> None:
    teacher = script(town, town.teacher)
    answer = teacher.post("/api/v1/own-exercises", content=b"PK", headers={"Content-Type": "application/zip"})
    refused(answer, 422, "archive")
    refused(script(town, town.student).post("/api/v1/own-exercises", content=b"PK"), 403)
