"""Comparing: all programs of an assignment with each other, in a box; what the box says is believed of nothing else.

Programs are hostile. What cuts them into tokens (`winnowing.py`) runs where a student's program runs, with its locks
and with limits of its own, and gives JSON. Here it is decoded strictly: names that were asked, numbers in their
ranges, no more pairs than are shown. A box that a program has taken over could lie about what is alike, and do nothing
else.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec

from sheber.i18n import Text, Worded, message
from sheber.judge import Program
from sheber.judge.sandbox import LimitReached, Sandbox
from sheber.judge.sandbox.errand import errand
from sheber.school.similarity import winnowing
from sheber.school.similarity.winnowing import BINS, MOST_BLOCKS, MOST_PAIRS
from sheber.station import Limits

__all__ = ["LONGEST_S", "LOST", "NOT_BEGUN", "NotCompared", "compare_programs", "told"]

LONGEST_S: Final = 180.0
_LARGEST: Final = 4 << 20  # bytes of what the box may give
_MEMORY: Final = 3 << 30

ENDED = message("similarity.ended", "Comparing {count} programs was ended: {why}")
NONSENSE = message("similarity.nonsense", "What the comparison of {count} programs gave cannot be read: {why}")
NOT_BEGUN = message("similarity.not_begun", "The programs could not be compared: {why}")
LOST = message("similarity.lost", "Comparing was begun {count} times and interrupted each time. Ask for it again.")


class NotCompared(Worded):
    """The programs could not be compared, and why."""


def told(form: Mapping[str, Any]) -> str:
    """Why a comparison failed, in the language in force; "" for nothing stored."""
    return str(Text.from_form(form)) if form else ""


_Share = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
_Line = Annotated[int, msgspec.Meta(ge=1, le=1 << 20)]
_Block = Annotated[list[_Line], msgspec.Meta(min_length=5, max_length=5)]  # as winnowing.Block
_Count = Annotated[int, msgspec.Meta(ge=0, le=1 << 20)]
_Name = Annotated[str, msgspec.Meta(max_length=200)]


class _Pair(msgspec.Struct, forbid_unknown_fields=True):
    one: _Name
    other: _Name
    similarity: _Share
    share: _Share
    other_share: _Share
    blocks: Annotated[list[_Block], msgspec.Meta(max_length=MOST_BLOCKS)]


class _Findings(msgspec.Struct, forbid_unknown_fields=True):
    """What `winnowing.compared` gives."""

    compared: list[_Name]
    left_out: list[_Name]
    histogram: Annotated[list[_Count], msgspec.Meta(min_length=BINS, max_length=BINS)]
    pairs: Annotated[list[_Pair], msgspec.Meta(max_length=MOST_PAIRS)]


def compare_programs(
    sandbox: Sandbox,
    programs: Mapping[str, str],
    starter: str,
    shipped: Sequence[str],
    *,
    longest_s: float = LONGEST_S,
    going: Callable[[], bool] = lambda: True,
) -> dict[str, Any]:
    """What programs have in common, found in a box; see `winnowing.compared`.

    going: asked twice a second whether to go on. Raises NotCompared, and as `errand` SandboxError and BrokenOff.
    """
    asked = json.dumps({"programs": dict(programs), "starter": starter, "shipped": list(shipped)}).encode()
    limits = Limits(processor_s=int(longest_s), wall_s=longest_s, silent_s=longest_s, memory_bytes=_MEMORY)
    script = Program("winnowing.py", Path(winnowing.__file__).read_bytes())
    try:
        said = errand(sandbox, script, asked, limits, largest=_LARGEST, going=going)
    except LimitReached as error:
        raise NotCompared(ENDED(count=len(programs), why=error.text)) from error
    return _checked(said, programs)


def _checked(said: str, programs: Mapping[str, str]) -> dict[str, Any]:
    """What the box said, where it is about these programs and nothing else. Raises NotCompared."""
    try:
        found = msgspec.json.decode(said, type=_Findings)
        named = [*found.compared, *found.left_out]
        paired = {name for pair in found.pairs for name in (pair.one, pair.other)}
        if sorted(named) != sorted(programs) or not paired <= set(found.compared):
            raise ValueError("it names other programs")
        lines = {name: programs[name].count("\n") + 1 for name in paired}
        if not all(_has_lines(pair, lines) for pair in found.pairs):
            raise ValueError("it names lines that a program does not have")
    except (ValueError, RecursionError) as error:  # msgspec's is a ValueError
        raise NotCompared(NONSENSE(count=len(programs), why=str(error)[:200])) from error
    plain: dict[str, Any] = msgspec.to_builtins(found)
    return plain


def _has_lines(pair: _Pair, lines: Mapping[str, int]) -> bool:
    """Whether the stretches of a pair lie within both programs."""
    sides = [((one[0], one[1]), pair.one) for one in pair.blocks] + [
        ((one[2], one[3]), pair.other) for one in pair.blocks
    ]
    return all(first <= last <= lines[name] for (first, last), name in sides)
