"""Framings of whole links: the AX100 radio, and CCSDS units from frames to symbols and back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sheber.ground.coding import ax100
from sheber.ground.coding.bits import from_bytes
from sheber.ground.coding.cadu import Cadu, CaduError
from sheber.ground.coding.convolutional import PUNCTURING, Convolutional
from sheber.ground.coding.crc import crc16_ccsds
from sheber.ground.coding.reed_solomon import E8, E16, E16_CONVENTIONAL

LINK = Cadu(frame=1115, interleaving=5, convolutional=Convolutional())
MODES = [(ax100.encode_mode_5, ax100.decode_mode_5), (ax100.encode_mode_6, ax100.decode_mode_6)]


def some_frames(count: int, size: int, seed: int = 1) -> list[bytes]:
    """Frames of a generator."""
    rng = np.random.default_rng(seed)
    return [rng.bytes(size) for _ in range(count)]


def soft(symbols: np.ndarray, noise: float, seed: int = 2) -> np.ndarray:
    """Soft symbols with noise of a standard deviation."""
    normal = np.random.default_rng(seed).normal(size=symbols.size)
    return (2.0 * symbols - 1.0 + noise * normal).astype(np.float32)


# --- AX100 ------------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(MODES), st.binary(min_size=1, max_size=222), st.booleans(), st.integers(0, 50))
def test_ax100_frames_come_back_either_way_up(mode, data, upside_down, noise):
    encode, decode = mode
    before = np.random.default_rng(noise).integers(0, 2, noise).astype(np.uint8)
    row = np.concatenate((before, encode(data), np.zeros(20, np.uint8)))
    found = decode(row ^ upside_down)
    assert [one.data for one in found] == [data]
    assert found[0].mended == 0


@pytest.mark.parametrize(("encode", "decode"), MODES)
def test_ax100_mends_and_tells_where(encode, decode):
    data = bytes(range(100))
    row = encode(data)
    rng = np.random.default_rng(3)
    wrong = 8 * rng.choice(np.arange(20, 140), 5, replace=False)
    row[wrong] ^= 1
    (found,) = decode(row)
    assert found.data == data
    assert 5 <= found.mended <= 15  # with the scrambler each wrong bit is up to three
    assert (found.start, found.end) == (64, row.size)


def test_ax100_mode_5_mends_its_length():
    row = ax100.encode_mode_5(b"hello")
    row[[96, 100, 119]] ^= 1
    assert ax100.decode_mode_5(row)[0].mended == 3


@pytest.mark.parametrize(("encode", "decode"), MODES)
def test_ax100_finds_nothing_in_noise_or_in_half_a_frame(encode, decode):
    assert decode(np.random.default_rng(4).integers(0, 2, 1_000_000).astype(np.uint8)) == []
    row = encode(bytes(100))
    assert decode(row[:-8]) == []
    assert decode([]) == []


@pytest.mark.parametrize("count", [0, 223])
def test_ax100_says_what_does_not_fit(count):
    with pytest.raises(ax100.Ax100Error, match="1 to 222"):
        ax100.encode_mode_5(bytes(count))


# --- CCSDS ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "link",
    [
        Cadu(223),
        Cadu(100, code=E16_CONVENTIONAL, randomised=False),
        Cadu(239 * 8, 8, E8, nrz_m=True),
        Cadu(446, 2, nrz_m=True, convolutional=Convolutional()),
        *(Cadu(1115, 5, convolutional=Convolutional(rate)) for rate in PUNCTURING),
    ],
)
def test_frames_come_back_through_every_kind_of_link(link):
    frames = some_frames(4, link.frame)
    symbols = link.encode(frames)
    noise = np.random.default_rng(5).integers(0, 2, 301).astype(np.uint8)
    out = link.decode(soft(np.concatenate((noise[:101], symbols, noise)), 0.2))
    assert [one.data for one in out.frames] == frames
    assert out.spoilt == ()
    period = symbols.size / 4
    slack = 8 if link.convolutional and link.convolutional.rate != "1/2" else 0
    assert [one.start for one in out.frames] == pytest.approx([101 + n * period for n in range(4)], abs=slack)
    assert [one.end for one in out.frames] == pytest.approx([101 + n * period for n in range(1, 5)], abs=slack)


def test_turns_slips_and_spoilt_markers_cost_only_the_frame_in_which_they_are():
    frames = some_frames(12, 1115)
    symbols = soft(LINK.encode(frames), 0.5)
    period = symbols.size // 12
    symbols[3 * period + 9000 :] *= -1  # half a turn in frame 3
    symbols[6 * period : 6 * period + 64] *= -1  # the marker of frame 6 upside down
    spoilt = np.delete(symbols, 8 * period + 11_000)  # a symbol lost in frame 8
    spoilt = np.insert(spoilt, 10 * period + 8000, 0.3)  # one twice in frame 10
    out = LINK.decode(spoilt)
    assert [one.data for one in out.frames] == [frames[n] for n in (0, 1, 2, 4, 5, 6, 7, 9, 11)]
    assert len(out.spoilt) == 3


@pytest.mark.parametrize("turned", [0, 1])
def test_a_turn_at_a_spoilt_marker_costs_no_frame(turned):
    """And the frame is the right way up: upside down it would be a word of the code too."""
    frames = some_frames(5, 1115)
    symbols = soft(LINK.encode(frames), 0.5)
    period = symbols.size // 5
    symbols[2 * period + 64 * (1 - turned) :] *= -1
    symbols[2 * period : 2 * period + 64] = 0.0
    assert [one.data for one in LINK.decode(symbols).frames] == frames


def test_a_turn_just_after_the_marker_does_not_give_the_frame_upside_down():
    link = replace(LINK, convolutional=None)
    frames = some_frames(3, 1115)
    symbols = link.encode(frames)
    symbols[link.period + 32 + 8 * 60 :] ^= 1  # 60 of 1275 symbols upright: few enough to be "mended"
    assert [one.data for one in link.decode(symbols).frames] == frames


def test_a_missing_randomiser_is_noticed_where_words_are_interleaved_or_shortened():
    """Over 255 symbols its sequence is a word of the code, as 255 symbols FF are."""
    frames = some_frames(2, 1115)
    assert replace(LINK, randomised=False).decode(LINK.encode(frames)).frames == ()
    short = Cadu(200)
    assert replace(short, randomised=False).decode(short.encode(some_frames(2, 200))).frames == ()
    whole = Cadu(223)
    assert len(replace(whole, randomised=False).decode(whole.encode(some_frames(2, 223))).frames) == 2


def test_frames_without_reed_solomon_are_judged_by_their_check():
    link = Cadu(50, code=None)
    frames = [data + crc16_ccsds(data).to_bytes(2, "big") for data in some_frames(3, 48)]
    symbols = link.encode(frames)
    symbols[link.period + 100] ^= 1
    out = link.decode(symbols)
    assert [one.data for one in out.frames] == [frames[0], frames[2]]
    assert len(out.spoilt) == 1


def test_units_in_a_file_are_frames_again():
    frames = some_frames(3, 1115)
    assert [one.data for one in LINK.decode_units(LINK.units(frames)).frames] == frames


def test_noise_gives_no_frame():
    noise = np.random.default_rng(6).normal(size=400_000).astype(np.float32)
    assert LINK.decode(noise).frames == ()
    assert Cadu(223).decode(noise).frames == ()


def test_a_frame_of_another_length_is_told():
    with pytest.raises(CaduError, match="1115 bytes, not 3"):
        LINK.encode([b"abc"])


def test_mended_symbols_are_counted():
    link = Cadu(446, 2, E16)
    symbols = link.encode(some_frames(1, 446))
    symbols[32 + 8 * np.arange(0, 60, 3)] ^= 1
    assert [one.mended for one in link.decode(symbols).frames] == [20]
    assert from_bytes(b"\x1a").tolist() == symbols[:8].tolist()
