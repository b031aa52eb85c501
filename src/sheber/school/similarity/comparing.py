"""Comparing: all programs of an assignment with each other, in a process of its own with limits.

`python -m sheber.school.similarity.comparing` reads programs from its standard input and writes what it found to its
standard output, both as JSON. It has no environment, writes no file, and ends by its limits of processor time and
memory whatever the programs hold. So the server neither waits nor grows while thousands of pairs are compared.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sheber.i18n import _
from sheber.school.errors import Refused
from sheber.school.similarity.winnowing import Prints, blocks, fingerprints, grams, tokens
from sheber.temporary import temporary_folder

__all__ = ["BINS", "LONGEST_S", "MOST_PAIRS", "compare_programs", "compared"]

LONGEST_S: Final = 180.0
MOST_PAIRS: Final = 100
"""Pairs that are shown, the most similar ones."""

BINS: Final = 20
SHORTEST: Final = 8  # fingerprints: a program with fewer has nothing of its own that could be compared
_MOST_BLOCKS: Final = 40  # of one pair, the longest
_MOST_BYTES: Final = 16 << 20  # of all programs; more are left out, the longest first
_MEMORY: Final = 3 << 30


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two programs and how much they share."""

    one: str
    other: str
    similarity: float  # of the shorter program's fingerprints, the share that the other has too
    share: float
    other_share: float


def compare_programs(
    programs: Mapping[str, str], starter: str, shipped: Sequence[str], longest_s: float = LONGEST_S
) -> dict[str, Any]:
    """What programs have in common, found by a process of its own. See `compared`. Raises Refused where it takes too
    long."""
    said = json.dumps({"programs": dict(programs), "starter": starter, "shipped": list(shipped)}).encode()
    with temporary_folder("similarity") as place:
        child = subprocess.Popen(
            [sys.executable, "-I", "-m", "sheber.school.similarity.comparing", str(int(longest_s) + 1)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=place,
            env={"PATH": os.defpath},
            start_new_session=True,
        )
        try:
            answer, _nothing = child.communicate(said, timeout=longest_s)
        except subprocess.TimeoutExpired:
            answer = b""
        finally:
            _end(child)
    try:
        found: dict[str, Any] = json.loads(answer)
    except ValueError as error:
        text = _("Comparing {count} programs took more than {limit:.0f} s or too much memory. It was ended.")
        raise Refused(text.format(count=len(programs), limit=longest_s)) from error
    return found


def compared(programs: Mapping[str, str], starter: str, shipped: Sequence[str]) -> dict[str, Any]:
    """What programs have in common. shipped: names of those that are no student's, and not compared with each other.

    compared, left_out: names; histogram: for each of BINS shares of similarity how many students' programs have it with
    the most similar program of another student; pairs: the most similar ones, with blocks of lines.
    """
    kept = _library(starter, [programs[name] for name in shipped])
    given = frozenset(grams(tokens(starter, kept)))
    chosen = _within(programs, _MOST_BYTES)
    prints = {name: fingerprints(programs[name], given, kept) for name in chosen}
    prints = {name: one for name, one in prints.items() if len(one.places) >= SHORTEST}
    pairs, nearest = _pairs(prints, frozenset(shipped))
    bars = [0] * BINS
    for value in nearest.values():
        bars[min(BINS - 1, int(value * BINS))] += 1
    return {
        "compared": list(prints),
        "left_out": [name for name in programs if name not in prints],
        "histogram": bars,
        "pairs": [_shown(one, prints) for one in pairs],
    }


def _library(starter: str, shipped: Sequence[str]) -> frozenset[str]:
    """Names that stand after a dot in our own programs: those of libraries, which nobody chooses."""
    names: set[str] = set()
    for program in (starter, *shipped):
        row = tokens(program, _Everything())
        names |= {two.kind for one, two in itertools.pairwise(row) if one.kind == "."}
    return frozenset(names)


class _Everything(frozenset[str]):
    """A set that holds every name."""

    def __contains__(self, _name: object) -> bool:
        return True


def _within(programs: Mapping[str, str], most: int) -> list[str]:
    """The names of the programs, without the longest ones where all together are too long."""
    total = 0
    chosen: set[str] = set()
    for name in sorted(programs, key=lambda name: len(programs[name])):
        total += len(programs[name])
        if total <= most:
            chosen.add(name)
    return [name for name in programs if name in chosen]


def _pairs(prints: Mapping[str, Prints], shipped: frozenset[str]) -> tuple[list[_Pair], dict[str, float]]:
    """The most similar pairs, and of each student's program the similarity with the nearest of another student."""
    bits = _bits(prints)
    names = list(prints)
    found: list[_Pair] = []
    nearest = {name: 0.0 for name in names if name not in shipped}
    for place, one in enumerate(names):
        for other in names[place + 1 :]:
            if one in shipped and other in shipped:
                continue
            shared = (bits[one] & bits[other]).bit_count()
            if not shared:
                continue
            share, other_share = shared / len(prints[one].places), shared / len(prints[other].places)
            pair = _Pair(one, other, max(share, other_share), share, other_share)
            found.append(pair)
            if one in nearest and other in nearest:
                nearest[one], nearest[other] = max(nearest[one], pair.similarity), max(nearest[other], pair.similarity)
        found = _best(found)
    return found, nearest


def _best(pairs: list[_Pair]) -> list[_Pair]:
    return sorted(pairs, key=lambda one: (-one.similarity, -min(one.share, one.other_share), one.one, one.other))[
        :MOST_PAIRS
    ]


def _bits(prints: Mapping[str, Prints]) -> dict[str, int]:
    """The fingerprints of each program as one number, a bit for each that at least two programs have."""
    count: dict[int, int] = {}
    for one in prints.values():
        for value in one.places:
            count[value] = count.get(value, 0) + 1
    place = {value: n for n, value in enumerate(value for value, times in count.items() if times > 1)}
    found: dict[str, int] = {}
    for name, one in prints.items():
        field = bytearray(len(place) // 8 + 1)
        for value in one.places:
            if value in place:
                field[place[value] // 8] |= 1 << place[value] % 8
        found[name] = int.from_bytes(field, "little")
    return found


def _shown(pair: _Pair, prints: Mapping[str, Prints]) -> dict[str, Any]:
    """A pair with its longest common blocks, in the order of lines."""
    every = sorted(blocks(prints[pair.one], prints[pair.other]), key=lambda block: -block.tokens)[:_MOST_BLOCKS]
    return {
        "one": pair.one,
        "other": pair.other,
        "similarity": round(pair.similarity, 4),
        "share": round(pair.share, 4),
        "other_share": round(pair.other_share, 4),
        "blocks": [list(block) for block in sorted(every)],
    }


def _end(child: subprocess.Popen[bytes]) -> None:
    """End the process; it has started no others, and its group holds what it could have."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()


def _limit(seconds: int) -> None:
    """Bound this process, before it reads anything."""
    import resource

    limits = (("CPU", seconds), ("AS", _MEMORY), ("FSIZE", 0), ("CORE", 0), ("NPROC", 0), ("NOFILE", 16))
    for name, most in limits:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (most, most))


def main() -> None:
    """Programs in, findings out."""
    _limit(int(sys.argv[1]))
    asked = json.loads(sys.stdin.buffer.read())
    found = compared(asked["programs"], asked["starter"], asked["shipped"])
    sys.stdout.buffer.write(json.dumps(found).encode())


if __name__ == "__main__":
    main()
