"""Looking: what is new for the reader of a page, or waits for them, and that they have seen it."""

from __future__ import annotations

from sheber.school import zones
from sheber.school.submissions import news
from sheber.school.submissions.news import News
from sheber.web.visit import Visit

__all__ = ["look_at", "unread", "zone_to_choose"]


def unread(visit: Visit) -> tuple[News, ...]:
    """What happened to a student's work that they have not looked at; asked once for each page."""
    if visit.guest is None or visit.guest.rank != "student":
        return ()
    state = visit.request.state
    if not hasattr(state, "news"):
        with visit.school.reading() as session:
            state.news = news.unread(session, visit.guest)
    found: tuple[News, ...] = state.news
    return found


def zone_to_choose(visit: Visit) -> str:
    """For an administrator: the zone that the school has of its server, while nobody has chosen one; "" otherwise."""
    if visit.guest is None or not visit.guest.administrator:
        return ""
    with visit.school.reading() as session:
        return "" if zones.chosen(session) else zones.of_school(session)


def look_at(
    visit: Visit, *, attempt: int | None = None, attempts_of: int | None = None, dates_of: int | None = None
) -> None:
    """This page shows an attempt, what was decided about all attempts of an assignment, or its dates: no news now."""
    before = unread(visit)
    rest = tuple(one for one in before if not _shown(one, attempt, attempts_of, dates_of))
    if len(rest) < len(before):
        with visit.school.writing() as session:
            news.looked_at(session, visit.actor, attempt=attempt, attempts_of=attempts_of, dates_of=dates_of)
        visit.request.state.news = rest


def _shown(one: News, attempt: int | None, attempts_of: int | None, dates_of: int | None) -> bool:
    if one.kind == "extension":
        return one.assignment_id == dates_of
    if one.submission_id is None:
        return one.assignment_id == attempts_of
    return one.submission_id == attempt
