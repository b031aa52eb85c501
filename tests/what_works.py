"""What this machine lacks for the tests: each lack has one reason, with which the tests that need it are skipped."""

from __future__ import annotations

import shutil
from functools import cache

from sheber.judge import SandboxError, best_sandbox

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
HAMLIB = shutil.which("rotctl") and shutil.which("rotctld") and shutil.which("rigctl") and shutil.which("rigctld")
NO_SANDBOX = "no sandbox works here"
NO_LEVEL_A = "no sandbox of level A works here"
NO_GIT = "git is not installed"
NO_HAMLIB = "no Hamlib (rotctl, rotctld, rigctl, rigctld); `make system` installs libhamlib-utils"
NO_BROWSER = "no chromium with its chromedriver; `make system` installs them"


@cache
def missing_sandbox() -> tuple[str, str]:
    """The reason to skip tests that need a box, and the system's own words; "" where every box can be had."""
    try:
        found = best_sandbox()
    except SandboxError as error:
        return NO_SANDBOX, str(error)
    return ("", "") if found.level == "A" else (NO_LEVEL_A, found.reason)


def reason_without(level: str = "") -> str:
    """Why there is no box of this level, or of any; "" where there is one."""
    reason, _why = missing_sandbox()
    return reason if reason == NO_SANDBOX or level == "A" else ""


def missing() -> list[str]:
    """All that is missing, a line each."""
    reason, why = missing_sandbox()
    lines = [f"{reason}, so the tests that need one are skipped. {why}"] if reason else []
    if not shutil.which("git"):
        lines.append(f"{NO_GIT}, so one test is skipped")
    if not (BROWSER and DRIVER):
        lines.append(f"{NO_BROWSER}, so the tests of the report page are skipped")
    if not HAMLIB:
        lines.append(f"{NO_HAMLIB}, so the tests against it are skipped")
    return lines
