"""Textures: pictures of materials, computed from whole numbers so that they are the same everywhere. Numpy only.

A name is a kind and, for some, a number or a text after a slash: "laminate", "wood/3",
"felt/1", "label/LOT 17", "chessboard/8x6". The number picks another piece of the same material. "plain/b0b4b8" is one
colour; "qr/LOT 17" and "datamatrix/LOT 17" are printed codes. Chips in a surface follow a plus sign:
"plain/b0b4b8+chip/0.2,0.7,0.05/3". Reliefs ("scratch/...", "chip/...": see `reliefs`) are found by the same function.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sheber.robot.vision.codes import code
from sheber.robot.vision.reliefs import RELIEFS, chipped, relief

__all__ = ["KINDS", "RELIEFS", "texture"]

LONGEST_LABEL = 40  # letters
MOST_FIELDS = 32  # of a chessboard, each way

Image = NDArray[np.uint8]
Whole = NDArray[np.int64]


@lru_cache(maxsize=32)
def texture(name: str) -> Image:
    """The picture (h, w, 3) uint8 of a texture, red, green, blue, sRGB; raises ValueError for an unknown name."""
    kind, _, rest = name.partition("/")
    if kind in RELIEFS:
        image = relief(name)
    elif kind in CODES:
        image = CODES[kind](rest)  # a text may have a plus sign
    elif kind in KINDS:
        rest, _, flaws = rest.partition("+")
        image = chipped(KINDS[kind](rest), flaws) if flaws else KINDS[kind](rest)
    else:
        raise ValueError(f"unknown texture {name!r}; known kinds: {', '.join(sorted(KINDS))}")
    image.setflags(write=False)
    return image


def _number(rest: str) -> int:
    """The number after the slash; 0 where none is."""
    if rest and not rest.isdecimal():
        raise ValueError(f"a texture's number must be a whole number, got {rest!r}")
    return int(rest or 0) % 10_000


def _noise(rows: int, columns: int, seed: int, smooth: tuple[int, int] = (1, 1)) -> Whole:
    """Seamless noise about 0, sigma about 1000, averaged over windows of `smooth` rows and columns."""
    values = np.random.default_rng(seed).integers(-1000, 1001, (rows, columns))
    total = values
    for axis, width in enumerate(smooth):
        if width > 1:
            padded = np.concatenate([total, np.take(total, range(width - 1), axis=axis)], axis=axis)
            summed = np.cumsum(padded, axis=axis)
            zero = np.zeros_like(np.take(summed, [0], axis=axis))
            summed = np.concatenate([zero, summed], axis=axis)
            length = total.shape[axis]
            ends = np.take(summed, range(width, width + length), axis=axis)
            total = ends - np.take(summed, range(length), axis=axis)
    spread = max(int(np.abs(total).mean()), 1)
    return total * 800 // spread


def _tinted(colour: tuple[int, int, int], shade: Whole) -> Image:
    """A colour made lighter and darker by `shade`, in 1/1000 of a grey level."""
    base = np.array(colour, np.int64) * 1000
    values = (base + shade[..., None] + 500) // 1000
    clipped: Image = np.clip(values, 0, 255).astype(np.uint8)
    return clipped


def _laminate(rest: str) -> Image:
    """A light grey laminate with a fine speckle, as on workshop tables."""
    seed = 100 + _number(rest)
    shade = 2 * _noise(512, 512, seed, (2, 2)) + 2 * _noise(512, 512, seed + 50, (41, 41))
    return _tinted((196, 199, 200), shade)


def _aluminium(rest: str) -> Image:
    """Aluminium brushed along x."""
    seed = 200 + _number(rest)
    shade = 4 * _noise(512, 512, seed, (1, 121)) + 2 * _noise(512, 512, seed + 50, (3, 31))
    return _tinted((178, 181, 185), shade)


def _rubber(rest: str) -> Image:
    """A conveyor's dark rubber with a woven grain."""
    seed = 300 + _number(rest)
    rows, columns = np.mgrid[0:512, 0:512]
    weave = np.where((rows // 4 + columns // 4) % 2 == 0, 1200, -1200)
    return _tinted((52, 54, 56), weave + 2 * _noise(512, 512, seed, (2, 2)) + 2 * _noise(512, 512, seed + 50, (61, 61)))


def _felt(rest: str) -> Image:
    """Matt felt: short fibres, no direction. The number also picks its colour: 0 grey, 1 green, 2 blue, 3 dark."""
    number = _number(rest)
    colour = [(128, 130, 132), (74, 104, 86), (72, 90, 122), (62, 64, 68)][number % 4]
    shade = 3 * _noise(512, 512, 400 + number, (1, 4)) + 3 * _noise(512, 512, 450 + number, (4, 1))
    return _tinted(colour, shade + 2 * _noise(512, 512, 480 + number, (17, 17)))


def _wood(rest: str) -> Image:
    """Planed spruce with its grain along x, as on a pallet."""
    number = _number(rest)
    walk = np.cumsum(_noise(1, 512, 500 + number, (1, 61))[0])
    waves = (walk - walk[-1] * np.arange(1, 513) // 512) // 2600  # the grain wanders along the board, and back
    widths = np.random.default_rng(520 + number).integers(60, 260, 20)
    ends = np.cumsum(widths) * 3072 // widths.sum()  # where the years end; together the height of the picture
    starts = np.concatenate([[0], ends[:-1]])
    rows = (np.arange(256)[:, None] * 12 + waves[None, :] + _noise(256, 512, 530 + number, (9, 129)) // 90) % 3072
    year = np.searchsorted(ends, rows, side="right")
    ripe = (rows - starts[year]) * 256 // (ends - starts)[year]  # 0..255 from spring to autumn
    shade = -(ripe * ripe // 256) * 80 + 3 * _noise(256, 512, 560 + number, (1, 61)) + 6000
    shade = (2 * shade + np.roll(shade, 1, axis=0) + np.roll(shade, -1, axis=0)) // 4
    tint = np.array([1.0, 1.15, 1.4])
    image = np.array([203, 169, 121]) * 1000 + (shade[..., None] * tint).astype(np.int64)
    clipped: Image = np.clip(image // 1000, 0, 255).astype(np.uint8)
    return clipped


def _cardboard(rest: str) -> Image:
    """Brown cardboard with a faint fluting."""
    seed = 600 + _number(rest)
    fluting = np.where(np.arange(256) % 8 < 4, 900, -900)[None, :]
    return _tinted(
        (178, 140, 98), fluting + 2 * _noise(256, 256, seed, (1, 9)) + 3 * _noise(256, 256, seed + 50, (33, 33))
    )


def _chessboard(rest: str) -> Image:
    """Black and white fields, a black one first, with a white border half a field wide; "8x6" fields by default."""
    size = re.fullmatch(r"(\d+)x(\d+)", rest or "8x6")
    columns, rows = (int(size[1]), int(size[2])) if size else (0, 0)
    if not (0 < columns <= MOST_FIELDS and 0 < rows <= MOST_FIELDS):
        raise ValueError(f"a chessboard has 1x1 to {MOST_FIELDS}x{MOST_FIELDS} fields, got {rest!r}")
    field = 64
    fields = (np.arange(rows)[:, None] + np.arange(columns)[None, :]) % 2
    image = np.repeat(np.repeat(fields * 255, field, axis=0), field, axis=1)
    bordered = np.pad(image, field // 2, constant_values=255).astype(np.uint8)
    return np.repeat(bordered[..., None], 3, axis=2)


_GLYPHS = {
    "0": "0e11131519110e", "1": "040c040404040e", "2": "0e11010204081f", "3": "1f02040201110e", "4": "02060a121f0202",
    "5": "1f101e0101110e", "6": "0608101e11110e", "7": "1f010204080808", "8": "0e11110e11110e", "9": "0e11110f01020c",
    "A": "0e11111f111111", "B": "1e11111e11111e", "C": "0e11101010110e", "D": "1c12111111121c", "E": "1f10101e10101f",
    "F": "1f10101e101010", "G": "0e11101711110f", "H": "1111111f111111", "I": "0e04040404040e", "J": "0702020202120c",
    "K": "11121418141211", "L": "1010101010101f", "M": "111b1515111111", "N": "11111915131111", "O": "0e11111111110e",
    "P": "1e11111e101010", "Q": "0e11111115120d", "R": "1e11111e141211", "S": "0f10100e01011e", "T": "1f040404040404",
    "U": "1111111111110e", "V": "11111111110a04", "W": "11111115151b11", "X": "11110a040a1111", "Y": "11110a04040404",
    "Z": "1f01020408101f", "-": "0000001f000000", ".": "00000000000c0c", ":": "000c0c000c0c00", "/": "00010204081000",
    " ": "00000000000000",
}  # fmt: skip  # rows of 5 bits, the highest first, in hexadecimal


def _label(rest: str) -> Image:
    """A white printed label: a text of capitals, digits and - . : / over a row of bars."""
    text = (rest or "SHEBER").upper()
    if len(text) > LONGEST_LABEL:
        raise ValueError(f"a label has {LONGEST_LABEL} letters at most, got {len(text)}")
    unknown = sorted(set(text) - set(_GLYPHS))
    if unknown:
        raise ValueError(f"a label cannot print {''.join(unknown)!r}; it prints {''.join(_GLYPHS)!r}")
    scale, width = 8, max(len(text) * 6 + 1, 12)
    paper = np.full((22, width + 4), 250, np.uint8)
    for at, letter in enumerate(text):
        rows = bytes.fromhex(_GLYPHS[letter])
        for row, bits in enumerate(rows):
            for column in range(5):
                if bits >> (4 - column) & 1:
                    paper[2 + row, 3 + at * 6 + column] = 25
    bars = np.random.default_rng(list(text.encode())).integers(0, 2, width) * 225 + 25
    paper[11:20, 2 : 2 + width] = bars
    return np.repeat(np.repeat(np.repeat(paper, scale, axis=0), scale, axis=1)[..., None], 3, axis=2)


def _plain(rest: str) -> Image:
    """One colour, six hexadecimal digits."""
    if not re.fullmatch(r"[0-9a-fA-F]{6}", rest or "b0b4b8"):
        raise ValueError(f"a plain colour has six hexadecimal digits, got {rest!r}")
    return np.tile(np.frombuffer(bytes.fromhex(rest or "b0b4b8"), np.uint8), (256, 256, 1))


def _text_of(kind: str) -> Callable[[str], Image]:
    return lambda rest: code(kind, rest or "SHEBER")


CODES: dict[str, Callable[[str], Image]] = {"qr": _text_of("qr"), "datamatrix": _text_of("datamatrix")}
"""Printed codes, by name."""

KINDS: dict[str, Callable[[str], Image]] = {
    **CODES,
    "aluminium": _aluminium,
    "cardboard": _cardboard,
    "chessboard": _chessboard,
    "felt": _felt,
    "label": _label,
    "laminate": _laminate,
    "plain": _plain,
    "rubber": _rubber,
    "wood": _wood,
}
"""What textures there are, by name."""
