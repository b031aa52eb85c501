"""What a student may not learn of a hidden scene, on every route and page that shows results."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.routing import APIRoute
from judged import HASH, PRINTED, TRACE, Work, judge, release, script, work_of
from routes import every_route, filled
from town import Town

RESULTS = {
    "/submissions/{submission_id}",
    "/submissions/{submission_id}/part",
    "/api/v1/submissions/{submission_id}",
    "/api/v1/submissions/{submission_id}/progress",
    "/api/v1/submissions/{submission_id}/comments",
    "/assignments/{assignment_id}/attempts",
}


def marks(work: Work) -> set[str]:
    """What tells of a hidden scene: seeds, hash and file of the trace, what the program said, the moment."""
    seeds = {shape(seed) for seed in work.seeds for shape in (str, lambda seed: f"{seed:x}")}
    return {*seeds, HASH, HASH[:12], TRACE, "graded-scene", PRINTED, "0.1237", "7.253"}


def told(answer: Any) -> str:
    """Everything that an answer says."""
    return answer.text + str(dict(answer.headers))


def seen_of(marks: set[str], answer: Any) -> set[str]:
    """Those marks that are in an answer."""
    text = told(answer)
    return {mark for mark in marks if mark in text}


def reads() -> list[str]:
    """Every route that is read and has to do with somebody's work; streams apart."""
    paths = {route.path for route in every_route() if "GET" in route.methods}
    return sorted(path for path in paths if "{" in path and "/assets" not in path and not path.endswith("/live"))


def test_the_walk_finds_the_routes_of_results() -> None:
    there = set(reads())
    assert {path for path in RESULTS if "attempts" not in path} <= there
    assert len(there) > 25


@pytest.mark.parametrize("by", ["script", "browser"])
def test_no_route_tells_a_student_of_a_hidden_scene(town: Town, by: str) -> None:
    work = work_of(town)
    with_cookie = by == "browser"
    student = town.browser(town.student) if with_cookie else script(town, town.student)
    teacher = town.browser(town.teacher) if with_cookie else script(town, town.teacher)
    hidden, shown, answered = marks(work), set[str](), 0
    for path in reads():
        address = filled(path, town, work, submission_id=work.graded, place=1)
        answer = student.get(address, params={"older": work.graded})
        answered += answer.status_code == 200
        found = seen_of(hidden, answer)
        assert not found, (path, found)
        shown |= seen_of(hidden, teacher.get(address))
    assert answered > (8 if with_cookie else 12)
    if not with_cookie:
        assert {HASH, PRINTED, "7.253"} <= shown  # the marks are where the staff reads: the walk would see them


def test_a_released_scene_is_shown_whole_and_no_other(town: Town) -> None:
    work = work_of(town)
    release(town, 2)
    scenes = script(town, town.student).get(f"/api/v1/submissions/{work.graded}").json()["scenes"]
    assert [scene["released"] for scene in scenes] == [False, True, False]
    assert [scene["seed"] for scene in scenes] == [None, str(work.seeds[1]), None]
    assert [scene["trace_sha256"] for scene in scenes] == [None, HASH, None]
    assert [PRINTED in str(scene) for scene in scenes] == [False, True, False]


def test_a_practice_scene_is_shown_whole(town: Town) -> None:
    work = work_of(town)
    (scene,) = script(town, town.student).get(f"/api/v1/submissions/{work.practice}").json()["scenes"]
    assert scene["seed"] == "4711"
    assert PRINTED in scene["ending"]
    assert scene["report"] == f"/submissions/{work.practice}/scenes/1/report"


def test_no_stream_tells_of_a_hidden_scene(town: Town) -> None:
    work = work_of(town)
    judge(town)
    student = script(town, town.student)
    for submission in (work.graded, work.waiting):
        answer = student.get(f"/api/v1/submissions/{submission}/events")
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert "event: ended" in answer.text
        assert not seen_of(marks(work), answer)
        assert answer.text.count('"points":20.0}') == 3
    assert town.browser(town.student).get(f"/submissions/{work.graded}/live").status_code == 404


def test_routes_of_the_api_are_of_one_kind() -> None:
    for route in every_route():
        assert isinstance(route, APIRoute)
        if route.path.startswith("/api/v1"):
            assert route.include_in_schema
            assert route.summary
            assert route.description
