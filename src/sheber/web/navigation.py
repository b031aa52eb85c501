"""Navigation: the parts of the school that stand above every page, for who may see them."""

from __future__ import annotations

from dataclasses import dataclass

from sheber.i18n import _
from sheber.school.people.policy import may
from sheber.web.visit import Visit

__all__ = ["Link", "navigation"]


@dataclass(frozen=True, slots=True)
class Link:
    """One part of the school."""

    title: str
    address: str
    here: bool  # this page belongs to it


def navigation(visit: Visit) -> list[Link]:
    """The parts that this visitor may see."""
    if visit.guest is None:
        return []
    path = visit.request.url.path
    mine = ("/courses", "/assignments", "/submissions", "/regrades", "/new-course", "/compare")
    links = [Link(_("My courses"), "/", path == "/" or path.startswith(mine))]
    if may(visit.guest, "exercise.propose") and not visit.guest.administrator:
        links.append(Link(_("Own exercises"), "/own-exercises", path.startswith("/own-exercises")))
    if may(visit.guest, "school.see"):
        links.append(Link(_("School"), "/school", path.startswith(("/school", "/own-exercises"))))
    return links
