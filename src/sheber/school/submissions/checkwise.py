"""Checkwise: what two attempts lost, check by check, on the mean of their scenes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from sheber.i18n import Text
from sheber.judge.forms import revived_score
from sheber.school.losses import key_of
from sheber.school.submissions.models import SceneResult

__all__ = ["CheckChange", "changed_checks"]


@dataclass(frozen=True, slots=True)
class CheckChange:
    """What two attempts lost in one check, in points a scene."""

    key: str
    title: Text  # in words by `str`, in the language of who reads it
    maximum: float
    before: float | None  # None: the older attempt has no such check
    after: float | None  # None: the newer one has none

    @property
    def gained(self) -> float:
        """Points that are no longer lost; negative where more are lost."""
        return round((self.before or 0.0) - (self.after or 0.0), 2)


def changed_checks(session: Session, older_id: int, newer_id: int) -> tuple[CheckChange, ...]:
    """Checks in which the two lost something, the largest change first; () where one of them has no judged scene."""
    rows = session.execute(
        select(SceneResult.submission_id, SceneResult.losses, SceneResult.score)
        .where(SceneResult.submission_id.in_((older_id, newer_id)))
        .order_by(SceneResult.place)
    ).all()
    older, newer = ([row for row in rows if row.submission_id == id_] for id_ in (older_id, newer_id))
    if not older or not newer:
        return ()
    before, after = (_means(row.losses for row in every) for every in (older, newer))
    titles = _titles(row.score for row in rows)
    found = [_change(key, titles[key], before.get(key), after.get(key)) for key in {**before, **after}]
    lost = [one for one in found if one.before or one.after]
    return tuple(sorted(lost, key=lambda one: (-abs(one.gained), one.key)))


def _change(key: str, title: Text, before: _Mean | None, after: _Mean | None) -> CheckChange:
    maximum = max(one.maximum for one in (before, after) if one is not None)
    return CheckChange(key, title, maximum, before.lost if before else None, after.lost if after else None)


@dataclass(frozen=True, slots=True)
class _Mean:
    lost: float  # points a scene
    maximum: float


def _means(losses: Iterable[Mapping[str, Any]]) -> dict[str, _Mean]:
    """What was lost in each check, on the mean of the scenes that have it."""
    every: dict[str, list[tuple[int, int]]] = {}
    for one in losses:
        for key, maximum, lost in zip(one["keys"], one["maximum"], one["lost"], strict=True):
            every.setdefault(key, []).append((lost, maximum))
    return {
        key: _Mean(*(round(sum(column) / len(column) / 100, 2) for column in zip(*rows, strict=True)))
        for key, rows in every.items()
    }


def _titles(scores: Iterable[Mapping[str, Any]]) -> dict[str, Text]:
    return {key_of(check): check.title for score in scores for check in revived_score(score).checks}
