"""Words: numbers, names and sentences of a score as a reader sees them, on pages and in terminals."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from sheber.exercises.score import PASS, Check, Score
from sheber.i18n import N_, _
from sheber.judge.sandbox import LEVELS, Sandbox
from sheber.trace import Outcome, OutcomeKind, Trace

__all__ = [
    "advice",
    "costliest",
    "counted",
    "ending",
    "ending_of_all",
    "ending_parts",
    "facts",
    "follows",
    "group_title",
    "losses",
    "made_of",
    "number",
    "outcome_title",
    "passed",
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
    OutcomeKind.SYSTEM_FAULT: N_("Not judged to the end, through no fault of the program"),
}


_REMEDIES: Final[Mapping[OutcomeKind, str]] = {
    OutcomeKind.EMERGENCY_STOP: N_("avoid the emergency stop"),
    OutcomeKind.PROGRAM_ERROR: N_("mend the error that ended the program"),
    OutcomeKind.TIME_LIMIT: N_("come to the end within the simulated time"),
    OutcomeKind.RESOURCE_LIMIT: N_("stay within what a run may use"),
    OutcomeKind.PROTOCOL_ERROR: N_("speak to the cell through the package sheber alone"),
}
_PART: Final = re.compile(r"\n| · ")  # between the sentence of a reason, the line of code it is about, and a hint


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


def losses(score: Score, outcome: Outcome | None = None) -> list[Check]:
    """The checks that lost points: causes before what only follows from them, then the costliest first."""
    lost = (check for check in score.checks if check.lost >= 0.01)
    return sorted(lost, key=lambda check: (follows(check, outcome), -check.lost))


def follows(check: Check, outcome: Outcome | None = None) -> bool:
    """Whether a loss is no cause but a consequence: the duration of a job that was not done, or was cut off."""
    cut_off = outcome is not None and outcome.kind is not OutcomeKind.FINISHED
    return check.group == "cycle" and (cut_off or check.measured is None)


def outcome_title(outcome: Outcome) -> str:
    """How a run ended, in a few words."""
    return _(_ENDINGS[outcome.kind])


def ending(outcome: Outcome) -> str:
    """One sentence for a run that did not end well, with its line; empty where it did."""
    if outcome.kind is OutcomeKind.FINISHED:
        return ""
    words = outcome_title(outcome)
    reason = next(iter(_parts(outcome.reason)), "")
    if reason.lower().startswith(words.lower()):
        words = reason
    elif reason:
        words += f": {reason}"
    if outcome.line and not re.search(rf"\bline {outcome.line}\b", reason, re.IGNORECASE):
        words += f" {_line(outcome)}"
    return words


def ending_parts(trace: Trace) -> list[tuple[str, bool]]:
    """How a run ended, where it did not end well: (words, whether they are code), each for a line of its own."""
    if not trace.whole:
        text = _("The recording breaks off at {time}: the file is incomplete. What it holds is judged.")
        return [(text.format(time=seconds(trace.duration)), False)]
    first = ending(trace.outcome)
    source = {" ".join(line.split()) for line in trace.header.source.splitlines()}
    rest = [part for part in _parts(trace.outcome.reason)[1:] if part != "^"]
    return [(first, False), *((part, " ".join(part.split()) in source) for part in rest)] if first else []


def ending_of_all(outcomes: Sequence[Outcome]) -> str:
    """The sentence for several runs that all ended in the same bad way, to be said once; empty where they did not."""
    sentences = {ending(outcome) for outcome in outcomes}
    if len(outcomes) < 2 or len(sentences) != 1 or "" in sentences:
        return ""
    return _("In every scene: {ending}").format(ending=sentences.pop())


def costliest(score: Score, outcome: Outcome) -> str:
    """The costliest loss of a run: points and name; empty where nothing was lost, or nothing begun."""
    lost = losses(score, outcome)
    return f"−{number(lost[0].lost)} {lost[0].name}" if lost and outcome.connected else ""


def _parts(reason: str) -> list[str]:
    """The sentence of a reason, then the line of code it is about and a hint, where there are any."""
    return [part.strip() for part in _PART.split(reason) if part.strip()]


def _line(outcome: Outcome) -> str:
    return _("(line {line})").format(line=outcome.line)


def passed(points: float) -> str:
    """Whether points suffice, in a word or two."""
    return _("Passed") if points >= PASS else _("Not passed")


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


def advice(score: Score, outcome: Outcome | None = None) -> str:
    """What would bring the most: to mend what ended the run, or the check with the greatest gain."""
    lost = losses(score)
    if not lost:
        return ""
    if outcome is not None and outcome.kind in _REMEDIES:
        return _first_remedy(outcome)
    causes = [check for check in lost if not follows(check)] or lost
    gain, check = max(((_gain(score, check), check) for check in causes), key=lambda pair: pair[0])
    text = _("What would bring the most: {check}, up to {points} points.")
    return text.format(check=check.name, points=number(gain))


def _first_remedy(outcome: Outcome) -> str:
    """What to do about the end of a run that came too early."""
    if not outcome.connected and not outcome.line:
        return _("What would bring the most: let the program connect to the cell. Nothing was done without it.")
    what = _(_REMEDIES[outcome.kind]) + (f" {_line(outcome)}" if outcome.line else "")
    text = _("What would bring the most: {what}. What should have come after it was not done.")
    return text.format(what=what)


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
        (_("End"), outcome_title(trace.outcome) if trace.whole else _("The recording breaks off")),
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
