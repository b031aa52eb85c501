"""Doctor: what works on this machine, found out by trying, and what would help, as commands to type."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sheber.i18n import _

if TYPE_CHECKING:
    from sheber.judge import Sandbox

__all__ = ["Finding", "examine"]

OLDEST_PYTHON = (3, 11)
SPEED_S = 20.0  # simulated time of the speed test [s]
PICTURES = 20  # of the picture test

_APPARMOR_SWITCH = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
_APPARMOR_PROFILE = r"""printf 'abi <abi/4.0>,\ninclude <tunables/global>\nprofile bwrap /usr/bin/bwrap flags=(unconfined) {\n  userns,\n}\n' | sudo tee /etc/apparmor.d/bwrap && sudo apparmor_parser -r /etc/apparmor.d/bwrap"""  # noqa: E501 - one line to type

_WAITING = f"""from sheber import connect
cell = connect()
cell.wait({SPEED_S})
"""
_LOOKING = """from sheber import connect
cell = connect()
camera = next(iter(cell.cameras.values()))
for _ in range({count}):
    camera.capture()
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    value: str  # what was found
    ok: bool
    advice: str = ""  # what would help; a command where there is one
    grave: bool = False  # whether nothing can be graded here before this is mended


def examine(progress: Callable[[str], None] | None = None) -> Iterator[Finding]:
    """Look at everything, one finding after another. `progress` is told what is being tried."""

    def tell(what: str) -> None:
        if progress is not None:
            progress(what)

    yield _python()
    yield from _versions()
    works = False
    for finding in _sandbox(tell):
        works = not finding.grave
        yield finding
    yield from _caches()
    yield from _speed(tell) if works else _no_speed()


def _python() -> Finding:
    version = platform.python_version()
    value = _("{version} on {machine}, {cores} cores").format(
        version=version, machine=platform.platform(terse=True) + " " + platform.machine(), cores=os.cpu_count()
    )
    ok = sys.version_info >= OLDEST_PYTHON
    advice = "" if ok else _("Python {least} or newer is needed.").format(least=".".join(map(str, OLDEST_PYTHON)))
    return Finding("Python", value, ok, advice)


def _versions() -> Iterator[Finding]:
    from sheber.exercises import catalogue
    from sheber.judge.run import versions

    packages = dict.fromkeys(package for exercise in catalogue() for package in exercise.station.packages)
    found = dict(versions(tuple(packages)))
    found.pop("python", None)
    yield Finding(_("versions"), ", ".join(f"{name} {version}" for name, version in found.items()), bool(found))


# --- sandbox -------------------------------------------------------------------------------


def _sandbox(tell: Callable[[str], None]) -> Iterator[Finding]:
    """Each level, by really running an honest program and a dozen attacks in it."""
    from sheber.judge import Sandbox

    bubblewrap = _bubblewrap()
    yield bubblewrap
    working = []
    for level in ("A", "B"):
        finding = _level(Sandbox(level), tell) if level != "A" or bubblewrap.ok else _untried(level)
        working += [level] if finding.ok else []
        yield finding
    if working:
        value = _("level {words}").format(words=Sandbox(working[0]).words)
    else:
        value = _("none: programs run here only with --sandbox C")
    advice = "" if working[:1] == ["A"] else _remedy()
    yield Finding(_("sandbox used"), value, working[:1] == ["A"], advice, grave=not working)


def _bubblewrap() -> Finding:
    from sheber.judge import SandboxError
    from sheber.judge.sandbox.levels import find_bubblewrap, install_command, installed_bubblewrap

    if sys.platform != "linux":
        return Finding(
            "bubblewrap", _("only on Linux"), False, _("For verified grades use Linux, WSL 2 or a container.")
        )
    if installed_bubblewrap() is None:
        return Finding("bubblewrap", _("not installed"), False, install_command())
    try:
        return Finding("bubblewrap", find_bubblewrap(), True)
    except SandboxError as error:
        return Finding("bubblewrap", str(error), False, install_command())


def _untried(level: str) -> Finding:
    """The level that stands on bubblewrap, where there is none: said once, with its advice, a line above."""
    return Finding(_("level {level}").format(level=level), _("not tried: this needs bubblewrap"), False)


