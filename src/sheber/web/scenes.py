"""Scenes: what a page says of the scenes of a submission, through the report's own words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sheber.exercises.score import GROUPS, Score
from sheber.i18n import _, ngettext
from sheber.judge.report import words
from sheber.judge.report.common import common, weighed
from sheber.judge.report.moments import visible
from sheber.school.submissions.reading import Scene, SubmissionPage

__all__ = ["SceneView", "is_part", "lost_over_all", "scene_view", "weighed_over_all", "whole"]


@dataclass(frozen=True, slots=True)
class SceneView:
    """One scene, in words."""

    place: int
    title: str
    state: str  # queued, leased, done, failed, cancelled
    points: float | None
    ending: str  # how the run ended, where it did not end well
    verdict: str
    advice: str
    losses: list[dict[str, Any]]
    causes: int  # of the losses, those before which nothing stands; the others only follow
    between: str  # words between the two; "": not needed
    groups: list[dict[str, Any]]
    everything: bool  # report and replay may be opened
    released: bool  # every student may see it
    seed: str


def scene_view(page: SubmissionPage, scene: Scene) -> SceneView:
    """A scene as its reader may see it; what they may not, `reading` has left out already."""
    score, outcome = scene.score, scene.outcome
    seen = scene.everything and bool(scene.trace)
    seed = "" if scene.seed is None or not scene.released else str(scene.seed)
    title = _("Practice scene") if page.kind == "practice" else _("Scene {n}").format(n=scene.place)
    if score is None or outcome is None:
        return SceneView(scene.place, title, scene.state, None, "", "", "", [], 0, "", [], False, scene.released, seed)
    losses = words.losses(score, outcome)
    causes, effects = words.split(losses, outcome)
    return SceneView(
        scene.place,
        title,
        scene.state,
        scene.points,
        visible(words.ending(outcome)),
        words.verdict(score, part=is_part(page)),
        words.advice(score, outcome) if losses else "",
        [_loss(one) for one in losses],
        len(causes),
        words.order(causes, effects)[1],
        _groups(score),
        seen,
        scene.released,
        seed,
    )


def is_part(page: SubmissionPage) -> bool:
    """Whether a scene of it counts together with others, and by itself passes nobody."""
    return len(page.scenes) > 1


def whole(page: SubmissionPage) -> str:
    """What the final points are made of; "" where not all scenes are judged."""
    points = [scene.points for scene in page.scenes if scene.points is not None]
    if page.final is None or len(points) < 2:
        return ""
    return words.made_of(sum(points) / len(points), min(points))


def lost_over_all(page: SubmissionPage) -> list[dict[str, Any]]:
    """What cost points over all scenes: lateness, then causes, then what only follows from them.

    Together they are all that is missing of 100.
    """
    judged = [(one.score, one.outcome) for one in page.scenes if one.score is not None and one.outcome is not None]
    found = [
        {"name": visible(one.name), "lost": words.lacking(one.lost), "scenes": one.scenes, "follows": one.follows}
        for one in common(judged)
    ]
    late = round((page.final or 0.0) - (page.points or 0.0), 2)
    if late <= 0.0:
        return found
    days = ngettext("one day had begun", "{n} days had begun", page.late_days).format(n=page.late_days)
    told = {"name": _("It came after the deadline"), "lost": words.lacking(late), "scenes": days, "follows": False}
    return [told, *found]


def weighed_over_all(page: SubmissionPage) -> str:
    """How the losses of the scenes are counted, in words; "" where not all scenes are judged."""
    points = [scene.points for scene in page.scenes if scene.points is not None]
    if page.final is None or page.points is None or len(points) < 2:
        return ""
    return weighed(points, 100.0 - page.points)


def _loss(loss: words.Loss) -> dict[str, Any]:
    return {"name": visible(loss.name), "lost": words.lacking(loss.lost), "message": visible(loss.message)}


def _groups(score: Score) -> list[dict[str, Any]]:
    """Groups with their checks."""
    return [
        {
            "title": words.group_title(name),
            "counted": words.number(words.counted(score, name)),
            "maximum": words.number(score.group(name)[1]),
            "share": words.counted(score, name) / score.group(name)[1] if score.group(name)[1] else 0.0,
            "checks": [_check(check) for check in score.checks if check.group == name],
        }
        for name in GROUPS
    ]


def _check(check: Any) -> dict[str, Any]:
    return {
        "name": visible(check.name),
        "points": words.number(check.points),
        "maximum": words.number(check.maximum),
        "measured": words.quantity(check.measured, check.unit),
        "wanted": words.quantity(check.wanted, check.unit),
        "lost": check.lost,
    }
