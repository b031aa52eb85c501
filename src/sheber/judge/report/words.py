"""Words: numbers, names and sentences of a score as a reader sees them, on pages and in terminals."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sheber.exercises.score import PASS, Check, Score
from sheber.i18n import N_, Text, _, ngettext
from sheber.judge.sandbox import LEVELS, Sandbox
from sheber.trace import Header, Outcome, OutcomeKind, Trace

__all__ = [
    "FOLLOWS",
    "LAST",
    "Loss",
    "Withheld",
    "advice",
    "between",
    "costliest",
    "counted",
    "ending",
    "ending_of_all",
    "ending_parts",
    "follows",
    "group_title",
    "lacking",
    "losses",
    "made_of",
    "more",
    "number",
    "order",
    "origin",
    "outcome_title",
    "passed",
    "plural",
    "quantity",
    "rank",
    "reason",
    "recording",
    "rule",
    "scene",
    "seconds",
    "split",
    "typeset",
    "verdict",
    "why_made_of",
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
    OutcomeKind.TIME_LIMIT: N_("The simulated time ran out"),
    OutcomeKind.RESOURCE_LIMIT: N_("The program exceeded a limit of the run"),
    OutcomeKind.PROTOCOL_ERROR: N_("The program sent an invalid request"),
    OutcomeKind.SYSTEM_FAULT: N_("A fault of Sheberkhana, not of your program"),
}
_REMEDIES: Final[Mapping[OutcomeKind, str]] = {
    OutcomeKind.EMERGENCY_STOP: N_("Biggest possible gain: avoid the emergency stop."),
    OutcomeKind.PROGRAM_ERROR: N_("Biggest possible gain: fix the error that ended the program."),
    OutcomeKind.TIME_LIMIT: N_("Biggest possible gain: finish within the simulated time."),
    OutcomeKind.RESOURCE_LIMIT: N_("Biggest possible gain: stay within the limits of the run."),
    OutcomeKind.PROTOCOL_ERROR: N_("Biggest possible gain: send requests only through the package sheber."),
}
_OWN_WORDS: Final = "run.program_error"  # a text that is the program's own words; those begin with the line
_PART: Final = re.compile(r"\n| · ")  # between the sentence of a reason, the line of code it is about, and a hint
_HYPHEN: Final = re.compile(r"(?<![\w.\-])-(?=\d)")  # a minus sign as it is typed: "x -1.2", not "2026-11-25"
LONGEST_SEED: Final = 12  # digits that a line shows whole
FOLLOWS: Final = 2  # the rank of what only follows from another loss
LAST: Final = 3  # and of what was earned and does not count
_ALIKE: Final = 3  # checks that lost all their points for the same reason are told as one from this number on
_SAME: Final = 2  # and those with the very same words and moment from this one on


@dataclass(frozen=True, slots=True)
class Loss:
    """Points that were lost for one reason: by one check, or by several that are alike."""

    checks: tuple[Check, ...]

    @property
    def lost(self) -> float:
        """Points that were not earned."""
        return round(sum(check.lost for check in self.checks), 2)

    @property
    def time(self) -> float | None:
        """The moment in the replay [s]; None: no single moment."""
        times = {check.time for check in self.checks}
        return times.pop() if len(times) == 1 else None

    @property
    def name(self) -> str:
        """The check's name; of two both, of several that of the first, and how many more."""
        first, more = self.checks[0].name, len(self.checks) - 1
        if not more:
            return first
        if more == 1:
            return _("{first}, {second}").format(first=first, second=self.checks[1].name)
        return ngettext("{first} and {n} more", "{first} and {n} more", more).format(first=first, n=more)

    @property
    def message(self) -> str:
        """Why the points were lost."""
        told = reason(self.checks[0])
        if all(check.told == self.checks[0].told for check in self.checks):
            return told
        return _("{reason} The others were lost in the same way.").format(reason=told)


@dataclass(frozen=True, slots=True)
class Withheld(Loss):
    """Points that were earned and do not count, because the job was done only in part: the group rule took them.

    No check lost them. With them a list of losses sums to what is missing of the score.
    """

    score: Score

    @property
    def lost(self) -> float:
        """Points that the rule took."""
        others = sum(self.score.group(name)[0] for name in GROUP_TITLES if name != "quality")
        return round(others - (self.score.points - self.score.quality), 2)

    @property
    def time(self) -> float | None:
        """None: no single moment."""
        return None

    @property
    def name(self) -> str:
        """What these points are."""
        return _("Earned, but not counted")

    @property
    def message(self) -> str:
        """The group rule in words."""
        return rule(self.score)


def number(value: float) -> str:
    """Points as people write them, to the hundredth: 87.43, 60, 0.05. Never more than there are: 59.997 is no 60."""
    return _rounded(value, math.floor)


