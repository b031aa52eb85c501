"""Exercise: one folder that asks something of students, opened: scene by seed, score of a trace, texts.

The folder holds `exercise.toml` (numbers that a teacher may change), `exercise.py` (the kind of station, the scene,
the criteria, and which numbers there are), `text/en.md` and its translations, `starter.py`, and
`programs/` (reference, clumsy, wrong, hostile, nothing: what the exercise is tested with).

Nothing here knows what equipment an exercise has: what depends on it is asked of its kind of station, `STATION`.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from sheber.allowed import Allowed, Choice
from sheber.exercises.files import ExerciseError, read_text, read_toml, read_whole
from sheber.exercises.numbers import Numbers, Tolerance, changeable, plain, read_numbers
from sheber.exercises.score import GROUPS, Check, Score
from sheber.i18n import LANGUAGES, _, current
from sheber.station import Kind, Limits, Mesh, SceneError, Station
from sheber.trace import TraceError
from sheber.units import SI

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sheber.diagrams import Diagram
    from sheber.trace import Trace, TraceWriter

__all__ = ["PROGRAMS", "Exercise", "read_exercise"]

PROGRAMS: Final = ("reference", "clumsy", "wrong", "hostile", "nothing")
"""The programs that every exercise is tested with."""

_RULES: Final = ("NUMBERS", "STATION", "scene", "checks")  # what every exercise.py defines
_KIND: Final = (
    "name",
    "numbers",
    "counts",
    "packages",
    "extra",
    "build",
    "flaws",
    "warm",
    "prepare",
    "mesh",
    "texture",
    "diagrams",
    "portrait",
)

# of criteria: the author's, wherever they arise
_AUTHORS: Final = (LookupError, TypeError, ValueError, AttributeError, SystemExit)
_PLACEHOLDER = re.compile(r"\{\{\s*([^{}|]*?)\s*(?:\|\s*([^{}|]*?)\s*)?\}\}")
_CATALOGUE_NAME = re.compile(r"""(\bconnect\(\s*exercise\s*=\s*)(?:"[\w-]+"|'[\w-]+')""")
_SHOWN_FACTORS: Final = {"": 1.0, "MB": 1.0 / (1 << 20)} | {unit: 1.0 / si for unit, si in SI.items()}


class _Scene(Protocol):
    """What the scenes of all kinds of station have: the truth for the checks."""

    @property
    def facts(self) -> tuple[tuple[str, Any], ...]: ...


class _Rules(Protocol):
    """What `exercise.py` of an exercise gives; it may also name its `COUNTS` and `TITLES`."""

    NUMBERS: Mapping[str, Allowed | Choice]
    STATION: Kind[Any]
    scene: Callable[[int, Numbers], _Scene]
    checks: Callable[[Trace, Numbers], list[Check]]


@dataclass(frozen=True, slots=True)
class Exercise:
    """What is asked: text, station, scene, limits, checks. Everything but `build` and `warm` is pure."""

    name: str
    level: str  # elementary, intermediate, advanced
    version: str
    folder: Path
    numbers: Numbers
    limits: Limits
    rehearsal: tuple[int, ...]  # the public seeds of `sheber grade`
    sha256: str  # of exercise.toml and exercise.py; ready-made criteria and fixtures are the package's, in its version
    _rules: _Rules
    own: Mapping[str, Any] = field(default_factory=dict)  # numbers of a course's own, which the file does not have

    def with_numbers(self, own: Mapping[str, Any]) -> Exercise:
        """The same exercise with other numbers, by dotted key, written and checked as in `exercise.toml`.

        Values that are the file's own are left out, so that equal numbers give one hash. Raises ExerciseError.
        """
        file = self.folder / "exercise.toml"
        bare = read_numbers(file, self._allowed, _counted(self._rules))
        usual = replace(self, numbers=bare, limits=bare.limits(self.station.counts))
        own = {key: value for key, value in own.items() if key not in usual.changeable or usual.written(key) != value}
        numbers = read_numbers(file, self._allowed, _counted(self._rules), own)
        limits = numbers.limits(self.station.counts)
        return replace(self, numbers=numbers, limits=limits, sha256=_digest(self.folder, own), own=own)

    @property
    def changeable(self) -> Mapping[str, Allowed | Choice]:
        """The numbers that a course may have of its own, by dotted key, in the order of the file; limits last."""
        known = changeable(self._allowed, self.numbers, getattr(self._rules, "TITLES", {}))
        return {key: known[key] for key in dict.fromkeys((*self.numbers, *known)) if key in known}

    def number(self, key: str) -> Any:
        """A number by its dotted key; limits that the file leaves out have their usual value. Raises ExerciseError."""
        limits = {f"limits.{name}": value for name, value in self.limits.shown().items()}
        return limits[key] if key in limits else self.numbers[key]

    def written(self, key: str) -> Any:
        """A number as it is written in the file: a number, a name, [lowest, highest], {full, zero, unit}."""
        return plain(self.number(key))

    @property
    def _allowed(self) -> dict[str, Allowed | Choice]:
        return {**self.station.numbers, **self._rules.NUMBERS}

    @property
    def station(self) -> Kind[Any]:
        """The kind of station that its programs talk to."""
        return self._rules.STATION

    @property
    def title(self) -> str:
        """The title, in the language in force."""
        return _headline(self.text(current()))[0]

    @property
    def summary(self) -> str:
        """One line that says what is asked, in the language in force."""
        return _headline(self.text(current()))[1]

    @property
    def starter(self) -> str:
        """Source of the program that a student begins with; that of a teacher's copy connects to the copy."""
        return self._starter_of(self.folder)

    def starter_in(self, folder: Path) -> str:
        """The starter for a program in this folder. It names a teacher's copy by the path from there.

        So folder and copy can move together, to another machine too. Where they have nothing but the root in common,
        the whole path is named.
        """
        here, own = folder.resolve(), self.folder.resolve()
        if here.parts[:2] != own.parts[:2]:
            return self.starter
        return self._starter_of(Path(os.path.relpath(own, here)))

    def _starter_of(self, folder: Path) -> str:
        source = read_text(self.folder / "starter.py")
        if self.folder.parent == Path(__file__).parent:
            return source
        own = json.dumps(folder.as_posix(), ensure_ascii=False)
        return _CATALOGUE_NAME.sub(lambda match: match[1] + own, source)

    @property
    def expected(self) -> Mapping[str, Any]:
        """What each of the exercise's own programs must get: `programs/expected.toml`."""
        return read_toml(self.folder / "programs" / "expected.toml")

    def scene(self, seed: int) -> Any:
        """What stands in the station for this seed, as its kind describes it; the same seed gives the same scene.

        Raises ExerciseError.
        """
        file = self.folder / "exercise.py"
        self._need_packages()
        try:
            scene = self._rules.scene(seed, self.numbers)
        except ExerciseError:
            raise
        except (Exception, SystemExit) as error:
            text = _("{file}: {line}: There is no scene for seed {seed}: {why}.")
            raise ExerciseError(text.format(file=file, line=_line(error, file), seed=seed, why=_why(error))) from error
        counts = self._facts(scene, seed).get("counts", {})
        if set(counts) != set(_counted(self._rules)):
            text = _("{file}: COUNTS names {named}, but the scene of seed {seed} counts {counted}.")
            named, found = (", ".join(names) or _("nothing") for names in (_counted(self._rules), counts))
            raise ExerciseError(text.format(file=file, named=named, seed=seed, counted=found))
        return scene

    def build(self, seed: int, recorder: TraceWriter) -> Station:
        """The station of this seed, alive, writing to `recorder`. Raises ExerciseError where its scene cannot be."""
        scene = self.scene(seed)
        try:
            return self.station.build(scene, self.limits, recorder)
        except SceneError as error:
            text = _("{file}: The scene of seed {seed} cannot be built. {why}")
            raise ExerciseError(text.format(file=self.folder / "exercise.py", seed=seed, why=error)) from error

    def warm(self) -> None:
        """Load what every run of this exercise needs, before a parent forks its workers. Starts no thread."""
        self.station.warm(self.scene(self.rehearsal[0]))

    def score(self, trace: Trace) -> Score:
        """Points of a trace. The same trace and numbers give the same score; nothing else is read.

        Raises ExerciseError where the criteria do not sum to the points of their groups, or the trace does not hold
        what they measure; TraceReadError where it is damaged.
        """
        score = Score(self._checks(trace))
        for group, wanted in GROUPS.items():
            if abs(score.group(group)[1] - wanted) > 0.05:
                text = _(
                    "{file}: The checks of the group {group} are worth {found:g} points. They must be worth {wanted:g}."
                )
                found = score.group(group)[1]
                raise ExerciseError(
                    text.format(file=self.folder / "exercise.py", group=group, found=found, wanted=wanted)
                )
        return score

    def _need_packages(self) -> None:
        """Raise ExerciseError where the packages of its kind of station are an extra that is not installed."""
        if not self.station.extra:
            return
        missing = [name for name in self.station.packages if not _installed(name)]
        if missing:
            text = _("{exercise} needs more packages ({missing}). Install them with: {line}")
            line = f"pip install 'sheberkhana[{self.station.extra}]'"
            raise ExerciseError(text.format(exercise=self.name, missing=", ".join(missing), line=line))

    def _facts(self, scene: Any, seed: int) -> dict[str, Any]:
        """The truth of a scene by name. Raises ExerciseError where there is no scene, or its facts are not plain."""
        file = self.folder / "exercise.py"
        if scene is None:
            text = _("{file}: scene() gives nothing (None) for seed {seed}. It must return the scene.")
            raise ExerciseError(text.format(file=file, seed=seed))
        try:
            facts = dict(scene.facts)
            json.dumps(facts, allow_nan=False)
        except AttributeError as error:
            text = _("{file}: scene() gives {value} for seed {seed}. It must return a scene.")
            raise ExerciseError(text.format(file=file, value=type(scene).__name__, seed=seed)) from error
        except (TypeError, ValueError) as error:
            text = _(
                "{file}: The facts of seed {seed} must be names with plain values (numbers, texts, lists, tables): "
                "{why}."
            )
            raise ExerciseError(text.format(file=file, seed=seed, why=error)) from error
        return facts

    def _checks(self, trace: Trace) -> tuple[Check, ...]:
        file = self.folder / "exercise.py"
        try:
            checks: Any = self._rules.checks(trace, self.numbers)
        except (ExerciseError, TraceError):
            raise
        except (Exception, SystemExit) as error:
            if not isinstance(error, _AUTHORS) and not _arose_in(error, self.folder):
                raise
            text = _("{file}: {line}: These criteria cannot judge this trace: {why}.")
            raise ExerciseError(text.format(file=file, line=_line(error, file), why=_why(error))) from error
        if not isinstance(checks, list | tuple) or not all(isinstance(check, Check) for check in checks):
            text = _("{file}: checks() gives {value}. It must return a list of checks.")
            value = _("nothing (None)") if checks is None else type(checks).__name__
            raise ExerciseError(text.format(file=file, value=value))
        return tuple(checks)

    def text(self, language: str = "en") -> str:
        """What students read, Markdown, numbers filled in; English where the language is not there yet."""
        for name in (language, LANGUAGES[0]):
            file = self.folder / "text" / f"{name}.md"
            if file.is_file():
                return self._filled(file)
        raise ExerciseError(_("{file} is missing. An exercise needs its text in English.").format(file=file))

    def program(self, name: str) -> Path:
        """File of one of the exercise's own programs (`PROGRAMS`); they are not in an installed package."""
        file = self.folder / "programs" / f"{name}.py"
        if not file.is_file():
            text = _("The exercise {exercise} has no program {name!r} in {folder}.")
            raise ExerciseError(text.format(exercise=self.name, name=name, folder=file.parent))
        return file

    def mesh(self, name: str) -> Mesh:
        """The mesh that a visual of the station names."""
        return self.station.mesh(name)

    def texture(self, name: str) -> NDArray[np.uint8]:
        """The texture (h, w, 3) that a visual of the station names."""
        return self.station.texture(name)

    def diagrams(self, trace: Trace) -> Sequence[Diagram]:
        """What the station draws of a run. Whatever a strange trace makes it raise is raised."""
        return self.station.diagrams(trace)

    def __reduce__(self) -> tuple[Any, ...]:
        return (read_exercise, (self.folder, dict(self.own)))

    def _filled(self, file: Path) -> str:
        """The text with each {{key}} or {{key | unit}} replaced by its number."""

        def number(match: re.Match[str]) -> str:
            try:
                return _shown(self.number(match[1]), match[2] or "")
            except (ExerciseError, KeyError, TypeError) as error:
                raise ExerciseError(_("{file}: {what}: {why}").format(file=file, what=match[0], why=error)) from error

        return _PLACEHOLDER.sub(number, read_text(file))


@cache
def _installed(distribution: str) -> bool:
    """Whether a package is there, by the name of its distribution."""
    try:
        metadata.distribution(distribution)
    except metadata.PackageNotFoundError:
        return False
    return True


def read_exercise(folder: Path, own: Mapping[str, Any] | None = None) -> Exercise:
    """Open the exercise in a folder; raises ExerciseError saying which file, what is wrong, what is allowed.

    own: numbers that take the place of the file's, by dotted key. The hash of the exercise follows them.
    """
    folder = Path(folder).resolve()
    file = folder / "exercise.toml"
    if not file.is_file():
        raise ExerciseError(_("{folder} is not an exercise. It has no exercise.toml.").format(folder=folder))
    rules = _rules(folder / "exercise.py")
    numbers = read_numbers(file, {**rules.STATION.numbers, **rules.NUMBERS}, _counted(rules), own)
    return Exercise(
        name=numbers["name"],
        level=numbers["level"],
        version=numbers["version"],
        folder=folder,
        numbers=numbers,
        limits=numbers.limits(rules.STATION.counts),
        rehearsal=tuple(numbers["rehearsal.seeds"]),
        sha256=_digest(folder, own or {}),
        _rules=rules,
        own=dict(own or {}),
    )


def _digest(folder: Path, own: Mapping[str, Any]) -> str:
    """The hash of what a score depends on."""
    digest = hashlib.sha256()
    for name in ("exercise.toml", "exercise.py"):
        digest.update(read_whole(folder / name))
    if own:
        digest.update(json.dumps(dict(own), sort_keys=True).encode())
    return digest.hexdigest()


def _rules(file: Path) -> _Rules:
    """What an `exercise.py` defines; raises ExerciseError where a piece of it is missing."""
    module = _module(file)
    for wanted in _RULES:
        if not hasattr(module, wanted):
            raise ExerciseError(_("{file}: The name {wanted} is not defined.").format(file=file, wanted=wanted))
    for piece in _KIND:
        if not hasattr(module.STATION, piece):
            text = _("{file}: STATION is not a kind of station. It has no {piece!r}. A kind of station has: {pieces}.")
            raise ExerciseError(text.format(file=file, piece=piece, pieces=", ".join(_KIND)))
    return cast(_Rules, module)


def _counted(rules: _Rules) -> Collection[str]:
    """What the scenes of an exercise count, by name."""
    counts: Collection[str] = getattr(rules, "COUNTS", ())
    return counts


def _module(file: Path) -> ModuleType:
    """Run `exercise.py` under a name of its own; raises ExerciseError with the line that is wrong.

    What runs is what one reads there: a compiled file in `__pycache__` may come from somebody else.
    """
    if not file.is_file():
        raise ExerciseError(_("{file} is missing.").format(file=file))
    name = f"sheber_exercise_{hashlib.sha256(str(file).encode()).hexdigest()[:12]}"
    module = ModuleType(name)
    module.__file__ = str(file)
    sys.modules[name] = module  # dataclasses of the exercise look themselves up here
    try:
        exec(compile(read_whole(file), str(file), "exec", dont_inherit=True), module.__dict__)
    except (Exception, SystemExit) as error:
        if isinstance(error, SyntaxError):
            read_text(file)  # says it better where the file is in another encoding
        why = _why(error) if isinstance(error, SystemExit) else error
        raise ExerciseError(_("{file}: {line}: {why}").format(file=file, line=_line(error, file), why=why)) from error
    return module


def _line(error: BaseException, file: Path) -> str:
    """Where in `file` an error arose, in words."""
    line = getattr(error, "lineno", None) if isinstance(error, SyntaxError) else None
    traceback = error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == str(file):
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return _("line {line}").format(line=line) if line else type(error).__name__


def _why(error: BaseException) -> str:
    """What Python or a part of ours says of an error."""
    words = str(error)
    if not words:
        return type(error).__name__
    return words if type(error) is ValueError else f"{type(error).__name__}: {words}"


def _arose_in(error: BaseException, folder: Path) -> bool:
    """Whether an error was raised by code of this folder itself, not by what it called."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return traceback is not None and Path(traceback.tb_frame.f_code.co_filename).parent == folder


def _headline(text: str) -> tuple[str, str]:
    """Title and first paragraph of a Markdown text, the latter on one line."""
    blocks = [block.strip() for block in text.split("\n\n") if block.strip()]
    title = blocks[0].removeprefix("#").strip() if blocks else ""
    return title, " ".join(blocks[1].split()) if len(blocks) > 1 else ""


def _shown(value: object, unit: str) -> str:
    """A number for readers, in `unit` where one is named; a tolerance as "full ... zero"."""
    if isinstance(value, Tolerance):
        return f"{value.full:g} → {value.zero:g} {value.unit}"
    if isinstance(value, tuple):
        return " … ".join(_shown(end, unit) for end in value)
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(_("This is not a number that the text can show: {value!r}.").format(value=value))
    if isinstance(value, int) and not unit:
        return str(value)
    if unit not in _SHOWN_FACTORS:
        text = _("There is no unit {unit!r}. The units are: {units}.")
        raise TypeError(text.format(unit=unit, units=", ".join(filter(None, _SHOWN_FACTORS))))
    return f"{round(value * _SHOWN_FACTORS[unit], 6):g} {unit}".strip()
