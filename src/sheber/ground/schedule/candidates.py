"""Candidates: the contacts that could be had, made from passes over antennas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from sheber.ground.schedule.model import Contact, Satellite, worth

__all__ = ["Passing", "contacts_of"]

LEAST_S = 60.0


class Passing(Protocol):
    """What is needed of a pass; `sheber.ground.passes.Pass` has it."""

    @property
    def satellite(self) -> str: ...
    @property
    def aos(self) -> float: ...
    @property
    def los(self) -> float: ...
    @property
    def elevation_max_deg(self) -> float: ...


def contacts_of(
    passes: Mapping[str, Sequence[Passing]], satellites: Sequence[Satellite], *, least_s: float = LEAST_S
) -> tuple[Contact, ...]:
    """The contacts of these passes (by antenna), worth what `worth` says, in the order of their start: "c0001" …

    Passes of other satellites and those that are shorter than `least_s` are left out.
    """
    priority = {one.name: one.priority for one in satellites}
    found = [
        (one.aos, antenna, one)
        for antenna, own in passes.items()
        for one in own
        if one.satellite in priority and one.los - one.aos >= least_s
    ]
    found.sort(key=lambda entry: (entry[0], entry[1], entry[2].satellite))
    return tuple(
        Contact(
            f"c{number:04d}",
            antenna,
            one.satellite,
            one.aos,
            one.los,
            worth(priority[one.satellite], one.los - one.aos, one.elevation_max_deg),
            one.elevation_max_deg,
        )
        for number, (_aos, antenna, one) in enumerate(found, start=1)
    )
