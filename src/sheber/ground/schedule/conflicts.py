"""Conflicts: which contacts cannot both happen, and the sets of which at most one can.

Contacts of one antenna (each with its turn-round) are intervals of time, and so are those of one satellite. Of
intervals that have a moment in common at most one can be chosen. Each largest such set (a *clique*) is one row `sum ≤
1` of the exact plan. A row for each pair says the same in whole numbers, but allows each of many to be chosen by a
half; with cliques the relaxed problem of intervals is exact by itself (the matrix of intervals is totally unimodular),
so that the solver hardly branches.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from sheber.ground.schedule.model import Contact, Problem

__all__ = ["clash", "cliques", "possible", "rivals"]


def clash(problem: Problem, one: Contact, other: Contact) -> bool:
    """Whether two different contacts exclude each other."""
    first, second = (one, other) if one.start <= other.start else (other, one)
    if one.satellite == other.satellite and second.start < first.end:
        return True
    return one.antenna == other.antenna and second.start < first.end + problem.turn_round_s[one.antenna]


def rivals(problem: Problem, contact: Contact, among: Iterable[Contact]) -> list[Contact]:
    """Those of the contacts that exclude this one, in the order of their start."""
    found = [one for one in among if one.name != contact.name and clash(problem, one, contact)]
    return sorted(found, key=lambda one: (one.start, one.name))


def cliques(problem: Problem, places: Collection[int]) -> list[tuple[int, ...]]:
    """All largest sets of these contacts, by place, of which at most one can happen; sets of one are left out."""
    contacts = problem.contacts
    lanes: dict[tuple[str, str], list[tuple[float, float, int]]] = {}
    for place in places:
        one = contacts[place]
        busy = one.end + problem.turn_round_s[one.antenna]
        lanes.setdefault(("antenna", one.antenna), []).append((one.start, busy, place))
        lanes.setdefault(("satellite", one.satellite), []).append((one.start, one.end, place))
    found = {tuple(sorted(clique)) for lane in lanes.values() for clique in _of_intervals(lane)}
    return sorted(found)


def _of_intervals(lane: list[tuple[float, float, int]]) -> Iterable[list[int]]:
    """The largest sets of intervals [start, end) with a common moment.

    A sweep over the starts: a set is largest where an interval ends after the last one joined.
    """
    open_ones: list[tuple[float, int]] = []  # (end, place)
    for start, end, place in sorted(lane):
        still = [one for one in open_ones if one[0] > start]
        if len(still) < len(open_ones) > 1:
            yield [one[1] for one in open_ones]
        open_ones = [*still, (end, place)]
    if len(open_ones) > 1:
        yield [one[1] for one in open_ones]


def possible(contacts: Sequence[Contact]) -> int:
    """How many of these contacts of one satellite could happen if it were alone: the earliest end first."""
    count, free = 0, float("-inf")
    for one in sorted(contacts, key=lambda one: one.end):
        if one.start >= free:
            count, free = count + 1, one.end
    return count
