"""Handshake: what a program and a PLC said to each other: request, busy, done, and what was taken back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sheber.trace import Trace

__all__ = ["Asked", "asked"]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request of a job of the PLC, from its rise to its fall. Times in s, None: it never came."""

    rises: float
    busy: float | None
    done: float | None  # the PLC's answer, while the request was on
    falls: float | None


def asked(trace: Trace, job: str) -> list[Asked]:
    """Every request of a job, in order."""
    return list(_asked(trace, job))


def _asked(trace: Trace, job: str) -> Iterator[Asked]:
    request, busy, done = f"{job}_request", f"{job}_busy", f"{job}_done"
    now: dict[str, float] = {}
    for event in trace.events_of("output", "input"):
        name, value, time = event.data.get("name"), event.data.get("value"), event.step * trace.step_s
        if event.kind == "output" and name == request:
            if now:
                yield Asked(now[request], now.get(busy), now.get(done), time)
            now = {request: time} if value else {}
        elif now and value and name in (busy, done):
            now.setdefault(str(name), time)
    if now:
        yield Asked(now[request], now.get(busy), now.get(done), None)
