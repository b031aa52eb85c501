"""Packet radio: line codes, the G3RUH scrambler, HDLC and AX.25."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sheber.ground.coding import bits, crc, g3ruh, hdlc, line_codes
from sheber.ground.coding.ax25 import Address, Ax25Error, Frame

ROWS = st.lists(st.integers(0, 1), max_size=300).map(lambda row: np.array(row, np.uint8))


def random_bits(count: int, seed: int = 1) -> np.ndarray:
    """Bits of a generator."""
    return np.random.default_rng(seed).integers(0, 2, count).astype(np.uint8)


def test_checks_have_the_values_of_the_catalogue():
    assert crc.crc16_x25(b"123456789") == 0x906E
    assert crc.crc16_ccsds(b"123456789") == 0x29B1
    assert crc.crc32c(b"123456789") == 0xE3069283


@given(ROWS, st.integers(0, 1))
def test_line_codes_come_back(row, level):
    assert np.array_equal(line_codes.nrzi_decode(line_codes.nrzi_encode(row, level), level), row)
    assert np.array_equal(line_codes.nrz_m_decode(line_codes.nrz_m_encode(row, level), level), row)


def test_line_codes_change_the_level_for_the_bit_that_their_name_says():
    assert line_codes.nrz_m_encode([1, 0, 1, 1]).tolist() == [1, 1, 0, 1]
    assert line_codes.nrzi_encode([1, 0, 1, 1]).tolist() == [0, 1, 1, 1]


@pytest.mark.parametrize("decode", [line_codes.nrzi_decode, line_codes.nrz_m_decode])
def test_soft_line_codes_decide_as_hard_ones_and_are_as_sure_as_the_weaker_level(decode):
    row = np.random.default_rng(2).normal(size=200).astype(np.float32)
    row[0] = 5.0  # surer than a unit
    out = decode(row)
    assert out.dtype == np.float32
    assert np.array_equal(bits.hard(out), decode(bits.hard(row)))
    assert abs(out[0]) == abs(row[0])
    assert np.array_equal(np.abs(out[1:]), np.minimum(np.abs(row[1:]), np.abs(row[:-1])))


def test_all_bits_upside_down_are_read_alike():
    row = random_bits(100)
    upside_down = 1 - line_codes.nrzi_encode(row)
    assert np.array_equal(line_codes.nrzi_decode(upside_down)[1:], row[1:])


def slow_scramble(row: np.ndarray) -> list[int]:
    """The shift register as it is drawn in the original article."""
    register = [0] * 17
    out = []
    for bit in row.tolist():
        register = [bit ^ register[11] ^ register[16], *register[:-1]]
        out.append(register[0])
    return out


@given(ROWS)
def test_the_scrambler_is_the_shift_register_of_its_author(row):
    assert g3ruh.scramble(row).tolist() == slow_scramble(row)
    assert np.array_equal(g3ruh.descramble(g3ruh.scramble(row)), row)


def test_the_scrambler_goes_on_where_it_stopped_and_a_receiver_that_comes_late_is_right_after_17_bits():
    row = random_bits(500)
    sent = g3ruh.scramble(row)
    assert np.array_equal(g3ruh.scramble(row[200:], sent=sent[:200]), sent[200:])
    assert np.array_equal(g3ruh.descramble(sent[200:], received=sent[:200]), row[200:])
    assert np.array_equal(g3ruh.descramble(sent[200:])[17:], row[217:])


def test_a_wrong_bit_on_the_air_makes_three():
    sent = g3ruh.scramble(random_bits(100))
    sent[40] ^= 1
    assert np.flatnonzero(g3ruh.descramble(sent) != random_bits(100)).tolist() == [40, 52, 57]


def test_soft_descrambling_decides_as_the_hard_one():
    row = np.random.default_rng(3).normal(size=200).astype(np.float32)
    out = g3ruh.descramble(row)
    assert np.array_equal(bits.hard(out), g3ruh.descramble(bits.hard(row)))
    assert np.all(np.abs(out[17:]) <= np.abs(row[17:]))
    assert np.array_equal(np.abs(out[17:]), np.min([np.abs(row[17:]), np.abs(row[5:-12]), np.abs(row[:-17])], axis=0))


@given(ROWS)
def test_stuffing_comes_back_and_leaves_no_six_ones(row):
    out = hdlc.stuffed(row)
    assert "111111" not in "".join(map(str, out.tolist()))
    assert np.array_equal(hdlc.unstuffed(out), row)


def test_a_frame_by_hand():
    """The byte 0xFF 0x01: eight ones with one stuffed, then the lowest bit first."""
    assert hdlc.stuffed(bits.from_bytes(b"\xff\x01", low_first=True)).tolist() == [
        *[1, 1, 1, 1, 1, 0, 1, 1, 1], *[1, 0, 0, 0, 0, 0, 0, 0],
    ]  # fmt: skip


@settings(max_examples=50)
@given(st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=4), st.integers(0, 60))
def test_frames_come_back_from_among_noise(frames, noise):
    row = np.concatenate([random_bits(noise), *(hdlc.encode(frame) for frame in frames)])
    assert [one.data for one in hdlc.decode(row)][-len(frames) :] == frames


def test_one_flag_may_end_a_frame_and_begin_the_next():
    first, second = hdlc.encode(b"first"), hdlc.encode(b"second", flags_before=0)
    found = hdlc.decode(np.concatenate((first, second)))
    assert [one.data for one in found] == [b"first", b"second"]
    assert (found[0].start, found[0].end) == (0, first.size)
    assert (found[1].start, found[1].end) == (first.size - 8, first.size + second.size)


@given(st.integers(0, 10_000))
def test_a_wrong_bit_loses_the_frame_and_gives_no_false_one(where):
    row = hdlc.encode(bytes(range(100)))
    row[where % row.size] ^= 1
    assert hdlc.decode(row) == []


def test_an_aborted_frame_and_an_empty_row_give_nothing():
    row = hdlc.encode(b"a frame")
    cut = np.concatenate((row[:40], np.ones(9, np.uint8), row[40:]))
    assert hdlc.decode(cut) == []
    assert hdlc.decode([]) == []
    assert hdlc.decode(hdlc.FLAG) == []


def checked(data: bytes) -> np.ndarray:
    """The bits of a frame with its check sequence, not stuffed."""
    return bits.from_bytes(data + crc.crc16_x25(data).to_bytes(2, "little"), low_first=True)


def between_flags(body: np.ndarray) -> np.ndarray:
    """Bits between two flags."""
    return np.concatenate((hdlc.FLAG, body, hdlc.FLAG))


def test_seven_ones_abort_a_frame_whose_check_would_be_right():
    assert [one.data for one in hdlc.decode(between_flags(checked(b"\x0f\x00")))] == [b"\x0f\x00"]
    assert hdlc.decode(between_flags(checked(b"\x7f\x01"))) == []


def test_a_frame_must_be_whole_bytes():
    data = next(data for data in (b"a%d" % n for n in range(99)) if checked(data)[-3:].tolist() == [0, 0, 0])
    body = hdlc.stuffed(checked(data))
    assert [one.data for one in hdlc.decode(between_flags(body))] == [data]
    assert hdlc.decode(between_flags(body[:-3])) == []


def test_the_first_bit_of_the_first_flag_may_be_missing():
    assert hdlc.decode(hdlc.encode(b"late")[1:])[0].data == b"late"
    assert hdlc.decode(hdlc.encode(b"late")[1:])[0].start == 0


def test_lengths_may_be_limited():
    row = hdlc.encode(b"twelve bytes")
    assert len(hdlc.decode(row, shortest=14, longest=14)) == 1
    assert hdlc.decode(row, shortest=15) == hdlc.decode(row, longest=13) == []


def test_what_are_no_bits_is_said():
    with pytest.raises(bits.BitsError, match="zeros and ones"):
        hdlc.decode([0, 1, 2])
    with pytest.raises(bits.BitsError, match="2 dimensions"):
        hdlc.decode(np.zeros((2, 2), np.uint8))


CALLS = st.builds(
    Address, st.text("ABCXYZ0189", min_size=1, max_size=6), st.integers(0, 15), st.booleans()
)  # fmt: skip


@given(CALLS, CALLS, st.lists(CALLS, max_size=8), st.binary(max_size=50))
def test_ax25_frames_come_back(destination, source, repeaters, information):
    frame = Frame(destination, source, information, tuple(repeaters))
    assert Frame.decoded(frame.encoded()) == frame


def test_a_frame_that_was_heard_is_read_as_its_hearers_did():
    """A UI frame as a receiver printed it, and what it stands for (mailing list aprssig, 3 September 2004)."""
    data = bytes.fromhex("82A0AA646A9C60 AC9668A88A8660 A48A9882B24060 AE92888A404061 03F00D")
    frame = Frame.decoded(data)
    assert str(frame) == "VK4TEC>APU25N,RELAY,WIDE: ."
    assert (frame.control, frame.protocol, frame.information) == (0x03, 0xF0, b"\r")
    assert frame.encoded() == data


def test_one_station_may_stand_in_several_places():
    station = Address("UN1GWA")
    frame = Frame(Address("CQ"), station, b"hi", (station, Address("RELAY"), station))
    assert Frame.decoded(frame.encoded()) == frame


def test_supervisory_frames_have_no_protocol():
    frame = Frame(Address("CQ"), Address("UN1GWA"), control=0x11, protocol=None)
    assert Frame.decoded(frame.encoded()) == frame
    with pytest.raises(Ax25Error):
        Frame(Address("CQ"), Address("UN1GWA"), control=0x11).encoded()
    polled = Frame(Address("CQ"), Address("UN1GWA"), b"poll", control=0x13)
    assert Frame.decoded(polled.encoded()) == polled


def test_a_frame_in_one_line():
    frame = Frame(Address("CQ"), Address.parse("UN1GWA-1"), b"T=21\x00", (Address("UN8F", 2, marked=True),))
    assert str(frame) == "UN1GWA-1>CQ,UN8F-2*: T=21."


@pytest.mark.parametrize("text", ["", "un1gwa", "UN1GWA-16", "TOOLONGX", "UN1GWA-", "A-1-2", "Ä"])
def test_a_wrong_address_is_said(text):
    with pytest.raises(Ax25Error, match="is no AX"):
        Address.parse(text)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no end"),
        (b"\x82" * 40, "no end"),
        (b"\x82" * 6 + b"\x61\x03\xf0", "too few"),
        (b"\x82" * 76 + b"\x61\x03\xf0", "too many"),
        (b"\x83" + b"\x82" * 12 + b"\x61\x03\xf0", "lowest bit"),
        (b"\x82" * 13 + b"\x61", "control"),
        (b"\x82" * 13 + b"\x61\x03", "protocol"),
        (b"\x02" * 13 + b"\x61\x03\xf0", "no AX.25 address"),
    ],
)
def test_bytes_that_are_no_frame_are_told_in_words(data, reason):
    with pytest.raises(Ax25Error) as told:
        Frame.decoded(data)
    assert reason in str(told.value)


def test_the_whole_way_of_a_packet_satellite():
    frames = [Frame(Address("CQ"), Address("UN1GWA"), bytes([n] * 30)).encoded() for n in range(5)]
    sent = g3ruh.scramble(line_codes.nrzi_encode(np.concatenate([hdlc.encode(one, flags_before=10) for one in frames])))
    heard = np.where(sent, 1.0, -1.0).astype(np.float32)[33:]  # the receiver comes late
    assert [one.data for one in hdlc.decode(line_codes.nrzi_decode(g3ruh.descramble(heard)))] == frames
