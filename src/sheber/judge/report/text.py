"""Text: a score as a table for terminals, every lost point with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sheber.exercises.score import GROUPS, Check, Score
from sheber.i18n import _
from sheber.judge.report import words
from sheber.judge.report.moments import visible
from sheber.trace import Trace

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

    from sheber.judge.report.page import Graded, Judged

__all__ = ["grade_table", "table"]


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
    head = Text.assemble((exercise.title, "bold"), "  ", (visible(words.scene(trace)), "dim"))
    total = Text.assemble((words.number(score.points), "bold"), " / 100   ", words.verdict(score))
    ending = visible(words.ending(trace.outcome))
    rule = words.rule(score)
    parts: list[RenderableType] = [head, "", grid, *_reasons(score)]
    parts += [Text(rule, style="dim"), ""] if rule else []
    parts += [Text(ending, style="red")] if ending else []
    return Group(*parts, total)


def _add_group(grid: Table, score: Score, group: str) -> None:
    from rich.text import Text

    maximum = score.group(group)[1]
    grid.add_row(words.group_title(group), f"{words.number(words.counted(score, group))} / {maximum:g}", style="bold")
    for check in score.checks:
        if check.group == group:
            grid.add_row(Text(f"  {visible(check.name)}"), *_cells(check))
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


def _reasons(score: Score) -> list[RenderableType]:
    """Each lost point in words, the costliest first."""
    from rich.table import Table
    from rich.text import Text

    lost = words.losses(score)
    if not lost:
        return [Text(_("No point was lost."), style="green"), ""]
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(ratio=1)
    for check in lost:
        reason = Text.assemble((f"{visible(check.name)}.", "bold"), " ", visible(check.message))
        grid.add_row(Text(f"−{words.number(check.lost)}", style="red"), reason)
    return [Text(_("Where points were lost"), style="bold"), grid, "", Text(words.advice(score), style="cyan"), ""]


def grade_table(exercise: Judged, grade: Graded) -> RenderableType:
    """The final score over all scenes: a row a scene, then how the final score comes about."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    grid.add_column(_("Scene"), no_wrap=True)
    for title in (_("Points"), *(words.group_title(group) for group in GROUPS)):
        grid.add_column(title, justify="right", no_wrap=True)
    grid.add_column(_("Costliest point"), ratio=1)
    points = [scene.score.points for scene in grade.scenes]
    for scene in grade.scenes:
        lost = words.losses(scene.score)
        ending = visible(words.ending(scene.outcome))
        costliest = f"−{words.number(lost[0].lost)} {visible(lost[0].name)}" if lost else ""
        grid.add_row(
            Text(visible(scene.scene)),
            Text(words.number(scene.score.points), style="bold red" if not scene.score.passed else "bold"),
            *(words.number(words.counted(scene.score, group)) for group in GROUPS),
            Text("  ".join(part for part in (ending, costliest) if part)),
        )
    made = words.made_of(sum(points) / len(points), min(points))
    head = Text.assemble((exercise.title, "bold"), "  ", (_("sandbox level {level}").format(level=grade.level), "dim"))
    total = Text.assemble((words.number(grade.final), "bold"), " / 100   ", (made, "dim"))
    return Group(head, "", grid, "", total)
