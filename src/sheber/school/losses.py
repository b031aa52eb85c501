"""Losses: the few numbers of a score that statistics need, small enough to be read for a whole class.

A stored score has the sentences of every check, in thousands of characters. What statistics ask is where points were
lost, so each scene's result keeps that beside its score, in the order of the checks:

    {"rule": 1.5, "keys": ["placed", "cycle"], "groups": ["quality", "cycle"],
     "maximum": [6000, 4000], "lost": [0, 250]}

Points of checks are whole hundredths, so that sums of them are exact. `rule` is what the rule of the groups took of the
scene, in points. A title is read from the score of one scene: it is the same in all of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgspec

from sheber.exercises.score import Check
from sheber.judge.forms import revived_score

__all__ = ["Losses", "key_of", "losses_in", "losses_of"]


class Losses(msgspec.Struct, frozen=True):
    """What is kept of a scene, read again."""

    rule: float
    keys: tuple[str, ...]
    groups: tuple[str, ...]
    maximum: tuple[int, ...]
    lost: tuple[int, ...]


def losses_of(score: Mapping[str, Any]) -> dict[str, Any]:
    """What was lost, of a stored score (`judge.forms.stored_score`). Raises ValueError for what is no such form."""
    revived = revived_score(score)
    return {
        "rule": math.fsum(one.points - revived.counted(one) for one in revived.checks),
        "keys": [key_of(one) for one in revived.checks],
        "groups": [one.group for one in revived.checks],
        "maximum": [round(100 * one.maximum) for one in revived.checks],
        "lost": [round(100 * one.lost) for one in revived.checks],
    }


losses_in = msgspec.json.Decoder(Losses).decode
"""The losses in a text of JSON: for a class they are read in thousands, and so they come as the database keeps them."""


def key_of(check: Check) -> str:
    """What a check is known by in all scenes: its key, or the id of its title where it has none."""
    return check.key or check.title.id
