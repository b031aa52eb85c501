"""Winnowing: which stretches programs have in common, whatever their names, comments and spaces.

S. Schleimer, D. S. Wilkerson, A. Aiken: Winnowing: Local Algorithms for Document Fingerprinting. SIGMOD 2003.

A program becomes a row of tokens, in which every name that its writer chose is "v", every number "n", every text "s".
Each stretch of GRAM tokens is hashed. Of each WINDOW hashes in a row the smallest is kept, the rightmost of equal ones.
So two programs that share GRAM + WINDOW - 1 tokens in a row share a kept hash, a fingerprint; a shorter stretch than
GRAM is never seen. What the starter has is taken away.

Programs are hostile. They are neither run nor parsed; one regular expression cuts them, in time that grows with their
length and nothing else. The worst 256 KiB that we tried took 1 s to cut and 2 s in all on a busy machine; a general
lexer took 7 s to cut them. copydetect does the same on letters; it needs matplotlib and what that brings (24 MB), takes
Python's own hash, which is another one in each process, and removes a stretch of the starter only once (0.5.0).

This file is also the script that a box runs (`judge/sandbox/errand.py`): it takes programs over the box's connection
and gives what it found. So it needs the standard library alone, and `sheber.client.wire`, which lies in the box.
"""

from __future__ import annotations

import itertools
import json
import keyword
import re
from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final, NamedTuple

__all__ = [
    "BINS",
    "GRAM",
    "MOST_BLOCKS",
    "MOST_PAIRS",
    "WINDOW",
    "Block",
    "Prints",
    "Token",
    "blocks",
    "compared",
    "fingerprints",
    "grams",
    "tokens",
]

GRAM: Final = 12
"""Tokens of a hashed stretch."""

WINDOW: Final = 5
"""Hashes of which one is kept."""

MOST_PAIRS: Final = 100
"""Pairs that are shown, the most similar ones."""

MOST_BLOCKS: Final = 40
"""Stretches of one pair that are shown, the longest ones."""

BINS: Final = 20
_SHORTEST: Final = 8  # fingerprints: a program with fewer has nothing of its own that could be compared
_PIECE: Final = 20_000  # characters of what is given at a time
_GAP: Final = GRAM + 2 * WINDOW  # tokens between two fingerprints of one block
_MOST_PLACES: Final = 20  # of one fingerprint in a program: one that repeats itself says no more

# Each alternative ends where it must, at the latest at the end of the line or text, so that none is tried twice.
_TOKEN: Final = re.compile(
    r"""
    (?P<skip> [ \t\r\f\v\\]+ | \#[^\n]* )
  | (?P<line> \n )
  | (?P<text> (?:[bB][rR]?|[rR][bBfFtT]?|[fFtT][rR]?|[uU])? (?:
        \"\"\" (?: [^"\\] | \\. | "(?!"") )* (?: \"\"\" | \\?\Z )
      | ''' (?: [^'\\] | \\. | '(?!'') )* (?: ''' | \\?\Z )
      | " (?: [^"\\\n] | \\. )* (?: " | (?=\n) | \\?\Z )
      | ' (?: [^'\\\n] | \\. )* (?: ' | (?=\n) | \\?\Z ) ) )
  | (?P<number> \d[\w.]* )
  | (?P<name> [^\W\d]\w* )
  | (?P<other> . )
    """,
    re.VERBOSE | re.DOTALL,
)
_ALIKE: Final = {"text": "s", "number": "n"}
_KEYWORDS: Final = frozenset((*keyword.kwlist, "match", "case"))


class Token(NamedTuple):
    """One token: what it counts as, and its line."""

    kind: str
    line: int  # 1, 2, ...


class Block(NamedTuple):
    """A stretch that two programs have in common, in lines, both ends included.

    It may begin or end with up to GRAM - 1 tokens of the starter: stretches that lie partly in it are not taken away.
    """

    first: int
    last: int
    other_first: int
    other_last: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Prints:
    """A program, ready to be compared."""

    tokens: Sequence[Token]
    places: Mapping[int, Sequence[int]]  # fingerprint → where it begins, in tokens


def tokens(program: str, kept: Collection[str] = ()) -> list[Token]:
    """The tokens of a program. kept: names that its writer did not choose, such as those of a library."""
    found: list[Token] = []
    line = 1
    for match in _TOKEN.finditer(program):
        kind, text = match.lastgroup, match[0]
        if kind == "name":
            known = text in _KEYWORDS or text in kept
            found.append(Token(text if known else "v", line))
        elif kind == "other":
            found.append(Token(text, line))
        elif kind in _ALIKE:
            found.append(Token(_ALIKE[kind], line))
        line += text.count("\n")
    return found


