"""Codes: Golay, Reed-Solomon, the randomiser, the convolutional code, markers; each against another authority."""

from __future__ import annotations

import heapq
import math

import numpy as np
import pytest
import reedsolo
from hypothesis import given, settings
from hypothesis import strategies as st

from sheber.ground.coding import golay, markers
from sheber.ground.coding.bits import from_bytes
from sheber.ground.coding.convolutional import PUNCTURING, Convolutional, ConvolutionalError
from sheber.ground.coding.randomiser import randomised, randomised_bytes
from sheber.ground.coding.reed_solomon import (
    E8,
    E8_CONVENTIONAL,
    E16,
    E16_CONVENTIONAL,
    TO_CONVENTIONAL,
    TO_DUAL,
    ReedSolomonError,
)

CODES = [E16, E8, E16_CONVENTIONAL, E8_CONVENTIONAL]


# --- Golay ------------------------------------------------------------------------------------------


@given(st.integers(0, 4095), st.sets(st.integers(0, 23), max_size=3))
def test_golay_mends_three_wrong_bits(number, places):
    assert golay.decode(golay.encode(number) ^ sum(1 << place for place in places)) == (number, len(places))


@given(st.integers(0, 4095), st.sets(st.integers(0, 23), min_size=4, max_size=4))
def test_golay_notices_four(number, places):
    assert golay.decode(golay.encode(number) ^ sum(1 << place for place in places)) is None


def test_golay_words_have_the_weights_of_the_code():
    """Weights of the extended Golay code: 0, 8, 12, 16, 24 (MacWilliams and Sloane, chapter 2)."""
    weights = [golay.encode(number).bit_count() for number in range(4096)]
    assert {one: weights.count(one) for one in set(weights)} == {0: 1, 8: 759, 12: 2576, 16: 759, 24: 1}


def test_golay_refuses_what_is_no_number_of_twelve_bits():
    with pytest.raises(golay.GolayError, match="4096"):
        golay.encode(4096)


# --- the randomiser ---------------------------------------------------------------------------------


def test_the_randomiser_begins_as_the_book_prints_it():
    """131.0-B-3, 10.4.2: the first forty bits of the sequence."""
    assert randomised_bytes(bytes(5)).hex() == "ff480ec09a"


@given(st.binary(max_size=600))
def test_the_randomiser_takes_away_what_it_put_on(data):
    assert randomised_bytes(randomised_bytes(data)) == data
    bits = from_bytes(data)
    assert np.array_equal(randomised(bits), from_bytes(randomised_bytes(data)))
    assert np.array_equal(randomised(2.0 * bits - 1.0) > 0, randomised(bits) > 0)


# --- Reed-Solomon -----------------------------------------------------------------------------------


def test_the_dual_basis_is_the_matrix_of_the_book():
    """131.0-B-2, 4.3.9: z of u7 ... u0, row by row."""
    rows = ["10001101", "11101111", "11101100", "10000110", "11111010", "10011001", "10101111", "01111011"]
    assert [format(TO_DUAL[1 << 7 - n], "08b") for n in range(8)] == rows
    assert np.array_equal(TO_CONVENTIONAL[TO_DUAL], np.arange(256))


def test_the_generator_reads_the_same_from_both_ends():
    """131.0-B-3, 4.3.4: the roots are chosen so that it does."""
    for code in CODES:
        assert np.array_equal(code.generator, code.generator[::-1])


@settings(max_examples=30, deadline=None)
@given(st.sampled_from([E16_CONVENTIONAL, E8_CONVENTIONAL]), st.integers(1, 223), st.randoms(use_true_random=False))
def test_words_are_those_of_another_library(code, length, random):
    data = random.randbytes(min(length, 255 - code.parity))
    other = reedsolo.RSCodec(code.parity, nsize=255, fcr=code.first, prim=0x187, generator=0xAD)
    assert code.encode(data) == bytes(other.encode(data))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(CODES), st.integers(1, 8), st.integers(1, 223), st.data())
def test_as_many_wrong_symbols_as_promised_are_mended(code, interleaving, length, drawn):
    length = min(length, 255 - code.parity)
    data = drawn.draw(st.randoms(use_true_random=False)).randbytes(length * interleaving)
    block = bytearray(code.encode(data, interleaving))
    counts = []
    for word in range(interleaving):
        places = drawn.draw(st.sets(st.integers(0, length + code.parity - 1), max_size=code.mends))
        counts.append(len(places))
        for place in places:
            block[place * interleaving + word] ^= drawn.draw(st.integers(1, 255))
    out = code.decode(bytes(block), interleaving)
    assert out.data == data
    assert out.wrong == tuple(counts)
    assert out.good
    assert out.count == sum(counts)


