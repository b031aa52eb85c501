"""Log in, log out, the first visit, languages, and the pages of errors."""

from __future__ import annotations

import gzip
import re

import pytest
from town import PASSWORD, Town

from sheber import i18n
from sheber.school.database import DatabaseAway
from sheber.school.people import invitations
from sheber.web import assets, language


def test_without_a_log_in_pages_lead_to_the_form_and_back(town: Town) -> None:
    browser = town.browser()
    answer = browser.get(f"/courses/{town.course}?x=1")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/log-in?next=/courses/{town.course}%3Fx%3D1"
    form = browser.get(answer.headers["location"])
    assert f'value="/courses/{town.course}?x=1"' in form.text
    sent = browser.fill("/log-in", login="AIGUL", password=PASSWORD, next=f"/courses/{town.course}")
    assert sent.headers["location"] == f"/courses/{town.course}"
    assert browser.get("/log-in").status_code == 303  # who is in needs no form


def test_a_wrong_password_says_so_and_keeps_the_login(town: Town) -> None:
    answer = town.browser().fill("/log-in", login='aigul"><b>', password="wrong")
    assert answer.status_code == 422
    assert "The login or the password is wrong." in answer.text
    assert 'value="aigul&#34;&gt;&lt;b&gt;"' in answer.text
    assert "wrong" not in re.findall(r'name="password"[^>]*value="([^"]*)"', answer.text)


def test_log_out_ends_the_token_itself(town: Town) -> None:
    browser = town.browser(town.student)
    token = browser.cookies["login"]
    assert browser.get("/").status_code == 200
    browser.fill("/log-out")
    browser.cookies.set("login", token)
    assert browser.get("/").status_code == 303


def test_log_out_everywhere_ends_other_browsers(town: Town) -> None:
    one, other = town.browser(town.student), town.browser(town.student)
    one.fill("/log-out?everywhere=yes")
    assert other.get("/").status_code == 303


def test_an_invitation_leads_to_the_first_page_once(town: Town) -> None:
    with town.school.writing() as session:
        link = invitations.invite(session, town.admin, town.student.id)
    browser = town.browser()
    page = browser.get(f"/invitation/{link}")
    assert "aigul" in page.text
    weak = browser.fill(f"/invitation/{link}", password="aigul", again="aigul")
    assert weak.status_code == 422
    differ = browser.fill(f"/invitation/{link}", password="жаңа құпия сөз", again="other")
    assert "not the same" in differ.text
    done = browser.fill(f"/invitation/{link}", password="жаңа құпия сөз", again="жаңа құпия сөз")
    assert done.status_code == 303
    assert "Айгүл" in browser.get("/").text
    assert town.browser().get(f"/invitation/{link}").status_code == 404


def test_the_password_is_changed_by_who_knows_the_old_one(town: Town) -> None:
    browser, other = town.browser(town.student), town.browser(town.student)
    assert browser.fill("/account/password", old="no", new="a new long one").status_code == 422
    answer = browser.fill("/account/password", old=PASSWORD, new="a new long one")
    assert "The password was changed." in answer.text
    assert other.get("/").status_code == 303
    assert browser.get("/").status_code == 200


def test_a_log_in_takes_over_no_earlier_token(town: Town) -> None:
    browser = town.browser()
    browser.cookies.set("login", "chosen-by-somebody-else")
    cookie = next(one for one in browser.log_in("aigul").headers.get_list("set-cookie") if one.startswith("login="))
    assert "chosen-by-somebody-else" not in cookie


@pytest.mark.parametrize(
    ("header", "tag"),
    [
        ("", "en"),
        ("kk-KZ,ru;q=0.8", "kk"),
        ("fr, ru;q=0.3, kk;q=0.9", "kk"),
        ("zh-CN", "zh-Hans"),
        ("zh-TW", "en"),
        ("xx;q=z", "en"),
    ],
)
def test_the_browser_says_which_language(
    quiet_town: Town, monkeypatch: pytest.MonkeyPatch, header: str, tag: str
) -> None:
    monkeypatch.setattr(language, "written", lambda: i18n.LANGUAGES)
    page = quiet_town.browser().get("/log-in", headers={"Accept-Language": header})
    assert f'<html lang="{tag}"' in page.text


