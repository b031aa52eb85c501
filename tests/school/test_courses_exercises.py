"""Exercises of a teacher's own: an upload is a stranger's archive, and its code runs only when it may."""

from __future__ import annotations

import contextlib
import io
import re
import stat
import time as stopwatch
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from making import a_course, a_person
from sqlalchemy import select, update

from sheber.exercises import catalogue, load
from sheber.i18n import current, language
from sheber.school.audit import AuditEntry
from sheber.school.courses import archives, assignments, checking, exercises
from sheber.school.courses.models import Assignment, OwnExercise
from sheber.school.errors import NotAllowed, NotFound, Refused
from sheber.school.opening import School

ORIGINAL = load("poses-and-moves").folder
OWN = {
    str(file.relative_to(ORIGINAL)): file.read_bytes()
    for file in sorted(ORIGINAL.rglob("*"))
    if file.is_file() and "__pycache__" not in file.parts
}
OWN["exercise.toml"] = OWN["exercise.toml"].replace(b'name = "poses-and-moves"', 'name = "Менің-жаттығуым"'.encode())


def do(school: School, what: Any, *arguments: Any, **named: Any) -> Any:
    """One function of the school in a transaction of its own."""
    with school.writing() as session:
        return what(session, *arguments, **named)


def packed(files: dict[str, bytes], change: Callable[[zipfile.ZipInfo], None] | None = None) -> bytes:
    """A ZIP archive of these files."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            if change is not None:
                change(entry)
            archive.writestr(entry, content)
    return stream.getvalue()


def as_link(entry: zipfile.ZipInfo) -> None:
    entry.create_system = 3
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16


def as_pipe(entry: zipfile.ZipInfo) -> None:
    entry.create_system = 3
    entry.external_attr = (stat.S_IFIFO | 0o600) << 16


# --- archives ----------------------------------------------------------------------------------------


def test_an_archive_is_opened_with_or_without_its_folder() -> None:
    assert archives.opened(packed(OWN)) == OWN
    assert archives.opened(packed({f"my exercise/{name}": content for name, content in OWN.items()})) == OWN


@pytest.mark.parametrize(
    "name",
    [
        "../evil.py",
        "a/../../evil.py",
        "/etc/passwd",
        "//server/share",
        "C:/evil.py",
        "..\\evil.py",
        "a\\b.py",
        "a//b.py",
        "./a.py",
        "a/./b.py",
        "a\nb.py",
        "a\x1bb.py",
        "..",
        "...",
        "a\u202eb.py",
        "x" * 300,
        "1/2/3/4/5/6/7.py",
        "a:b",
        "a*",
        ".../a",
    ],
)
def test_names_that_lead_elsewhere_are_refused(name: str) -> None:
    with pytest.raises(Refused, match="has a file named") as caught:
        archives.opened(packed({"exercise.toml": b"", name: b"x"}))
    assert caught.value.where == "archive"


@pytest.mark.parametrize("change", [as_link, as_pipe])
def test_links_and_devices_are_refused(change: Callable[[zipfile.ZipInfo], None]) -> None:
    with pytest.raises(Refused, match="is a link or a device"):
        archives.opened(packed({"text/en.md": b"/etc/passwd"}, change))


def test_names_that_differ_only_in_case_are_refused() -> None:
    with pytest.raises(Refused, match=r"two files named 'Exercise\.py'"):
        archives.opened(packed({"exercise.py": b"good", "Exercise.py": b"bad"}))
    stream = io.BytesIO(packed({"exercise.py": b"good"}))
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("exercise.py", b"bad")
    with pytest.raises(Refused, match="two files named"):
        archives.opened(stream.getvalue())


def test_what_runs_in_place_of_a_source_is_left_out() -> None:
    """Python would take compiled code that claims the time and size of its source, whatever the source says."""
    hidden = {"__pycache__/exercise.cpython-311.pyc": b"x", "numpy.so": b"x", "a.PYD": b"x", ".git/hooks/run": b"x"}
    assert archives.opened(packed({**OWN, **hidden, "__MACOSX/a": b"x", ".DS_Store": b"x"})) == OWN


def test_bombs_are_refused_soon_and_in_little_memory() -> None:
    zeros = packed({f"{n}.txt": bytes(20 << 20) for n in range(20)})
    assert len(zeros) < 1 << 20
    many = packed({f"{n}.txt": b"" for n in range(5000)})
    nested = packed({"a.zip": zeros})
    started = stopwatch.process_time()
    with pytest.raises(Refused, match="unpacks to more than 32 MB"):
        archives.opened(zeros)
    with pytest.raises(Refused, match="5000 files"):
        archives.opened(many)
    assert len(archives.opened(nested)["a.zip"]) == len(zeros)  # never opened
    assert stopwatch.process_time() - started < 3.0
    with pytest.raises(Refused, match=r"9\.0 MB"):
        archives.opened(bytes(9 << 20))


def test_an_archive_that_lies_about_its_sizes_is_refused() -> None:
    content = zlib.compress(bytes(50 << 20))
    data = bytearray(packed({"a.txt": bytes(50 << 20)}))
    size = (50 << 20).to_bytes(4, "little")
    while (place := data.find(size)) >= 0:
        data[place : place + 4] = (10).to_bytes(4, "little")
    assert len(content) < len(data)
    with pytest.raises(Refused):
        archives.opened(bytes(data))


@pytest.mark.parametrize(
    "data",
    [b"", b"PK", b"PK\x05\x06" + bytes(18), b"not a zip" * 100, bytes(1 << 20), packed(OWN)[:-30], packed(OWN)[100:]],
)
def test_what_is_no_archive_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(Refused, match=r"ZIP|empty"):
        archives.opened(data)


def test_damaged_archives_never_raise_anything_else() -> None:
    whole = packed(OWN)
    for place in range(0, len(whole), 97):
        damaged = whole[:place] + bytes([whole[place] ^ 0x5A]) + whole[place + 1 :]
        with contextlib.suppress(Refused):
            archives.opened(damaged)


def test_an_archive_with_a_password_is_refused() -> None:
    data = bytearray(packed({"a.txt": b"x"}))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.find(mark) + place] |= 1
    with pytest.raises(Refused, match="has a password"):
        archives.opened(bytes(data))


def test_unpacking_is_whole_or_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "there"
    archives.unpack({"a.txt": b"1", "text/en.md": b"2"}, folder)
    assert (folder / "text" / "en.md").read_bytes() == b"2"
    archives.unpack({"a.txt": b"other"}, folder)
    assert (folder / "a.txt").read_bytes() == b"1"
    with pytest.raises(OSError, match="a"):
        archives.unpack({"a": b"1", "a/b": b"2"}, tmp_path / "half")
    assert [one.name for one in tmp_path.iterdir()] == ["there"]


# --- proposed ----------------------------------------------------------------------------------------


def test_an_upload_waits_and_nothing_of_it_runs(any_school: School) -> None:
    teacher, root = a_person(any_school, "t", "teacher"), a_person(any_school, "root", "administrator")
    mark = any_school.folder / "ran"
    files = {**OWN, "exercise.py": f"open({str(mark)!r}, 'w')\n".encode() + OWN["exercise.py"]}
    own_id = do(any_school, exercises.propose, teacher, packed(files))
    (line,) = do(any_school, exercises.proposals, root)
    assert (line.id, line.name, line.state, line.uploaded_by) == (own_id, "Менің-жаттығуым", "proposed", "T")
    assert "exercise.py" in dict(do(any_school, exercises.proposal_files, root, own_id))
    assert do(any_school, exercises.proposal_file, teacher, own_id, "exercise.py").startswith(b"open(")
    with pytest.raises(NotFound):
        do(any_school, exercises.proposal_file, root, own_id, "../secret")
    with pytest.raises(Refused, match="must allow"):
        checking.check(any_school, own_id)
    with pytest.raises(NotFound):
        checking.check(any_school, own_id + 9)
    for what in (exercises.admit, lambda *those: assignments.add_assignment(*those, "x", own_exercise_id=own_id)):
        with pytest.raises(Refused):
            do(any_school, what, root, own_id if what is exercises.admit else a_course(any_school, teacher=teacher))
    assert len(do(any_school, exercises.available)) == len(catalogue())
    assert not mark.exists()
    assert list(any_school.exercises.iterdir()) == []
    with pytest.raises(Refused, match="uploaded this archive already"):
        do(any_school, exercises.propose, teacher, packed(files))


def test_only_who_may_proposes_sees_and_admits(school: School) -> None:
    teacher, other, student = a_person(school, "t", "teacher"), a_person(school, "o", "teacher"), a_person(school, "s")
    with pytest.raises(NotAllowed):
        do(school, exercises.propose, student, packed(OWN))
    own_id = do(school, exercises.propose, teacher, packed(OWN))
    assert do(school, exercises.proposals, other) == ()
    with pytest.raises(NotAllowed):
        do(school, exercises.proposals, student)
    for actor in (other, student):
        with pytest.raises(NotFound):
            do(school, exercises.proposal_files, actor, own_id)
    for what, arguments in ((exercises.allow_check, ()), (exercises.admit, ()), (exercises.refuse, ("no",))):
        for actor in (teacher, other, student):
            with pytest.raises(NotAllowed):
                do(school, what, actor, own_id, *arguments)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"starter.py": None, "text/en.md": None}, "has no starter.py, text/en.md"),
        ({"programs/hostile.py": None}, "has no programs/hostile.py"),
        ({"exercise.toml": b'name = "poses-and-moves"'}, "as that of an exercise of the catalogue"),
        ({"exercise.toml": b'name = "../x"'}, "letters, digits and hyphens"),
        ({"exercise.toml": b"name = 5"}, "letters, digits and hyphens"),
        ({"exercise.toml": b"name = \xff"}, "cannot be read"),
        ({"exercise.toml": b"[" * 100_000}, "cannot be read"),
        ({"exercise.toml": b"a = " + b"[" * 100_000}, "cannot be read"),
        ({"exercise.toml": b"#" * 300_000}, "cannot be read"),
    ],
)
def test_uploads_that_are_no_exercise_are_refused_in_words(
    school: School, change: dict[str, bytes | None], words: str
) -> None:
    teacher = a_person(school, "t", "teacher")
    files = {name: content for name, content in {**OWN, **change}.items() if content is not None}
    with pytest.raises(Refused, match=words) as caught:
        do(school, exercises.propose, teacher, packed(files))
    assert caught.value.where == "archive"
    assert len(str(caught.value)) < 1000


def test_a_teacher_s_uploads_are_bounded(school: School) -> None:
    teacher = a_person(school, "t", "teacher")
    for n in range(20):
        do(school, exercises.propose, teacher, packed({**OWN, "note.txt": str(n).encode()}))
    with pytest.raises(Refused, match="20 of your exercises wait"):
        do(school, exercises.propose, teacher, packed({**OWN, "note.txt": b"more"}))


def test_a_refusal_has_a_reason(school: School) -> None:
    teacher, root = a_person(school, "t", "teacher"), a_person(school, "root", "administrator")
    own_id = do(school, exercises.propose, teacher, packed(OWN))
    with pytest.raises(Refused) as caught:
        do(school, exercises.refuse, root, own_id, " ")
    assert caught.value.where == "reason"
    do(school, exercises.refuse, root, own_id, "It opens a file of the server.")
    (line,) = do(school, exercises.proposals, teacher)
    assert (line.state, line.findings[0]["broken"]) == ("refused", ["It opens a file of the server."])
    for what in (exercises.allow_check, exercises.admit):
        with pytest.raises(Refused, match="is 'refused'"):
            do(school, what, root, own_id)


# --- checked -----------------------------------------------------------------------------------------


def allowed(school: School, **change: bytes) -> int:
    """The id of an upload whose check an administrator allowed."""
    teacher, root = a_person(school, "t", "teacher"), a_person(school, "root", "administrator")
    files = {**OWN, **{name.replace("_", "."): content for name, content in change.items()}}
    own_id: int = do(school, exercises.propose, teacher, packed(files))
    do(school, exercises.allow_check, root, own_id)
    return own_id


def found(school: School, own_id: int) -> OwnExercise:
    with school.reading() as session:
        return session.get_one(OwnExercise, own_id)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (b"1 / 0\n", "exercise.py: line 1: division by zero"),
        (b"import os; os._exit(7)\n", "ended with 7 and said nothing"),
        (b"import sys; sys.exit('all is well')\n", "all is well"),
        (b"print('[]')\nimport os, sys; sys.stdout.flush(); os._exit(0)\n", "broke off"),
        (
            b'print(\'[{"promise": "x", "broken": []}]\')\nimport os, sys; sys.stdout.flush(); os._exit(0)\n',
            "broke off",
        ),
        (b"print('{\"a\": 1}')\nimport os, sys; sys.stdout.flush(); os._exit(0)\n", ""),
        (b"print('[' * 100000)\nimport os, sys; sys.stdout.flush(); os._exit(0)\n", ""),
        (b"x = bytearray(20 << 30)\n", "MemoryError|exercise.py"),
    ],
)
@pytest.mark.long
def test_an_exercise_that_breaks_off_its_check_is_refused(school: School, code: bytes, words: str) -> None:
    own_id = allowed(school, exercise_py=code)
    assert not checking.check(school, own_id, longest_s=120)
    own = found(school, own_id)
    assert own.state == "refused"
    (sentence,) = own.findings[0]["broken"]
    assert sentence
    assert str(school.folder) not in sentence
    assert re.search(words, sentence), sentence


@pytest.mark.long
def test_a_check_that_takes_too_long_is_ended_with_all_that_it_started(school: School) -> None:
    mark = school.folder / "alive"
    endless = f"import time\nwhile True: open({str(mark)!r}, 'a').write('x'); time.sleep(0.1)"
    code = f"import subprocess, sys, time\nsubprocess.Popen([sys.executable, '-c', {endless!r}])\ntime.sleep(600)\n"
    own_id = allowed(school, exercise_py=code.encode())
    assert not checking.check(school, own_id, longest_s=8)
    assert "took longer" in found(school, own_id).findings[0]["broken"][0]
    size = mark.stat().st_size
    stopwatch.sleep(1.0)
    assert mark.stat().st_size == size


@pytest.mark.long
def test_the_check_knows_nothing_of_the_school(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHEBER_DATABASE", "postgresql://somebody:secret@host/school")
    monkeypatch.setenv("SECRET_TOKEN", "secret")
    code = b"import os\nraise RuntimeError(' '.join(sorted(os.environ)) + ' in ' + os.getcwd())\n"
    own_id = allowed(school, exercise_py=code)
    checking.check(school, own_id, longest_s=120)
    (sentence,) = found(school, own_id).findings[0]["broken"]
    assert "PATH" in sentence
    assert "SHEBER_DATABASE" not in sentence
    assert "SECRET" not in sentence
    assert "sheber-checking-" in sentence


@pytest.mark.long
@pytest.mark.physics
@pytest.mark.box
def test_a_good_exercise_is_checked_admitted_and_asked_for(school: School) -> None:
    own_id = allowed(school)
    assert checking.check(school, own_id)
    own = found(school, own_id)
    assert own.state == "checked", own.findings
    assert len(own.findings) == 6
    assert all(one["broken"] == [] for one in own.findings)
    assert len(checking.pictured(school, own)) == 8
    assert len({checking.picture(school, own, place) for place in range(1, 9)}) == 8
    with pytest.raises(NotFound):
        checking.picture(school, own, 9)
    with school.reading() as session:
        root = exercises.Actor(2, "Root", "administrator")
        assert len(exercises.available(session)) == len(catalogue())
    do(school, exercises.admit, root, own_id)
    with school.reading() as session:
        mine = exercises.available(session)[-1]
    assert (mine.name, mine.own_exercise_id) == ("Менің-жаттығуым", own_id)
    course_id = a_course(school, teacher=root)
    settings = assignments.Settings(numbers={"safety.contact": 9})
    work = do(school, assignments.add_assignment, root, course_id, "", settings, own_exercise_id=own_id)
    with school.reading() as session:
        row = session.get_one(Assignment, work)
        exercise = exercises.exercise_of(session, row)
        assert row.exercise == exercise.name == "Менің-жаттығуым"
        assert exercise.numbers["safety.contact"] == 9
        assert str(school.folder) not in exercises.starter_of(exercise)
        actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions[:4] == ["exercise.proposed", "exercise.checking", "exercise.checked", "exercise.admitted"]


def test_an_admitted_exercise_is_unpacked_again_where_its_folder_is_gone(school: School) -> None:
    own_id = allowed(school)
    with school.writing() as session:
        session.execute(update(OwnExercise).values(state="admitted"))
    root = exercises.Actor(2, "Root", "administrator")
    course_id = a_course(school, teacher=root)
    work = do(school, assignments.add_assignment, root, course_id, "", own_exercise_id=own_id)
    (folder,) = school.exercises.iterdir()
    assert {one.name for one in folder.iterdir()} >= {"exercise.toml", "exercise.py", "programs"}
    do(school, exercises.available)
    with school.writing() as session:
        session.execute(update(OwnExercise).values(state="refused"))
    with school.reading() as session, pytest.raises(Refused, match="not admitted"):
        exercises.exercise_of(session, session.get_one(Assignment, work))


class _Told:
    """An exercise that counts how often its text is read."""

    folder, sha256, summary = Path("x"), "1", "What is asked."
    read = 0

    @property
    def title(self) -> str:
        self.read += 1
        return f"Title in {current()}"


def test_a_headline_is_read_once_for_each_language_and_hash() -> None:
    """A course page would else read and fill every text, for every reader."""
    one: Any = _Told()
    for tag in ("en", "ru", "en", "ru"):
        with language(tag):
            assert exercises.headline_of(one) == (f"Title in {tag}", "What is asked.")
    assert one.read == 2
    one.sha256 = "2"  # with other numbers
    exercises.headline_of(one)
    assert one.read == 3
