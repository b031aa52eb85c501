"""The repository keeps its own promises: locks, licences, imports, no hosts of indexes, pages that exist."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import metadata, requires
from pathlib import Path

import grimp
import pytest

from sheber.judge.sandbox import layout
from what_works import NO_GIT

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)
_NAME = re.compile(r"^[A-Za-z0-9._-]+")


def canonical(name: str) -> str:
    """The spelling under which indexes know a package."""
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(file: str) -> dict[str, str]:
    """Package → version in a lock file."""
    return {canonical(name): version for name, version in _PINNED.findall((ROOT / file).read_text("utf-8"))}


def named(requirements: list[str]) -> set[str]:
    """The packages that a list of requirements names."""
    return {canonical(match[0]) for one in requirements if (match := _NAME.match(one))}


def tracked() -> list[Path]:
    """Every text file of the repository that git knows or would take."""
    if shutil.which("git") is None:
        pytest.skip(NO_GIT)
    run = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    )
    if run.returncode:
        pytest.skip("not a git checkout: a source archive has no list of its files")
    return [ROOT / line for line in run.stdout.splitlines() if (ROOT / line).is_file()]


def test_locks_hold_every_dependency() -> None:
    """A dependency added to pyproject.toml without `make lock` would be missing on users' machines."""
    product = named(PROJECT["project"]["dependencies"])
    assert product <= locked("requirements.lock").keys()
    assert named(PROJECT["dependency-groups"]["dev"]) | product <= locked("requirements-dev.lock").keys()


def test_both_locks_agree() -> None:
    """What is tested is what users install."""
    tested = locked("requirements-dev.lock")
    for file in ("requirements.lock", "requirements-ground.lock", "requirements-school.lock"):
        assert {name: tested[name] for name in locked(file)} == locked(file)


@pytest.mark.parametrize(
    "file", ["requirements.lock", "requirements-ground.lock", "requirements-school.lock", "requirements-dev.lock"]
)
def test_every_locked_package_has_hashes_and_no_host(file: str) -> None:
    text = (ROOT / file).read_text("utf-8")
    for entry in re.split(r"\n(?=[A-Za-z0-9])", text.split("\n", 2)[2]):
        assert "--hash=sha256:" in entry, entry
    assert "://" not in text


def test_the_engine_is_pinned_exactly() -> None:
    (engine,) = [one for one in PROJECT["project"]["dependencies"] if one.startswith("mujoco")]
    assert re.fullmatch(r"mujoco-core==\d+\.\d+\.\d+", engine)


def test_nothing_is_installed_that_nobody_needs() -> None:
    """Every package of the product's lock is asked for by the project or by one of its packages."""
    pinned = locked("requirements.lock")
    asked = named(PROJECT["project"]["dependencies"])
    for name in pinned:
        asked |= named([one for one in requires(name) or [] if "extra ==" not in one])
    assert pinned.keys() <= asked


def third_party(section: str) -> dict[str, str]:
    """Name → licence in the table of a section of THIRD_PARTY.md."""
    text = (ROOT / "THIRD_PARTY.md").read_text("utf-8").partition(f"## {section}")[2].partition("\n## ")[0]
    rows = dict(re.findall(r"^\| ([@a-z0-9/._-]+) \| ([^|]+) \|", text, re.MULTILINE))
    return {name: licence for name, licence in rows.items() if name not in ("package", "part")}


PRODUCT, GROUND, SCHOOL = "requirements.lock", "requirements-ground.lock", "requirements-school.lock"


@pytest.mark.parametrize(
    ("section", "packages"),
    [
        ("Packages that are installed", locked(PRODUCT).keys()),
        ("Packages of the ground station", locked(GROUND).keys() - locked(PRODUCT).keys()),
        ("Packages of the school", locked(SCHOOL).keys() - locked(GROUND).keys()),
    ],
)
def test_third_party_names_every_package_with_a_free_licence(section: str, packages: set[str]) -> None:
    table = third_party(section)
    assert table.keys() == packages
    for name, licence in table.items():
        if name == "tzdata":
            continue  # it is not installed on Linux
        about = metadata(name)
        told = about.get("License-Expression") or " ".join(
            [
                (about.get("License") or "").partition("\n\n")[0],
                *(c for c in about.get_all("Classifier") or [] if c.startswith("License")),
            ]
        )
        family = licence.split("-")[0].split()[0]
        assert family in told, f"{name}: THIRD_PARTY.md says {licence}, the package says {told}"
        assert not re.search(r"(?<!L)GPL", told), f"{name} is under {told}"