def test_a_burst_is_shared_by_the_words_of_a_block():
    block = bytearray(E16.encode(bytes(range(223)) * 5, 5))
    block[300:380] = bytes(80)
    out = E16.decode(bytes(block), 5)
    assert out.good
    assert out.data == bytes(range(223)) * 5


def test_too_many_wrong_symbols_are_told_and_the_data_stay_as_they_came():
    rng = np.random.default_rng(4)
    for code in CODES:
        for _ in range(50):
            block = bytearray(code.encode(rng.bytes(150)))
            for place in rng.choice(len(block), 2 * code.mends + 8, replace=False):
                block[place] ^= int(rng.integers(1, 256))
            out = code.decode(bytes(block))
            assert out.wrong == (-1,)
            assert not out.good
            assert out.data == bytes(block[:150])


def test_a_shortened_word_is_not_mended_outside_itself():
    """Seventeen errors near the limit: whatever is decoded must be a word of the code within the length."""
    rng = np.random.default_rng(5)
    for _ in range(300):
        out = E16.decode(rng.bytes(40))
        assert not out.good


@pytest.mark.parametrize(
    ("length", "interleaving", "words"), [(256, 1, "33 to 255"), (31, 1, "33"), (101, 2, "multiple")]
)
def test_a_block_of_a_wrong_length_is_told(length, interleaving, words):
    with pytest.raises(ReedSolomonError, match=words):
        E16.decode(bytes(length), interleaving)


def test_interleaving_has_limits():
    with pytest.raises(ReedSolomonError, match="1 to 8"):
        E16.encode(bytes(9), 9)


# --- the convolutional code -------------------------------------------------------------------------


def test_one_bit_gives_the_connection_vectors_of_the_book():
    """131.0-B-3, 3.3.1: 1111001 and 1011011, the second symbol inverted."""
    pairs = Convolutional().encode([1, 0, 0, 0, 0, 0, 0]).reshape(7, 2)
    assert "".join(map(str, pairs[:, 0])) == "1111001"
    assert "".join(map(str, 1 - pairs[:, 1])) == "1011011"


@pytest.mark.parametrize("rate", PUNCTURING)
def test_rates_are_what_their_names_say(rate):
    above, below = map(int, rate.split("/"))
    assert Convolutional(rate).encode(np.zeros(10 * above, np.uint8)).size == 10 * below


def free_distance(rate: str) -> int:
    """The fewest ones of a path that leaves the zeros and comes back, over all places in the period (Dijkstra)."""
    code = Convolutional(rate, inverted=False)
    sent = code.sent.reshape(-1, 2)
    best: dict[tuple[int, int], int] = {}
    open_paths = [(0, 0, phase, True) for phase in range(len(sent))]
    while open_paths:
        weight, state, phase, first = heapq.heappop(open_paths)
        if state == 0 and not first:
            return weight
        if best.setdefault((state, phase), weight) < weight:
            continue
        for bit in (0, 1) if not first else (1,):
            history = [state >> age & 1 for age in range(5, -1, -1)]
            pair = code._pairs(np.array([*history, bit], np.uint8))[0]
            step = int((pair * sent[phase]).sum())
            heapq.heappush(open_paths, (weight + step, (state << 1 | bit) & 63, (phase + 1) % len(sent), False))
    raise AssertionError("no path comes back")


@pytest.mark.parametrize(("rate", "distance"), [("1/2", 10), ("2/3", 6), ("3/4", 5), ("5/6", 4), ("7/8", 3)])
def test_rates_have_the_free_distance_that_is_published(rate, distance):
    """Yasuda, Kashiki and Hirata, "High-rate punctured convolutional codes", 1984, table I."""
    assert free_distance(rate) == distance


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(PUNCTURING)), st.integers(60, 6000), st.integers(0, 2**32 - 1))
def test_clean_symbols_come_back(rate, count, seed):
    row = np.random.default_rng(seed).integers(0, 2, count).astype(np.uint8)
    code = Convolutional(rate)
    out = code.decode(code.encode(row))
    assert count - out.size < 2
    assert np.array_equal(out[:-30], row[: out.size - 30])  # nothing follows that would settle the last bits