def _level(sandbox: Sandbox, tell: Callable[[str], None]) -> Finding:
    from sheber.judge import SandboxError
    from sheber.judge.sandbox import attacks
    from sheber.judge.selftest import ACCEPTED, selftest

    name = _("level {level}").format(level=sandbox.level)
    tell(name)
    try:
        sandbox.probe()
        through = set(selftest(sandbox, lambda attack: tell(attacks.plain_name(attack))))
    except SandboxError as error:
        return Finding(name, str(error), False)
    count = len(attacks.NAMES) - 1
    unexpected = sorted(through - ACCEPTED[sandbox.level])
    if unexpected:
        text = _("These attacks got out of the box: {names}. Do not grade other people's programs at this level here.")
        return Finding(name, text.format(names=_in_words(unexpected)), False)
    value = _("an honest program works; the box stopped {held} of {count} attacks").format(
        held=count - len(through), count=count
    )
    if through:
        value += "; " + _("known to get out of the box: {names}").format(names=_in_words(sorted(through)))
    return Finding(name, value, True)


def _in_words(names: list[str]) -> str:
    from sheber.judge.sandbox.attacks import plain_name

    return ", ".join(map(plain_name, names))


def _remedy() -> str:
    """What would make level A work."""
    from sheber.judge import SandboxError
    from sheber.judge.sandbox.levels import as_root, find_bubblewrap, install_command

    try:
        bubblewrap = find_bubblewrap()
    except SandboxError:
        return install_command()
    if _APPARMOR_SWITCH.is_file() and _APPARMOR_SWITCH.read_text().strip() == "1":
        text = _(
            "On this system, AppArmor does not let ordinary programs use user namespaces. Allow them for bubblewrap:"
        )
        command = _APPARMOR_PROFILE.replace("/usr/bin/bwrap", bubblewrap)
        return f"{text}\n    {command if os.geteuid() else command.replace('sudo ', '')}"
    namespaces = Path("/proc/sys/user/max_user_namespaces")
    if namespaces.is_file() and namespaces.read_text().strip() == "0":
        return as_root("sysctl -w user.max_user_namespaces=10000")
    clone = Path("/proc/sys/kernel/unprivileged_userns_clone")
    if clone.is_file() and clone.read_text().strip() == "0":
        return as_root("sysctl -w kernel.unprivileged_userns_clone=1")
    return _("A container may forbid namespaces. Start it with this option: --security-opt seccomp=unconfined")


# --- caches and speed ----------------------------------------------------------------------


def _caches() -> Iterator[Finding]:
    from sheber.cache import folder, processor

    place = folder()
    kernels = sum(1 for _file in place.glob("numba/**/*.nbc"))
    value = _("{folder}: {count} compiled kernels").format(folder=place, count=kernels)
    yield Finding(_("cache"), value, kernels > 0, "" if kernels else "sheber prepare")
    yield Finding(_("class of processor"), processor(), True)


def _speed(tell: Callable[[str], None]) -> Iterator[Finding]:
    """How fast this machine is, by programs in the best sandbox; whatever fails is a finding too."""
    for name, measure in ((_("speed"), _simulation_speed), (_("camera"), _camera_speed)):
        tell(name)
        try:
            yield Finding(name, measure(), True)
        except Exception as error:  # the doctor's business is to say what does not work
            yield Finding(name, f"{type(error).__name__}: {error}", False, "sheber prepare")


def _no_speed() -> Iterator[Finding]:
    for name in (_("speed"), _("camera")):
        yield Finding(name, _("not measured: this needs a sandbox"), False)


def _simulation_speed() -> str:
    wall_s = _wall_s("palletising", _WAITING)
    text = _("{speed:.0f} s of simulated time per second (palletising, only waiting; includes the start of the box)")
    return text.format(speed=SPEED_S / wall_s)


def _camera_speed() -> str:
    _wall_s("vision-sorting", _LOOKING.format(count=1))  # fills the caches
    once, often = (_wall_s("vision-sorting", _LOOKING.format(count=count)) for count in (1, 1 + PICTURES))
    return _("{ms:.0f} ms per picture (vision-sorting)").format(ms=1000.0 * max(0.0, often - once) / PICTURES)


def _wall_s(exercise: str, source: str) -> float:
    """Wall time of a program's run [s]; raises RuntimeError where it did not finish."""
    from sheber.exercises import load
    from sheber.judge import Program, best_sandbox, run
    from sheber.judge.collector import collector_at_rest
    from sheber.trace import OutcomeKind

    started = time.monotonic()
    with collector_at_rest():
        trace = run(load(exercise), Program("doctor.py", source.encode()), 1, best_sandbox())
    if trace.outcome.kind is not OutcomeKind.FINISHED:
        raise RuntimeError(trace.outcome.reason)
    return time.monotonic() - started
