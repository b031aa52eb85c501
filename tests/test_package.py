"""The package as a user gets it: a wheel that holds what it needs and not what stays with the teacher."""

from __future__ import annotations

import os
import shlex
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


def test_the_reference_of_the_library_travels(wheel: Path) -> None:
    """It is a page of the school: students have a browser and nothing else."""
    with zipfile.ZipFile(wheel) as archive:
        for file in (ROOT / "docs").glob("program*.md"):
            assert archive.read(f"sheber/web/{file.name}") == file.read_bytes()


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
    assert (tmp_path / "reports/poses-and-moves/work/program/scene-1.html").stat().st_size > 100_000
    check = subprocess.run([*pip[:3], "check"], capture_output=True, text=True)
    assert check.returncode == 0, check.stdout


# --- set-up from a checkout


def test_a_python_without_ensurepip_is_met_with_the_line_that_mends_it(tmp_path: Path) -> None:
    """Debian's python3 comes without; the bare error of venv helps nobody."""
    crippled = tmp_path / "python3"
    python = shlex.quote(sys.executable)
    crippled.write_text(f'#!/bin/sh\ncase "$*" in *ensurepip*) exit 1;; esac\nexec {python} "$@"\n')
    crippled.chmod(0o755)
    command = ["sh", "tools/make_venv.sh", str(crippled), str(tmp_path / "venv")]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 1
    assert f"apt-get install python3.{sys.version_info.minor}-venv" in run.stderr
    assert not (tmp_path / "venv").exists()


def tools(folder: Path, **texts: str) -> dict[str, str]:
    """A system that has these programs alone, by what they do; the environment in which it is found."""
    for name, text in texts.items():
        tool = folder / name.replace("_", "-")
        tool.write_text(f"#!/bin/sh\n{text}\n")
        tool.chmod(0o755)
    for name in ("grep", "env", "sh", "stat"):
        (folder / name).symlink_to(str(shutil.which(name)))
    return {"PATH": str(folder), "HOME": str(folder)}


def script(name: str, *words: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a script of tools/; its standard output and its errors."""
    command = ["/bin/sh", f"tools/{name}.sh", *words]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


APT = {"ldconfig": "echo libEGL_mesa", "apt_get": 'echo "$@" >>"$HOME/asked"'}
WANTED = "install --yes --no-install-recommends bubblewrap chromium chromium-driver libhamlib-utils\n"


def test_system_packages_without_root_prints_the_exact_command(tmp_path: Path) -> None:
    """Nobody who is not root is asked for a password by our scripts; they get the line to type."""
    run = script("system_packages", environment=tools(tmp_path, id="echo 1000", **APT, sudo="exit 1"))
    assert run.returncode == 1
    assert f"sudo apt-get {WANTED}" in run.stderr
    assert not (tmp_path / "asked").exists()


@pytest.mark.parametrize("user", [{"id": "echo 0"}, {"id": "echo 1000", "sudo": 'shift; exec "$@"'}])
def test_system_packages_are_installed_where_no_password_is_needed(user: dict[str, str], tmp_path: Path) -> None:
    run = script("system_packages", environment=tools(tmp_path, **APT, **user, true="exit 0"))
    assert run.returncode == 0, run.stderr
    asked = (tmp_path / "asked").read_text().splitlines()
    options = "install -qq --yes --no-install-recommends"
    assert asked == ["update -qq", f"{options} bubblewrap", f"{options} chromium chromium-driver libhamlib-utils"]


def test_the_demo_asks_for_the_products_packages_alone(tmp_path: Path) -> None:
    """A browser is for the tests."""
    crippled = 'case "$*" in *ensurepip*) exit 1;; *print*) echo python3.99-venv;; esac'
    environment = tools(tmp_path, id="echo 0", **APT, python3=crippled)
    assert script("system_packages", "product", "python3", environment=environment).returncode == 0
    assert "bubblewrap python3.99-venv\n" in (tmp_path / "asked").read_text()
    assert "chromium" not in (tmp_path / "asked").read_text()


def test_root_is_never_told_to_use_sudo(tmp_path: Path) -> None:
    environment = tools(tmp_path, id="echo 0", ldconfig="exit 0", apt_get="echo 'no network' >&2; exit 100")
    run = script("system_packages", environment=environment)
    assert run.returncode == 1
    assert "apt-get could not install all of these: bubblewrap chromium" in run.stderr
    assert "sudo" not in run.stdout + run.stderr


def test_a_python_that_is_not_there_is_answered_with_those_that_are(tmp_path: Path) -> None:
    new, old = (f'case "$2" in *version_info*) exit {code};; esac' for code in (0, 1))
    environment = tools(tmp_path, python3=old, newer=new)
    (tmp_path / "newer").rename(tmp_path / "python3.13")
    run = script("check_python", "python3.99", environment=environment)
    assert run.returncode == 2
    assert "There is no Python named python3.99" in run.stderr
    assert run.stderr.endswith(f"\n    make demo PYTHON={tmp_path}/python3.13\n")
    run = script("check_python", "python3", environment=environment)
    assert run.returncode == 2
    assert "needs Python 3.11 or newer" in run.stderr


def test_without_any_python_the_page_that_helps_is_named(tmp_path: Path) -> None:
    run = script("check_python", "python3", environment=tools(tmp_path))
    assert run.returncode == 2
    assert "docs/student.md says where to get it" in run.stderr


def test_an_environment_of_another_user_is_told(tmp_path: Path) -> None:
    """Root made it; its Python is a link below root's home."""
    checkout = tmp_path / "a checkout"
    (checkout / ".venv/bin").mkdir(parents=True)
    (checkout / ".venv/bin/python").symlink_to("/root/nowhere/python3")
    (checkout / ".venv").chmod(0o555)
    shutil.copytree(ROOT / "tools", checkout / "tools")
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    as_other = ["setpriv", "--reuid", "60599", "--regid", "60599", "--clear-groups"] if os.geteuid() == 0 else []
    command = [*as_other, "/bin/sh", "tools/machine.sh", "python3", ".venv", "product"]
    run = subprocess.run(command, cwd=checkout, capture_output=True, text=True)
    assert run.returncode == 2
    assert "belongs to the user" in run.stderr
    assert f'rm -rf "{checkout}/.venv"' in run.stderr
    assert len(run.stderr.splitlines()) == 3


def test_a_first_set_up_without_a_network_says_so(tmp_path: Path) -> None:
    """pip says "from versions: none"."""
    python = tmp_path / "python"
    python.write_text(
        '#!/bin/sh\ncase "$*" in\n'
        '"-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python";;\n'
        '"-m pip "*) echo "ERROR: No version (from versions: none)" >&2; exit 1;;\n*) echo 3.11;;\nesac\n'
    )
    python.chmod(0o755)
    run = script("make_venv", str(python), str(tmp_path / "venv"), environment=dict(os.environ))
    assert run.returncode == 1
    assert "this machine does not reach the index of Python packages" in run.stderr
    assert "https_proxy" in run.stderr