@pytest.mark.parametrize(("rate", "every"), [("1/2", 20), ("2/3", 60), ("3/4", 90), ("5/6", 150), ("7/8", 200)])
def test_wrong_symbols_are_mended_and_counted(rate, every):
    row = np.random.default_rng(6).integers(0, 2, 5000).astype(np.uint8)
    code = Convolutional(rate)
    symbols = code.encode(row)
    symbols[every // 2 : -50 : every] ^= 1
    out = code.decode(symbols)
    assert np.array_equal(out[:-30], row[: out.size - 30])
    assert np.flatnonzero(code.wrong_symbols(symbols, out)[:-50]).tolist() == list(
        range(every // 2, symbols.size - 50, every)
    )


def test_the_rows_of_the_decoder_join():
    """Many times the decoder's block, with noise: no errors where blocks meet."""
    rng = np.random.default_rng(7)
    row = rng.integers(0, 2, 40_000).astype(np.uint8)
    symbols = 2.0 * Convolutional().encode(row) - 1.0 + rng.normal(size=80_000) * 0.55
    assert np.array_equal(Convolutional().decode(symbols), row)


def test_the_decoder_is_as_good_as_its_known_bound():
    """At Eb/N0 of 3 dB the union bound of the code gives 5e-4; a hard decision without the code 2.3e-2.

    The spectrum of the code: 36 information bits at distance 10, 211 at 12, 1404 at 14, 11633 at 16, 77433 at 18
    (Odenwalder 1970; Conan 1984).
    """
    rng = np.random.default_rng(8)
    row = rng.integers(0, 2, 400_000).astype(np.uint8)
    noise = math.sqrt(1.0 / 10**0.3)  # sigma: Es/N0 is half of Eb/N0
    symbols = 2.0 * Convolutional().encode(row) - 1.0 + rng.normal(size=800_000) * noise
    rate = np.mean(Convolutional().decode(symbols) != row)
    spectrum = {10: 36, 12: 211, 14: 1404, 16: 11633, 18: 77433}
    bound = sum(count * math.erfc(math.sqrt(weight * 0.5 * 10**0.3)) / 2 for weight, count in spectrum.items())
    assert 0.3 * bound < rate < 1.05 * bound


def test_upside_down_symbols_give_upside_down_bits():
    row = np.random.default_rng(9).integers(0, 2, 500).astype(np.uint8)
    assert np.array_equal(Convolutional().decode(1 - Convolutional().encode(row))[10:], 1 - row[10:])


@pytest.mark.parametrize("rate", PUNCTURING)
def test_the_step_is_found(rate):
    code = Convolutional(rate)
    rng = np.random.default_rng(10)
    symbols = code.encode(rng.integers(0, 2, 6000).astype(np.uint8))
    noisy = symbols ^ (rng.random(symbols.size) < 0.002)
    for step in range(code.step_count):
        assert code.steps(np.concatenate((noisy[:step], noisy)))[0] == step


def test_an_unknown_rate_is_told():
    with pytest.raises(ConvolutionalError, match="1/2, 2/3"):
        Convolutional("4/5")


def test_nothing_gives_nothing():
    assert Convolutional().decode([]).size == 0
    assert Convolutional().encode([]).size == 0


# --- markers ----------------------------------------------------------------------------------------


@given(st.integers(0, 70), st.sets(st.integers(0, 31), max_size=3), st.booleans())
def test_markers_are_found_with_wrong_bits_either_way_up(before, wrong, upside_down):
    bits = np.concatenate((np.zeros(before, np.uint8), from_bytes(markers.CCSDS), np.zeros(40, np.uint8)))
    for place in wrong:
        bits[before + place] ^= 1
    found = markers.find(bits ^ upside_down)
    assert markers.Place(before, upside_down, len(wrong)) in found
    assert (markers.Place(before, True, len(wrong)) in markers.find(bits ^ 1, upside_down=False)) is False


def test_differences_are_counted_bit_by_bit():
    bits = np.random.default_rng(11).integers(0, 2, 300).astype(np.uint8)
    wanted = from_bytes(markers.CCSDS)
    by_hand = [int(np.count_nonzero(bits[at : at + 32] != wanted)) for at in range(300 - 31)]
    assert markers.differences(bits).tolist() == by_hand
    assert markers.differences(bits[:31]).size == 0
    for length in (1, 3, 8):
        wanted = from_bytes(b"\x93\x0bQ\xde\x1a\xcf\xfc\x1d"[:length])
        by_hand = [int(np.count_nonzero(bits[at : at + 8 * length] != wanted)) for at in range(301 - 8 * length)]
        assert markers.differences(bits, np.packbits(wanted).tobytes()).tolist() == by_hand


def test_a_marker_has_one_to_eight_bytes():
    for marker in (b"", bytes(9)):
        with pytest.raises(markers.MarkerError, match="1 to 8 bytes"):
            markers.find([0, 1], marker)


def test_a_frame_is_expected_where_a_marker_was_spoilt():
    places = [markers.Place(at, False, 0) for at in (100, 300, 301, 900)]
    assert [one.start for one in markers.expected(places, 200, 1300)] == [500, 501, 700, 1100]
    around = [markers.Place(100, False, 0), markers.Place(500, True, 0)]
    assert [one.upside_down for one in markers.expected(around, 200, 900) if one.start == 300] == [True]
