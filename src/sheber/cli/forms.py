"""Forms: scores and grades as plain JSON values, for `--json`. Documented in docs/researcher.md."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sheber.exercises.exercise import Exercise
    from sheber.exercises.score import Score
    from sheber.trace import Outcome

__all__ = ["exercise_form", "print_json", "scene_form"]


def scene_form(scene: str, outcome: Outcome, score: Score, trace_sha256: str) -> dict[str, Any]:
    """One judged scene. Points = quality + factor * (cycle + safety + procedure)."""
    from sheber.exercises.score import GROUPS

    return {
        "scene": scene,
        "outcome": outcome.kind.value,
        "reason": outcome.reason,
        "line": outcome.line,
        "points": score.points,
        "groups": {
            group: {"points": points, "maximum": maximum}
            for group, (points, maximum) in ((group, score.group(group)) for group in GROUPS)
        },
        "factor": score.factor,
        "checks": [
            {
                "name": check.name,
                "key": check.key,
                "group": check.group,
                "points": check.points,
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


def exercise_form(exercise: Exercise) -> dict[str, Any]:
    """One line of the catalogue."""
    from dataclasses import asdict

    return {
        "name": exercise.name,
        "title": exercise.title,
        "level": exercise.level,
        "version": exercise.version,
        "summary": exercise.summary,
        "limits": asdict(exercise.limits),
        "sha256": exercise.sha256,
    }


def print_json(value: object) -> None:
    """Strict JSON: a number that is not one becomes null."""
    print(json.dumps(_strict(value), indent=2, ensure_ascii=False, allow_nan=False))


def _strict(value: object) -> object:
    if isinstance(value, dict):
        return {str(key): _strict(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
