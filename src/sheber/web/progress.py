"""Progress: how far a submission is, as sentences for pages and scripts alike."""

from __future__ import annotations

from sheber.i18n import _
from sheber.school.queue.waiting import Place
from sheber.school.submissions.reading import Progress
from sheber.web.live.board import ENDED
from sheber.web.moments import span

__all__ = ["place_words", "progress_words"]


def place_words(place: Place, state: str) -> str:
    """Place in the queue, and how long it may take. state: of the submission."""
    if place.low_s is None or place.high_s is None:
        return _("No machine judges at this moment. Your program waits, and nothing is lost.")
    low, high = span(place.low_s), span(place.high_s)
    expected = low if low == high else _("{low} to {high}").format(low=low, high=high)
    if place.position and state == "queued":
        return _("Place {n} in the queue. Expected: {span}.").format(n=place.position, span=expected)
    return _("Being judged. Expected: {span}.").format(span=expected)


def progress_words(now: Progress) -> str:
    """How many scenes are judged, or that it has ended."""
    if now.state in ENDED:
        return _("Judged.") if now.state == "done" else _("This submission has ended.")
    return _("{n} of {all} scenes judged").format(n=len(now.judged), all=now.scenes)
