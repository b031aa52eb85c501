"""Similarity: programs of an assignment that have much in common. Never a verdict."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from sheber.i18n import _
from sheber.school.errors import NotFound
from sheber.school.similarity import reports
from sheber.web.api.caller import Asks, api_router
from sheber.web.api.forms import Answer, Id, Made

router = api_router("similarity")


class SideAnswer(Answer):
    """One program of a pair."""

    submission_id: int | None = Field(description="null: it comes with the exercise")
    person_id: int | None
    name: str
    group: str
    share: float = Field(description="of its fingerprints, those that the other has too, 0 to 1")


class PairAnswer(Answer):
    """Two programs that have something in common."""

    number: int = Field(description="in its comparison")
    similarity: float = Field(description="the larger of the two shares")
    one: SideAnswer
    other: SideAnswer
    lines: int = Field(description="of the first program, in common stretches")


class SimilarityAnswer(Answer):
    """The newest comparison."""

    id: int
    assignment_id: int
    made_by: str
    created: datetime
    compared: int
    shipped: int = Field(description="programs that come with the exercise")
    left_out: list[SideAnswer] = Field(description="too short or too long to be compared")
    newer: int = Field(description="programs that count now and were not compared")
    histogram: list[int]
    pairs: list[PairAnswer] = Field(description="the most similar first")


class StateAnswer(Answer):
    """How far a comparison is."""

    id: int
    assignment_id: int
    state: str = Field(description="asked, comparing, done or failed")
    made_by: str
    created: datetime
    trouble: str = Field(description="why it failed; empty: it did not")


class BlockAnswer(Answer):
    """A stretch that two programs have in common."""

    first: int
    last: int
    other_first: int
    other_last: int
    tokens: int


class BesideAnswer(Answer):
    """Two programs beside each other."""

    pair: PairAnswer
    program: str
    other_program: str
    blocks: list[BlockAnswer]


@router.post("/assignments/{assignment_id}/similarity", status_code=201, summary="Ask for a comparison")
def compare_programs(caller: Asks, assignment_id: Id) -> Made:
    """A worker compares the programs that count, the starter taken off; for the staff. Its state tells when."""
    with caller.school.writing() as session:
        return Made(id=reports.ask(session, caller.actor, assignment_id))


@router.get("/similarity/{report_id}", summary="How far a comparison is")
def read_state(caller: Asks, report_id: Id) -> StateAnswer:
    """It waits for a worker, is being made, is done, or failed."""
    with caller.school.reading() as session:
        return StateAnswer.of(reports.report_state(session, caller.actor, report_id))


@router.get("/assignments/{assignment_id}/similarity", summary="The newest comparison")
def read_similarity(caller: Asks, assignment_id: Id) -> SimilarityAnswer:
    """The distribution and the pairs. A pair is a reason to look, and not a verdict."""
    with caller.school.reading() as session:
        found = reports.similarity_page(session, caller.actor, assignment_id)
    if found is None:
        raise NotFound(_("The programs of this assignment were not compared yet."))
    return SimilarityAnswer.of(found)


@router.get("/similarity/{report_id}/pairs/{number}", summary="Two programs side by side")
def read_pair(caller: Asks, report_id: Id, number: Id) -> BesideAnswer:
    """Both programs, with the stretches that they have in common."""
    with caller.school.reading() as session:
        return BesideAnswer.of(reports.side_by_side(session, caller.actor, report_id, number))