def lacking(value: float) -> str:
    """Points that are lost or missing as people write them: never less than they are."""
    return _rounded(value, math.ceil)


def _rounded(value: float, direction: Callable[[float], int]) -> str:
    """Two digits behind the point, which is all that points have: what is shown adds up."""
    text = f"{direction(round(value * 100, 6)) / 100:.2f}"
    return text.rstrip("0").rstrip(".")


def quantity(value: float | None, unit: str) -> str:
    """A measured value with its unit; an en dash where nothing could be measured."""
    if value is None:
        return "–"
    value += 0.0  # no minus before a zero
    size = abs(value)
    short = f"{value:.0f}" if size >= 100 or value == round(value) else f"{value:.3g}"
    text = typeset(f"{value:.2f}".rstrip("0").rstrip(".") if unit == "s" else short)  # as a report tells moments
    return f"{text}°" if unit == "deg" else f"{text} {unit}".strip()


def typeset(text: str) -> str:
    """Text for people to read: the hyphen before a number is a minus sign."""
    return _HYPHEN.sub("\N{MINUS SIGN}", text)


def reason(check: Check) -> str:
    """Why a check lost points; "" where it lost none."""
    return typeset(check.message)


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
    return _("0.7 × mean {mean} + 0.3 × worst {worst}").format(mean=number(round(mean, 2)), worst=number(worst))


def why_made_of() -> str:
    """Why a final score comes about so."""
    return _(
        "The points are 0.7 times the mean of all scenes plus 0.3 times the worst scene. "
        "A program must work every time, so its worst scene counts more than the others."
    )


def losses(score: Score, outcome: Outcome | None = None) -> list[Loss]:
    """What points were lost for: first what ended the run, then the other causes, then what only follows from these;
    each of the three the costliest first. Last what was earned and does not count. Together all that is missing."""
    kindred: dict[tuple[str, str], list[Check]] = {}
    for check in score.checks:
        if check.lost >= 0.01:
            kindred.setdefault(_kind(check), []).append(check)
    found = [loss for checks in kindred.values() for loss in _told_together(checks)]
    withheld = Withheld((), score)
    return [
        *sorted(found, key=lambda loss: (rank(loss.checks[0], outcome), -loss.lost)),
        *([withheld] if withheld.lost >= 0.01 else []),
    ]


def rank(check: Check, outcome: Outcome | None) -> int:
    """0 for what ended the run, 1 for another cause, 2 for what only follows."""
    stopped = outcome is not None and outcome.kind is OutcomeKind.EMERGENCY_STOP
    if follows(check, outcome):
        return FOLLOWS
    return 0 if stopped and check.group == "safety" else 1


def split(found: Sequence[Loss], outcome: Outcome | None = None) -> tuple[list[Loss], list[Loss]]:
    """Losses in their order, in two parts: causes, and what only follows from them."""
    causes = [loss for loss in found if loss.checks and not follows(loss.checks[0], outcome)]
    return causes, list(found[len(causes) :])


def order(causes: Sequence[Loss], effects: Sequence[Loss]) -> tuple[str, str]:
    """How the list of losses is ordered, and the words between causes and effects; each "" where it is not needed."""
    told = _("What went wrong comes first. The biggest losses are at the top.") if len(causes) > 1 else ""
    if causes and effects:
        return told, between()
    return told, _("These points were lost because the job was not done or not finished:") if effects else ""


def between() -> str:
    """What stands between causes and what only follows from them."""
    return _("These points were lost only because of what stands above:")


def more(count: int) -> str:
    """How many losses are folded away."""
    return _("{count} more").format(count=count)


def _kind(check: Check) -> tuple[str, str]:
    """What checks must share to be told as one: the very same words, or the sentences of title and reason where there
    is nothing to show."""
    if not check.told:
        return ("", check.key or check.name)
    if (check.measured is None and check.time is None) or check.follows:
        return (check.title.id, f"{check.told.id} {check.follows}")
    return ("", f"{check.time} {check.told}")


def _told_together(checks: Sequence[Check]) -> Iterator[Loss]:
    if len(checks) >= (_ALIKE if _kind(checks[0])[0] else _SAME):
        yield Loss(tuple(checks))
    else:
        yield from (Loss((check,)) for check in checks)


def follows(check: Check, outcome: Outcome | None = None) -> bool:
    """Whether a loss only follows from another one, or is the cycle time of a job that was not done, or was cut off."""
    cut_off = outcome is not None and outcome.kind is not OutcomeKind.FINISHED
    return check.follows or (check.group == "cycle" and (cut_off or check.measured is None))


