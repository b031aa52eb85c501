"""The program's side speaks the run's language: in the box at every level, and in what the judge may record."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from catalogues import catalogue
from ordinary_user import run_as_ordinary
from sheber.client.messages import stopped
from sheber.i18n import Text, language
from sheber.judge.sandbox import layout, stub

TRANSLATED = {
    "{rule} You gave {value}.": "{rule} Сіз {value} бердіңіз.",
    "{name} must be a string.": "{name} мәтін болуы керек.",
    "Line {line}: {words}": "{line}-жол: {words}",
    "Did you mean {name}?": "{name} дегіңіз келді ме?",
    "{function} takes: {names}.": "{function} мыналарды алады: {names}.",
}
TOLD_IN_THE_BOX = """
import sys
from catalogues import catalogue
from sheber.i18n import choose
from sheber.judge import Program, Sandbox
from sheber.judge.sandbox import layout
from sheber.station import Answer, Limits
from test_client_language import TRANSLATED

usual = layout.sheber_files()
with catalogue(TRANSLATED) as folder:
    layout.sheber_files = lambda: usual | {"locale": folder}
    choose("kk")
    source = b"from sheber import connect\\nstation = connect()\\nprint(station)\\nstation.note(5)\\n"
    with Sandbox(sys.argv[1]).prepare(Program("mine.py", source), Limits()) as box:
        box.wait_until_locked()
        assert box.receive() is not None
        box.send(Answer(b'{"station": "toy", "time": 0.25}'))
        assert box.receive() is None
        box.ending()
        print("".join(text for _stream, text in box.printed()))
"""


@pytest.mark.box
@pytest.mark.parametrize("level", ["A", "B", "C"])
def test_a_wrong_call_in_the_box_is_told_in_the_runs_language(level: str) -> None:
    done = run_as_ordinary([sys.executable, "-c", TOLD_IN_THE_BOX, level])
    assert done.returncode == 0, done.stderr
    assert "[   0.25 s] Station(toy)\n" in done.stdout
    assert "4-жол: TypeError: text мәтін болуы керек. Сіз 5 (int) бердіңіз.\n    station.note(5)\n" in done.stdout


def test_a_box_has_what_the_programs_side_imports() -> None:
    """The rest of the package is not there: what `client` imports of it must lie in the layout."""
    script = "import sys, sheber, sheber.client.robot_cell; print(*(m for m in sys.modules if m.startswith('sheber')))"
    done = run_as_ordinary([sys.executable, "-c", script])
    assert done.returncode == 0, done.stderr
    there = {name.removesuffix(".py") for name in layout.PROGRAMS_SIDE}
    assert {module.split(".")[1] for module in done.stdout.split() if "." in module} <= there
    assert all(path.exists() for path in layout.sheber_files().values())


def test_the_environment_of_a_box_names_the_language() -> None:
    assert layout.environment("/tmp", "kk")["SHEBER_LANGUAGE"] == "kk"


# --- what the stub says last ------------------------------------------------------------------

LAST_WORDS = """
import json, sys
from sheber.judge.sandbox import stub
print(json.dumps(stub.run(sys.argv[1])))
"""


def last_words(source: str, tmp_path: Path) -> dict[str, object]:
    """What the stub tells the judge of a program's end."""
    program = tmp_path / "program.py"
    program.write_text(source, "utf-8")
    done = run_as_ordinary([sys.executable, "-c", LAST_WORDS, str(program)])
    assert done.returncode == 0, done.stderr
    told: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return told


@pytest.fixture
def open_folder(tmp_path: Path) -> Path:
    """A folder that an ordinary user may enter."""
    for folder in (tmp_path, *tmp_path.parents[:3]):
        if folder != Path("/tmp"):
            folder.chmod(0o755)
    return tmp_path


def test_last_words_of_our_own_error_carry_its_sentence(open_folder: Path) -> None:
    raised = 'Unreachable("too far", 2, {"id": "robot.far", "values": {"mm": 9.5}})'
    said = last_words(f"from sheber import Unreachable\nraise {raised}", open_folder)
    assert said == {
        "ended": "error",
        "message": f"Line 2: Unreachable: too far\n    raise {raised}",
        "line": 2,
        "kind": "Unreachable",
        "text": {"id": "robot.far", "values": {"mm": 9.5}},
    }


def test_last_words_of_a_wrong_argument_can_be_read_in_any_language(open_folder: Path) -> None:
    said = last_words("from sheber.client.checks import truth\ntruth(5, 'wait')", open_folder)
    with catalogue({"{name} must be True or False.": "{name} True не False болуы керек."}, here=True), language("kk"):
        assert str(Text.from_form(said["text"])) == "wait True не False болуы керек. You gave 5 (int)."  # type: ignore[arg-type]


def test_last_words_of_another_error_are_words_alone(open_folder: Path) -> None:
    said = last_words("1 / 0", open_folder)
    assert said == {"ended": "error", "message": "Line 1: ZeroDivisionError: division by zero\n    1 / 0", "line": 1}


def test_last_words_of_a_program_that_ended_itself(open_folder: Path) -> None:
    said = last_words("import sys\nsys.exit('enough')", open_folder)
    assert (said["message"], said["line"]) == ("The program ended with sys.exit('enough').", 0)
    assert said["text"] == {"id": "client.ended_itself", "values": {"code": "'enough'"}}


def test_what_a_limit_stopped_is_told_in_the_runs_language() -> None:
    with catalogue(TRANSLATED, here=True), language("kk"):
        assert stopped(7) == "7-жол: The program was stopped here, because it exceeded a limit."


@pytest.mark.parametrize(
    "words",
    [
        {"message": "\x00" * 2000},
        {"message": "\N{CJK UNIFIED IDEOGRAPH-4E0D}" * 2000, "kind": "NotGiven", "text": {"values": "x" * 9000}},
        {"message": "short", "kind": "Odd", "text": {"id": "x", "values": {"a": float("nan")}}},
        {"message": "short", "kind": "Odd", "text": {"id": "x", "values": {"a": object()}}},
        {"message": "lone \ud800 surrogate"},
    ],
)
def test_a_line_of_the_stub_is_one_that_the_judge_reads_to_its_end(words: dict[str, object]) -> None:
    line = stub.status_line({"ended": "error", "line": 3, **words})
    assert line.endswith(b"\n")
    assert len(line) <= 8192
    said = json.loads(line)
    assert (said["ended"], said["line"], "text" in said) == ("error", 3, False)
    assert said["message"].startswith(str(words["message"])[:5].replace("\ud800", "?"))
