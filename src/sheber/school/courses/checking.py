"""Checking: the contract of an uploaded exercise, examined as `sheber check` does, by a process of its own.

It runs only after an administrator has allowed it. The process has an environment without our database and settings, a
folder of its own, limits of time, memory and files, and a group that is killed whole when it takes too long. It has the
account of the server all the same, and could tell a lie about itself: that is why an administrator reads the code.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy.orm import undefer

from sheber.i18n import N_, _, current
from sheber.school import audit
from sheber.school.courses import archives
from sheber.school.courses.exercises import Upload, folder_of
from sheber.school.courses.models import OwnExercise
from sheber.school.errors import NotFound, Refused
from sheber.school.opening import School
from sheber.temporary import temporary_folder
from sheber.untrusted import read_regular

__all__ = ["LONGEST_S", "BrokenOff", "Examined", "check", "examine", "picture", "pictured", "store"]

LONGEST_S: Final = 3600.0
_PROMISES: Final = 5  # of an exercise with programs of its own
_LOOK_S: Final = 0.5  # between two questions whether to go on
_MOST_SAID: Final = 1 << 20  # bytes of what the check prints
_MOST_PICTURE, _PNG = 4 << 20, b"\x89PNG\r\n\x1a\n"  # bytes of a picture; what each begins with
_MOST_FLAWS, _LONGEST_FLAW = 40, 2000  # of one promise; characters
_STARTS: Final = N_("The exercise can be opened and examined")  # the promise that comes before all others
_KEPT: Final = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR")

_LIMITED: Final = """
import os, signal, sys
if sys.platform == "linux":
    import ctypes
    ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG: end with the worker, however it ends
    if os.getppid() != int(sys.argv[1]):
        os._exit(1)
try:
    import resource
except ImportError:
    pass
else:
    for name, most in (("CPU", 7200), ("FSIZE", 1 << 30), ("DATA", 8 << 30), ("CORE", 0)):
        resource.setrlimit(getattr(resource, "RLIMIT_" + name), (most, most))
os.execv(sys.executable, [sys.executable, "-m", "sheber", *sys.argv[2:]])
"""


class BrokenOff(Exception):
    """A check that was ended before it had found anything."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What a check found."""

    findings: list[dict[str, Any]]

    @property
    def kept(self) -> bool:
        """Whether the exercise keeps its contract."""
        return not any(one["broken"] for one in self.findings)


def check(school: School, own_id: int, *, longest_s: float = LONGEST_S) -> bool:
    """Examine an upload and store what was found; whether it kept its contract. Raises what `examine` does."""
    examined = examine(school, own_id, longest_s=longest_s)
    store(school, own_id, examined)
    return examined.kept


def examine(
    school: School, own_id: int, *, longest_s: float = LONGEST_S, going: Callable[[], bool] = lambda: True
) -> Examined:
    """Examine an upload that an administrator allowed to run. It takes minutes, and holds no transaction meanwhile.

    going: asked twice a second whether to go on. Raises BrokenOff where it says no, NotFound, and Refused where nobody
    allowed the check.
    """
    with school.reading() as session:
        own = session.get(OwnExercise, own_id, options=[undefer(OwnExercise.archive)])
    if own is None:
        raise NotFound(_("There is no such exercise."))
    if own.state != "checking":
        raise Refused(_("An administrator must allow that the code of this exercise runs, before it is checked."))
    folder = folder_of(school.exercises, own)
    archives.unpack(archives.opened(own.archive), folder)
    watch = _Watch(longest_s, going)
    return Examined(_findings(folder, watch))


def store(school: School, own_id: int, examined: Examined, checker: str = "") -> bool:
    """Store what was found, where the upload is still this worker's. One that breaks a promise is refused."""
    with school.writing() as session:
        own = session.get(OwnExercise, own_id, with_for_update=True)
        if own is None or (own.state, own.checker) != ("checking", checker):
            return False
        own.state, own.findings = ("checked" if examined.kept else "refused"), examined.findings
        own.checker, own.check_until = "", None
        audit.record(session, None, "exercise.checked", f"exercise {own_id}", name=own.name, kept=examined.kept)
    return True