def outcome_title(outcome: Outcome) -> str:
    """How a run ended, in a few words."""
    return _(_ENDINGS[outcome.kind])


def ending(outcome: Outcome) -> str:
    """One sentence for a run that did not end well, with its line; empty where it did."""
    if outcome.kind is OutcomeKind.FINISHED:
        return ""
    title, reason = outcome_title(outcome), next(iter(_parts(_reason(outcome))), "")
    words = f"{title}: {reason}" if reason else title
    if not outcome.line or _names_line(outcome):
        return words
    return _("{sentence} It happened in line {line}.").format(sentence=_whole(words), line=outcome.line)


def _whole(words: str) -> str:
    """The words with a full stop, where they have no end of their own."""
    return words if words.endswith((".", "!", "?", "。", "！", "？")) else f"{words}."


def ending_parts(trace: Trace) -> list[tuple[str, bool]]:
    """How a run ended, where it did not end well: (words, whether they are code), each for a line of its own."""
    if not trace.whole:
        text = _("The recording stops at {time}. The file is incomplete. Only the recorded part is judged.")
        return [(text.format(time=seconds(trace.duration)), False)]
    first = ending(trace.outcome)
    source = {" ".join(line.split()) for line in trace.header.source.splitlines()}
    rest = [part for part in _parts(_reason(trace.outcome))[1:] if part != "^"]
    return [(first, False), *((part, " ".join(part.split()) in source) for part in rest)] if first else []


def _reason(outcome: Outcome) -> str:
    """Why a run ended so; of a text that is a frame round its reason ("Emergency stop: {reason}") the reason alone."""
    inner = outcome.text.values.get("reason")
    return str(inner) if isinstance(inner, Text) else outcome.reason


def _names_line(outcome: Outcome) -> bool:
    """Whether the reason itself already names the line at which the run ended."""
    texts = list(_nested(outcome.text))
    return any(text.id == _OWN_WORDS or text.values.get("line") == outcome.line for text in texts)


def _nested(text: Text) -> Iterator[Text]:
    """A text and those among its values."""
    yield text
    for value in text.values.values():
        if isinstance(value, Text):
            yield from _nested(value)


def _parts(reason: str) -> list[str]:
    """The sentence of a reason, then the line of code it is about and a hint, where there are any."""
    return [part.strip() for part in _PART.split(reason) if part.strip()]


def ending_of_all(outcomes: Sequence[Outcome]) -> str:
    """One sentence for several runs that all ended in the same bad way; empty where they did not."""
    sentences = {ending(outcome) for outcome in outcomes}
    if len(outcomes) < 2 or len(sentences) != 1 or "" in sentences:
        return ""
    return _("In every scene: {ending}").format(ending=sentences.pop())


def costliest(score: Score, outcome: Outcome) -> str:
    """The biggest loss of a run: points and name; empty where nothing was lost, or the program never connected."""
    lost = losses(score, outcome)
    return f"−{lacking(lost[0].lost)} {lost[0].name}" if lost and outcome.connected else ""


def passed(points: float) -> str:
    """Whether the points are enough to pass, in a word or two."""
    return _("Passed") if points >= PASS else _("Not passed")


def verdict(score: Score, *, part: bool = False) -> str:
    """What the points mean, under the points. part: of a scene that counts together with others, and passes nobody."""
    if part:
        return _verdict_of_part(lacking(100.0 - score.points))
    if score.points >= 100.0:
        return _("You earned all points.")
    if score.passed:
        gain = lacking(100.0 - score.points)
        text = ngettext(
            "Passed. You can still gain {points} point.", "Passed. You can still gain {points} points.", plural(gain)
        )
        return text.format(points=gain)
    needed = lacking(PASS - score.points)
    text = ngettext(
        "Not passed yet. You need {points} more point to reach {pass_mark}.",
        "Not passed yet. You need {points} more points to reach {pass_mark}.",
        plural(needed),
    )
    return text.format(points=needed, pass_mark=number(PASS))


def _verdict_of_part(missing: str) -> str:
    if missing == "0":
        return _("You earned all points of this scene.")
    text = ngettext(
        "{points} point is missing in this scene. It counts together with the other scenes.",
        "{points} points are missing in this scene. It counts together with the other scenes.",
        plural(missing),
    )
    return text.format(points=missing)


def plural(shown: str) -> int:
    """The count that chooses the form of a noun after a number as it is shown: "1" point, but "0.5" points."""
    return int(shown) if shown.isdigit() else 2


