"""The doctor tries, says what it found, and names the command that helps."""

from __future__ import annotations

from pathlib import Path

import pytest

from sheber import doctor
from sheber.doctor import Finding, examine
from sheber.judge import Sandbox, SandboxError
from sheber.judge.sandbox import attacks
from sheber.judge.selftest import ACCEPTED, selftest


@pytest.mark.box
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
    assert "simulated time per second" in found["speed"].value, found["speed"]
    assert "ms per picture" in found["camera"].value, found["camera"]
    assert {"level A", attacks.CONTROL, "a05_processes", "speed"} <= set(told)


def test_a_dozen_attacks_and_an_honest_program_are_shipped() -> None:
    assert attacks.CONTROL in attacks.NAMES
    assert len(attacks.NAMES) >= 13
    assert all(set(names) <= set(attacks.NAMES) for names in ACCEPTED.values())


@pytest.mark.box
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
        (("a09_disk",), "known to get out of the box: a09_disk", True),
        (("a09_disk", "a01_files"), "got out of the box: a01_files. Do not grade", False),
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
    found = {finding.name: finding for finding in doctor._sandbox(lambda what: None)}
    assert found["level A"] == Finding("level A", "not here", False)
    assert found["sandbox used"].value.startswith("none")
    assert found["sandbox used"].advice


def test_a_missing_bubblewrap_is_installed_by_one_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name, path=None: "/usr/bin/dnf" if name == "dnf" else None)
    assert doctor._bubblewrap().advice == "sudo dnf install bubblewrap"
    assert doctor._remedy() == "sudo dnf install bubblewrap"


def test_the_apparmor_of_ubuntu_is_named_with_its_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    switch = tmp_path / "apparmor_restrict_unprivileged_userns"
    switch.write_text("1\n")
    monkeypatch.setattr(doctor, "_APPARMOR_SWITCH", switch)
    monkeypatch.setattr("shutil.which", lambda name, path=None: "/usr/bin/bwrap")
    advice = doctor._remedy()
    assert "AppArmor" in advice
    assert "userns," in advice
    assert "sudo tee /etc/apparmor.d/bwrap" in advice
