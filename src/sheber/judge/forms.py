"""Forms: exercises, scores and grades as plain JSON values.

Two kinds. What a person or a script is given is in words, in the language in force (docs/commands.md). What is stored
is in ids and values, with the English sentences of the ids, as in a trace: each reader has it in their own language,
and it can be read where the module that said it is gone. Stored forms come back as what they were.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from sheber.exercises.score import GROUPS, Check, Score
from sheber.i18n import Text, plain
from sheber.trace import NOTHING, Outcome, OutcomeKind

if TYPE_CHECKING:
    from sheber.exercises import Exercise
    from sheber.judge.grade import Grade

__all__ = [
    "exercise_form",
    "grade_form",
    "revived_outcome",
    "revived_score",
    "scene_form",
    "stored_outcome",
    "stored_score",
    "strict",
]


_NOT_FINITE: Final = (
    "not finite"  # marks a number that JSON does not have; with a blank: no value of a text is called so
)


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


# --- stored forms -------------------------------------------------------------------------


def stored_score(score: Score) -> dict[str, Any]:
    """A score as ids and values: strict JSON, in no language."""
    checks = [{one.name: _stored(getattr(check, one.name)) for one in fields(check)} for check in score.checks]
    return {"checks": checks, "english": _english(text for check in score.checks for text in (check.title, check.told))}


def revived_score(form: Mapping[str, Any]) -> Score:
    """The score of a stored form. Raises ValueError for what is no such form."""
    try:
        return Score(tuple(_check(one, form["english"]) for one in form["checks"]))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a stored score: {error!r}") from error


def stored_outcome(outcome: Outcome) -> dict[str, Any]:
    """An outcome as ids and values: strict JSON, in no language."""
    told = {"kind": outcome.kind.value, "line": outcome.line, "connected": outcome.connected}
    return told | {"text": _stored(outcome.text), "english": _english([outcome.text])}


def revived_outcome(form: Mapping[str, Any]) -> Outcome:
    """The outcome of a stored form. Raises ValueError for what is no such form."""
    try:
        text = _text(form["text"], form["english"])
        return Outcome(OutcomeKind(form["kind"]), text, int(form["line"]), bool(form["connected"]))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a stored outcome: {error!r}") from error


def _check(form: Mapping[str, Any], english: Mapping[str, str]) -> Check:
    values = {name: _number(value) for name, value in form.items()}
    return Check(**(values | {name: _text(form[name], english) for name in ("title", "told")}))


def _text(form: Mapping[str, Any], english: Mapping[str, str]) -> Text:
    return Text.from_form(_revived(form), english) if form["id"] else NOTHING


def _english(texts: Iterable[Text]) -> dict[str, str]:
    return {id_: english for text in texts for id_, english in text.sentences() if english}


def _stored(value: Any) -> Any:
    """A value as strict JSON that gives the same value back: numbers that JSON does not have are {"not finite":
    "nan"}."""
    value = plain(value)
    if hasattr(value, "item") and not isinstance(value, dict):  # a number of numpy
        value = value.item()
    if isinstance(value, dict):
        return {str(key): _stored(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_stored(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {_NOT_FINITE: str(value)}
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8").replace("\0", "\ufffd")  # what no database takes
    return value


def _revived(value: Any) -> Any:
    """The value that `_stored` was given."""
    if isinstance(value, list):
        return [_revived(one) for one in value]
    if isinstance(value, Mapping):
        return _number(value) if value.keys() == {_NOT_FINITE} else {key: _revived(one) for key, one in value.items()}
    return value


def _number(value: Any) -> Any:
    marked = isinstance(value, Mapping) and value.keys() == {_NOT_FINITE}
    return float(value[_NOT_FINITE]) if marked else value
