"""Forms: exercises, scores and grades as plain JSON values. Documented in docs/commands.md."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sheber.exercises.score import GROUPS, Score
from sheber.trace import Outcome

if TYPE_CHECKING:
    from sheber.exercises import Exercise
    from sheber.judge.grade import Grade

__all__ = ["exercise_form", "grade_form", "scene_form", "strict"]


def scene_form(scene: str, outcome: Outcome, score: Score, trace_sha256: str) -> dict[str, Any]:
    """One judged scene. Points = quality + factor * (cycle + safety + procedure) of the earned points, the sum of the
    counted ones."""
    return {
        "scene": scene,
        "outcome": outcome.kind.value,
        "reason": outcome.reason,
        "line": outcome.line,
        "points": score.points,
        "groups": {
            group: {"points_earned": earned, "points_counted": _counted(score, group), "maximum": maximum}
            for group, (earned, maximum) in ((group, score.group(group)) for group in GROUPS)
        },
        "factor": score.factor,
        "checks": [
            {
                "name": check.name,
                "key": check.key,
                "group": check.group,
                "points_earned": check.points,
                "points_counted": round(score.counted(check), 4),
                "maximum": check.maximum,
                "measured": check.measured,
                "wanted": check.wanted,
                "unit": check.unit,
                "time": None if check.time is None else round(check.time, 3),
                "message": check.message,
            }
            for check in score.checks
        ],
        "trace_sha256": trace_sha256,
    }


def _counted(score: Score, group: str) -> float:
    """What a group adds to the points of the run."""
    return round(sum(score.counted(check) for check in score.checks if check.group == group), 4)


def exercise_form(exercise: Exercise) -> dict[str, Any]:
    """One line of the catalogue."""
    return {
        "name": exercise.name,
        "title": exercise.title,
        "level": exercise.level,
        "version": exercise.version,
        "summary": exercise.summary,
        "limits": exercise.limits.shown(),
        "sha256": exercise.sha256,
    }


def grade_form(exercise: str, program_sha256: str, grade: Grade) -> dict[str, Any]:
    """What a program got on the scenes of an exercise, by its name."""
    return {
        "exercise": exercise,
        "program_sha256": program_sha256,
        "final": grade.final,
        "level": grade.level,
        "scenes": [scene_form(one.scene, one.outcome, one.score, one.trace_sha256) for one in grade.scenes],
    }


def strict(value: object) -> object:
    """The value as strict JSON allows it: NaN and infinities become null."""
    if isinstance(value, dict):
        return {str(key): strict(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [strict(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