def rule(score: Score) -> str:
    """The group rule in words, where it took something; empty where it did not."""
    earned = sum(score.group(name)[0] for name in GROUP_TITLES if name != "quality")
    if score.factor >= 1.0 or not earned:
        return ""
    text = _(
        "Cycle time, safety and procedure count {percent} % here, because you have {points} of 60 points for quality: "
        "{counted} of the {earned} points earned there. The better the job is done, the more they count."
    )
    return text.format(
        percent=number(100.0 * score.factor),
        points=number(score.quality),
        counted=number(round(score.points - score.quality, 2)),
        earned=number(earned),
    )


def advice(score: Score, outcome: Outcome | None = None) -> str:
    """What to do first: remove what ended the run, or improve the check with the greatest gain."""
    lost = [loss for loss in losses(score) if loss.checks]
    if not lost:
        return ""
    if outcome is not None and outcome.kind in _REMEDIES:
        return _first_remedy(outcome)
    causes = [loss for loss in lost if not follows(loss.checks[0])] or lost
    gain, loss = max(((_gain(score, loss), loss) for loss in causes), key=lambda pair: pair[0])
    most = lacking(min(gain, 100.0 - score.points))
    text = ngettext(
        "Biggest possible gain: {check} (up to {points} point).",
        "Biggest possible gain: {check} (up to {points} points).",
        plural(most),
    )
    advised = text.format(check=loss.name, points=most)
    rest = round(min(gain, 100.0 - score.points) - loss.lost, 2)
    return f"{advised} {_lifted(loss, rest)}" if rest >= 0.01 else advised


def _lifted(loss: Loss, rest: float) -> str:
    """Why mending a loss gains more than it cost."""
    text = _(
        "Of these, {own} are its own. The other {rest} come because cycle time, safety and procedure then count more."
    )
    return text.format(own=lacking(loss.lost), rest=lacking(rest))


def _first_remedy(outcome: Outcome) -> str:
    """What to do about the end of a run that came too early."""
    if not outcome.connected and not outcome.line:
        return _("Biggest possible gain: call connect(). A program that does not connect can do nothing.")
    remedy = _(_REMEDIES[outcome.kind])
    if outcome.line:
        return _("{remedy} The run ended in line {line}, so the rest of the job was not done.").format(
            remedy=remedy, line=outcome.line
        )
    return _("{remedy} The run ended early, so the rest of the job was not done.").format(remedy=remedy)


def _gain(score: Score, loss: Loss) -> float:
    """What a loss would add to the whole score if it had not been; quality lifts the other groups too."""
    mended = Score(tuple(replace(one, points=one.maximum) if one in loss.checks else one for one in score.checks))
    return mended.points - score.points


def seed(number: int) -> str:
    """A seed in a line; of one that was made to be hidden only its ends, which nobody types."""
    text = str(number)
    return _("seed {seed}").format(seed=text if len(text) <= LONGEST_SEED else f"{text[:4]}…{text[-4:]}")


def scene(header: Header, duration: float | None = None) -> str:
    """Which scene this was, for people; with the seed and the simulated duration [s] where these are known."""
    words = [header.scene] if header.scene else []
    if header.seed is not None:
        words.append(seed(header.seed))
    if duration is not None:
        words.append(_("{seconds} of simulated time").format(seconds=seconds(duration)))
    if header.sandbox == "C":
        words.append(_("sandbox level C: for practice only"))
    elif header.sandbox:
        words.append(_("sandbox level {level}").format(level=header.sandbox))
    return " · ".join(words)


def origin(header: Header, outcome: Outcome, whole: bool = True) -> list[tuple[str, str]]:
    """Where a run came from and how it ended: names and values. `whole`: False for a recording that breaks off."""
    level = Sandbox(header.sandbox).words if header.sandbox in LEVELS else header.sandbox
    rows = [
        (_("Exercise"), f"{header.exercise} {header.exercise_version}".strip()),
        (_("Scene"), header.scene),
        (_("Seed"), "" if header.seed is None else str(header.seed)),
        (_("Program"), header.program),
        (_("Program, SHA-256"), header.program_sha256),
        (_("Exercise, SHA-256"), header.exercise_sha256),
        (_("End"), outcome_title(outcome) if whole else _("The recording is incomplete")),
        (_("Sandbox level"), level),
        (_("Processor class"), header.processor),
        (_("Started"), header.started),
        (_("Versions"), ", ".join(f"{name} {version}" for name, version in header.versions.items())),
        (_("Limits"), ", ".join(f"{name} {value:g}" for name, value in header.limits.items())),
    ]
    return [(name, value) for name, value in rows if value]


def recording(trace: Trace) -> list[tuple[str, str]]:
    """What a trace says of itself: its hash, and what the run used."""
    used = ", ".join(f"{name} {_short(value)}" for name, value in trace.usage.items())
    return [(_("Trace, SHA-256"), trace.sha256), *([(_("Used"), used)] if used else [])]


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
