"""The contract of the whole catalogue: every exercise judged with its own programs, each as `expected.toml` says.

The judge is tested by judging: reference and hostile programs on all rehearsal scenes, clumsy and wrong ones on
three, and a program that does nothing on one. Hostile programs run in a box or not at all. The promises themselves are
in `sheber.judge.contract`, because `sheber check` examines a teacher's exercise by the same ones.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from sheber.cli import main
from sheber.exercises import PROGRAMS, catalogue, load
from sheber.exercises.score import GROUPS
from sheber.judge import Program, Sandbox, best_sandbox, contract, run
from sheber.judge.forms import revived_score, stored_score

NAMES = [exercise.name for exercise in catalogue()]

pytestmark = [pytest.mark.physics, pytest.mark.box]


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    """A box that holds; without one a hostile program must not run."""
    best = best_sandbox()
    assert best.level in ("A", "B"), f"no box that holds: {best.reason}"
    return best


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("name", NAMES)
def test_each_program_gets_what_it_must(name: str, program: str, sandbox: Sandbox, tmp_path: Path) -> None:
    exercise = load(name)
    found = contract.judged(exercise, sandbox, tmp_path, {program: contract.SCENES[program]})[program]
    assert len(found.scenes) == contract.SCENES[program]
    assert contract.misjudged(exercise, program, found) == []
    for scene in found.scenes:
        kept = revived_score(json.loads(json.dumps(stored_score(scene.score))))
        assert kept == scene.score
        assert [check.message for check in kept.checks] == [check.message for check in scene.score.checks]
        assert not [check for check in kept.checks if "{'id'" in f"{check.name} {check.message}"]


@pytest.mark.parametrize("name", NAMES)
def test_the_reference_time_leaves_little_room(name: str, sandbox: Sandbox, tmp_path: Path) -> None:
    reference = contract.judged(load(name), sandbox, tmp_path, {"reference": 2})["reference"]
    assert contract.late(reference) == []
    for scene in reference.scenes:
        assert {group: scene.score.group(group)[1] for group in GROUPS} == pytest.approx(GROUPS, abs=0.01)


@pytest.mark.parametrize("name", NAMES)
def test_the_starter_runs_and_does_something(name: str, sandbox: Sandbox) -> None:
    exercise = load(name)
    assert contract.unstarted(exercise, sandbox) == []
    trace = run(exercise, Program("starter.py", exercise.starter.encode()), 5, sandbox)
    actions = [kind for kind, about in trace.event_kinds.items() if about.action]
    assert trace.events_of(*actions, "capture")


@pytest.mark.parametrize("name", NAMES)
def test_texts_can_be_read_and_scenes_stand(name: str) -> None:
    assert contract.misread(load(name)) == []
    assert contract.misdrawn(load(name)) == []


def test_a_broken_promise_is_seen(sandbox: Sandbox, tmp_path: Path) -> None:
    exercise = load("poses-and-moves")
    found = contract.judged(exercise, sandbox, tmp_path, {"wrong": 1})["wrong"]
    told = contract.misjudged(exercise, "wrong", found, exercise.expected["reference"])
    assert len(told) == 2
    assert told[0].startswith('wrong, seed 101: The run ended with "emergency stop". It must end with "finished". ')
    assert "It must get 95 to 100." in told[1]
    assert "4 points were lost with pose-C-position: The run ended before the tool reached pose C." in told[1]
    assert "needs ? times the cycle time" in contract.late(found)[0]


# --- a teacher's own exercise -----------------------------------------------------------------------

DRAWN = """
from dataclasses import replace
from sheber.geometry import Pose
from sheber.robot.cell.scene import Part, Shape
_first, _times = scene, [0]
def scene(seed, numbers):
    {}
"""
BOXES = "tuple(Part(f'box_{n}', (Shape('box', (0.05, 0.05, 0.05)),), Pose((0.5, -0.4, HEIGHT)), 0.2) for n in (1, 2))"
STACKED = f"return replace(_first(seed, numbers), parts={BOXES})"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            "return replace(_first(7, numbers), noise_seed=seed)",
            f"The seeds {', '.join(map(str, range(101, 109)))} give",
        ),
        ("return replace(_first(seed // 2, numbers), noise_seed=seed)", "The seeds 102, 103 give the same scene. The"),
        ("_times[0] += 1; return _first(_times[0], numbers)", "The seed 101 gives two different scenes. Draw"),
        (STACKED.replace("HEIGHT", "0.03 * n"), "Seed 101: box_1 and box_2 are 20 mm inside one another at the start."),
        (STACKED.replace("HEIGHT", "0.2 * n"), "Seed 101: box_1 moves 175 mm in the first 2 s, although"),
    ],
)
def test_a_scene_that_is_not_drawn_from_its_seed_or_does_not_stand_is_seen(copy: Path, body: str, words: str) -> None:
    with (copy / "exercise.py").open("a", encoding="utf-8") as file:
        file.write(DRAWN.format(body))
    assert words in " ".join(contract.misdrawn(load(str(copy))))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("robot.move_to(robot.pose.offset(z=-1.0))", "The starter program does not come to its end. "),
        (
            "robot.move_linear(robot.pose.offset(x=0.1, z=-0.3)); robot.move_linear(robot.pose.offset(z=-0.2))",
            "The starter program does not come to its end. Emergency stop",
        ),
        (
            "from sheber import RobotError\ntry:\n    robot.move_to(robot.pose.offset(z=9.0))\nexcept RobotError: pass",
            "Something goes wrong in the starter program at ",
        ),
    ],
)
def test_a_starter_in_which_something_goes_wrong_is_seen(copy: Path, sandbox: Sandbox, line: str, words: str) -> None:
    source = "from sheber import connect\nrobot = connect().robot\n"
    (copy / "starter.py").write_text(source + line + "\n", "utf-8")
    (flaw,) = contract.unstarted(load(str(copy)), sandbox)
    assert flaw.startswith(words)


def test_check_tells_a_teacher_what_is_kept_and_what_is_not(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for program in ("clumsy", "wrong", "hostile"):
        (copy / "programs" / f"{program}.py").unlink()
    expected = copy / "programs" / "expected.toml"
    expected.write_text('[reference]\noutcome = ["finished"]\npoints = [95, 100]\n')
    assert main(["check", str(copy)]) == 0
    assert capsys.readouterr().out.count("kept  ") == 5
    expected.write_text('[nothing]\noutcome = ["emergency stop"]\npoints = [5, 100]\n')
    (copy / "text" / "ru.md").write_text("# T\n\n{{tolerance.nothing}}\n", "utf-8")
    assert main(["check", str(copy)]) == 2
    told = capsys.readouterr().out
    assert told.count("broken  ") == 2
    assert "tolerance.nothing" in told
    assert 'nothing, seed 101: The run ended with "finished". It must end with "emergency stop".' in told
    assert "nothing, seed 101: The program got 0 points. It must get 5 to 100." in told
    shutil.rmtree(copy / "programs")
    (copy / "text" / "ru.md").unlink()
    assert main(["check", str(copy), "--json"]) == 0
    assert capsys.readouterr().out.count('"broken": []') == 3
