"""Kernel of the Viterbi decoder for constraint length 7.

Theory of operation. A state is the last six bits, the newest lowest. States j and j + 32 differ in the oldest bit and
lead to 2j and 2j + 1, and since both polynomials use the oldest and the newest bit, the four branches of such a
butterfly have one metric up to its sign. So a bit costs 32 butterflies of plain additions, which the compiler makes
into vector instructions. The decisions of a block of bits and of a tail after it are kept; then the best path is
followed back, and the tail, over which all paths have met, is forgotten. (Viterbi 1967; butterflies: Karn's libfec.)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sheber.ground.coding.jit import kernel

__all__ = ["follow"]

F4 = NDArray[np.float32]
U1 = NDArray[np.uint8]


@kernel("void(f4[:, ::1], f4[:, ::1], i8, i8, u1[::1])")
def follow(symbols: F4, signs: F4, block: int, tail: int, out: U1) -> None:
    """Write the most likely bits (n,) of soft symbols (n, 2); zeros are symbols that were not sent.

    signs (2, 32): of both symbols when a 0 follows state j; block, tail: bits that are decided at once, and those that
    must follow them. Nothing is known of the first and the last state.
    """
    count = symbols.shape[0]
    size = block + tail
    decisions = np.empty((size, 64), np.uint8)
    old = np.zeros(64, np.float32)
    new = np.zeros(64, np.float32)
    done = 0
    for t in range(count):
        a, b = symbols[t, 0], symbols[t, 1]
        row = decisions[t % size]
        for j in range(32):
            metric = signs[0, j] * a + signs[1, j] * b
            low, high = old[j], old[j + 32]
            stay0, come0 = low + metric, high - metric
            stay1, come1 = low - metric, high + metric
            row[2 * j] = np.uint8(come0 > stay0)
            row[2 * j + 1] = np.uint8(come1 > stay1)
            new[2 * j] = come0 if come0 > stay0 else stay0
            new[2 * j + 1] = come1 if come1 > stay1 else stay1
        old, new = new, old
        last = t == count - 1
        if t + 1 - done < size and not last:
            continue
        state = np.int64(0)
        for s in range(64):
            if old[s] > old[state]:
                state = np.int64(s)
        best = old[state]
        for s in range(64):
            old[s] -= best  # keeps the sums small
        until = count if last else t + 1 - tail
        for u in range(t, done - 1, -1):
            if u < until:
                out[u] = np.uint8(state & 1)
            state = (state >> 1) | (np.int64(decisions[u % size, state]) << 5)
        done = until
