"""Score: measured criteria and the one rule that adds them up. Pure: no files, clock or physics.

Quality 60, cycle time 15, safety 15, procedure 10. A program that does not do the job earns nothing for
being quick or safe: everything but quality is multiplied by ``min(1, quality / 60)``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sheber.i18n import Text
from sheber.trace import NOTHING

__all__ = ["GROUPS", "PASS", "Check", "Score", "final", "ramp", "shared", "weights"]

GROUPS: Final = {"quality": 60.0, "cycle": 15.0, "safety": 15.0, "procedure": 10.0}
"""Points of each group; they sum to 100."""

PASS: Final = 60.0
"""Points at which an exercise is passed."""

_MEAN_WEIGHT: Final = 0.7  # of the mean in a final score; the rest is for the worst scene


def ramp(value: float, full: float, zero: float) -> float:
    """The share 0..1 earned at `value`: 1 at `full` or better, 0 at `zero` or worse, straight between.

    Either end may be the larger one. A value that is not a number earns 0.
    Raises ValueError where the two ends are equal: that would be a cliff.

    >>> ramp(2.75, full=0.5, zero=5.0)
    0.5
    """
    if full == zero or not (math.isfinite(full) and math.isfinite(zero)):
        raise ValueError(f"a ramp needs two different finite ends, got full={full}, zero={zero}")
    if math.isnan(value):
        return 0.0
    return min(1.0, max(0.0, (zero - value) / (zero - full)))


def shared(points: float, count: int) -> list[float]:
    """`points` in `count` shares of hundredths that sum to `points` exactly; the first ones get what is left."""
    whole, rest = divmod(round(points * 100), max(1, count))
    return [(whole + (n < rest)) / 100 for n in range(count)]


@dataclass(frozen=True, slots=True)
class Check:
    """One measured criterion of one run. Its sentences are kept as texts and become words when somebody reads them."""

    title: Text
    group: str  # quality, cycle, safety, procedure
    points: float  # earned, before the group rule
    maximum: float
    measured: float | None = None  # in `unit`; None where nothing could be measured
    wanted: float | None = None  # the value, in `unit`, that earns full points
    unit: str = ""  # mm, deg, s, parts, ...
    time: float | None = None  # simulated s, the moment in the replay; None: no single moment
    told: Text = NOTHING  # what, when and by how much; nothing where no point was lost
    key: str = ""  # stable identifier, the same in every language
    follows: bool = False  # the points were lost only because another check's were: told below their cause

    def __post_init__(self) -> None:
        """Keep points to hundredths, so that what a reader adds up is what we add up; times to milliseconds."""
        if self.group not in GROUPS:
            raise ValueError(
                f"group {self.group!r} of check {self.name!r} does not exist; there are {', '.join(GROUPS)}"
            )
        object.__setattr__(self, "points", round(self.points, 2))
        object.__setattr__(self, "maximum", round(self.maximum, 2))
        if self.time is not None:
            object.__setattr__(self, "time", round(self.time, 3))
        if not 0.0 <= self.points <= self.maximum:
            raise ValueError(f"check {self.name!r} has {self.points} points, allowed are 0 to {self.maximum}")

    @property
    def name(self) -> str:
        """The title in the language in force."""
        return str(self.title)

    @property
    def message(self) -> str:
        """What was lost, when and by how much, in the language in force; "" where nothing was lost."""
        return str(self.told)

    @property
    def lost(self) -> float:
        """Points that were not earned."""
        return round(self.maximum - self.points, 2)


@dataclass(frozen=True, slots=True)
class Score:
    """All criteria of one run, and their sum under the group rule."""

    checks: tuple[Check, ...]

    @property
    def quality(self) -> float:
        """Points of the group quality."""
        return self.group("quality")[0]

    @property
    def factor(self) -> float:
        """What cycle, safety and procedure are multiplied by: min(1, quality / 60)."""
        return min(1.0, self.quality / GROUPS["quality"])

    @property
    def points(self) -> float:
        """The score of the run, 0..100."""
        others = sum(self.group(name)[0] for name in GROUPS if name != "quality")
        return round(self.quality + self.factor * others, 2)

    @property
    def passed(self) -> bool:
        """Whether the run alone would pass."""
        return self.points >= PASS

    def group(self, name: str) -> tuple[float, float]:
        """(earned before the rule, maximum) of one group."""
        chosen = [check for check in self.checks if check.group == name]
        return round(sum(check.points for check in chosen), 2), round(sum(check.maximum for check in chosen), 2)

    def counted(self, check: Check) -> float:
        """What a check adds to the score after the group rule."""
        return check.points if check.group == "quality" else check.points * self.factor


def final(scores: Sequence[Score] | Iterable[float]) -> float:
    """The final score over several scenes: 0.7 of the mean and 0.3 of the worst. Raises ValueError for none."""
    points = [score.points if isinstance(score, Score) else float(score) for score in scores]
    if not points:
        raise ValueError("a final score needs at least one scene")
    return round(_MEAN_WEIGHT * math.fsum(points) / len(points) + (1.0 - _MEAN_WEIGHT) * min(points), 2)


def weights(points: Sequence[float]) -> list[float]:
    """What each scene counts in the final score: 0.7 is shared by all scenes, 0.3 by those with the fewest points.

    The final score is the sum of the points by these weights, which are 1 together.
    """
    worst = [one == min(points) for one in points]
    return [_MEAN_WEIGHT / len(points) + (1.0 - _MEAN_WEIGHT) * one / sum(worst) for one in worst]
