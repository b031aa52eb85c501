"""Text: a score as a table for terminals, every lost point with its reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sheber.exercises.score import GROUPS, PASS, Check, Score
from sheber.i18n import _, ngettext
from sheber.judge.report import words
from sheber.judge.report.diagrams import titles
from sheber.judge.report.moments import Line, failures, printed_lines, visible
from sheber.trace import Outcome, Trace

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.table import Table
    from rich.text import Text

    from sheber.judge.report.page import Graded, Judged

__all__ = ["grade_table", "said", "table"]

LAST_LINES: Final = 20  # of what a program printed, in a terminal
WIDE: Final = 90  # columns that a table with the points of each group needs
MOST_HINTS: Final = 5  # in a terminal
_LINE_LENGTH: Final = 1000  # characters of a printed line: a whole job sheet


def table(exercise: Judged, trace: Trace, score: Score) -> RenderableType:
    """The score of one run: points by check, what was measured, and below it why points were lost."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    grid.add_column(_("Check"), ratio=1)
    for title in (_("Points"), _("Measured"), _("For full points"), _("Moment")):
        grid.add_column(title, justify="right", no_wrap=True)
    for group in GROUPS:
        _add_group(grid, score, group)
    shown = [grid, *_reasons(score, trace.outcome)] if trace.outcome.connected else _advice(score, trace.outcome)
    head = Text.assemble((exercise.title, "bold"), "  ", (visible(words.scene(trace.header, trace.duration)), "dim"))
    total = Text.assemble((words.number(score.points), _style(score.points)), " / 100   ", words.verdict(score))
    parts: list[RenderableType] = [head, "", *_ending(trace), *_failures(trace), *shown, *_diagrams(exercise, trace)]
    return Group(*parts, total)


def _diagrams(exercise: Judged, trace: Trace) -> list[RenderableType]:
    """What the page shows in diagrams, by name."""
    from rich.text import Text

    named = titles(exercise, trace)
    words = _("Diagrams on the report page: {names}").format(names=_(", ").join(named))
    return [Text(words, style="dim"), ""] if named else []


def _ending(trace: Trace) -> list[RenderableType]:
    """How the run ended, where it did not end well; shown before the points that this cost."""
    from rich.text import Text

    parts = words.ending_parts(trace)
    lines = [Text(f"    {visible(text)}" if code else visible(text), style="red") for text, code in parts]
    return [*lines, ""] if lines else []


def _failures(trace: Trace) -> list[RenderableType]:
    """What failed in the equipment by itself; shown before the points that it may have cost."""
    from rich.text import Text

    told = failures(trace)
    if not told:
        return []
    lines = [Text(f"  {words.seconds(time)}  {text}", style="yellow") for time, text in told]
    return [Text(_("This failed in the equipment. Your program was not told.")), *lines, ""]


def said(trace: Trace, everything: str) -> RenderableType | None:
    """The last lines that the program printed, and the hints it was given; None where there are none.

    everything: where a reader finds all printed lines ("scene-3.html, Printed").
    """
    from rich.console import Group
    from rich.text import Text

    lines = [line for line in printed_lines(trace.printed) if line.stream == "stdout" or not _told(line, trace)]
    hints = [] if any(line.stream == "stderr" for line in lines) else trace.events_of("hint")  # printed there already
    parts: list[RenderableType] = []
    if lines:
        parts.append(Text(_("Your program printed"), style="bold"))
        more = len(lines) - LAST_LINES
        if more > 0:
            text = ngettext(
                "  … {n} earlier line; all lines are in {where}",
                "  … {n} earlier lines; all lines are in {where}",
                more,
            )
            parts.append(Text(text.format(n=more, where=everything), style="dim"))
        parts += [_printed_line(line) for line in lines[-LAST_LINES:]]
    texts = list(dict.fromkeys(visible(event.data.get("text", "")) for event in hints))
    for hint in texts[:MOST_HINTS]:
        parts.append(Text(_("Hint: {text}").format(text=hint[:_LINE_LENGTH]), style="yellow"))
    if (further := len(texts) - MOST_HINTS) > 0:
        text = ngettext("  … {n} further hint", "  … {n} further hints", further)
        parts.append(Text(text.format(n=further), style="dim"))
    return Group(*parts, "") if parts else None


def _told(line: Line, trace: Trace) -> bool:
    """Whether a line repeats the error that is shown as the end of the run."""
    text = " ".join(line.text.split())
    return text in " ".join(trace.outcome.reason.split())


def _printed_line(line: Line) -> Text:
    """One printed line, with its simulated time where it has one."""
    from rich.text import Text

    stamp = "" if line.time is None else f"{words.seconds(line.time)}  "
    text = line.text if len(line.text) <= _LINE_LENGTH else line.text[:_LINE_LENGTH] + "…"
    return Text.assemble("  ", (stamp, "dim"), (text, "red" if line.stream == "stderr" else ""))


