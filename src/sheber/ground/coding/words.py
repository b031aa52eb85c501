"""Kernels of Reed-Solomon: remainders of many words, and where a word is wrong.

Theory of operation. A word is right if the generator polynomial divides it. The remainder is a shift register of up to
32 symbols, here four machine words: each symbol shifts it by one byte and adds a row of a table of 256. So a clean word
costs about a microsecond. Only a word with a remainder is looked at: the remainder's values at the roots are the
syndromes; Berlekamp and Massey's algorithm gives the locator, a search over all places its roots (Chien), Forney's
formula the values. Logarithms are to the base of the code's own root, so the mathematics is that of the textbook
(Blahut, "Algebraic Codes for Data Transmission", chapter 7).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sheber.ground.coding.jit import kernel

__all__ = ["mend", "remainders"]

U1 = NDArray[np.uint8]
I8 = NDArray[np.int64]


@kernel("void(u1[:, ::1], i8, u8[:, ::1], u1[:, ::1])")
def remainders(words: U1, count: int, table: NDArray[np.uint64], out: U1) -> None:
    """Write the remainder of each word (n, 32), highest power first; a shorter generator leaves zeros at the end.

    count: symbols of a word that are divided; table (256, 4): what a symbol that leaves the register adds.
    """
    for n in range(words.shape[0]):
        a = b = c = d = np.uint64(0)
        for i in range(count):
            symbol = np.int64((a >> np.uint64(56)) ^ np.uint64(words[n, i]))
            a = ((a << np.uint64(8)) | (b >> np.uint64(56))) ^ table[symbol, 0]
            b = ((b << np.uint64(8)) | (c >> np.uint64(56))) ^ table[symbol, 1]
            c = ((c << np.uint64(8)) | (d >> np.uint64(56))) ^ table[symbol, 2]
            d = (d << np.uint64(8)) ^ table[symbol, 3]
        for i in range(8):
            shift = np.uint64(56 - 8 * i)
            out[n, i] = np.uint8((a >> shift) & np.uint64(255))
            out[n, 8 + i] = np.uint8((b >> shift) & np.uint64(255))
            out[n, 16 + i] = np.uint8((c >> shift) & np.uint64(255))
            out[n, 24 + i] = np.uint8((d >> shift) & np.uint64(255))


@kernel("i8(u1[::1], u1[::1], i8, i8, i8[::1], i8[::1])")
def mend(word: U1, remainder: U1, checks: int, first: int, power: I8, log: I8) -> int:
    """Put the word right in its place; the number of wrong symbols, or -1 where there are too many of them.

    word (n,): n up to 255, a shortened word has no leading zeros; remainder (32,): of this word; checks: symbols of
    parity; first: power of the first root; power (510,), log (256,): of the code's root.
    """
    syndromes = np.zeros(32, np.int64)
    for j in range(checks):
        total = np.int64(0)
        for i in range(checks):  # Horner's rule, the highest power first
            if total != 0:
                total = power[log[total] + (first + j) % 255]
            total ^= np.int64(remainder[i])
        syndromes[j] = total

    locator = np.zeros(34, np.int64)
    before = np.zeros(34, np.int64)
    kept = np.zeros(34, np.int64)
    locator[0] = before[0] = 1
    length, gap, last = 0, 1, 1
    for n in range(checks):
        wrong = syndromes[n]
        for i in range(1, length + 1):
            if locator[i] != 0 and syndromes[n - i] != 0:
                wrong ^= power[log[locator[i]] + log[syndromes[n - i]]]
        if wrong == 0:
            gap += 1
            continue
        factor = (log[wrong] - log[last]) % 255
        kept[:] = locator
        for i in range(34 - gap):
            if before[i] != 0:
                locator[i + gap] ^= power[log[before[i]] + factor]
        if 2 * length <= n:
            length = n + 1 - length
            before[:] = kept
            last = wrong
            gap = 1
        else:
            gap += 1
    if length == 0 or length > checks // 2:
        return -1

    values = np.zeros(32, np.int64)  # of the evaluator: syndromes times locator
    for i in range(checks):
        for k in range(min(i, length) + 1):
            if locator[k] != 0 and syndromes[i - k] != 0:
                values[i] ^= power[log[locator[k]] + log[syndromes[i - k]]]

    places = np.zeros(32, np.int64)
    errors = np.zeros(32, np.int64)
    found = 0
    for place in range(word.shape[0]):  # the power of x; the last symbol has none
        inverse = (255 - place) % 255
        at = np.int64(0)
        slope = np.int64(0)
        for i in range(length + 1):
            if locator[i] != 0:
                term = power[(log[locator[i]] + i * inverse) % 255]
                at ^= term
                if i & 1:
                    slope ^= term  # times x: the derivative has one power less
        if at != 0:
            continue
        if slope == 0 or found == length:
            return -1
        top = np.int64(0)
        for i in range(checks):
            if values[i] != 0:
                top ^= power[(log[values[i]] + i * inverse) % 255]
        if top == 0:
            return -1
        # Forney: X^(1 - first) evaluator / derivative, and the derivative is slope * X.
        errors[found] = power[(log[top] - log[slope] - first * place) % 255]
        places[found] = place
        found += 1
    if found != length:
        return -1
    for i in range(found):
        word[word.shape[0] - 1 - places[i]] ^= np.uint8(errors[i])
    return found
