"""Words: numbers, names and sentences of a score as a reader sees them, on pages and in terminals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from sheber.exercises.score import PASS, Check, Score
from sheber.i18n import N_, _
from sheber.judge.sandbox import LEVELS, Sandbox
from sheber.trace import Outcome, OutcomeKind, Trace

__all__ = [
    "advice",
    "counted",
    "ending",
    "facts",
    "group_title",
    "losses",
    "made_of",
    "number",
    "outcome_title",
    "quantity",
    "rule",
    "scene",
    "seconds",
    "verdict",
]

GROUP_TITLES: Final[Mapping[str, str]] = {
    "quality": N_("Quality"),
    "cycle": N_("Cycle time"),
    "safety": N_("Safety"),
    "procedure": N_("Procedure"),
}
_ENDINGS: Final[Mapping[OutcomeKind, str]] = {
    OutcomeKind.FINISHED: N_("Finished"),
    OutcomeKind.EMERGENCY_STOP: N_("Emergency stop"),
    OutcomeKind.PROGRAM_ERROR: N_("The program ended with an error"),
    OutcomeKind.TIME_LIMIT: N_("The simulated time was used up"),
    OutcomeKind.RESOURCE_LIMIT: N_("The program used more than a run may use"),
    OutcomeKind.PROTOCOL_ERROR: N_("The program sent what no client sends"),
    OutcomeKind.SYSTEM_FAULT: N_("A fault of ours, not of the program: please run it again"),
}


def number(value: float) -> str:
    """Points as people write them: 87.4, 60, 0.05."""
    text = f"{value:.1f}" if abs(value) >= 0.1 else f"{value:.2f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def quantity(value: float | None, unit: str) -> str:
    """A measured value with its unit; an en dash where nothing could be measured."""
    if value is None:
        return "–"
    size = abs(value)
    text = f"{value:.0f}" if size >= 100 or value == round(value) else f"{value:.3g}"
    return f"{text}°" if unit == "deg" else f"{text} {unit}".strip()


def seconds(value: float) -> str:
    """A moment or a duration of simulated time."""
    return f"{value:.2f} s" if value < 10 else f"{value:.1f} s"


def group_title(group: str) -> str:
    """Name of a group of checks."""
    return _(GROUP_TITLES[group]) if group in GROUP_TITLES else group


def counted(score: Score, group: str) -> float:
    """What a group adds to the score, after the group rule."""
    return score.group(group)[0] * (1.0 if group == "quality" else score.factor)


def made_of(mean: float, worst: float) -> str:
    """How a final score comes about."""
    return _("0.7 × mean {mean} + 0.3 × worst {worst}").format(mean=number(mean), worst=number(worst))


def losses(score: Score) -> list[Check]:
    """The checks that lost points, the costliest first."""
    return sorted((check for check in score.checks if check.lost >= 0.01), key=lambda check: -check.lost)


def outcome_title(outcome: Outcome) -> str:
    """How a run ended, in a few words."""
    return _(_ENDINGS[outcome.kind])


def ending(outcome: Outcome) -> str:
    """One sentence for a run that did not end well; empty where it did."""
    if outcome.kind is OutcomeKind.FINISHED:
        return ""
    words = outcome_title(outcome)
    if outcome.reason.lower().startswith(words.lower()):
        words = outcome.reason
    elif outcome.reason:
        words += f": {outcome.reason}"
    if outcome.line and str(outcome.line) not in outcome.reason:
        words += " " + _("(line {line})").format(line=outcome.line)
    return words


def verdict(score: Score) -> str:
    """One sentence under the points."""
    missing = number(100.0 - score.points)
    if score.points >= 99.95:
        return _("Everything was done as asked.")
    if score.passed:
        return _("Passed. {points} points are still there to be had.").format(points=missing)
    return _("Not passed yet: {points} more points make it {pass_mark}.").format(
        points=number(PASS - score.points), pass_mark=number(PASS)
    )


def rule(score: Score) -> str:
    """The group rule in words, where it took something; empty where it did not."""
    if score.factor >= 1.0:
        return ""
    text = _(
        "Cycle time, safety and procedure count {percent} % here, because quality has {points} of 60 points: "
        "how fast and how safe counts as far as the job is done."
    )
    return text.format(percent=number(100.0 * score.factor), points=number(score.quality))


def advice(score: Score) -> str:
    """What would bring the most."""
    lost = losses(score)
    if not lost:
        return ""
    gain, check = max(((_gain(score, check), check) for check in lost), key=lambda pair: pair[0])
    text = _("What would bring the most: {check}, up to {points} points.")
    return text.format(check=check.name, points=number(gain))


def _gain(score: Score, check: Check) -> float:
    """What a check would add to the whole score if it had all its points; quality lifts the other groups too."""
    mended = Score(tuple(replace(one, points=one.maximum) if one is check else one for one in score.checks))
    return mended.points - score.points


def scene(trace: Trace) -> str:
    """Which scene this was, for people."""
    words = [trace.header.scene] if trace.header.scene else []
    if trace.header.seed is not None:
        words.append(_("seed {seed}").format(seed=trace.header.seed))
    words.append(_("{seconds} simulated").format(seconds=seconds(trace.duration)))
    if trace.header.sandbox == "C":
        words.append(_("sandbox level C: for practice only"))
    elif trace.header.sandbox:
        words.append(_("sandbox level {level}").format(level=trace.header.sandbox))
    return " · ".join(words)


def facts(trace: Trace) -> list[tuple[str, str]]:
    """Where the run came from: names and values."""
    header = trace.header
    level = Sandbox(header.sandbox).words if header.sandbox in LEVELS else header.sandbox
    rows = [
        (_("Exercise"), f"{header.exercise} {header.exercise_version}".strip()),
        (_("Scene"), header.scene),
        (_("Seed"), "" if header.seed is None else str(header.seed)),
        (_("Program"), header.program),
        (_("Program, SHA-256"), header.program_sha256),
        (_("Exercise, SHA-256"), header.exercise_sha256),
        (_("Trace, SHA-256"), trace.sha256),
        (_("End"), outcome_title(trace.outcome)),
        (_("Sandbox level"), level),
        (_("Class of processor"), header.processor),
        (_("Started"), header.started),
        (_("Versions"), ", ".join(f"{name} {version}" for name, version in header.versions.items())),
        (_("Limits"), ", ".join(f"{name} {value:g}" for name, value in header.limits.items())),
        (_("Used"), ", ".join(f"{name} {_short(value)}" for name, value in trace.usage.items())),
    ]
    return [(name, value) for name, value in rows if value]


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
