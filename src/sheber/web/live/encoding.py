"""Encoding: a piece of a trace as one message of plain JSON, in the language in force.

The piece is a trace of its own, so curves, events and printed text come from the report's own functions. Of the moving
bodies a message has a few moments, evenly spaced: enough for a smooth picture, and few enough bytes for a class.
"""

from __future__ import annotations

import base64
import json
from dataclasses import asdict
from typing import Any, Final

import numpy as np

from sheber.judge.report.curves import packed, plots
from sheber.judge.report.moments import moments, running_lines, visible
from sheber.trace import Capture, Picture, Trace

__all__ = ["TOOL_FRAME", "begins", "framed", "piece"]

FEWEST, MOST = 4, 32  # moments of the bodies' poses, in one message
APART_S: Final = 0.12  # simulated, between two of them: a move keeps its shape
LINES: Final = 200  # changes of the running line in one message, the newest
PICTURES: Final = 2  # in one message: the newest
TOOL: Final = "tcp"
TOOL_FRAME: Final = "tcp frame"  # as the report's 3D picture calls it


def framed(kind: str, number: int | None, content: dict[str, Any]) -> bytes:
    """One event of a stream. number: where a watcher goes on who lost the connection; None: it leaves that place."""
    words = json.dumps(content, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    place = "" if number is None else f"id: {number}\n"
    return f"{place}event: {kind}\ndata: {words}\n\n".encode("utf-8", "replace")


def begins(trace: Trace) -> dict[str, Any]:
    """What a watcher must know before the first picture."""
    return {
        "bodies": [*trace.bodies, TOOL_FRAME],
        "taught": [{"name": visible(name), "pose": pose.to_list()} for name, pose in trace.taught.items()],
        "drawn": bool(trace.visuals or trace.taught),
    }


def piece(trace: Trace) -> dict[str, Any]:
    """What happened in a piece of a trace."""
    found: dict[str, Any] = {
        "time": round(trace.duration, 3),
        "moments": [asdict(one) for one in moments(trace)],
        "printed": [{"stream": one.stream, "text": visible(one.text)} for one in trace.printed],
        "captures": _pictures(trace),
        "plots": [one.words() for one in plots(trace)],
    }
    found["lines"] = running_lines(trace)[-LINES:]
    moves = _moves(trace)
    return found | ({"moves": moves} if moves else {})


def _pictures(trace: Trace) -> list[dict[str, Any]]:
    """The newest pictures of the cameras, and the newest that the program showed."""
    newest: list[Capture | Picture] = [*trace.captures[-PICTURES:], *trace.pictures[-PICTURES:]]
    return [_pictured(trace, one) for one in newest if one.jpeg]


def _pictured(trace: Trace, one: Capture | Picture) -> dict[str, Any]:
    title = visible(one.camera if isinstance(one, Capture) else one.title)[:200]
    size = {"width": one.width, "height": one.height} if isinstance(one, Capture) else {}
    jpeg = base64.b64encode(one.jpeg).decode()
    return {"time": round(one.step * trace.step_s, 3), "title": title, "jpeg": jpeg, **size}


def _moves(trace: Trace) -> dict[str, str]:
    """Where the bodies that moved were, at a few moments: times (k,), indices (m,), poses (m, k, 7)."""
    times = np.asarray(trace.time)
    if not len(times):
        return {}
    count = min(max(FEWEST, round(float(times[-1] - times[0]) / APART_S)), MOST)
    keys = np.unique(np.linspace(0, len(times) - 1, count).round().astype(int))
    indices = [n for n, name in enumerate(trace.bodies) if trace.knows(name)]
    poses = [trace.body(trace.bodies[n])[keys] for n in indices]
    if (TOOL, (7,)) in {(one.name, one.shape) for one in trace.channels}:
        indices.append(len(trace.bodies))
        poses.append(np.asarray(trace[TOOL], np.float64)[keys])
    if not poses:
        return {}
    values = np.nan_to_num(np.array(poses), nan=0.0, posinf=0.0, neginf=0.0)
    return {
        "times": packed(times[keys].astype("<f4")),
        "bodies": packed(np.array(indices, "<u2")),
        "poses": packed(values.astype("<f4")),
    }
