"""Write src/sheber/ground/link/viterbi.toml anew: how often a symbol of 8 bits is wrong after a Viterbi decoder.

It simulates the convolutional code of CCSDS 131.0-B (K = 7, G1 = 171, G2 = 133, with its puncturing patterns) on a
channel of white Gaussian noise, with a soft decoder of its own that keeps the whole path, in blocks of 10200 bits: one
frame of five Reed-Solomon words. Beside the rate of wrong symbols it writes how many of these words would be lost, so
that one sees that depth 5 is as good as an ideal interleaver.

    .venv/bin/python tools/viterbi_table.py        (about 10 minutes)
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

TABLE = Path(__file__).parents[1] / "src/sheber/ground/link/viterbi.toml"
GENERATORS = (0o171, 0o133)
PATTERNS = {  # which bits of C1 and C2 are sent: CCSDS 131.0-B, section 3.4
    "1/2": ("1", "1"),
    "2/3": ("10", "11"),
    "3/4": ("101", "110"),
    "7/8": ("1000101", "1111010"),
}
LOWEST_DB = {"1/2": 0.0, "2/3": 0.75, "3/4": 1.25, "7/8": 2.5}
STEP_DB, POINTS = 0.25, 18
WORDS, SYMBOLS, MENDED = 5, 255, 16
FRAMES = 250
SEED = 20261129


def parity(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Whether the number of ones is odd."""
    return np.array([bin(value).count("1") & 1 for value in values.ravel()]).reshape(values.shape)


STATES = np.arange(64)
BEFORE = np.stack([(STATES << 1) & 63, ((STATES << 1) & 63) | 1])  # (2, 64) the two states before each
SIGNS = np.stack([1.0 - 2.0 * parity((STATES >> 5 << 6 | BEFORE) & taps) for taps in GENERATORS]).astype(np.float32)


def sent(bits: NDArray[np.int64]) -> NDArray[np.float32]:
    """Both streams of the code as +1 and -1; bits (b, n) to (2, b, n)."""
    padded = np.pad(bits, ((0, 0), (6, 0)))
    n = bits.shape[1]
    streams = []
    for taps in GENERATORS:
        out = np.zeros_like(bits)
        for delay in range(7):
            if taps >> (6 - delay) & 1:
                out ^= padded[:, 6 - delay : 6 - delay + n]
        streams.append(out)
    return (1.0 - 2.0 * np.stack(streams)).astype(np.float32)


def decoded(received: NDArray[np.float32]) -> NDArray[np.int64]:
    """The likeliest bits; received (2, b, n) to (b, n)."""
    blocks, n = received.shape[1:]
    metric = np.full((64, blocks), -1e9, np.float32)
    metric[0] = 0.0
    taken = np.empty((n, 8, blocks), np.uint8)
    for step in range(n):
        first, second = received[:, :, step]
        low, high = (metric[BEFORE[k]] + SIGNS[0, k][:, None] * first + SIGNS[1, k][:, None] * second for k in (0, 1))
        taken[step] = np.packbits(high > low, axis=0)
        metric = np.maximum(low, high)
        metric -= metric[0]
    return traced(taken, np.argmax(metric, axis=0))


def traced(taken: NDArray[np.uint8], state: NDArray[np.int64]) -> NDArray[np.int64]:
    """Back along the taken branches; (n, 8, b) to (b, n)."""
    n, _bytes, blocks = taken.shape
    bits = np.empty((blocks, n), np.int64)
    rows = np.arange(blocks)
    for step in range(n - 1, -1, -1):
        bits[:, step] = state >> 5
        branch = taken[step, state >> 3, rows] >> (7 - (state & 7)) & 1
        state = BEFORE[branch, state]
    return bits


def measured(rate: str, eb_n0_db: float, rng: np.random.Generator) -> tuple[float, float]:
    """The rate of wrong symbols, and of words with more than 16 of them at depth 5."""
    pattern = np.array([[int(bit) for bit in row] for row in PATTERNS[rate]])
    n = WORDS * SYMBOLS * 8
    bits = rng.integers(0, 2, (FRAMES, n))
    share = pattern.shape[1] / pattern.sum()
    sigma = np.sqrt(1.0 / (2.0 * share * 10.0 ** (eb_n0_db / 10.0)))
    received = sent(bits) + sigma * rng.standard_normal((2, FRAMES, n), np.float32)
    received *= np.tile(pattern, -(-n // pattern.shape[1]))[:, None, :n]
    wrong = (decoded(received) != bits).reshape(FRAMES, SYMBOLS, WORDS, 8).any(axis=-1)
    return float(wrong.mean()), float((wrong.sum(axis=1) > MENDED).mean())


def lines() -> Iterator[str]:
    """The table, line by line."""
    rng = np.random.default_rng(SEED)
    yield "# After a soft Viterbi decoder (K = 7), by Eb/N0 of the bits that go into the convolutional code:"
    yield "# how often a symbol of 8 bits is wrong, and how often a word of Reed-Solomon at depth 5 has more than 16."
    yield "# Made by tools/viterbi_table.py; do not edit."
    yield 'source = "simulation of CCSDS 131.0-B, K = 7, in white Gaussian noise; 318750 symbols a point"'
    for rate, lowest in LOWEST_DB.items():
        levels = [lowest + STEP_DB * step for step in range(POINTS)]
        points = [measured(rate, level, rng) for level in levels]
        sys.stderr.write(f"{rate} {points}\n")
        yield ""
        yield f'["{rate}"]'
        yield f"eb_n0_db = {levels}"
        yield f"wrong_symbols = [{', '.join(f'{symbols:.3g}' for symbols, _words in points)}]"
        yield f"lost_words = [{', '.join(f'{words:.3g}' for _symbols, words in points)}]"


if __name__ == "__main__":
    TABLE.write_text("\n".join(lines()) + "\n", encoding="utf-8")
