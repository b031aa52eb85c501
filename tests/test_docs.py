"""The documentation is a tested promise: its programs run, its links lead somewhere, its tables are complete."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sheber.exercises import load

ROOT = Path(__file__).parents[1]
STORED = "run.trace"  # the docs may open a file of this name: a run of palletising
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_MARK = re.compile(r"^<!-- (program: (?P<exercise>[\w-]+)(?: seed=(?P<seed>\d+))?|python) -->$", re.MULTILINE)
_ELSEWHERE = re.compile(r"<!-- needs: [\w, ]+ -->\n```python\n.*?^```", re.MULTILINE | re.DOTALL)  # test_program_docs
_CONNECT = re.compile(r'connect\((?:exercise=)?"([\w-]+)"')
_LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")


@dataclass
class Piece:
    """Code of a page that is run as one: its blocks joined, each on the line where it stands."""

    page: Path
    line: int
    exercise: str = ""  # "" runs here, as plain Python
    seed: int = 1
    source: str = ""
    blocks: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    def append(self, line: int, block: str) -> None:
        """Put a block at its line of the page, so that an error names the page's line."""
        missing = line - 1 - self.source.count("\n")
        self.source += "\n" * missing + block
        self.blocks.append(block)


def pieces(page: Path) -> Iterator[Piece]:
    """The pieces of a page. A mark starts one; blocks before the first mark are plain Python."""
    text = _ELSEWHERE.sub(lambda found: "\n" * found[0].count("\n"), page.read_text("utf-8"))
    marks = [(m.start(), m) for m in _MARK.finditer(text)]
    current = Piece(page, 1)
    for start, found in sorted([*marks, *((m.start(), m) for m in _FENCE.finditer(text))], key=lambda one: one[0]):
        line = text.count("\n", 0, start) + 1
        if found.re is _MARK:
            if current.blocks:
                yield current
            current = Piece(page, line, found["exercise"] or "", int(found["seed"] or 1))
        elif found[1] == "python":
            own = _CONNECT.search(found[2])
            if own and not current.exercise:  # a program that names its exercise needs no mark
                yield from [current] if current.blocks else []
                current = Piece(page, line, own[1])
                current.append(line + 1, found[2])
                yield current
                current = Piece(page, line)
            else:
                current.append(line + 1, found[2])
    if current.blocks:
        yield current


ALL = [piece for page in PAGES for piece in pieces(page)]
PLAIN = [piece for piece in ALL if not piece.exercise]
PROGRAMS = [piece for piece in ALL if piece.exercise]


def needs_the_cell(piece: Piece) -> bool:
    """Whether plain code starts runs of its own."""
    return "sheber.judge" in piece.source or "build(" in piece.source or STORED in piece.source


def run_plain(piece: Piece, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(piece.source, str(piece.page), "exec"), {"__name__": "__docs__"})


