"""The reference of the library as a page of the school: whole, without a log-in, with nothing from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from town import Town

from sheber.web import reference

PAGE = Path(__file__).parents[2] / "docs/program.md"


def test_everybody_reads_all_chapters_of_the_reference(quiet_town: Town) -> None:
    page = quiet_town.browser().get("/reference")
    assert page.status_code == 200
    for title in re.findall(r"^## (.*)$", PAGE.read_text("utf-8"), re.M):
        assert f">{title}</h2>" in page.text
        assert f">{title}</a></li>" in page.text.replace("&#39;", "'")
    assert "robot.move_linear(place, speed=0.10)" in page.text
    assert "&lt;!--" not in page.text  # remarks for the tests are no text


def test_its_links_lead_to_places_of_the_page_and_nowhere_else(quiet_town: Town) -> None:
    page = quiet_town.browser().get("/reference").text
    article = page[page.index("<article") : page.index("</article>")]
    places = set(re.findall(r'<h[23] id="([^"]+)"', article))
    links = re.findall(r'href="([^"]*)"', article)
    assert links
    assert {link[1:] for link in links} <= places
    assert {link[0] for link in links} == {"#"}
    assert "What is left of the real robot" in article
    assert "src=" not in article
    assert "<th></th>" not in article
    assert "<thead>\n<tr>\n<td></td>\n<td></td>\n</tr>" not in article


def test_it_can_be_taken_along_as_a_text(quiet_town: Town) -> None:
    answer = quiet_town.browser().get("/reference/program.md")
    assert answer.text.startswith("# Writing programs\n")
    assert answer.headers["content-disposition"] == 'attachment; filename="program.md"'


def test_html_in_it_stays_text(monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = "# T\n\n## One\n\n<script>window.hacked=1</script> [out](https://example.org) <img src=x>\n"
    monkeypatch.setattr(reference, "source", lambda _station: hostile)
    html = reference.reference.__wrapped__().html
    assert "<script" not in html
    assert "<img" not in html
    assert "<a" not in html
    assert "out" in html


def test_the_page_of_an_exercise_and_every_footer_lead_to_it(quiet_town: Town) -> None:
    browser = quiet_town.browser(quiet_town.student)
    assert 'href="/reference" target="_blank"' in browser.get(f"/assignments/{quiet_town.assignment}").text
    assert '<a href="/reference">' in browser.get("/").text.partition("<footer>")[2]
    assert '<a href="/reference">' in quiet_town.browser().get("/log-in").text.partition("<footer>")[2]
