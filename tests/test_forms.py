"""Stored forms come back as what they were, in the reader's language, and are JSON that every database takes."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheber.exercises.score import Check, Score
from sheber.i18n import Text, message
from sheber.judge.forms import revived_outcome, revived_score, stored_outcome, stored_score
from sheber.trace import NOTHING, Outcome, OutcomeKind

TITLE = message("forms.title", "The {part} is placed")
TOLD = message("forms.told", "The {part} is {off:.1f} mm away. {why}")
WHY = message("forms.why", "It slipped at {times}.")
CHECK = Check(
    TITLE(part="box 1"), "quality", 12.34, 60.0, 1.5, 0.5, "mm", 3.25,
    TOLD(part="box 1", off=1.5, why=WHY(times=[1.0, 2.0])), "placed",
)  # fmt: skip


def back(score: Score) -> Score:
    return revived_score(json.loads(json.dumps(stored_score(score), allow_nan=False)))


def test_a_score_comes_back_as_it_was() -> None:
    score = Score((CHECK, replace(CHECK, measured=None, time=None, told=NOTHING, key="")))
    found = back(score)
    assert found == score
    assert [check.message for check in found.checks] == [check.message for check in score.checks]
    assert found.checks[0].message == "The box 1 is 1.5 mm away. It slipped at 1.0, 2.0."


def test_a_stored_score_is_read_without_the_module_that_said_it() -> None:
    gone = Text(
        "forms.gone", {"part": "box", "why": Text("forms.gone_too", {}, "It slipped.")}, "The {part} fell. {why}"
    )
    check = back(Score((replace(CHECK, told=gone),))).checks[0]
    assert check.message == "The box fell. It slipped."


@pytest.mark.parametrize("name", ["number", "nan", "id", "values", "english", "text"])
@pytest.mark.parametrize("value", [2, "nan", "2"])
def test_a_text_with_one_value_comes_back_whatever_the_value_is_called(name: str, value: object) -> None:
    box = Text("forms.box", {name: value}, f"box {{{name}}}")
    check = replace(CHECK, title=box, told=TOLD(part=[box, box], off=1.0, why=box))
    (found,) = back(Score((check,))).checks
    assert (found.name, found.message) == (f"box {value}", f"The box {value}, box {value} is 1.0 mm away. box {value}")
    outcome = Outcome(OutcomeKind.PROGRAM_ERROR, WHY(times=[box]), 3, connected=True)
    assert revived_outcome(json.loads(json.dumps(stored_outcome(outcome)))).reason == f"It slipped at box {value}."


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, 1e-300])
def test_numbers_that_json_does_not_have_come_back(value: float) -> None:
    check = back(Score((replace(CHECK, measured=value, told=TOLD(part="a", off=value, why="")),))).checks[0]
    assert repr(check.measured) == repr(value)
    assert repr(check.told.values["off"]) == repr(value)


def test_numbers_of_numpy_are_plain_numbers() -> None:
    check = back(Score((replace(CHECK, measured=np.float64(2.5), told=TOLD(part=np.int64(1), off=1.0, why="")),)))
    assert check.checks[0].measured == 2.5
    assert check.checks[0].told.values["part"] == 1


def test_what_no_database_takes_is_replaced() -> None:
    outcome = Outcome(OutcomeKind.PROGRAM_ERROR, TITLE(part="a\0b\ud800c"), 7, connected=False)
    form = stored_outcome(outcome)
    assert form["text"]["values"]["part"] == "a\ufffdb?c"
    assert revived_outcome(form) == replace(outcome, text=TITLE(part="a\ufffdb?c"))


@given(st.sampled_from(OutcomeKind), st.integers(0, 1 << 20), st.booleans(), st.text("abc кириллица", max_size=20))
def test_an_outcome_comes_back_as_it_was(kind: OutcomeKind, line: int, connected: bool, part: str) -> None:
    for text in (NOTHING, TITLE(part=part)):
        outcome = Outcome(kind, text, line, connected)
        assert revived_outcome(json.loads(json.dumps(stored_outcome(outcome)))) == outcome


@pytest.mark.parametrize("form", [{}, {"checks": [1], "english": {}}, {"checks": [{"title": 1}], "english": {}}])
def test_what_is_no_stored_score_is_refused(form: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not a stored"):
        revived_score(form)
    with pytest.raises(ValueError, match="not a stored"):
        revived_outcome(form)
