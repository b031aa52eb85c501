"""Away: one place on another machine of a cluster, and what is compared before scenes are judged there.

Nothing here needs a database: the other machines have Sheberkhana with Ray, and nothing of the school.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sheber.cache import processor
from sheber.exercises import Exercise
from sheber.exercises.exercise import read_exercise
from sheber.i18n import _
from sheber.judge.errors import SystemFault
from sheber.judge.pool import Job, Judgement, Pool
from sheber.judge.program import Program
from sheber.judge.run import versions
from sheber.judge.sandbox import best_sandbox
from sheber.school.queue.executor import Judged
from sheber.temporary import temporary_folder, temporary_of_process
from sheber.untrusted import write_whole

__all__ = ["Bench", "Files", "Parcel", "Site", "exercise_files", "this_site"]

PACKAGES: Final = (
    "mujoco-core",
    "numba",
    "opencv-python-headless",
    "ruckig",
    "zxing-cpp",
)  # that any kind of station stands on
LEFT_OUT: Final = frozenset({"programs", "__pycache__"})  # of an exercise's folder: no scene depends on them

Files = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Site:
    """What scenes' bits depend on, of one machine."""

    processor: str
    versions: tuple[tuple[str, str], ...]
    level: str  # of its sandbox

    def refusal(self, ours: Site) -> str:
        """Why a machine cannot judge for us, in words; "" where it can."""
        if self.level == "C":
            return _("it has no sandbox that isolates programs")
        if self.processor != ours.processor:
            text = _("its processor is of another class ({theirs}, not {ours}), on which scenes have other bits")
            return text.format(theirs=self.processor, ours=ours.processor)
        differ = sorted(set(self.versions) ^ set(ours.versions))
        if differ:
            return _("it has other versions: {names}").format(names=", ".join(sorted({name for name, _v in differ})))
        return ""


def this_site() -> Site:
    """Of this machine."""
    return Site(processor(), tuple(sorted(versions(PACKAGES).items())), best_sandbox().level)


@dataclass(frozen=True, slots=True)
class Parcel:
    """A work on its way to another machine."""

    exercise_sha256: str
    own: Mapping[str, Any]  # numbers of the course's own
    program: Program
    seed: int
    scene: str
    language: str
    limit_s: float


class Bench:
    """The actor: one place on one machine. It lives in a process of Ray."""

    def __init__(self) -> None:
        self._pool: Pool | None = None
        self._opened: dict[str, Exercise] = {}
        self._folder = temporary_of_process("ray")

    def site(self) -> Site:
        """Of the machine that this actor is on."""
        return this_site()

    def judge(self, parcel: Parcel, files: Files) -> tuple[Judged, bytes]:
        """Judge one scene; its result, and the bytes of its trace. Raises what the pool has as its error."""
        exercise = self._exercise(parcel.exercise_sha256, parcel.own, files)
        with temporary_folder("ray-trace") as folder:
            file = folder / "scene.trace"
            found = self._ending(parcel, exercise, file)
            return _judged(found, exercise, best_sandbox().level), file.read_bytes()

    def _ending(self, parcel: Parcel, exercise: Exercise, file: Path) -> Judgement:
        if self._pool is None:
            self._pool = Pool(best_sandbox(), 1).__enter__()
        job = Job(exercise, parcel.program, parcel.seed, parcel.scene, file, parcel.language, limit_s=parcel.limit_s)
        try:
            self._pool.submit(job)
            ended = self._pool.ending()
        except SystemFault:  # it could not live
            pool, self._pool = self._pool, None
            pool.__exit__(None, None, None)
            raise
        assert ended is not None
        if isinstance(ended[1], Exception):
            raise ended[1]
        return ended[1]

    def _exercise(self, sha256: str, own: Mapping[str, Any], files: Files) -> Exercise:
        """The exercise of these files, unpacked once. Raises SystemFault where it is not the same as ours."""
        if sha256 not in self._opened:
            folder = self._folder / sha256
            for name, content in files.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                write_whole(folder / name, content)
            exercise = read_exercise(folder, own)
            if exercise.sha256 != sha256:
                raise SystemFault(_("The exercise did not arrive whole on another machine."))
            self._opened[sha256] = exercise
        return self._opened[sha256]


def exercise_files(exercise: Exercise) -> dict[str, bytes]:
    """The folder of an exercise by content: regular files, without its own programs."""
    folder = exercise.folder
    names = (file.relative_to(folder) for file in sorted(folder.rglob("*")) if file.is_file() and not file.is_symlink())
    return {name.as_posix(): (folder / name).read_bytes() for name in names if not LEFT_OUT & set(name.parts)}


def _judged(found: Judgement, exercise: Exercise, level: str) -> Judged:
    about = dict(versions(exercise.station.packages))
    return Judged(
        found.outcome, found.score, found.trace_sha256, found.seconds, level, processor(), about, exercise.sha256
    )
