"""What every answer carries, and what every request that changes something must bring."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi.routing import APIRoute
from town import PASSWORD, Browser, Town

from sheber.web import security
from sheber.web.pages import ROUTERS

WANTED = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}


def policy_of(answer: Any) -> dict[str, str]:
    parts = answer.headers["content-security-policy"].split(";")
    return {name: rest for name, _, rest in (part.strip().partition(" ") for part in parts)}


@pytest.mark.parametrize("path", ["/log-in", "/", "/nothing", "/courses/999", "/log-in?next=//evil.example"])
def test_every_answer_carries_the_headers(quiet_town: Town, path: str) -> None:
    answer = quiet_town.browser().get(path)
    assert {name: answer.headers.get(name) for name in WANTED} == WANTED
    policy = policy_of(answer)
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in answer.headers["content-security-policy"]


def test_a_fault_of_ours_carries_them_too_and_tells_nothing(
    quiet_town: Town, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from sheber.web.pages import courses

    def broken(*_all: object) -> None:
        raise RuntimeError("secret inner words")

    browser = quiet_town.browser(quiet_town.student)
    monkeypatch.setattr(courses, "course_page", broken)
    answer = browser.get(f"/courses/{quiet_town.course}")
    assert answer.status_code == 500
    assert answer.headers["x-frame-options"] == "DENY"
    assert "secret inner words" not in answer.text
    number = re.search(r"number (\w{8})", answer.text)
    assert number
    assert number[1] in caplog.text  # the operator finds it by its number


def test_a_fault_at_a_one_time_link_does_not_tell_it_to_the_log(
    quiet_town: Town, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from sheber.web.pages import entry

    def broken(*_all: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(entry.invitations, "invited", broken)
    assert quiet_town.browser().get("/invitation/one-time-secret").status_code == 500
    assert "/invitation/{token}" in caplog.text
    assert "one-time-secret" not in caplog.text


def test_only_who_has_logged_in_may_send_a_file(town: Town) -> None:
    file = {"archive": ("a.zip", b"A" * (2 << 20))}
    stranger = town.browser()
    stranger.cookies.set("login", "invented")
    assert stranger.post("/own-exercises", files=file, data={"csrf": stranger.token()}).status_code == 413
    teacher = town.browser(town.teacher)
    answer = teacher.post("/own-exercises", files=file, headers={"X-CSRF-Token": teacher.token()})
    assert answer.status_code == 422  # it is no archive, and was read


def test_a_form_without_any_cookie_has_no_token_of_ours(quiet_town: Town) -> None:
    """Nothing is bound to nobody: a token for it would be the same for everybody."""
    token = security.mask(security.token_for(quiet_town.school.secret, ""))
    bare = Browser(quiet_town.school)
    answer = bare.post("/log-in", data={"csrf": token, "login": "aigul", "password": PASSWORD})
    assert answer.status_code == 403


def test_no_page_has_scripts_or_styles_within_it(quiet_town: Town) -> None:
    browser = quiet_town.browser(quiet_town.student)
    for path in ("/", f"/courses/{quiet_town.course}", f"/assignments/{quiet_town.assignment}", "/account"):
        text = browser.get(path).text
        assert not re.search(
            r"\sstyle\s*=|\son\w+\s*=|javascript:", re.sub(r'(?s)<script type="application/json".*?</script>', "", text)
        )
        for attributes in re.findall(r"<script([^>]*)>", text):
            assert "src=" in attributes or 'type="application/json"' in attributes


def test_nonces_and_tokens_differ_from_page_to_page(quiet_town: Town) -> None:
    browser = quiet_town.browser(quiet_town.student)
    pages = [browser.get("/").text for _ in range(2)]
    tokens = [re.search(r'csrf-token" content="([^"]+)', page)[1] for page in pages]  # type: ignore[index]
    nonces = [re.search(r'style-nonce" content="([^"]+)', page)[1] for page in pages]  # type: ignore[index]
    assert len({*tokens}) == len({*nonces}) == 2


def test_the_cookie_of_a_log_in_is_out_of_reach(town: Town) -> None:
    answer = town.browser().log_in("aigul")
    cookie = next(one for one in answer.headers.get_list("set-cookie") if one.startswith("login="))
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    secure = Browser(town.school, public_url="https://school.example", base_url="https://school.example")
    answer = secure.log_in("aigul")
    cookie = next(one for one in answer.headers.get_list("set-cookie") if "login=" in one)
    assert cookie.startswith("__Host-login=")
    assert "Secure" in cookie
    assert answer.headers["strict-transport-security"]


def changing() -> list[tuple[str, str]]:
    """Every route of a page that changes something, with numbers filled in."""
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    paths = [(route, re.sub(r"\{\w+\}", "1", route.path)) for route in routes]
    return [(method, path) for route, path in paths for method in sorted(route.methods - {"GET", "HEAD"})]


def test_nothing_changes_without_the_token_of_a_page(quiet_town: Town) -> None:
    browser = quiet_town.browser(quiet_town.student)
    routes = changing()
    assert len(routes) > 8
    for method, path in routes:
        assert browser.request(method, path, data={"name": "x"}).status_code == 403, path
        stranger = quiet_town.browser(quiet_town.classmate).token()
        assert browser.request(method, path, data={"csrf": stranger}).status_code == 403, path
        wrong = {"X-CSRF-Token": "x" * 86}
        assert browser.request(method, path, headers=wrong).status_code == 403, path


@pytest.mark.parametrize(
    ("headers", "taken"),
    [
        ({"Origin": "http://testserver"}, True),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "http://testserver.evil.example"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "same-origin"}, True),
    ],
)
def test_a_request_from_elsewhere_is_refused(town: Town, headers: dict[str, str], taken: bool) -> None:
    browser = town.browser()
    form = {"csrf": browser.token(), "login": "aigul", "password": PASSWORD}
    assert browser.post("/log-in", data=form, headers=headers).status_code == (303 if taken else 403)


def test_behind_a_proxy_the_public_address_counts(town: Town) -> None:
    browser = Browser(town.school, public_url="https://school.example", base_url="https://school.example")
    form = {"csrf": browser.token(), "login": "aigul", "password": PASSWORD}
    wrong = {"Origin": "http://school.example"}
    assert browser.post("/log-in", data=form, headers=wrong).status_code == 403
    assert browser.post("/log-in", data=form, headers={"Origin": "https://school.example"}).status_code == 303


def test_a_masked_token_is_read_back_and_no_other() -> None:
    token = bytes(range(32))
    assert security.unmasked(security.mask(token), token)
    assert not security.unmasked(security.mask(token), bytes(32))
    for text in ("", "x", "ж" * 86, security.mask(token)[:-4], "=" * 88):
        assert not security.unmasked(text, token)


@pytest.mark.parametrize(
    ("target", "gone_to"),
    [
        ("/courses/3?x=1", "/courses/3?x=1"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/a\\..\\b", "/"),
        ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/x\r\nSet-Cookie: a=b", "/"),
        ("", "/"),
    ],
)
def test_nobody_is_sent_to_another_site(target: str, gone_to: str) -> None:
    assert security.local(target) == gone_to


def test_a_request_that_is_too_large_is_refused_before_it_is_read(town: Town) -> None:
    browser = town.browser(town.student)
    headers = {"X-CSRF-Token": browser.token(), "Accept": "application/json"}
    path = f"/api/v1/assignments/{town.assignment}/draft"
    answer = browser.put(path, content=b"x" * (security.BODY_BYTES + 1), headers=headers)
    assert answer.status_code == 413
    assert "1024 kB" in answer.json()["error"]

    def pieces() -> Any:
        for _ in range(40):
            yield b"x" * (64 << 10)

    assert browser.put(path, content=pieces(), headers=headers).status_code == 413  # without a length
