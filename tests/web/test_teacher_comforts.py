"""Small promises of the teacher's pages: each was missed by somebody who used them for the first time."""

from __future__ import annotations

import base64
import re

from test_teaching_grades import hand_in
from town import HOSTILE, Town

from sheber.school.courses import assignments, courses


def test_files_of_the_gradebook_are_called_by_their_course_and_kind(town: Town) -> None:
    teacher, here = town.browser(town.teacher), f"/courses/{town.course}/gradebook"
    names = [
        teacher.get(f"{here}{end}").headers["content-disposition"]
        for end in (".csv", ".csv?delimiter=semicolon", ".xlsx")
    ]
    assert len(set(names)) == 3
    assert all("%D0%A0%D0%BE%D0%B1%D0%BE%D1%82" in one for one in names)  # its title, in Cyrillic letters
    assert [re.search(r'filename="2026[^"]*?(-[a-z]+\.csv|\.xlsx)"', one) is not None for one in names] == [True] * 3
    with town.school.writing() as session:
        courses.change_course(session, town.teacher, town.course, 'a"b; x=/../y' + "z" * 90)
    name = teacher.get(f"{here}.csv").headers["content-disposition"]
    assert name.startswith('attachment; filename="a_b_ x_')
    assert name.count('"') == 2


def test_one_time_links_go_out_as_csv_without_formulas(town: Town) -> None:
    teacher = town.browser(town.teacher)
    teacher.fill(f"/courses/{town.course}/people", login="x1", name="=cmd|x", email="", group="")
    teacher.fill(f"/courses/{town.course}/people", login="x2", name="Second", email="", group="")
    page = teacher.fill(f"/courses/{town.course}/invitations").text
    found = re.search(r'download="links.csv" href="data:text/csv;charset=utf-8;base64,([^"]+)"', page)
    assert found
    lines = base64.b64decode(found[1]).decode("utf-8-sig").splitlines()
    assert lines[0] == "Name,Login,Link"
    assert len(lines) == 1 + page.count("/invitation/")
    assert any(re.fullmatch(r"Second,x2,http://testserver/invitation/[\w-]{43}", one) for one in lines)
    assert not any(one.startswith("=") for one in lines)


def test_the_preview_of_a_class_says_who_has_an_account(town: Town) -> None:
    file = {"file": ("c.csv", b"login,name\nli,Li\nnew.one,New One\n")}
    browser = town.browser(town.teacher)
    path = f"/courses/{town.course}/roster"
    page = browser.post(path, files=file, data={"csrf": browser.token()}).text
    assert "1 of them would get a new account" in page
    assert re.findall(r"<td>(new|has one)</td>", page) == ["has one", "new"]


def test_an_exercise_is_read_before_it_is_added(town: Town) -> None:
    teacher, path = town.browser(town.teacher), f"/courses/{town.course}/new-assignment"
    assert f"{path}/text?exercise=palletising" in teacher.get(path).text
    text = teacher.get(f"{path}/text?exercise=palletising&own=").text
    assert "<h2" in text
    assert 'name="exercise" value="palletising"' in text
    assert teacher.get(f"{path}/text?exercise=nothing").status_code == 404
    assert town.browser(town.student).get(f"{path}/text?exercise=palletising").status_code == 403


def test_scenes_say_how_often_they_were_drawn_anew(town: Town) -> None:
    teacher, path = town.browser(town.teacher), f"/assignments/{town.assignment}/hidden-scenes"
    assert "drawn anew" not in teacher.get(path).text
    for count in ("drawn anew once", "drawn anew 2 times"):
        with town.school.writing() as session:
            assignments.release_scene(session, town.teacher, town.assignment, 1)
        page = teacher.get(path).text
        assert count in page
        assert "Scene 1, round 1" in page
    assert page.count('Its number</summary><code class="seed">') == 2


def test_bars_of_losses_are_parts_of_their_check(town: Town) -> None:
    hand_in(town, 80.0)
    page = town.browser(town.teacher).get(f"/assignments/{town.assignment}/statistics").text
    assert "A full bar is all the points of the check." in page


def test_a_used_link_says_so(town: Town) -> None:
    page = town.browser().get("/invitation/used").text
    assert "This link works no longer" in page
    assert "There is no such page" not in page


def test_an_empty_course_says_what_comes_first(town: Town) -> None:
    with town.school.writing() as session:
        empty = courses.make_course(session, town.admin, HOSTILE[:8])
        assignments.add_assignment(session, town.admin, empty, "poses-and-moves")
    page = town.browser(town.admin).get(f"/courses/{empty}").text
    assert "What comes first" in page
    assert 'href="/school/people"' in page.split("What comes first")[1]
    assert "What comes first" not in town.browser(town.admin).get(f"/courses/{town.course}").text