def _add_group(grid: Table, score: Score, group: str) -> None:
    from rich.padding import Padding
    from rich.text import Text

    maximum = score.group(group)[1]
    grid.add_row(words.group_title(group), f"{words.number(words.counted(score, group))} / {maximum:g}", style="bold")
    for check in score.checks:
        if check.group == group:
            grid.add_row(Padding(Text(visible(check.name)), (0, 0, 0, 2)), *_cells(check))
    grid.add_row()


def _cells(check: Check) -> list[Text]:
    """Points, measured, wanted and moment of a check."""
    from rich.text import Text

    points = f"{words.number(check.points)} / {words.number(check.maximum)}"
    return [
        Text(points, style="red" if check.lost >= 0.01 else ""),
        Text(words.quantity(check.measured, check.unit)),
        Text(words.quantity(check.wanted, check.unit)),
        Text("" if check.time is None else words.seconds(check.time)),
    ]


def _reasons(score: Score, outcome: Outcome) -> list[RenderableType]:
    """Each lost point in words: causes, then what only follows from them; the costliest first."""
    from rich.text import Text

    lost = words.losses(score, outcome)
    if not lost:
        return [Text(_("No point was lost."), style="green"), ""]
    causes, effects = words.split(lost, outcome)
    told, between = words.order(causes, effects)
    lines: list[RenderableType] = [Text(_("Where points were lost"), style="bold")]
    lines += [Text(told, style="dim")] if told else []
    lines += [_listed(causes)] if causes else []
    lines += [Text(between, style="dim"), _listed(effects)] if effects else []
    return [*lines, "", *_advice(score, outcome)]


def _listed(lost: Sequence[words.Loss]) -> RenderableType:
    """Losses with their points, names and reasons."""
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(ratio=1)
    for loss in lost:
        reason = Text.assemble((f"{visible(loss.name)}.", "bold"), " ", visible(loss.message))
        grid.add_row(Text(f"−{words.lacking(loss.lost)}", style="red"), reason)
    return grid


def _advice(score: Score, outcome: Outcome) -> list[RenderableType]:
    """What to do first."""
    from rich.text import Text

    return [Text(words.advice(score, outcome), style="cyan"), ""]


def _style(points: float) -> str:
    """How points look that are enough to pass, and points that are not."""
    return "bold green" if points >= PASS else "bold red"


def grade_table(exercise: Judged, grade: Graded) -> RenderableType:
    """The final score over all scenes: a row a scene, how runs ended badly, and how the final score comes about."""
    from rich.console import Group
    from rich.text import Text

    points = [scene.score.points for scene in grade.scenes]
    alike = words.ending_of_all([scene.outcome for scene in grade.scenes])
    made = words.made_of(sum(points) / len(points), min(points))
    head = Text.assemble((exercise.title, "bold"), "  ", (_("sandbox level {level}").format(level=grade.level), "dim"))
    total = Text.assemble(
        (words.number(grade.final), _style(grade.final)), " / 100   ", f"{words.passed(grade.final)}   ", (made, "dim")
    )
    above: list[RenderableType] = [Text(visible(alike), style="red"), ""] if alike else []
    below = [] if alike else _endings(grade)
    return Group(head, "", *above, _ByWidth(grade, told=bool(alike)), "", *below, total)


@dataclass(frozen=True, slots=True)
class _ByWidth:
    """The rows of all scenes; in a narrow terminal without the points of the groups."""

    grade: Graded
    told: bool  # the ending of every scene already stands above

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        yield _scenes(self.grade, tuple(GROUPS) if options.max_width >= WIDE else (), self.told)


def _scenes(grade: Graded, groups: Sequence[str], told: bool) -> Table:
    """A row for each scene; its biggest loss stands below how it ended, where that was not well."""
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    grid.add_column(_("Scene"), no_wrap=True)
    for title in (_("Seed"), _("Points"), *(words.group_title(group) for group in groups)):
        grid.add_column(title, justify="right", no_wrap=True)
    grid.add_column(_("Biggest loss"), ratio=1)
    for scene in grade.scenes:
        ending = "" if told or not words.ending(scene.outcome) else words.outcome_title(scene.outcome)
        costliest = words.costliest(scene.score, scene.outcome)
        grid.add_row(
            Text(visible(scene.scene)),
            Text("" if scene.seed is None else str(scene.seed)),
            Text(words.number(scene.score.points), style=_style(scene.score.points)),
            *(words.number(words.counted(scene.score, group)) for group in groups),
            Text("\n".join(visible(part) for part in (ending, costliest) if part)),
        )
    return grid


def _endings(grade: Graded) -> list[RenderableType]:
    """How runs ended badly, each sentence once, with the scenes in which they did."""
    from rich.padding import Padding
    from rich.text import Text

    scenes: dict[str, list[str]] = {}
    for scene in grade.scenes:
        if ending := words.ending(scene.outcome):
            scenes.setdefault(ending, []).append(scene.scene)
    told: list[RenderableType] = []
    for ending, names in scenes.items():
        told.append(Text(visible(_(", ").join(names)), style="bold"))
        told.append(Padding(Text(visible(ending), style="red"), (0, 0, 1, 2)))
    return told
