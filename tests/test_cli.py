"""The command line: help, exit codes, JSON, and what it says to bad input."""

from __future__ import annotations

import io
import json
import os
import re
import resource
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from sheber.cli import main
from sheber.cli.arguments import parser
from sheber.cli.output import console, linked, open_page, print_json, usual_folder
from sheber.trace import read

COMMANDS = ["exercises", "new", "run", "grade", "report", "rescore", "check", "doctor", "bench", "prepare", "practice"]


def sheber(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does."""
    command = [sys.executable, "-P", "-m", "sheber", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, **options)


# --- help and arguments


@pytest.mark.parametrize("command", COMMANDS)
def test_help_teaches_by_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    text = capsys.readouterr().out
    examples = re.findall(rf"^  (sheber {command}\b[^|>\n]*)", text.partition("Examples:")[2], re.MULTILINE)
    assert examples
    for example in examples:
        words = re.split(r"\s{2,}", example)[0].split()[1:]
        parser().parse_args(words)  # an example that the parser refuses would teach nonsense


@pytest.mark.parametrize("command", [[], *([one] for one in COMMANDS)])
@pytest.mark.parametrize("columns", [60, 80, 140])
def test_help_fits_the_terminal(
    command: list[str], columns: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert main([*command, "--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if len(line) > columns] == []
    assert not any("#" in line for line in lines)


def test_the_readme_says_how_to_call_and_calls_what_there_is() -> None:
    text = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
    commands = re.findall(r"^    sheber ([^#\n]*)", text, re.MULTILINE)
    assert len(commands) >= 4
    for command in commands:
        parser().parse_args(command.split())
    assert text.index(".venv/bin/activate") < text.index("    sheber ")


def test_without_a_command_the_first_round_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "sheber new poses-and-moves" in capsys.readouterr().err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert re.fullmatch(r"\d+\.\d+\.\d+", capsys.readouterr().out.strip())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "poses-and-moves"], "PROGRAM"),
        (["run", "poses-and-moves", "p.py", "--seed", "-1"], "whole number from 0"),
        (
            ["run", "poses-and-moves", "p.py", "--seed", "three"],
            "three is not a seed. A seed is a whole number from 0 to 2^256 - 1",
        ),
        (["run", "poses-and-moves", "p.py", "--seed", str(2**256)], "is not a seed"),
        (["practice", "poses-and-moves", "--seed", "1.5"], "1.5 is not a seed"),
        (["run", "poses-and-moves", "p.py", "--sandbox", "D"], "invalid choice"),
        (["grade", "poses-and-moves", "p.py", "--workers", "0"], "at least 1"),
        (["exercises", "--language", "tlh"], "no language 'tlh'. The languages are: en"),
        (["fly"], "There is no command 'fly'. The commands are: exercises, new, run"),
        (["runn"], "There is no command 'runn'. Did you mean run? The commands are: "),
        (
            ["grade", "palletising", "p.py", "--seed", "3"],
            "sheber grade has no option --seed. These commands have it: ",
        ),
        (["grade", "palletising", "p.py", "--seed=3"], "sheber grade vision-sorting class/"),
        (["run", "palletising", "p.py", "--sed", "3"], "sheber run has no option --sed. Did you mean --seed?"),
        (["run", "palletising", "p.py", "q.py"], "sheber run takes no further argument: q.py"),
        (["run", "poses", "p.py"], "Did you mean poses-and-moves? The exercises are: "),
        (["run", "work/p.py", "palletising"], "then the program: sheber run palletising work/p.py"),
        (["grade", "work/p.py", "palletising"], "then the program: sheber grade palletising work/p.py"),
        (["run", "palletising", "exercise.md"], "exercise.md is not a program. A program is a Python file"),
        (["grade", "palletising", "exercise.md"], "exercise.md is not a program. A program is a Python file"),
        (["bench", "--only", "warp"], "The gates are: loop"),
        (["run", "poses-and-move", "p.py"], "Did you mean poses-and-moves? The exercises are: "),
        (["run", "poses-and-moves", "nowhere.py"], "nowhere.py"),
        (["new", "nothing", "x"], "The exercises are: "),
        (["report", "nowhere.trace"], "no such file"),
    ],
)
def test_wrong_use_is_explained(
    arguments: list[str],
    words: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    told = capsys.readouterr()
    assert words in told.err
    assert "Traceback" not in told.err
    assert told.out == ""
    assert list(tmp_path.iterdir()) == []  # a refused command leaves nothing behind


def test_beside_the_text_of_an_exercise_its_program_is_offered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "program.py").write_text("")
    assert main(["run", "palletising", str(tmp_path / "exercise.md")]) == 2
    assert f"ends with .py. Did you mean {tmp_path / 'program.py'}?" in capsys.readouterr().err


def test_each_program_has_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = tmp_path / "class"
    here.mkdir()
    monkeypatch.chdir(here)
    reports = Path("reports", "palletising")
    assert usual_folder("palletising", Path("aida/program.py")) == reports / "aida" / "program"
    assert usual_folder("palletising", here / "aida" / "program.py") == reports / "aida" / "program"
    assert usual_folder("palletising", Path("boris/../boris/program.py")) == reports / "boris" / "program"
    assert usual_folder("palletising", Path("program.v2")) == reports / "program.v2"
    assert usual_folder("palletising", None) == reports
    outside = [usual_folder("palletising", tmp_path / one / "program.py") for one in ("aida", "boris")]
    assert {folder.parent for folder in outside} == {reports}
    assert all(re.fullmatch("program-[0-9a-f]{8}", folder.name) for folder in outside)
    assert len(set(outside)) == 2
    assert usual_folder("palletising", Path("../aida/program.py")) == outside[0]


@pytest.mark.box
def test_two_students_do_not_overwrite_each_others_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for student in ("aida", "boris"):
        (tmp_path / student).mkdir()
        (tmp_path / student / "program.py").write_text(f"print('{student}')\n")
        assert main(["run", "poses-and-moves", f"{student}/program.py", "--seed", "3", "--no-report"]) == 3
        assert f"reports/poses-and-moves/{student}/program/scene-3.trace" in capsys.readouterr().out
    assert len(list(tmp_path.glob("reports/**/scene-3.trace"))) == 2


# --- new and exercises


def test_new_gives_text_and_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "work" / "first"
    assert main(["new", "poses-and-moves", str(folder)]) == 0
    assert "connect(" in (folder / "program.py").read_text("utf-8")
    assert (folder / "exercise.md").read_text("utf-8").startswith("# ")
    assert "sheber run poses-and-moves" in capsys.readouterr().out


def test_new_never_overwrites_a_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "program.py").write_text("my work of a week\n")
    assert main(["new", "poses-and-moves", str(tmp_path)]) == 2
    assert "was not changed" in capsys.readouterr().err
    assert (tmp_path / "program.py").read_text() == "my work of a week\n"
    assert not (tmp_path / "exercise.md").exists()


def test_a_folder_that_is_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "taken").write_text("")
    assert main(["new", "poses-and-moves", str(tmp_path / "taken")]) == 2
    assert "but a folder is needed" in capsys.readouterr().err


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs a folder that even root cannot write")
def test_a_folder_that_cannot_be_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "poses-and-moves", "/proc/sheber"]) == 2
    assert "The folder /proc/sheber cannot be made" in capsys.readouterr().err


def test_exercises_lists_every_exercise(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["exercises", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert {"poses-and-moves", "palletising", "vision-sorting"} <= {one["name"] for one in listed}
    assert main(["exercises"]) == 0
    text = capsys.readouterr().out
    for one in listed:
        assert one["name"] in text
        assert one["summary"].split()[0] in text


@pytest.mark.parametrize("columns", [50, 80, 120])
def test_the_list_of_exercises_reads_well(columns: int) -> None:
    run = sheber("exercises", env={**os.environ, "COLUMNS": str(columns)})
    lines = [line.rstrip() for line in run.stdout.splitlines()]
    assert max(map(len, lines)) <= columns
    names = [n for n, line in enumerate(lines) if line.startswith(("poses-and-moves", "palletising", "vision-sorting"))]
    assert len(names) == 3
    assert all("elementary" in lines[n] or "intermediate" in lines[n] for n in names)
    assert all(lines[n - 1] == "" for n in names[1:])
    assert lines[names[0] + (2 if columns < 53 else 1)].startswith("    Drive the tip")


def test_no_line_of_a_pipe_has_blanks_at_its_end(poses_trace: Path) -> None:
    for command in (["exercises"], ["rescore", str(poses_trace)]):
        lines = sheber(*command).stdout.splitlines()
        assert len(lines) > 5
        assert [line for line in lines if line != line.rstrip()] == []


def test_columns_stand_in_line_in_signs_that_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """A degree sign needs four letters without it, and a tick two: columns get their widths after that."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="strict", newline="\n")
    monkeypatch.setattr(sys, "stdout", out)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("is", "angle", "name"):
        table.add_column(title, justify="right" if title == "angle" else "left")
    table.add_row("[green]✓[/green]", Text("0.1°", style="red"), Padding(Text("−1"), (0, 0, 0, 2)))
    table.add_row("!", Text("12.5 mm"), "two")
    console().print(Group(table, Text("x · y")))
    out.flush()
    assert out.buffer.getvalue().decode() == (  # type: ignore[attr-defined]
        "is    angle  name\nok  0.1 deg    -1\n!   12.5 mm  two\nx | y\n"
    )


# --- the terminal


def test_the_width_of_a_pipe_may_be_nonsense() -> None:
    for columns in ("abc", "-3", "", "0", "9" * 40):
        run = sheber("exercises", env={**os.environ, "COLUMNS": columns})
        assert (run.returncode, run.stderr) == (0, "")


def test_a_terminal_without_our_signs_gets_others(tmp_path: Path) -> None:
    reading = "from sheber.cli.output import speak_plainly; speak_plainly(); print('−3 · 2° × 4… Шеберхана')"
    env = {**os.environ, "PYTHONIOENCODING": "ascii"}
    run = subprocess.run([sys.executable, "-c", reading], capture_output=True, text=True, env=env)
    assert (run.returncode, run.stderr, run.stdout) == (0, "", "-3 | 2 deg x 4... ?????????\n")
    assert "Traceback" not in sheber("rescore", tmp_path / "−°.trace", env=env).stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("command", [["exercises"], ["exercises", "--json"], ["--version"]])
def test_an_output_that_takes_nothing_is_named(command: list[str]) -> None:
    with open("/dev/full", "w") as full:
        run = subprocess.run([sys.executable, "-m", "sheber", *command], stdout=full, stderr=subprocess.PIPE, text=True)
    assert run.returncode == 2
    assert run.stderr == "sheber: the output could not be written: no space left on device\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("command", [["exercises"], ["run", "nothing", "x.py"], ["nothing"]])
@pytest.mark.parametrize("full", [("stderr",), ("stdout", "stderr")], ids=" and ".join)
def test_a_full_disk_for_messages_is_no_fault(command: list[str], full: tuple[str, ...]) -> None:
    with open("/dev/full", "w") as nowhere:
        streams: dict[str, Any] = {"stdout": subprocess.PIPE, **dict.fromkeys(full, nowhere)}
        run = subprocess.run([sys.executable, "-P", "-m", "sheber", *command], **streams)
    assert run.returncode == (0 if command == ["exercises"] and full == ("stderr",) else 2)


@pytest.mark.skipif(os.name != "posix", reason="needs a shell")
def test_streams_that_are_closed_take_everything() -> None:
    for closed, code in ((">&- exercises", 0), (">&- run nothing x.py", 2), (">&- 2>&- run nothing x.py", 2)):
        streams, _sign, words = closed.rpartition("&- ")
        shell = f"exec {shlex.quote(sys.executable)} -P -m sheber {words} {streams}&-"
        run = subprocess.run(["sh", "-c", shell], capture_output=True, text=True)
        assert (run.returncode, "Traceback" in run.stderr) == (code, False), closed


@pytest.mark.skipif(os.name != "posix", reason="needs a terminal")
@pytest.mark.parametrize(
    ("columns", "width"), [("²", 60), ("٣", 60), ("0", 60), ("9" * 8, 60), ("abc", 60), ("50", 50)]
)
def test_the_width_of_a_terminal_may_be_nonsense(columns: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    import termios

    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("LINES", columns)
    ours, terminal = os.openpty()
    termios.tcsetwinsize(terminal, (24, 60))
    with open(terminal, "w", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        assert console().width == width
        console().print("x" * 100)
        stream.flush()
        assert len(os.read(ours, 1000).split(b"\r\n")[0]) == width
    os.close(ours)


def test_what_a_shell_types_for_a_star_does_not_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "poses-and-moves", "a.py", "\x1b[2J\u202e\nsheber: 100.py"]) == 2
    told = capsys.readouterr().err
    assert "takes no further argument: \ufffd[2J\ufffd\ufffdsheber: 100.py" in told


def test_json_spells_signs_that_a_terminal_would_obey(capsys: pytest.CaptureFixture[str]) -> None:
    names = ["\x1b[2J", "\x9b2J", "\u202e", "\udcff", "Шеберхана\n\U000e0001"]
    print_json(names)
    told = capsys.readouterr().out
    assert told.replace("\n", "").isprintable()
    assert "Шеберхана" in told
    assert json.loads(told) == names


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_path_can_be_clicked_in_a_terminal_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = tmp_path / "my reports" / "scene-3.html"
    monkeypatch.setenv("TERM", "xterm")
    shown = linked(page, Terminal())
    assert shown == f"\033]8;;file://{tmp_path}/my%20reports/scene-3.html\033\\my reports/scene-3.html\033]8;;\033\\"
    assert linked(page, io.StringIO()) == "my reports/scene-3.html"
    monkeypatch.setenv("TERM", "dumb")
    assert linked(page, Terminal()) == "my reports/scene-3.html"


def test_a_page_is_shown_in_the_browser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda uri: shown.append(uri) or len(shown) == 1)
    open_page(tmp_path / "a b.html")
    assert shown == [f"file://{tmp_path}/a%20b.html"]
    assert capsys.readouterr().err == ""
    open_page(tmp_path / "a b.html")
    assert "no browser could be started; open" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["run", "grade"])
