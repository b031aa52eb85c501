"""Scenes: judged scenes in words and numbers, as their reader may see them.

What a reader may see is decided by the school (`submissions/reading.py`); here only listed fields go out.
"""

from __future__ import annotations

import math
from datetime import datetime

from pydantic import Field

from sheber.exercises.score import Check
from sheber.judge.report import words
from sheber.judge.report.moments import visible
from sheber.school.submissions.reading import Scene, SubmissionPage
from sheber.web.api.forms import Answer
from sheber.web.scenes import scene_view

__all__ = ["CheckAnswer", "LossAnswer", "LostAnswer", "SceneAnswer", "scenes_of"]


class LostAnswer(Answer):
    """What cost points over all scenes."""

    name: str
    lost: str = Field(description="of the final points; all of them sum to what is missing of 100", examples=["4.2"])
    scenes: str = Field(description="in how many scenes, in words")
    follows: bool = Field(description="lost only because of what stands before it")


class LossAnswer(Answer):
    """Points that one scene lost, and why."""

    name: str
    lost: str = Field(examples=["4.2"])
    message: str = Field(description="what was measured, what was wanted, in words")


class CheckAnswer(Answer):
    """One measured criterion."""

    key: str = Field(description="the same in every language")
    name: str
    group: str = Field(description="quality, cycle, safety or procedure")
    points: float
    maximum: float
    measured: float | None = Field(description="in `unit`; null: nothing could be measured")
    wanted: float | None = Field(description="what earns full points")
    unit: str = Field(examples=["mm"])
    message: str = Field(description="empty where nothing was lost")


class SceneAnswer(Answer):
    """One scene of a submission."""

    place: int
    title: str
    state: str = Field(description="queued, leased, done, failed or cancelled")
    released: bool = Field(description="shown whole to students")
    points: float | None
    ending: str = Field(description="how the run ended, where it did not end well")
    verdict: str
    advice: str = Field(description="where most points can be gained")
    losses: list[LossAnswer]
    checks: list[CheckAnswer]
    judged: datetime | None
    seed: str | None = Field(description="as digits; null: hidden")
    trace_sha256: str | None = Field(description="of the recording; null: hidden")
    report: str | None = Field(description="path of the page with the full report and replay; null: hidden, or removed")


def scenes_of(page: SubmissionPage) -> list[SceneAnswer]:
    """All scenes of a submission."""
    return [_scene(page, scene) for scene in page.scenes]


def _scene(page: SubmissionPage, scene: Scene) -> SceneAnswer:
    view = scene_view(page, scene)
    return SceneAnswer(
        place=scene.place,
        title=view.title,
        state=scene.state,
        released=scene.released,
        points=view.points,
        ending=view.ending,
        verdict=view.verdict,
        advice=view.advice,
        losses=[LossAnswer(**one) for one in view.losses],
        checks=[_check(one) for one in scene.score.checks] if scene.score else [],
        judged=scene.judged,
        seed=view.seed or None,
        trace_sha256=scene.trace_sha256 or None,
        report=f"/submissions/{page.id}/scenes/{scene.place}/report" if view.everything else None,
    )


def _check(check: Check) -> CheckAnswer:
    return CheckAnswer(
        key=check.key,
        name=visible(check.name),
        group=check.group,
        points=check.points,
        maximum=check.maximum,
        measured=_finite(check.measured),
        wanted=_finite(check.wanted),
        unit=check.unit,
        message=visible(words.reason(check)) if check.lost else "",
    )


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