def grams(row: Sequence[Token]) -> list[int]:
    """The hash of each stretch of GRAM tokens."""
    words = [one.kind for one in row]
    return [_hashed(words[n : n + GRAM]) for n in range(len(words) - GRAM + 1)]


def fingerprints(program: str, starter: Collection[int] = (), kept: Collection[str] = ()) -> Prints:
    """The fingerprints of a program. starter: hashes of stretches that everybody was given (`grams`)."""
    row = tokens(program, kept)
    places: dict[int, list[int]] = {}
    for value, place in _winnowed(grams(row)):
        if value not in starter and len(places.setdefault(value, [])) < _MOST_PLACES:
            places[value].append(place)
    return Prints(row, places)


def blocks(one: Prints, other: Prints) -> list[Block]:
    """The stretches that two programs have in common, in the order of the first one's lines."""
    shared = one.places.keys() & other.places.keys()
    starts = sorted((place, value) for value in shared for place in one.places[value])
    found: list[tuple[int, int, int, int]] = []  # tokens: first, last, other's first, other's last
    for place, value in starts:
        wanted = found[-1][3] + place - found[-1][1] if found else place
        match = min(other.places[value], key=lambda there: abs(there - wanted))
        if found and place - found[-1][1] <= _GAP and 0 <= match - found[-1][3] <= _GAP:
            found[-1] = (found[-1][0], place, found[-1][2], match)
        else:
            found.append((place, place, match, match))
    return [_in_lines(one, other, stretch) for stretch in found]


def _in_lines(one: Prints, other: Prints, stretch: tuple[int, int, int, int]) -> Block:
    first, last, there_first, there_last = stretch
    ends = last + GRAM - 1, there_last + GRAM - 1
    lines = (one.tokens[first].line, one.tokens[ends[0]].line)
    there = (other.tokens[there_first].line, other.tokens[ends[1]].line)
    return Block(*lines, *there, ends[0] - first + 1)


def _hashed(words: Iterable[str]) -> int:
    """64 bits, the same in every process."""
    text = "\x1f".join(words).encode("utf-8", "replace")
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big")


def _winnowed(values: Sequence[int]) -> list[tuple[int, int]]:
    """The kept hashes with their places: of each window the smallest, the rightmost of equal ones."""
    found: list[tuple[int, int]] = []
    best: deque[int] = deque()  # places in the window, their values rising
    for place, value in enumerate(values):
        while best and values[best[-1]] >= value:
            best.pop()
        best.append(place)
        if best[0] <= place - WINDOW:
            best.popleft()
        full = place >= WINDOW - 1 or place == len(values) - 1
        if full and (not found or found[-1][1] != best[0]):
            found.append((values[best[0]], best[0]))
    return found


# --- many programs --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two programs and how much they share."""

    one: str
    other: str
    similarity: float  # of the shorter program's fingerprints, the share that the other has too
    share: float
    other_share: float


def compared(programs: Mapping[str, str], starter: str, shipped: Sequence[str]) -> dict[str, Any]:
    """What programs have in common. shipped: names of those that are no student's, and not compared with each other.

    compared, left_out: names; histogram: for each of BINS shares of similarity how many students' programs have it with
    the most similar program of another student; pairs: the most similar ones, with blocks of lines.
    """
    kept = _library(starter, [programs[name] for name in shipped])
    given = frozenset(grams(tokens(starter, kept)))
    prints = {name: fingerprints(program, given, kept) for name, program in programs.items()}
    prints = {name: one for name, one in prints.items() if len(one.places) >= _SHORTEST}
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
    every = sorted(blocks(prints[pair.one], prints[pair.other]), key=lambda block: -block.tokens)[:MOST_BLOCKS]
    return {
        "one": pair.one,
        "other": pair.other,
        "similarity": round(pair.similarity, 4),
        "share": round(pair.share, 4),
        "other_share": round(pair.other_share, 4),
        "blocks": [list(block) for block in sorted(every)],
    }


# --- in the box --------------------------------------------------------------------------------------


def main() -> None:
    """Take programs, give what they have in common."""
    from sheber.client.wire import open_endpoint

    channel = open_endpoint("fd:3")
    _reply, said = channel.exchange({"do": "take"})
    asked = json.loads(said)
    found = json.dumps(compared(asked["programs"], asked["starter"], asked["shipped"]))
    for start in range(0, len(found), _PIECE):
        last = start + _PIECE >= len(found)
        channel.exchange({"do": "give", "text": found[start : start + _PIECE], "last": last})
    channel.close()


if __name__ == "__main__":
    main()
