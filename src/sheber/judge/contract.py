"""Contract: what every exercise must keep, those of the catalogue and a teacher's own. Found out by judging.

Each promise is tried by itself and gives what is broken, in sentences; nothing where the promise is kept. Programs run
in a box that holds: one of them is hostile.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from sheber.exercises import PROGRAMS, Exercise, ExerciseError
from sheber.exercises.score import Score
from sheber.i18n import N_, _
from sheber.judge.errors import SystemFault
from sheber.judge.grade import Grade, GradedScene, rehearsal
from sheber.judge.program import Program
from sheber.judge.report.moments import moments
from sheber.judge.report.words import ending, number
from sheber.judge.run import run
from sheber.judge.sandbox import Sandbox
from sheber.judge.several import Submission, grade_several
from sheber.station import SceneError
from sheber.trace import OutcomeKind

__all__ = ["SCENES", "Promise", "examined", "judged", "late", "misdrawn", "misjudged", "misread", "unstarted"]

SCENES: Final = {"reference": 8, "hostile": 8, "clumsy": 3, "wrong": 3, "nothing": 1}
"""On how many of the rehearsal's scenes each of an exercise's own programs is judged."""

_QUICKEST, _SLOWEST = 0.8, 1.05  # times the time for full points that the reference program may need


@dataclass(frozen=True, slots=True)
class Promise:
    """One promise of an exercise, examined."""

    title: str  # marked with N_
    broken: tuple[str, ...]  # a sentence for each flaw; empty where the promise is kept


TEXTS: Final = N_("The texts can be read, and each number in them exists")
SCENES_DIFFER: Final = N_("Each seed gives its own scene, and everything stands still at the start")
STARTS: Final = N_("The starter program runs")
AS_EXPECTED: Final = N_("Each program gets what programs/expected.toml says")
IN_TIME: Final = N_("The reference program needs 0.8 to 1.05 times the cycle time for full points")


def examined(exercise: Exercise, sandbox: Sandbox) -> Iterator[Promise]:
    """Every promise of an exercise, one after the other. Its own programs are judged if it has them.

    A hostile program runs only in a box that holds. Raises SandboxError where no box can be had.
    """
    yield Promise(TEXTS, _flaws(lambda: misread(exercise)))
    scenes = Promise(SCENES_DIFFER, _flaws(lambda: misdrawn(exercise)))
    yield scenes
    if scenes.broken:
        return
    yield Promise(STARTS, _flaws(lambda: unstarted(exercise, sandbox)))
    if not (exercise.folder / "programs" / "expected.toml").is_file():
        return
    grades: dict[str, Grade] = {}

    def judge() -> list[str]:
        named = {name: SCENES[name] for name in PROGRAMS if name in exercise.expected}
        if not sandbox.verified:
            named.pop("hostile", None)
        with tempfile.TemporaryDirectory(prefix="sheber-check-") as scratch:
            grades.update(judged(exercise, sandbox, Path(scratch), named))
        return [flaw for name, grade in grades.items() for flaw in misjudged(exercise, name, grade)]

    yield Promise(AS_EXPECTED, _flaws(judge))
    if "reference" in grades:
        yield Promise(IN_TIME, _flaws(lambda: late(grades["reference"])))


def _flaws(find: Callable[[], list[str]]) -> tuple[str, ...]:
    """What is broken; an exercise that cannot be used as it is written breaks the promise too."""
    try:
        return tuple(find())
    except (ExerciseError, SceneError, SystemFault) as error:
        return (str(error),)


def misread(exercise: Exercise) -> list[str]:
    """Texts and files that cannot be read, or that name a number that does not exist."""
    languages = sorted({"en", *(file.stem for file in (exercise.folder / "text").glob("*.md"))})
    reads: list[Callable[[], str]] = [*(partial(exercise.text, tag) for tag in languages), lambda: exercise.starter]
    flaws = []
    for read in reads:
        try:
            read()
        except ExerciseError as error:
            flaws.append(str(error))
    return flaws


def misdrawn(exercise: Exercise) -> list[str]:
    """Scenes that are not drawn from their seed alone, and things that do not stand where their scene says."""
    scenes = {seed: exercise.scene(seed) for seed in exercise.rehearsal}
    text = _("The seed {seed} gives two different scenes. Draw everything from np.random.default_rng(seed).")
    again = [text.format(seed=seed) for seed, scene in scenes.items() if exercise.scene(seed) != scene]
    return again or list(exercise.station.flaws(scenes))


def unstarted(exercise: Exercise, sandbox: Sandbox) -> list[str]:
    """What is wrong with the starter program: it must come to its end, and nothing may go wrong on the way."""
    trace = run(exercise, Program("starter.py", exercise.starter.encode()), exercise.rehearsal[0], sandbox)
    if trace.outcome.kind is not OutcomeKind.FINISHED:
        return [_("The starter program does not come to its end. {ending}").format(ending=ending(trace.outcome))]
    text = _("Something goes wrong in the starter program at {time:.1f} s: {event}.")
    return [text.format(time=one.time, event=one.text) for one in moments(trace) if one.grave]


def judged(
    exercise: Exercise, sandbox: Sandbox, scratch: Path, programs: Mapping[str, int] = SCENES
) -> dict[str, Grade]:
    """The grades of an exercise's own programs on the first scenes of its rehearsal, by the name of the program.

    programs: on how many scenes. scratch: a folder for the traces. Raises ExerciseError where a program is missing or
    a scene cannot be built, SystemFault where a scene could not be judged through a fault of ours.
    """
    submissions = []
    for name, count in programs.items():
        folder = scratch / name
        folder.mkdir(parents=True, exist_ok=True)
        submissions.append(Submission(name, Program.read(exercise.program(name)), rehearsal(exercise)[:count], folder))
    grades: dict[str, Grade] = {}
    for submission, found in grade_several(exercise, submissions, sandbox):
        if isinstance(found, Exception):
            raise found
        grades[submission.name] = found
    return {name: grades[name] for name in programs}


def misjudged(exercise: Exercise, program: str, found: Grade, expected: Mapping[str, Any] | None = None) -> list[str]:
    """What of a grade is not as `expected.toml` says, scene by scene, in words that show where to look."""
    wanted = _expected(exercise, program) if expected is None else expected
    return [flaw for scene in found.scenes for flaw in _unexpected(program, scene, wanted)]


def _unexpected(program: str, scene: GradedScene, wanted: Mapping[str, Any]) -> Iterator[str]:
    """What of one scene is not as it must be; outcomes are named as they are written in `expected.toml`."""
    about: dict[str, object] = {"program": program, "seed": scene.seed}
    if scene.outcome.kind not in wanted["outcome"]:
        text = _('{program}, seed {seed}: The run ended with "{outcome}". It must end with {wanted}. {reason}')
        ends = ", ".join(f'"{one}"' for one in wanted["outcome"])
        about |= {"outcome": scene.outcome.kind.value, "wanted": ends, "reason": scene.outcome.reason}
        yield text.format(**about).strip()
    low, high = wanted["points"]
    if not low <= scene.score.points <= high:
        text = _("{program}, seed {seed}: The program got {points} points. It must get {low} to {high}.")
        about |= {"points": number(scene.score.points), "low": number(low), "high": number(high)}
        yield " ".join([text.format(**about), *_losses(scene.score)])


def _losses(score: Score) -> list[str]:
    """Each criterion that lost points, with its key in `exercise.toml` and its reason."""
    text = _("{points} points were lost with {key}: {why}")
    lost = [check for check in score.checks if check.lost]
    return [text.format(points=number(check.lost), key=check.key, why=check.message) for check in lost]


def late(reference: Grade) -> list[str]:
    """Scenes on which the reference program is much quicker or slower than the cycle time for full points."""
    flaws = []
    for scene in reference.scenes:
        cycle = next((check for check in scene.score.checks if check.group == "cycle"), None)
        measured, wanted = (None, None) if cycle is None else (cycle.measured, cycle.wanted)
        share = measured / wanted if measured and wanted else None
        if share is None or not _QUICKEST <= share <= _SLOWEST:
            text = _("Seed {seed}: The reference program needs {share} times the cycle time for full points.")
            flaws.append(text.format(seed=scene.seed, share="?" if share is None else f"{share:.2f}"))
    return flaws


def _expected(exercise: Exercise, program: str) -> Mapping[str, Any]:
    """What `expected.toml` says of a program. Raises ExerciseError where it does not say it."""
    told = exercise.expected.get(program)
    points, outcome = (told.get("points"), told.get("outcome")) if isinstance(told, dict) else (None, None)
    if not isinstance(outcome, list) or not isinstance(points, list) or len(points) != 2:
        text = _("{file}: [{program}] must have outcome = [...] and points = [lowest, highest].")
        raise ExerciseError(text.format(file=exercise.folder / "programs" / "expected.toml", program=program))
    return {"points": points, "outcome": outcome}
