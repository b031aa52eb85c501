"""Common: what points were lost for over several scenes, causes before what only follows from them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sheber.exercises.score import Score, final, weights
from sheber.i18n import _
from sheber.judge.report import words
from sheber.trace import Outcome

__all__ = ["FIRST", "Common", "common", "weighed"]

FIRST = 5
"""Losses that a page shows at once; the others are folded below them."""


@dataclass(frozen=True, slots=True)
class Common:
    """What one check cost over several scenes."""

    name: str
    lost: float  # of the final points, whole hundredths
    some: int  # scenes in which it lost points
    all: int  # scenes
    follows: bool  # only because of another loss, in each of these scenes

    @property
    def scenes(self) -> str:
        """In how many scenes."""
        return _("lost in {some} of {all} scenes").format(some=self.some, all=self.all)


def common(scenes: Sequence[tuple[Score, Outcome]]) -> list[Common]:
    """What points were lost for over several scenes, in the order of `words.losses`.

    A loss counts as its scene does in the final score, so together they are all that the final score lacks, to the
    hundredth.
    """
    points = [score.points for score, _outcome in scenes]
    counts = weights(points) if scenes else []
    lost: dict[str, list[tuple[float, int]]] = {}
    for (score, outcome), weight in zip(scenes, counts, strict=True):
        for check in score.checks:
            if check.lost >= 0.01:
                lost.setdefault(check.name, []).append((weight * check.lost, words.rank(check, outcome)))
        withheld = words.Withheld((), score)
        if withheld.lost >= 0.01:
            lost.setdefault(withheld.name, []).append((weight * withheld.lost, words.LAST))
    exact = {name: math.fsum(points for points, _rank in one) for name, one in lost.items()}
    shown = _shared(exact, _missing(scenes, counts) if scenes else 0)
    found = [
        Common(name, shown[name] / 100, len(one), len(scenes), min(rank for _points, rank in one) >= words.FOLLOWS)
        for name, one in sorted(lost.items(), key=lambda item: (min(rank for _p, rank in item[1]), -exact[item[0]]))
    ]
    return [one for one in found if one.lost]


def weighed(points: Sequence[float], missing: float) -> str:
    """How the losses of scenes with these points are counted, in words. missing: of the final points."""
    told = _("These losses are the {missing} points that are missing of 100.").format(missing=words.lacking(missing))
    counts = weights(points)
    worst, other = (_percent(one) for one in (max(counts), min(counts)))
    some = sum(one == max(counts) for one in counts)
    if some == len(points):
        return told + " " + _("All scenes have the same points, so each counts {worst} %.").format(worst=worst)
    if some == 1:
        how = _("A loss in the worst scene counts {worst} %, in another scene {other} %.")
    else:
        how = _("A loss in one of the {some} worst scenes counts {worst} %, in another scene {other} %.")
    return told + " " + how.format(some=some, worst=worst, other=other)


def _percent(share: float) -> str:
    return f"{100 * share:.1f}".removesuffix(".0")


def _missing(scenes: Sequence[tuple[Score, Outcome]], counts: Sequence[float]) -> int:
    """Hundredths that the final score lacks of all that there was to earn."""
    most = (math.fsum(check.maximum for check in score.checks) for score, _outcome in scenes)
    every = math.fsum(weight * one for weight, one in zip(counts, most, strict=True))
    return round(100 * every) - round(100 * final([score.points for score, _outcome in scenes]))


def _shared(exact: Mapping[str, float], hundredths: int) -> dict[str, int]:
    """Each loss in whole hundredths, so that they sum to this number: the largest remainders are rounded up."""
    whole = {name: math.floor(round(100 * one, 6)) for name, one in exact.items()}
    left = sorted(exact, key=lambda name: whole[name] - 100 * exact[name])
    for name in left[: max(0, hundredths - sum(whole.values()))]:
        whole[name] += 1
    return whole