def test_the_account_offers_the_languages_that_exist_and_nothing_where_there_is_one(
    quiet_town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = quiet_town.browser(quiet_town.student)
    assert "Language" not in browser.get("/account").text.split("<main")[1]
    monkeypatch.setattr(language, "written", lambda: i18n.LANGUAGES)
    page = browser.get("/account").text.split("<main")[1]
    assert page.count('name="language"') == 4
    assert 'value="kk" lang="kk">Қазақша' in page


def test_a_language_is_chosen_on_every_page_and_stays_with_the_person(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(language, "written", lambda: i18n.LANGUAGES)
    browser = town.browser(town.student)
    page = browser.get(f"/courses/{town.course}").text
    assert page.count('name="language"') == 4
    answer = browser.fill("/language", language="kk", next=f"/courses/{town.course}")
    assert answer.headers["location"] == f"/courses/{town.course}"
    assert '<html lang="kk"' in browser.get("/").text
    elsewhere = town.browser(town.student)
    assert '<html lang="kk"' in elsewhere.get("/").text  # in every browser, from the log-in on
    assert browser.fill("/language", language="xx").status_code == 422


@pytest.mark.parametrize(
    "path", ["/nothing", "/courses/999999", "/courses/abc", "/assignments/0", "/courses/99999999999999999999"]
)
def test_what_is_not_there_is_told_in_words(quiet_town: Town, path: str) -> None:
    answer = quiet_town.browser(quiet_town.student).get(path)
    assert answer.status_code == 404
    assert "There is no such page" in answer.text
    assert 'href="/"' in answer.text


def test_a_database_that_is_away_gets_a_page_of_its_own(
    town: Town, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The reason is the operator's: it may name a server and an account."""
    from sheber.web.pages import courses

    def away(*_all: object) -> None:
        raise DatabaseAway('The database does not answer (server at "10.1.2.3", user "school").')

    browser = town.browser(town.student)
    monkeypatch.setattr(courses.courses, "my_courses", away)
    answer = browser.get("/")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "60"
    assert "The database does not answer. Nothing was changed." in answer.text
    assert "10.1.2.3" not in answer.text
    assert "10.1.2.3" in caplog.text


def test_errors_speak_to_scripts_as_json_and_to_parts_as_a_part(quiet_town: Town) -> None:
    browser = quiet_town.browser(quiet_town.student)
    told = browser.get("/courses/999", headers={"Accept": "application/json"})
    assert told.json()["error"].startswith("There is no such course")
    part = browser.get("/courses/999", headers={"HX-Request": "true"})
    assert part.headers["hx-retarget"] == "#notice"
    assert "<html" not in part.text


def test_assets_are_kept_and_packed(quiet_town: Town) -> None:
    browser = quiet_town.browser()
    for name in ("web.css", "web.js", "work.js", "editor.js", "live.js", "LICENSES.txt"):
        answer = browser.get(assets.address(name))
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert browser.get("/assets/000000000000/web.css").status_code == 404
    assert browser.get("/assets/x/..%2f..%2fapp.py").status_code == 404


def test_pages_stay_within_their_weight(quiet_town: Town) -> None:
    """250 kB compressed without editor and 3D, 700 kB with both."""
    browser = quiet_town.browser(quiet_town.student)
    page = gzip.compress(browser.get(f"/assignments/{quiet_town.assignment}").content)
    sizes = {name: len(asset.packed) for name, asset in assets._all().items()}
    light = len(page) + sizes["web.css"] + sizes["web.js"] + sizes["work.js"]
    assert light <= 250_000
    names = re.search(r"/names/\w+/robot-cell\.json", browser.get(f"/assignments/{quiet_town.assignment}").text)
    assert names
    library = len(gzip.compress(browser.get(names[0]).content))
    assert light + sizes["editor.js"] + sizes["live.js"] + library <= 700_000
