"""Scenes: what a page says of the scenes of a submission, through the report's own words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sheber.exercises.score import GROUPS, Score
from sheber.i18n import _
from sheber.judge.report import words
from sheber.judge.report.moments import visible
from sheber.school.submissions.reading import Scene, SubmissionPage

__all__ = ["SceneView", "lost_over_all", "scene_view", "whole"]


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
    groups: list[dict[str, Any]]
    everything: bool  # report and replay may be opened
    seed: str


def scene_view(page: SubmissionPage, scene: Scene) -> SceneView:
    """A scene as its reader may see it; what they may not, `reading` has left out already."""
    score, outcome = scene.score, scene.outcome
    seen = scene.everything and bool(scene.trace)
    seed = "" if scene.seed is None or not scene.released else str(scene.seed)
    title = _("Practice scene") if page.kind == "practice" else _("Scene {n}").format(n=scene.place)
    if score is None or outcome is None:
        return SceneView(scene.place, title, scene.state, None, "", "", "", [], [], False, seed)
    return SceneView(
        scene.place,
        title,
        scene.state,
        scene.points,
        visible(words.ending(outcome)),
        words.verdict(score),
        words.advice(score, outcome) if words.losses(score, outcome) else "",
        [_loss(one) for one in words.losses(score, outcome)],
        _groups(score),
        seen,
        seed,
    )


def whole(page: SubmissionPage) -> str:
    """What the final points are made of; "" where not all scenes are judged."""
    points = [scene.points for scene in page.scenes if scene.points is not None]
    if page.final is None or len(points) < 2:
        return ""
    return words.made_of(sum(points) / len(points), min(points))


def lost_over_all(views: list[SceneView]) -> list[dict[str, Any]]:
    """What cost the most over all scenes: name, points on average, in how many scenes."""
    totals: dict[str, list[float]] = {}
    for view in views:
        for group in view.groups:
            for check in group["checks"]:
                if check["lost"] >= 0.01:
                    totals.setdefault(check["name"], []).append(check["lost"])
    ranked = sorted(totals.items(), key=lambda item: -sum(item[1]))[:4]
    judged = sum(1 for view in views if view.groups)
    text = _("points on average, lost in {some} of {all} scenes")
    return [
        {"name": name, "lost": words.lacking(sum(lost) / judged), "scenes": text.format(some=len(lost), all=judged)}
        for name, lost in ranked
    ]


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
