"""Preferences: what an administrator sets for the whole school."""

from __future__ import annotations

from sqlalchemy.orm import Session

from sheber.school import audit, zones
from sheber.school.courses.models import SchoolSetting
from sheber.school.people.policy import Actor, require_rank

__all__ = ["set_zone"]


def set_zone(session: Session, actor: Actor, name: str) -> None:
    """Choose the time zone of the school. Dates that are set stay the moments that they are.

    Raises NotAllowed, and Refused for what is no zone.
    """
    require_rank(actor, "school.change")
    before, after = zones.of_school(session), zones.checked(name)
    row = session.get(SchoolSetting, zones.KEY) or SchoolSetting(name=zones.KEY)
    row.value = after
    session.add(row)
    if not zones.chosen(session):
        session.add(SchoolSetting(name=zones.CHOSEN, value="yes"))
    zones.enter(session, "")
    if before != after:
        audit.record(session, actor.id, "school.zone-changed", "school", before=before, after=after)