def test_no_page_cannot_be_opened(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "poses-and-moves", "p.py", "--no-report", "--open"]) == 2
    assert "not allowed with" in capsys.readouterr().err


# --- stored traces that are no good


def test_a_file_that_is_no_trace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "photo.trace").write_bytes(b"\x89PNG\r\n")
    assert main(["rescore", str(tmp_path / "photo.trace")]) == 2
    assert "not a trace" in capsys.readouterr().err


def test_a_trace_of_another_format(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "old.trace").write_bytes(b"sheber-trace 77\n")
    assert main(["report", str(tmp_path / "old.trace")]) == 2
    assert "format 77. This version of sheber reads format" in capsys.readouterr().err


def foreign_trace(path: Path, **header: str) -> Path:
    """A trace as a stranger might send it: whole, of a station without physics."""
    from sheber.trace import Channel, Header, Outcome, OutcomeKind, TraceWriter

    with TraceWriter(path, Header(**header)) as recorder:  # type: ignore[arg-type]
        recorder.begin([Channel("tcp", "f8", (7,), "m")], ["tool"], [], {}, step_s=0.002)
        recorder.end(5, Outcome(OutcomeKind.FINISHED))
    return path


@pytest.mark.parametrize("command", ["report", "rescore"])
def test_a_trace_cannot_name_code_to_run(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Opening an exercise runs its code, and traces come from strangers."""
    evil = tmp_path / "evil"
    evil.mkdir()
    (evil / "exercise.toml").write_text('name = "evil"\n')
    (evil / "exercise.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    trace = foreign_trace(tmp_path / "gift.trace", exercise=str(evil))
    assert main([command, str(trace)]) == 2
    assert "--exercise FOLDER" in capsys.readouterr().err
    assert not (tmp_path / "ran").exists()


def test_words_of_a_trace_do_not_steer_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    escape = "\x1b]0;owned\x07\x9b2J\u202e"
    trace = foreign_trace(tmp_path / "gift.trace", exercise=escape, scene=escape, exercise_version=escape)
    assert main(["rescore", str(trace)]) == 2
    assert main(["rescore", str(trace), "--exercise", "poses-and-moves"]) == 2
    told = capsys.readouterr()
    assert "not in the catalogue" in told.err
    assert "poses-and-moves cannot judge it" in told.err
    for character in escape:
        if not character.isprintable():
            assert character not in told.err + told.out


@pytest.mark.parametrize("command", ["report", "rescore"])
def test_a_trace_of_another_exercise_is_refused_in_one_sentence(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trace = foreign_trace(tmp_path / "run.trace", exercise="poses-and-moves")
    assert main([command, str(trace), "--exercise", "palletising"]) == 2
    told = capsys.readouterr()
    assert (
        told.err == f"sheber: {trace}: This is a trace of poses-and-moves. The exercise palletising cannot judge it.\n"
    )
    assert told.out == ""
    assert list(tmp_path.iterdir()) == [trace]


# --- editions and rehearsals


def copied(folder: Path, *changes: tuple[str, str]) -> Any:
    """A teacher's copy of poses-and-moves with changed entries, opened."""
    import shutil

    from sheber.exercises import load

    shutil.copytree(load("poses-and-moves").folder, folder)
    text = (folder / "exercise.toml").read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    (folder / "exercise.toml").write_text(text, "utf-8")
    return load(str(folder))


def test_an_edition_that_the_catalogue_has_is_compared_entry_by_entry(tmp_path: Path) -> None:
    from sheber.exercises import load
    from sheber.judge.editions import edition
    from sheber.trace import Header

    original = load("poses-and-moves")
    header = Header("poses-and-moves", original.version, original.sha256)
    assert edition(header, original) == ""
    level = ('level = "elementary"', 'level = "advanced"')
    mine = copied(tmp_path / "post", ('name = "poses-and-moves"', 'name = "post"'), level)
    assert edition(header, mine) == (
        "The run was made with poses-and-moves. Now post (post) judges it. "
        "The difference is: level (elementary → advanced)."
    )
    (mine.folder / "exercise.toml").write_text((original.folder / "exercise.toml").read_text("utf-8") + "\n# mine\n")
    (mine.folder / "exercise.py").write_text((original.folder / "exercise.py").read_text("utf-8") + "\n# mine\n")
    assert edition(header, load(str(mine.folder))).endswith("The difference is: exercise.py.")


def test_another_version_of_the_product_is_named() -> None:
    from importlib.metadata import version

    from sheber.exercises import load
    from sheber.judge.editions import edition
    from sheber.trace import Header

    now = load("poses-and-moves")
    same = Header(now.name, now.version, now.sha256, versions={"sheberkhana": version("sheberkhana"), "numpy": "0.1"})
    assert edition(same, now) == ""
    older = Header(now.name, now.version, now.sha256, versions={"sheberkhana": "0.0.1"})
    changed = f"Sheberkhana has changed since the run: 0.0.1 before, {version('sheberkhana')} now."
    product = f"{changed} The same run may get different points."
    assert edition(older, now) == product
    both = edition(Header(now.name, "0.9", "0123456789abcdef", versions={"sheberkhana": "0.0.1"}), now)
    assert both.startswith("The exercise poses-and-moves has changed since the run: version 0.9 ")
    assert both.endswith(". " + product)


def test_an_edition_that_nobody_has_any_more_is_named_by_hashes() -> None:
    from sheber.exercises import load
    from sheber.judge.editions import edition
    from sheber.trace import Header

    now = load("poses-and-moves")
    told = edition(Header(now.name, now.version, "0123456789abcdef"), now)
    assert "exercise.toml or exercise.py is different" in told
    assert f"(01234567 before, {now.sha256[:8]} now; both are version {now.version})" in told
    told = edition(Header(now.name, "0.9", "0123456789abcdef"), now)
    assert f"version 0.9 (01234567) before, version {now.version} ({now.sha256[:8]}) now." in told


def test_only_a_whole_rehearsal_has_a_final_score(tmp_path: Path) -> None:
    from dataclasses import replace

    from sheber.exercises import Check, Score, load
    from sheber.i18n import message
    from sheber.judge.rehearsals import Stored, rehearsals
    from sheber.trace import Channel, Header, Outcome, OutcomeKind, TraceWriter, read

    exercise = load("poses-and-moves")

    def stored(seed: int, program: str = "one", points: float = 60.0) -> Stored:
        path = tmp_path / f"{program}-{seed}.trace"
        with TraceWriter(path, Header(exercise.name, program_sha256=program, seed=seed, sandbox="A")) as recorder:
            recorder.begin([Channel("tcp", "f8", (7,), "m")], [], [], {}, step_s=0.002)
            recorder.end(5, Outcome(OutcomeKind.FINISHED))
        return Stored(
            path, read(path), exercise, Score((Check(message("test.all", "all")(), "quality", points, 60.0),))
        )

    whole = [stored(seed, points=0.0 if seed == exercise.rehearsal[0] else 60.0) for seed in exercise.rehearsal]
    (found,) = rehearsals([stored(3), *reversed(whole)])  # a practice scene among them is passed over
    assert [scene.seed for scene in found.grade.scenes] == list(exercise.rehearsal)
    assert found.grade.final == pytest.approx(0.7 * 60.0 * 7 / 8)
    assert rehearsals(whole[1:]) == []
    (found,) = rehearsals([*whole, whole[0]])  # the same recording twice
    assert len(found.scenes) == 8
    assert rehearsals([*whole, replace(whole[0], trace=cut_short(whole[0].path))]) == []
    assert rehearsals([*whole[1:], stored(exercise.rehearsal[0], "another")]) == []
    cut = replace(whole[0], trace=cut_short(whole[0].path))
    assert not cut.trace.whole
    assert rehearsals([cut, *whole[1:]]) == []


def cut_short(path: Path) -> Any:
    """The trace in a file without its last bytes."""
    from sheber.trace import read

    shorter = path.with_name("shorter.trace")
    shorter.write_bytes(path.read_bytes()[:-40])
    return read(shorter)


def rehearsed(folder: Path, program: str = "program.py", samples: int = 1) -> list[Path]:
    """Traces of a whole rehearsal of poses-and-moves in which nothing moved, as `sheber grade` names them."""
    from exercise_traces import CHANNELS, EVENTS, facts_of
    from sheber.exercises import load
    from sheber.trace import Header, Outcome, OutcomeKind, TraceWriter

    exercise = load("poses-and-moves")
    folder.mkdir(exist_ok=True)
    for place, seed in enumerate(exercise.rehearsal, 1):
        header = Header(
            exercise.name,
            exercise.version,
            exercise.sha256,
            program=program,
            program_sha256="same",
            seed=seed,
            scene=f"rehearsal {place}",
            sandbox="A",
        )
        with TraceWriter(folder / f"scene-{seed}.trace", header) as recorder:
            row = recorder.begin(CHANNELS, [], [], facts_of(exercise, seed), step_s=0.002, events=EVENTS)
            for sample in range(samples):
                values = np.zeros((), row)
                values["tcp"][3] = 1.0
                recorder.sample(10 * sample, values.tobytes())
            recorder.end(10 * samples, Outcome(OutcomeKind.FINISHED))
    return sorted(folder.glob("scene-*.trace"))


def test_two_students_with_the_same_program_have_a_final_score_each(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    traces = [trace for student in ("aida", "boris") for trace in rehearsed(tmp_path / student)]
    assert main(["rescore", "--json", *map(str, traces)]) == 0
    told = capsys.readouterr()
    assert [one["final"] for one in json.loads(told.out)] == [0.0] * 16
    assert {one["program"] for one in json.loads(told.out)} == {"program.py"}
    assert told.err == ""
    assert main(["rescore", *map(str, traces)]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert f"The whole rehearsal of program.py in {tmp_path / 'aida'}:" in text
    assert f"The whole rehearsal of program.py in {tmp_path / 'boris'}:" in text


@pytest.mark.parametrize(
    ("samples", "final", "words"),
    [
        (1, 0.0, "of the same run of rehearsal 1: {0}, {1}. Only the first one counts in the final score."),
        (2, None, "of rehearsal 1 with the same program, but they differ: {0}, {1}. So there is no final score."),
    ],
)
def test_traces_that_are_double_are_named(
    samples: int, final: float | None, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    traces = rehearsed(tmp_path / "out")
    copy = traces[0].with_name("scene-101 (copy).trace")
    copy.write_bytes(rehearsed(tmp_path / "other", samples=samples)[0].read_bytes())
    assert main(["rescore", "--json", *map(str, traces), str(copy)]) == 0
    told = capsys.readouterr()
    assert [one["final"] for one in json.loads(told.out)] == [final] * 8 + [None]
    assert words.format(traces[0], copy) in told.err


# --- the numbers of an exercise


def test_every_number_is_listed_with_what_is_allowed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "poses-and-moves", "--numbers", "--json"]) == 0
    listed = {one["name"]: one for one in json.loads(capsys.readouterr().out)}
    assert listed["scene.post_height"]["value"] == [0.22, 0.28]
    assert listed["scene.tilt_deg"]["allowed"] == "a number from 0 to 30 deg"
    assert listed["tolerance.position"]["value"]["unit"] == "mm"
    assert listed["limits.silent_s"]["value"] is None
    assert listed["limits.commands"]["allowed"] == "a whole number from 100 to 10000000"
    assert listed["points.quality.line"]["allowed"] == "a number from 0 to 60 points"
    assert main(["check", "poses-and-moves", "--numbers"]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "scene.tilt_deg 25.0 a number from 0 to 30 deg" in lines
    assert any(line.startswith("limits.silent_s usual value a number from 1") for line in lines)


# --- languages


def test_a_language_without_a_translation_is_told_calmly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    note = "sheber: There is no Kazakh translation of the messages yet. They are in English.\n"
    assert main(["exercises", "--language", "kk"]) == 0
    assert capsys.readouterr().err == note
    monkeypatch.setenv("SHEBER_LANGUAGE", "kk")
    assert main(["exercises"]) == 0
    assert capsys.readouterr().err == note
    assert main(["exercises", "--language", "en"]) == 0
    assert capsys.readouterr().err == ""
    for asked, told in (("kk_KZ.UTF-8", note), ("de", "sheber: There is no language 'de'. The languages are: en.\n")):
        monkeypatch.setenv("SHEBER_LANGUAGE", asked)
        assert main(["exercises"]) == 0
        assert capsys.readouterr().err == told


@pytest.mark.parametrize("command", COMMANDS)
def test_help_offers_only_languages_that_are_there(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "language of the texts, one of: en (" in text
    assert "zh-Hans" not in text
    assert "--language kk" not in text


# --- faults and interruptions


def test_a_fault_of_ours_is_called_one(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    import sheber.exercises

    def broken() -> None:
        raise ZeroDivisionError("deep inside")

    monkeypatch.setattr(sheber.exercises, "catalogue", broken)
    assert main(["exercises"]) == 4
    told = capsys.readouterr().err
    assert "deep inside" in told
    assert "a fault of Sheberkhana, not of your program" in told


def test_interrupted(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    import sheber.exercises

    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sheber.exercises, "catalogue", interrupted)
    assert main(["exercises"]) == 130
    assert "stopped" in capsys.readouterr().err


def test_a_reader_that_goes_away_is_no_error() -> None:
    command = f"{shlex.quote(sys.executable)} -P -m sheber exercises --json | head -c 1"
    run = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert run.stderr == ""


def test_help_is_quick_to_import() -> None:
    """The start of `sheber run` is a gate: the parser brings in nothing heavy."""
    script = "import sys; from sheber.cli.arguments import parser; parser(); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not {"mujoco", "numba", "cv2", "rich", "jinja2", "msgspec", "numpy.testing"} & set(run.stdout.split())


# --- with a cell

ONE_MOVE = """\
from sheber import connect

cell = connect()
cell.robot.move_joints(cell.robot.home)
print("at home")
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "program.py"
    path.write_text(ONE_MOVE)
    return path


@pytest.mark.physics
@pytest.mark.box
def test_run_gives_points_trace_and_page(program: Path, tmp_path: Path) -> None:
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" >> {tmp_path}/opened\n')
    browser.chmod(0o755)
    env = {**os.environ, "BROWSER": f"{browser} %s"}
    run = sheber("run", "poses-and-moves", program, "--seed", 3, "--out", tmp_path / "out", "--open", env=env)
    assert run.returncode == 0, run.stderr
    assert (tmp_path / "opened").read_text() == f"file://{tmp_path}/out/scene-3.html\n"
    assert "seed 3" in run.stdout
    assert re.search(r"Your program printed\n  \d\.\d\d s  at home\n", run.stdout)
    assert (tmp_path / "out" / "scene-3.trace").is_file()
    page = (tmp_path / "out" / "scene-3.html").read_text("utf-8")
    assert "at home" in page


@pytest.mark.physics
@pytest.mark.box
def test_a_seed_by_chance_is_printed_and_repeats(program: Path, tmp_path: Path) -> None:
    first = sheber("run", "poses-and-moves", program, "--no-report", "--out", tmp_path, "--json")
    scene = json.loads(first.stdout)
    again = sheber(
        "run", "poses-and-moves", program, "--no-report", "--out", tmp_path, "--json", "--seed", scene["seed"]
    )
    assert json.loads(again.stdout) == scene
    assert f"seed {scene['seed']}" in first.stderr
    assert "at home" in first.stderr
    assert list(tmp_path.glob("*.html")) == []


@pytest.mark.physics
@pytest.mark.box
def test_the_largest_seeds_go_the_whole_way(program: Path, tmp_path: Path) -> None:
    seed = 2**255 + 1
    run = sheber("run", "poses-and-moves", program, "--seed", seed, "--out", tmp_path, "--json")
    assert run.returncode == 0, run.stderr
    scene = json.loads(run.stdout)
    assert scene["seed"] == seed
    trace, page = tmp_path / f"scene-{seed}.trace", tmp_path / f"scene-{seed}.html"
    assert str(seed) in page.read_text("utf-8")
    page.unlink()
    (again,) = json.loads(sheber("rescore", trace, "--json").stdout)
    assert (again["seed"], again["points"], again["trace_sha256"]) == (seed, scene["points"], scene["trace_sha256"])
    assert str(seed) in "".join(sheber("rescore", trace).stdout.split())
    assert sheber("report", trace).returncode == 0
    assert str(seed) in page.read_text("utf-8")


@pytest.mark.physics
@pytest.mark.box
def test_json_of_a_scene_has_what_is_promised(program: Path, tmp_path: Path) -> None:
    run = sheber("run", "poses-and-moves", program, "--json", "--no-report", "--seed", 1, "--out", tmp_path)
    scene = json.loads(run.stdout)
    assert scene.keys() >= {"exercise", "seed", "scene", "outcome", "points", "checks", "trace_sha256", "level"}
    assert scene["outcome"] == "finished"
    points = {group: one["points_earned"] for group, one in scene["groups"].items()}
    total = points["quality"] + scene["factor"] * (points["cycle"] + points["safety"] + points["procedure"])
    assert scene["points"] == pytest.approx(total, abs=0.01)
    for told in (scene["groups"].values(), scene["checks"]):
        assert scene["points"] == pytest.approx(sum(one["points_counted"] for one in told), abs=0.01)
    for check in scene["checks"]:
        assert check.keys() >= {
            "name",
            "points_earned",
            "points_counted",
            "maximum",
            "measured",
            "wanted",
            "unit",
            "time",
        }
    assert re.fullmatch(r"[0-9a-f]{64}", scene["trace_sha256"])


@pytest.mark.physics
@pytest.mark.box
@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("print('I never connect')\n", 3),
        ("def broken(:\n", 3),
        ("from sheber import connect\ncell = connect()\n1 / 0\n", 0),
    ],
)
def test_exit_codes_of_programs_that_fail(source: str, code: int, tmp_path: Path) -> None:
    path = tmp_path / "program.py"
    path.write_text(source)
    run = sheber("run", "poses-and-moves", path, "--no-report", "--seed", 1, "--out", tmp_path / "out")
    assert run.returncode == code, run.stdout + run.stderr
    assert "Traceback" not in run.stdout + run.stderr


@pytest.mark.physics
@pytest.mark.box
def test_a_fault_of_ours_is_never_a_zero(program: Path, tmp_path: Path) -> None:
    """A station that breaks gives no points and no page, but the code that says whose fault it was."""
    script = (
        "from sheber.robot.controller import Controller\n"
        "def broken(self, request): raise ZeroDivisionError('the cell broke')\n"
        "Controller.handle = broken\n"
        "from sheber.cli import main\n"
        f"run = ['run', 'poses-and-moves', {str(program)!r}, '--seed', '1', '--out', {str(tmp_path)!r}]\n"
        "raise SystemExit(main(run))"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert run.returncode == 4, run.stderr
    assert "not scored. The program is not to blame" in run.stderr
    assert "/ 100" not in run.stdout
    assert not list(tmp_path.glob("*.html"))


@pytest.mark.physics
@pytest.mark.box
def worked_below(pid: int) -> float:
    """Processor time of the processes below this one [s]."""
    import contextlib

    ticks = 0
    with contextlib.suppress(OSError):  # one has just gone
        for child in map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()):
            ticks += int(Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[11])
            ticks += round(worked_below(child) * os.sysconf("SC_CLK_TCK"))
    return ticks / os.sysconf("SC_CLK_TCK")


def test_ctrl_c_keeps_what_was_written_and_leaves_no_process(tmp_path: Path) -> None:
    import signal
    import time

    from sheber.trace import read

    path = tmp_path / "program.py"
    path.write_text("from sheber import connect\ncell = connect()\ncell.note('here')\nwhile True: pass\n")
    command = [
        sys.executable,
        "-P",
        "-m",
        "sheber",
        "run",
        "poses-and-moves",
        str(path),
        "--seed",
        "1",
        "--out",
        str(tmp_path),
    ]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    trace = tmp_path / "scene-1.trace"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and worked_below(run.pid) < 3.0:  # importing takes less: now it is in its loop
        time.sleep(0.05)
    children = Path(f"/proc/{run.pid}/task/{run.pid}/children").read_text().split()
    run.send_signal(signal.SIGINT)
    _, told = run.communicate(timeout=30)
    assert run.returncode == 130
    assert "stopped" in told
    assert read(trace).events_of("note")
    assert children
    assert not [child for child in children if Path(f"/proc/{child}").exists()]


@pytest.mark.physics
@pytest.mark.box
def test_grade_gives_final_score_and_pages(program: Path, tmp_path: Path) -> None:
    run = sheber("grade", "poses-and-moves", program, "--json", "--out", tmp_path / "out")
    assert run.returncode == 0, run.stderr
    grade = json.loads(run.stdout)
    assert grade.keys() == {"exercise", "program_sha256", "final", "level", "scenes"}
    points = [scene["points"] for scene in grade["scenes"]]
    assert len(points) == 8
    assert grade["final"] == pytest.approx(0.7 * sum(points) / 8 + 0.3 * min(points), abs=0.01)
    overview = (tmp_path / "out" / "report.html").read_text("utf-8")
    for page in (tmp_path / "out").glob("scene-*.html"):
        assert page.name in overview
    traces = sorted((tmp_path / "out").glob("scene-*.trace"))
    again = sheber("rescore", *traces, "--json")
    assert [scene["final"] for scene in json.loads(again.stdout)] == [grade["final"]] * 8
    assert f"The whole rehearsal of program.py in {tmp_path / 'out'}:" in sheber("rescore", *traces).stdout
    assert "The whole rehearsal" not in sheber("rescore", *traces[1:]).stdout
    pages = sheber("report", *traces, "--out", tmp_path / "pages")
    assert pages.stdout.splitlines()[-1].endswith("report.html")
    assert (tmp_path / "pages" / "report.html").read_text("utf-8") == overview
    assert 'href="report.html"' in (tmp_path / "pages" / traces[0].with_suffix(".html").name).read_text("utf-8")


@pytest.mark.physics
@pytest.mark.box
def test_report_and_rescore_read_what_run_wrote(poses_trace: Path, tmp_path: Path) -> None:
    page = sheber("report", poses_trace, "--out", tmp_path)
    assert page.returncode == 0, page.stderr
    assert (tmp_path / "run.html").is_file()
    rescored = sheber("rescore", poses_trace, "--json")
    (scene,) = json.loads(rescored.stdout)
    assert scene["points"] >= 95
    assert rescored.stderr == ""


@pytest.mark.physics
@pytest.mark.box
def test_reading_needs_no_physics(poses_trace: Path) -> None:
    """Rescoring must work where the engine is not even installed."""
    script = (
        "import sys; sys.modules['mujoco'] = None; from sheber.cli import main;"
        f"raise SystemExit(main(['rescore', {str(poses_trace)!r}]))"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


@pytest.mark.physics
@pytest.mark.box
def test_a_trace_cut_short_is_judged_and_says_so(poses_trace: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.trace"
    raw = poses_trace.read_bytes()
    cut.write_bytes(raw[: len(raw) * 2 // 3])
    run = sheber("rescore", cut)
    assert run.returncode == 0, run.stderr
    assert "The recording stops at" in run.stderr
    assert "The file is incomplete" in run.stdout
    assert "fault" not in run.stdout + run.stderr
    (form,) = json.loads(sheber("rescore", cut, "--json").stdout)
    assert form["outcome"] is None
    assert "The recording stops at" in form["reason"]


@pytest.mark.physics
@pytest.mark.box
def test_another_edition_of_the_exercise_is_named(poses_trace: Path, tmp_path: Path) -> None:
    import shutil

    from sheber.exercises import load

    mine = tmp_path / "mine"
    shutil.copytree(load("poses-and-moves").folder, mine)
    with (mine / "exercise.toml").open("a") as file:
        file.write("# a teacher's remark\n")
    run = sheber("rescore", poses_trace, "--exercise", mine)
    assert run.returncode == 0, run.stderr
    assert "only comments or spaces" in run.stderr


@pytest.mark.physics
@pytest.mark.box
def test_a_full_disk_is_named_and_loses_nothing_written(program: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    room = 32 << 10  # bytes: the system takes no more of a file
    fill = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))}
    run = sheber("run", "poses-and-moves", program, "--no-report", "--seed", 1, "--out", out, **fill)
    assert run.returncode in (2, 4)
    assert "file too large. the part before can be read." in (run.stdout + run.stderr).lower()
    assert not read(out / "scene-1.trace").whole