@pytest.mark.parametrize("piece", [p for p in PLAIN if not needs_the_cell(p)], ids=lambda p: p.name)
def test_code_of_the_docs(piece: Piece, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_plain(piece, tmp_path, monkeypatch)


@pytest.mark.physics
@pytest.mark.box
@pytest.mark.parametrize("piece", [p for p in PLAIN if needs_the_cell(p)], ids=lambda p: p.name)
def test_code_of_the_docs_that_runs_programs(
    piece: Piece, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, palletising_trace: Path
) -> None:
    (tmp_path / STORED).symlink_to(palletising_trace)
    (tmp_path / "program.py").write_bytes(load("palletising").program("reference").read_bytes())
    run_plain(piece, tmp_path, monkeypatch)


@pytest.mark.physics
@pytest.mark.box
@pytest.mark.parametrize("piece", PROGRAMS, ids=lambda p: p.name)
def test_programs_of_the_docs(piece: Piece, tmp_path: Path) -> None:
    """Each program of the docs comes to its end in the cell of its exercise."""
    from sheber.judge import Program, best_sandbox, run
    from sheber.trace import OutcomeKind

    program = Program(piece.page.name, piece.source.encode())
    trace = run(load(piece.exercise), program, piece.seed, best_sandbox(), to=tmp_path / "docs.trace")
    printed = "".join(one.text for one in trace.printed)
    assert trace.outcome.kind is OutcomeKind.FINISHED, f"{piece.name}: {trace.outcome}\n{printed}"


def test_every_reader_has_a_page() -> None:
    names = {page.name for page in PAGES}
    wanted = "design conventions student teacher researcher developer program trace-format threat-model performance"
    assert {f"{name}.md" for name in [*wanted.split(), "engine-versions"]} <= names


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in _LINK.findall(page.read_text("utf-8")):
        if not re.match(r"[a-z]+:", target):
            assert (page.parent / target).exists(), f"{page.name} links to {target}, which does not exist"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_pages_name_only_files_that_exist(page: Path) -> None:
    """`src/…`, `tests/…` and `docs/…` in back quotes are paths of this repository."""
    for path in re.findall(r"`((?:src|tests|docs|third_party|tools)/[\w./-]+)`", page.read_text("utf-8")):
        assert (ROOT / path).exists(), f"{page.name} names {path}, which does not exist"


def test_every_outcome_has_its_words() -> None:
    """A student who reads how a run ended finds it explained."""
    from sheber.trace import OutcomeKind

    text = (ROOT / "docs/student.md").read_text("utf-8")
    for kind in OutcomeKind:
        assert kind.value in text, f"docs/student.md does not explain the outcome {kind.value!r}"


def test_every_command_is_documented() -> None:
    """Each command of `sheber` is named in the docs as one types it."""
    import argparse

    from sheber.cli.arguments import parser

    (commands,) = [a for a in parser()._actions if isinstance(a, argparse._SubParsersAction)]
    text = "".join(page.read_text("utf-8") for page in PAGES)
    for name in commands.choices:
        assert f"sheber {name}" in text, f"the docs do not show `sheber {name}`"


def test_the_traces_of_the_class_are_where_the_teachers_page_says() -> None:
    """A teacher types the command for a class, and then the one that scores its traces again."""
    from fnmatch import fnmatchcase

    from sheber.cli.output import usual_folder

    text = (ROOT / "docs/teacher.md").read_text("utf-8")
    (pattern,) = re.findall(r"^    sheber rescore (\S+)", text, re.MULTILINE)
    programs = re.findall(r"`(class/\w+/program\.py)`", text)
    assert len(programs) >= 2
    for program in programs:
        assert fnmatchcase(str(usual_folder("post", Path(program)) / "scene-101.trace"), pattern)


def test_every_gate_stands_in_the_performance_page() -> None:
    from sheber.bench import GATES

    text = (ROOT / "docs/performance.md").read_text("utf-8")
    for name in GATES:
        assert f"`{name}`" in text, f"docs/performance.md does not explain the gate {name}"


def test_the_researchers_table_has_the_channels_of_a_robot_cell() -> None:
    """Those of every cell and of every device, and no other."""
    from sheber.robot.devices import DEVICES
    from sheber.robot.record import channels

    table = (ROOT / "docs" / "researcher.md").read_text("utf-8").partition("| channel |")[2].partition("\n\n")[0]
    rows = [row.split("|") for row in table.splitlines() if row.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row[1])}
    declared = [*channels(["joint"], []), *(channel for device in DEVICES for channel in device.channels)]
    assert named == {channel.name for channel in declared}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_no_page_was_left_half_written(page: Path) -> None:
    """QUICK_TIME, TODO: a word that holds a place for words that never came."""
    prose = re.sub(r"`[^`]*`|^    .*$", "", _FENCE.sub("", page.read_text("utf-8")), flags=re.MULTILINE)
    places = re.findall(r"\b(?:TODO|FIXME|XXX|TBD|[A-Z]+_(?:TIME|HERE|COUNT|NUMBER|VALUE))\b", prose)
    assert not places, f"{page.name}: {', '.join(places)}"


def test_the_time_of_the_quick_tests_is_said_once() -> None:
    """The Makefile's help and the page of the developers say the same."""
    quick = next(line for line in (ROOT / "Makefile").read_text("utf-8").splitlines() if line.startswith("quick:"))
    about = quick.rpartition(": ")[2]
    assert f"make quick      # the tests without physics, browser and box: {about}" in _developers()


def _developers() -> str:
    return (ROOT / "docs" / "developer.md").read_text("utf-8")
