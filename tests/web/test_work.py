"""The page of an exercise: its text, drafts, runs and hand-ins, and whose they are."""

from __future__ import annotations

import json
import re

import pytest
from town import HOSTILE, Town

from sheber.school.gradebook import overrides
from sheber.web.api.caller import V1
from sheber.web.prose import prose


def test_the_page_holds_text_starter_and_everything_that_its_scripts_need(quiet_town: Town) -> None:
    page = quiet_town.browser(quiet_town.student).get(f"/assignments/{quiet_town.assignment}").text
    assert "<h2>The goal</h2>" in page
    assert "cell = connect(exercise=&#34;poses-and-moves&#34;)" in page
    block = json.loads(re.search(r'id="work">(.*?)</script>', page, re.S)[1])  # type: ignore[index]
    assert block["edition"] == 0
    assert block["draft"] == f"/api/v1/assignments/{quiet_town.assignment}/draft"


def test_points_by_hand_stand_within_the_line_of_marks(town: Town) -> None:
    """A details ends a paragraph wherever a browser reads one: the line of marks is none."""
    with town.school.writing() as session:
        whom = (town.assignment, town.student.id)
        overrides.override(session, town.teacher, *whom, 50.0, "shown in class", seen=0)
    page = town.browser(town.student).get(f"/assignments/{town.assignment}").text
    assert "given by hand" in page
    assert re.search(r"<p(?: [^>]*)?>(?:(?!</p>).)*<details", page, re.S) is None


def test_html_in_a_text_stays_text() -> None:
    shown = prose(
        f"# Title\n\n{HOSTILE} **bold** [go](javascript:alert(1))\n\n| a | b |\n|---|---|\n| 1 | <b>2</b> |\n"
    )
    assert "<h1" not in shown
    assert "<strong>bold</strong>" in shown
    assert "<script" not in shown
    assert 'href="javascript' not in shown
    assert '<div class="scroll" tabindex="0"' in shown


def test_a_draft_is_saved_and_comes_back(town: Town) -> None:
    browser = town.browser(town.student)
    path = f"/assignments/{town.assignment}"
    text = f"print(1)  # {HOSTILE}\n</textarea></script>"
    assert browser.put_json(f"{V1}{path}/draft", source=text, edition=0).json() == {"edition": 1}
    page = browser.get(path).text
    assert "</textarea></script>" not in page.replace("</textarea></div>", "")
    assert "&lt;/textarea&gt;&lt;/script&gt;" in page
    assert browser.get(f"{path}/draft.py").content.decode() == text
    assert browser.get(f"{path}/draft.py").headers["content-disposition"].startswith("attachment")


def test_two_windows_notice_each_other(town: Town) -> None:
    one, other = town.browser(town.student), town.browser(town.student)
    path = f"{V1}/assignments/{town.assignment}/draft"
    one.put_json(path, source="first", edition=0)
    assert other.put_json(path, source="second", edition=0).status_code == 409
    told = other.put_json(path, source="second", edition=0).json()
    assert (told["source"], told["edition"]) == ("first", 1)
    assert other.put_json(path, source="first", edition=0).json() == {"edition": 1}  # the same is no conflict
    assert other.put_json(path, source="second", edition=told["edition"]).json() == {"edition": 2}
    assert one.put_json(path, source="third", edition=1).json()["source"] == "second"


def test_what_is_handed_in_is_the_draft_whichever_window_saved_last(town: Town) -> None:
    browser = town.browser(town.student)
    path = f"/assignments/{town.assignment}"
    browser.put_json(f"{V1}{path}/draft", source="another window", edition=0)
    assert browser.fill(f"{path}/submit", source="print(1)\r\n").status_code == 303
    draft = browser.get(f"{V1}{path}/draft").json()
    assert (draft["source"], draft["edition"]) == ("print(1)\n", 2)
    assert browser.fill(f"{path}/submit", source="").status_code == 422
    assert browser.get(f"{V1}{path}/draft").json()["edition"] == 2


