"""Common: what points were lost for over several scenes, causes before what only follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sheber.exercises.score import Score
from sheber.i18n import _
from sheber.judge.report import words
from sheber.trace import Outcome

__all__ = ["FIRST", "Common", "common"]

FIRST = 5
"""Losses that a page shows at once; the others are folded below them."""


@dataclass(frozen=True, slots=True)
class Common:
    """What one check cost over several scenes."""

    name: str
    lost: float  # points on average over all scenes
    some: int  # scenes in which it lost points
    all: int  # scenes
    follows: bool  # only because of another loss, in each of these scenes

    @property
    def scenes(self) -> str:
        """In how many scenes."""
        return _("points on average, lost in {some} of {all} scenes").format(some=self.some, all=self.all)


def common(scenes: Sequence[tuple[Score, Outcome]]) -> list[Common]:
    """What points were lost for over several scenes, in the order of `words.losses`.

    Together they are all that the mean lacks.
    """
    lost: dict[str, list[tuple[float, int]]] = {}
    for score, outcome in scenes:
        for check in score.checks:
            if check.lost >= 0.01:
                lost.setdefault(check.name, []).append((check.lost, words.rank(check, outcome)))
        withheld = words.Withheld((), score)
        if withheld.lost >= 0.01:
            lost.setdefault(withheld.name, []).append((withheld.lost, words.LAST))
    found = [
        (min(rank for _points, rank in one), sum(points for points, _rank in one), name) for name, one in lost.items()
    ]
    return [
        Common(name, points / len(scenes), len(lost[name]), len(scenes), rank >= words.FOLLOWS)
        for rank, points, name in sorted(found, key=lambda row: (row[0], -row[1]))
    ]