def test_third_party_names_what_travels_in_a_page() -> None:
    wanted = json.loads((ROOT / "frontend/package.json").read_text("utf-8"))["dependencies"]
    report, web = third_party("The report page's bundle"), third_party("The bundle of the school's pages")
    for bundle, named in (("judge/report", report), ("web", report | web)):
        manifest = json.loads((ROOT / f"src/sheber/{bundle}/bundle/manifest.json").read_text("utf-8"))
        licences = (ROOT / f"src/sheber/{bundle}/bundle/LICENSES.txt").read_text("utf-8")
        assert named.keys() == manifest["packages"].keys()
        for name, version in manifest["packages"].items():
            assert f"{name} {version} (" in licences
    for name, version in wanted.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), f"{name} is not pinned exactly"
        assert name in report | web


def test_notices_of_the_meshes_are_here() -> None:
    """The meshes travel in every report; their notices must be with them."""
    assert "ROS Industrial Consortium" in (ROOT / "third_party/ur_description.LICENSE.txt").read_text("utf-8")
    assert "Andreas Verleysen" in (ROOT / "third_party/airo-models.LICENSE.txt").read_text("utf-8")
    assert "Apache License" in (ROOT / "LICENSE").read_text("utf-8")


def test_no_file_names_an_index_host() -> None:
    """A lock or a script with a host would not work behind a school's own index."""
    hosts = re.compile("|".join([r"files\.python" + "hosted", r"registry\.npm" + "js", r"pypi\." + "org/simple"]))
    for path in tracked():
        if path.suffix in {".png", ".jpg", ".glb", ".woff2", ".mo"}:
            continue
        assert not hosts.search(path.read_text("utf-8", errors="replace")), path


def test_no_file_keeps_both_sides_of_a_merge() -> None:
    for path in tracked():
        assert not re.search(rb"^(<{7}|>{7}) ", path.read_bytes(), re.MULTILINE), path


def test_one_version_everywhere() -> None:
    version = PROJECT["project"]["version"]
    assert f"version: {version}" in (ROOT / "CITATION.cff").read_text("utf-8")


def test_continuous_integration_runs_the_same_commands() -> None:
    script = (ROOT / ".ci/run").read_text("utf-8")
    assert "make system" in script
    assert "make test" in script
    assert (ROOT / ".ci/run").stat().st_mode & 0o111


def test_imports_go_one_way() -> None:
    """The import contract of docs/design.md, held by import-linter."""
    linter = Path(sys.executable).parent / "lint-imports"
    run = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def test_no_circle_of_imports_exists() -> None:
    """Not one, those within functions and those for types alone included."""
    graph = grimp.build_graph("sheber", cache_dir=None)
    left = set(graph.modules)
    while True:  # what imports nothing of the rest, or what nothing of the rest imports, is in no circle
        leaves = {
            module
            for module in left
            if not graph.find_modules_directly_imported_by(module) & left
            or not graph.find_modules_that_directly_import(module) & left
        }
        if not leaves:
            break
        left -= leaves
    assert not left, f"these import each other in a circle: {', '.join(sorted(left))}"


def test_what_lies_in_the_box_imports_only_what_lies_there() -> None:
    """A program's side that imports more works here and dies in the box."""
    places = layout.sheber_files()
    files = [Path(name, file.relative_to(place)) for name, place in places.items() for file in place.rglob("*.py")]
    files += [Path(name) for name, place in places.items() if place.is_file()]
    there = {".".join(("sheber", *file.with_suffix("").parts)).removesuffix(".__init__") for file in files}
    graph = grimp.build_graph("sheber", cache_dir=None)
    for module in sorted(there & graph.modules):
        beyond = graph.find_modules_directly_imported_by(module) - there
        assert not beyond, f"{module} imports {', '.join(sorted(beyond))}, which no box has"
    assert {"sheber.client.robot_cell.cell", "sheber.geometry", "sheber.i18n"} <= there
