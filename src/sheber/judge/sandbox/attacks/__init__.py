"""Attacks: an honest control and a dozen hostile programs that `sheber doctor` really runs.

Each is a program of its own that prints BREACH for what it got through and DONE at its end. The tests run them
among a larger corpus. Names between @ signs stand for things on this machine: a canary file, a port, the judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sheber.i18n import N_, _

__all__ = ["CONTROL", "NAMES", "baited", "plain_name", "source"]

_HERE = Path(__file__).parent
CONTROL = "a43_honest"
NAMES = tuple(sorted(file.stem for file in _HERE.glob("a[0-9]*.py")))
_PLAIN = {
    CONTROL: N_("an honest program"),
    "a01_files": N_("reading files of others"),
    "a02_environment": N_("reading the judge's environment"),
    "a03_network": N_("using the network"),
    "a05_processes": N_("starting many processes"),
    "a07_memory": N_("taking too much memory"),
    "a09_disk": N_("filling the disk"),
    "a14_other_memory": N_("reading the memory of other processes"),
    "a16_signals": N_("sending signals to other processes"),
    "a20_garbage": N_("sending bytes that no program sends"),
    "a27_exec": N_("starting other programs"),
    "a32_kernel": N_("asking the kernel for more rights"),
    "a33_foreign_entry": N_("entering the kernel by its 32-bit calls"),
    "a34_own_files": N_("changing the files of the box"),
}
_DISK = 17 << 20  # bytes: the scratch of a box and a little


def source(name: str) -> bytes:
    """The program of that name."""
    return (_HERE / f"{name}.py").read_bytes()


def plain_name(name: str) -> str:
    """What the program does, in words for people."""
    return _(_PLAIN[name])


def baited(program: bytes, lures: Mapping[str, str]) -> bytes:
    """The program with the names of this machine's lures in it."""
    for name, value in {"@DISK@": str(_DISK), **lures}.items():
        program = program.replace(name.encode(), value.encode())
    return program
