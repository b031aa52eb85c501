"""Results: what a campaign found beside what counts now, scene by scene."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from sheber.exercises.score import final
from sheber.school.courses.dates import less_lateness
from sheber.school.gradebook.models import CampaignResult
from sheber.school.losses import losses_of
from sheber.school.submissions.models import SceneResult, Submission

__all__ = ["Found", "Results", "digest_of", "judged_in", "points_of", "swap", "whole_results"]

_COLUMNS: Final = ("round", "seed", "points", "outcome", "score", "trace_sha256", "trace", "trace_bytes")
_COLUMNS_OF_RUN: Final = ("level", "processor", "versions", "seconds")


@dataclass(frozen=True, slots=True)
class Found:
    """One scene of one submission."""

    own: SceneResult  # what counts
    aside: CampaignResult  # what the campaign has: found, or, once it is published, replaced


Results = Mapping[int, Sequence[Found]]
"""The scenes by place, of each submission that a campaign has judged whole."""


def whole_results(session: Session, campaign_id: int) -> Results:
    """The results of a campaign, of submissions whose every scene it could judge. One query."""
    same = (SceneResult.submission_id == CampaignResult.submission_id) & (SceneResult.place == CampaignResult.place)
    query = (
        select(CampaignResult, SceneResult, Submission.scenes)
        .join(SceneResult, same)
        .join(Submission, Submission.id == CampaignResult.submission_id)
        .where(CampaignResult.campaign_id == campaign_id)
    )
    found: dict[int, list[Found]] = {}
    scenes: dict[int, int] = {}
    for aside, own, count in session.execute(query.order_by(CampaignResult.submission_id, CampaignResult.place)):
        found.setdefault(own.submission_id, []).append(Found(own, aside))
        scenes[own.submission_id] = count
    return {id_: every for id_, every in found.items() if len(every) == scenes[id_]}


def judged_in(campaign_id: int) -> Select[int]:
    """The submissions of which a campaign has something, as a part of another query."""
    return select(CampaignResult.submission_id).where(CampaignResult.campaign_id == campaign_id)


def digest_of(results: Results) -> str:
    """A hash of what a campaign has and of what counts: another one means that something changed."""
    said = [
        [
            id_,
            one.own.place,
            one.own.points,
            one.own.trace_sha256,
            one.aside.result["points"],
            one.aside.result["score"],
        ]
        for id_, every in sorted(results.items())
        for one in every
    ]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def points_of(scenes: Sequence[float], late_days: int, late_percent: float) -> tuple[float, float]:
    """The final points of a submission, and what counts of them after lateness."""
    whole = final(scenes)
    return whole, less_lateness(whole, late_days, late_percent)


def swap(scenes: Sequence[Found], exercise_sha256: str) -> str:
    """Change places: what the campaign has counts, and what counted is kept by the campaign.

    exercise_sha256: of the exercise that the submission was judged with; gives that of the new results.
    """
    taken = exercise_sha256
    for one in scenes:
        result = dict(one.aside.result)
        one.aside.result = _columns(one.own) | {"exercise_sha256": exercise_sha256}
        taken = str(result["exercise_sha256"])
        one.own.judged = datetime.fromisoformat(result["judged"])
        for name in (*_COLUMNS, *_COLUMNS_OF_RUN):
            setattr(one.own, name, result[name])
        one.own.losses = losses_of(one.own.score)
    return taken


def _columns(own: SceneResult) -> dict[str, Any]:
    """The result that counts, as a campaign keeps one."""
    columns = {name: getattr(own, name) for name in (*_COLUMNS, *_COLUMNS_OF_RUN)}
    return columns | {"place": own.place, "judged": own.judged.isoformat()}