def pictured(school: School, own: Upload) -> tuple[Path, ...]:
    """The pictures of the public scenes of a checked upload; none where its station has nothing to show."""
    return tuple(sorted(_pictures(folder_of(school.exercises, own)).glob("scene-?.png")))


def picture(school: School, own: Upload, place: int) -> bytes:
    """The picture of one public scene, by its place from 1. What the upload's process wrote is only read as a file.

    Raises NotFound.
    """
    files = pictured(school, own)
    with contextlib.suppress(OSError):
        if 1 <= place <= len(files):
            content = read_regular(files[place - 1], _MOST_PICTURE)
            if content.startswith(_PNG):
                return content
    raise NotFound(_("There is no picture of this scene."))


@dataclass(frozen=True, slots=True)
class _Watch:
    """How long a command may take, and whether it may go on at all."""

    longest_s: float
    going: Callable[[], bool]

    def wait(self, child: subprocess.Popen[bytes]) -> int | None:
        """The exit code; None where it took too long. Raises BrokenOff."""
        until = time.monotonic() + self.longest_s
        while time.monotonic() < until:
            with contextlib.suppress(subprocess.TimeoutExpired):
                return child.wait(_LOOK_S)
            if not self.going():
                raise BrokenOff
        return None


def _findings(folder: Path, watch: _Watch) -> list[dict[str, Any]]:
    """What the check says of each promise: {"promise": title, "broken": [sentence, ...]}."""
    shutil.rmtree(_pictures(folder), ignore_errors=True)
    code, said, complaint = _run(["check", str(folder), "--json", "--pictures", str(_pictures(folder))], watch)
    if code is None:
        text = _("The check took longer than {minutes:.0f} minutes, and was ended.")
        return [{"promise": _STARTS, "broken": [text.format(minutes=watch.longest_s / 60)]}]
    try:
        promises = json.loads(said)
        found = [_finding(one, folder) for one in promises]
    except (ValueError, TypeError, KeyError, RecursionError):
        silent = _("The check ended with {code} and said nothing.").format(code=code)
        return [{"promise": _STARTS, "broken": [_without(folder, complaint.strip()[-_LONGEST_FLAW:]) or silent]}]
    whole = len(found) == _PROMISES or any(one["broken"] for one in found)
    return [{"promise": _STARTS, "broken": [] if whole else [_("The check broke off before its end.")]}, *found]


def _finding(promise: dict[str, Any], folder: Path) -> dict[str, Any]:
    broken = [_without(folder, str(flaw)[:_LONGEST_FLAW]) for flaw in promise["broken"][:_MOST_FLAWS]]
    return {"promise": str(promise["promise"])[:200], "broken": broken}


def _without(folder: Path, sentence: str) -> str:
    """A sentence for the teacher, without the folders of this server."""
    return sentence.replace(f"{folder}{os.sep}", "").replace(str(folder), folder.name)


def _pictures(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.scenes")


def _run(arguments: Sequence[str], watch: _Watch) -> tuple[int | None, str, str]:
    """Exit code (None: it took too long), output and errors of one command of ours, run apart."""
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    environment |= {"SHEBER_LANGUAGE": current(), "PYTHONIOENCODING": "utf-8", "PYTHONDONTWRITEBYTECODE": "1"}
    with temporary_folder("checking") as place, _files(place) as (out, err):
        child = subprocess.Popen(
            [sys.executable, "-c", _LIMITED, str(os.getpid()), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            cwd=place,
            env=environment,
            start_new_session=True,
        )
        try:
            code = watch.wait(child)
        finally:
            _end(child)
        said, complaint = (read_regular(place / name, _MOST_SAID).decode("utf-8", "replace") for name in ("out", "err"))
    return code, said, complaint


@contextlib.contextmanager
def _files(place: Path) -> Iterator[tuple[Any, Any]]:
    with (place / "out").open("wb") as out, (place / "err").open("wb") as err:
        yield out, err


def _end(child: subprocess.Popen[bytes]) -> None:
    """End the process and all that it started and left in its group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