def test_drafts_are_ones_own(town: Town) -> None:
    path = f"/assignments/{town.assignment}"
    town.browser(town.student).put_json(f"{V1}{path}/draft", source="mine alone", edition=0)
    assert "mine alone" not in town.browser(town.classmate).get(path).text
    for who in (town.stranger, town.outsider):
        browser = town.browser(who)
        assert browser.get(path).status_code == 404
        assert browser.put_json(f"{V1}{path}/draft", source="x", edition=0).status_code == 404
        tried = browser.put_json(f"{V1}{path}/submissions", method="POST", source="x", kind="practice")
        assert tried.status_code == 404
        assert browser.fill(f"{path}/submit", source="x").status_code == 404


@pytest.mark.parametrize("source", ["x" * (257 * 1024), "ж" * (200 * 1024)])
def test_a_draft_that_is_too_long_is_told(town: Town, source: str) -> None:
    path = f"{V1}/assignments/{town.assignment}/draft"
    answer = town.browser(town.student).put_json(path, source=source, edition=0)
    assert answer.status_code == 422
    assert "up to 256 KiB" in answer.json()["error"]


def test_handing_in_twice_with_one_page_is_one_submission(town: Town) -> None:
    browser = town.browser(town.student)
    path = f"/assignments/{town.assignment}"
    token = re.search(r'name="token" value="([^"]+)"', browser.get(path).text)[1]  # type: ignore[index]
    sent = [browser.fill(f"{path}/submit", source="print(1)\r\n", token=token) for _ in range(2)]
    assert [answer.status_code for answer in sent] == [303, 303]
    assert len({answer.headers["location"] for answer in sent}) == 1


@pytest.mark.parametrize(
    ("source", "why"), [("", "The program is empty"), ("a\0b", "This file is no text"), ("x" * 300_000, "KiB")]
)
def test_what_is_no_program_is_refused_in_words(town: Town, source: str, why: str) -> None:
    answer = town.browser(town.student).fill(f"/assignments/{town.assignment}/submit", source=source)
    assert answer.status_code == 422
    assert why in answer.text


def test_a_file_can_be_handed_in_without_scripts(town: Town) -> None:
    browser = town.browser(town.student)
    form = {"csrf": browser.token(), "token": "abc"}
    files = {"program": ("my program.py", b"print(2)\n", "text/x-python")}
    answer = browser.post(f"/assignments/{town.assignment}/submit", data=form, files=files)
    assert answer.status_code == 303


@pytest.mark.parametrize("seed", ["-1", "1.5", "seven", "९", "9" * 79])
def test_a_seed_is_a_whole_number(town: Town, seed: str) -> None:
    path = f"{V1}/assignments/{town.assignment}/submissions"
    browser = town.browser(town.student)
    answer = browser.put_json(path, method="POST", source="print(1)", kind="practice", seed=seed)
    assert answer.status_code == 422
    assert answer.json()["where"] == "seed"


def test_a_run_is_taken_and_says_where_it_is_watched(town: Town) -> None:
    path = f"{V1}/assignments/{town.assignment}/submissions"
    browser = town.browser(town.student)
    answer = browser.put_json(path, method="POST", source="print(1)", kind="practice", seed="7", token="t")
    assert answer.status_code == 201
    assert answer.json()["page"] == f"/submissions/{answer.json()['id']}"


def test_a_page_that_is_opened_again_follows_the_run_that_goes_on(town: Town) -> None:
    browser, path = town.browser(town.student), f"/assignments/{town.assignment}"
    assert '"running": ""' in browser.get(path).text
    made = browser.put_json(f"{V1}{path}/submissions", method="POST", source="print(1)", kind="practice").json()
    assert f'"running": "{made["page"]}"' in browser.get(path).text
    assert '"running": ""' in town.browser(town.teacher).get(path).text, "it is one's own"
    browser.fill(f"{made['page']}/cancel")
    assert '"running": ""' in browser.get(path).text


def test_a_script_of_a_page_whose_log_in_has_ended_is_told_what_to_do(quiet_town: Town) -> None:
    path = f"{V1}/assignments/{quiet_town.assignment}/draft"
    answer = quiet_town.browser().put_json(path, source="print(1)", edition=0)
    assert answer.status_code == 401
    assert "Log in again in another tab" in answer.json()["error"]
