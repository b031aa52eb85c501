"""The package as a user gets it: a wheel that holds what it needs and not what stays with the teacher."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built offline with the locked builder."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_the_package(wheel: Path) -> None:
    held = names(wheel)
    sources = {str(file.relative_to(ROOT / "src")) for file in (ROOT / "src/sheber").rglob("*.py")}
    sources = {name for name in sources if "/programs/" not in name and "/.cache/" not in name}
    assert sources <= held
    for wanted in ("sheber/py.typed", "sheber/exercises/poses_and_moves/exercise.toml", "sheber/robot/arms/ur5e.toml"):
        assert wanted in held
    assert any(name.startswith("sheber/exercises/poses_and_moves/text/") for name in held)
    assert any(name.endswith(".j2") for name in held), "the templates of the report are missing"


def test_the_programs_of_the_exercises_stay_out(wheel: Path) -> None:
    """Reference programs in every installation would be every student's first search."""
    assert not [name for name in names(wheel) if "/programs/" in name]


def test_no_cache_travels(wheel: Path) -> None:
    """numba's cache is pickled code of one machine."""
    assert not [name for name in names(wheel) if "/.cache/" in name or name.endswith((".nbi", ".nbc", ".pyc"))]


def test_licences_travel(wheel: Path) -> None:
    held = {name.partition("/licenses/")[2] for name in names(wheel) if "/licenses/" in name}
    assert {"LICENSE", "THIRD_PARTY.md", "third_party/ur_description.LICENSE.txt"} <= held


@pytest.mark.long
@pytest.mark.physics
@pytest.mark.box
def test_a_fresh_environment_gets_a_working_command(wheel: Path, tmp_path: Path) -> None:
    """`pip install` of the wheel with the locked packages: a first round by someone who has nothing else."""
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True, capture_output=True)
    pip = [str(venv / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--require-hashes", "-r", str(ROOT / "requirements.lock")], check=True, capture_output=True)
    subprocess.run([*pip, "--no-deps", str(wheel)], check=True, capture_output=True)
    for words in ("exercises", "new poses-and-moves work", "run poses-and-moves work/program.py --seed 1"):
        run = subprocess.run([venv / "bin/sheber", *words.split()], capture_output=True, text=True, cwd=tmp_path)
        assert run.returncode == 0, run.stderr
        assert "poses-and-moves" in run.stdout
    assert (tmp_path / "reports/poses-and-moves/scene-1.html").stat().st_size > 100_000
    check = subprocess.run([*pip[:3], "check"], capture_output=True, text=True)
    assert check.returncode == 0, check.stdout


# --- set-up from a checkout


def test_a_python_without_ensurepip_is_met_with_the_line_that_mends_it(tmp_path: Path) -> None:
    """Debian's python3 comes without; the bare error of venv helps nobody."""
    crippled = tmp_path / "python3"
    crippled.write_text(f'#!/bin/sh\ncase "$*" in *ensurepip*) exit 1;; esac\nexec {sys.executable} "$@"\n')
    crippled.chmod(0o755)
    command = ["sh", "tools/make_venv.sh", str(crippled), str(tmp_path / "venv")]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 1
    assert f"apt-get install python3.{sys.version_info.minor}-venv" in run.stderr
    assert not (tmp_path / "venv").exists()


def test_system_packages_without_root_prints_the_exact_command(tmp_path: Path) -> None:
    """Nobody who is not root is asked for a password by our scripts; they get the line to type."""
    for name, text in {"id": "echo 1000", "apt-get": "exit 99", "ldconfig": "echo libEGL_mesa"}.items():
        tool = tmp_path / name
        tool.write_text(f"#!/bin/sh\n{text}\n")
        tool.chmod(0o755)
    (tmp_path / "grep").symlink_to(str(shutil.which("grep")))
    command = ["/bin/sh", str(ROOT / "tools/system_packages.sh")]
    run = subprocess.run(command, env={"PATH": str(tmp_path)}, capture_output=True, text=True)
    assert run.returncode == 1
    assert "sudo apt-get install --yes --no-install-recommends bubblewrap chromium chromium-driver\n" in run.stderr
