"""Frames, virtual channels, space packets, time codes and telemetry."""

from __future__ import annotations

import io
import struct
from datetime import UTC, datetime
from pathlib import Path

import pytest
import space_packet_parser
from hypothesis import given, settings
from hypothesis import strategies as st

from sheber.ground.packets.channels import Demultiplexer, Gap
from sheber.ground.packets.frames import Frame, FrameError, Layout
from sheber.ground.packets.space_packets import IDLE, NOTHING_BEGINS, ONLY_IDLE, Packet, PacketError, split
from sheber.ground.packets.telemetry import (
    Alarm,
    Dictionary,
    Level,
    Limit,
    Limits,
    Sample,
    TelemetryError,
    alarms,
    news,
)
from sheber.ground.packets.times import Cds, Cuc, TimeCodeError

PACKETS = st.builds(
    Packet,
    st.integers(0, 2046),
    st.integers(0, 16383),
    st.binary(min_size=1, max_size=90),
    st.booleans(),
    st.booleans(),
    st.integers(0, 3),
)
TM = Layout(64, spacecraft=77, checked=True)
AOS = Layout(70, "aos", spacecraft=77, control=True, insert=3)
DICTIONARY = Path(__file__).with_name("nksat.xml")


def framed(layout: Layout, packets: list[bytes], channel: int = 1, first_count: int = 0) -> list[bytes]:
    """Frames of a channel that carry packets, filled up with an idle packet."""
    control = bytes(4) if layout.control else b""
    room = layout.room()
    stream, starts = b"", []
    for packet in packets:
        starts.append(len(stream))
        stream += packet
    starts.append(len(stream))
    left = -len(stream) % room
    fill = left + room if left < 7 else left
    stream += Packet(IDLE, 0, bytes(fill - 6)).encoded()
    frames = []
    for number, at in enumerate(range(0, len(stream), room)):
        inside = [start - at for start in starts if at <= start < at + room]
        frame = Frame(
            77,
            channel,
            (first_count + number) % layout.counts,
            stream[at : at + room],
            inside[0] if inside else NOTHING_BEGINS,
            control=control,
        )
        frames.append(layout.encoded(frame))
    return frames


# --- space packets ----------------------------------------------------------------------------------


@given(PACKETS)
def test_packets_come_back_and_another_reader_agrees(packet):
    data = packet.encoded()
    assert Packet.decoded(data) == packet
    (other,) = space_packet_parser.ccsds_generator(io.BytesIO(data))
    assert (other.apid, other.sequence_count, other.data_length + 1) == (
        packet.application,
        packet.count,
        len(packet.data),
    )
    assert (other.type, other.secondary_header_flag, other.sequence_flags) == (
        packet.command,
        packet.secondary,
        packet.segment,
    )


@given(st.lists(PACKETS, max_size=5), st.integers(0, 20))
def test_a_row_of_packets_is_split_and_the_rest_kept(packets, cut):
    data = b"".join(packet.encoded() for packet in packets)
    whole, rest = split(data + Packet(1, 1, bytes(30)).encoded()[:cut])
    assert whole == packets
    assert len(rest) == cut


@pytest.mark.parametrize("data", [b"", b"123456", b"\x00\x01\xc0\x00\x00\x01a", b"\x20\x01\xc0\x00\x00\x00a"])
def test_what_is_no_packet_is_told(data):
    with pytest.raises(PacketError, match="no space packet"):
        Packet.decoded(data)


def test_a_packet_that_does_not_fit_is_told():
    for packet in (Packet(2048, 0, b"a"), Packet(0, 1 << 14, b"a"), Packet(0, 0, b"")):
        with pytest.raises(PacketError):
            packet.encoded()


# --- frames and virtual channels --------------------------------------------------------------------


def test_a_tm_header_bit_by_bit():
    """132.0-B-3, figure 4-2: spacecraft 0x2AB, channel 5, control field, master 7, count 9, first packet at 0x123."""
    layout = Layout(400)
    frame = Frame(0x2AB, 5, 9, bytes(390), 0x123, master=7, control=b"ctrl")
    data = layout.encoded(frame)
    assert data[:6].hex() == "2abb0709" + "1923"
    assert layout.decoded(data) == frame


def test_an_aos_header_bit_by_bit():
    """732.0-B-4, figure 4-2: spacecraft 0xAB, channel 0x15, count 0x010203, replayed, cycle 4; then the pointer."""
    layout = Layout(100, "aos")
    frame = Frame(0xAB, 0x15, 0x010203, bytes(92), 0x123, replay=True, cycle=4)
    data = layout.encoded(frame)
    assert data[:8].hex() == "6ad5" + "010203" + "c4" + "0123"
    assert layout.decoded(data) == frame


@given(st.binary(min_size=1, max_size=20), st.integers(0, 7))
def test_tm_frames_with_a_secondary_header_come_back(inside, channel):
    secondary = bytes([len(inside)]) + inside
    frame = Frame(77, channel, 3, bytes(TM.room(secondary=len(secondary))), secondary=secondary)
    assert TM.decoded(TM.encoded(frame)) == frame


def test_what_is_no_frame_of_the_link_is_told():
    good = TM.encoded(Frame(77, 1, 0, bytes(TM.room())))
    for data, words in (
        (good[:-1], "63 bytes, not 64"),
        (good[:30] + b"x" + good[31:], "check sequence"),
        (Layout(64, checked=True).encoded(Frame(78, 1, 0, bytes(56))), "spacecraft 78, not 77"),
        (Layout(64, "aos", checked=True).encoded(Frame(77, 1, 0, bytes(54))), "version is 1"),
    ):
        with pytest.raises(FrameError, match=words):
            TM.decoded(data)
    with pytest.raises(FrameError, match="version is 0"):
        Layout(64, "aos").decoded(good)
    with pytest.raises(FrameError, match="longer than the frame"):
        Layout(10).decoded(bytes([0, 0, 0, 0, 0x98, 0, 63, 0, 0, 0]))
    with pytest.raises(FrameError, match="no packets"):
        Layout(10).decoded(bytes([0, 0, 0, 0, 0x58, 0, 63, 0, 0, 0]))
    for frame in (Frame(1024, 1, 0, bytes(56)), Frame(77, 8, 0, bytes(56)), Frame(77, 1, 256, bytes(56))):
        with pytest.raises(FrameError, match="does not fit"):
            TM.encoded(frame)
    with pytest.raises(FrameError, match="3 bytes, not 56"):
        TM.encoded(Frame(77, 1, 0, b"abc"))


@settings(max_examples=60)
@given(st.sampled_from([TM, AOS]), st.lists(PACKETS, min_size=1, max_size=12))
def test_packets_over_frames_come_back(layout, packets):
    sorter = Demultiplexer(layout)
    out = sorter.take_all(framed(layout, [packet.encoded() for packet in packets]))
    assert [one.packet for one in out] == packets
    assert {one.channel for one in out} == {1}
    assert sorter.channels[1].missing == 0


@settings(max_examples=60)
@given(st.sampled_from([TM, AOS]), st.lists(PACKETS, min_size=3, max_size=12), st.data())
def test_lost_frames_cost_only_the_packets_in_them_and_are_told(layout, packets, drawn):
    frames = framed(layout, [packet.encoded() for packet in packets], first_count=layout.counts - 2)
    lost = drawn.draw(st.sets(st.integers(1, len(frames)), max_size=2)) - {len(frames) - 1, len(frames)}
    sorter = Demultiplexer(layout)
    out = sorter.take_all(frame for number, frame in enumerate(frames) if number not in lost)
    room, at, whole = layout.room(), 0, []
    for packet in packets:
        size = len(packet.encoded())
        if not lost & set(range(at // room, (at + size - 1) // room + 1)):
            whole.append(packet)
        at += size
    assert [one.packet for one in out] == whole
    assert sorter.channels[1].missing == len(lost)


def test_a_gap_says_after_which_frame_and_how_long():
    frames = framed(TM, [Packet(5, n, bytes(40)).encoded() for n in range(12)], first_count=254)
    sorter = Demultiplexer(TM)
    sorter.take_all([*frames[:3], *frames[5:], frames[-1]])
    channel = sorter.channels[1]
    assert channel.gaps == [Gap(after=0, missing=2, at=3)]
    assert channel.repeated == 1
    assert channel.frames == len(frames) - 2


def test_channels_are_apart_and_others_frames_are_refused():
    one = framed(TM, [Packet(5, n, bytes(50)).encoded() for n in range(4)], channel=1)
    two = framed(TM, [Packet(6, n, bytes(50)).encoded() for n in range(4)], channel=2)
    sorter = Demultiplexer(TM)
    mixed = [frame for pair in zip(one, two, strict=True) for frame in pair]
    out = sorter.take_all([*mixed[:3], bytes(64), *mixed[3:]])
    assert [(one.channel, one.packet.application, one.packet.count) for one in out if one.channel == 2] == [
        (2, 6, n) for n in range(4)
    ]
    assert len(out) == 8
    assert [at for at, _ in sorter.refused] == [3]


def test_idle_frames_carry_nothing_and_count():
    idle = AOS.encoded(Frame(77, 63, 0, bytes(AOS.room()), control=bytes(4)))
    sorter = Demultiplexer(AOS)
    assert sorter.take(idle) == []
    only = TM.encoded(Frame(77, 1, 0, bytes(TM.room()), ONLY_IDLE))
    sorter = Demultiplexer(TM)
    assert sorter.take(only) == []
    assert sorter.channels[1].frames == 1


def test_a_pointer_to_nowhere_and_a_packet_that_lies_about_its_length_lose_only_themselves():
    long = Packet(5, 0, bytes(300)).encoded()
    frames = framed(TM, [Packet(5, 9, bytes(100)).encoded(), Packet(5, 1, b"after").encoded()])
    liar = TM.encoded(Frame(77, 1, 0, long[: TM.room()], 0))
    sorter = Demultiplexer(TM)
    relabelled = [liar, *framed(TM, [Packet(5, 1, b"after").encoded()], first_count=1)]
    assert [one.packet.data for one in sorter.take_all(relabelled)] == [b"after"]
    assert sorter.channels[1].packets.lost == 1
    sorter = Demultiplexer(TM)
    astray = TM.encoded(Frame(77, 1, 1, bytes(TM.room()), 1000))
    assert sorter.take_all([frames[0], astray]) == []
    assert sorter.channels[1].packets.lost == 1


def test_cycles_of_aos_count_on():
    sorter = Demultiplexer(AOS)
    for count, cycle in (((1 << 24) - 1, 15), (0, 0), (2, 0)):
        sorter.take(AOS.encoded(Frame(77, 1, count, bytes(AOS.room()), ONLY_IDLE, control=bytes(4), cycle=cycle)))
    sorter.take(AOS.encoded(Frame(77, 1, 2, bytes(AOS.room()), ONLY_IDLE, control=bytes(4), cycle=1)))
    assert [gap.missing for gap in sorter.channels[1].gaps] == [1, (1 << 24) - 1]


# --- time codes -------------------------------------------------------------------------------------


def at(*moment: int) -> float:
    """An instant."""
    return datetime(*moment, tzinfo=UTC).timestamp()  # type: ignore[misc]


def test_cuc_counts_seconds_of_tai_since_1958():
    """At the beginning of 2000 TAI was 32 s ahead of UTC; 15,340 days had passed."""
    assert Cuc(fine=0).encoded(at(2000, 1, 1)) == (15_340 * 86_400 + 32).to_bytes(4, "big")
    assert Cuc(fine=1).encoded(at(2000, 1, 1) + 0.5)[-1] == 128
    assert Cuc().preamble == 0b0001_1110


def test_cuc_counts_from_an_epoch_of_its_own():
    """GPS second 1,000,000,000 was 2011-09-14T01:46:25 UTC."""
    gps = Cuc(fine=0, epoch=at(1980, 1, 6))
    assert gps.encoded(at(2011, 9, 14, 1, 46, 25)) == (1_000_000_000).to_bytes(4, "big")
    assert gps.preamble == 0b0010_1100


def test_cds_counts_days_and_milliseconds():
    assert Cds().encoded(at(2000, 1, 1, 0, 0, 1)).hex() == f"{15_340:04x}{1000:08x}"
    assert Cds(fine=2).encoded(at(2000, 1, 1) + 0.001250).hex() == f"{15_340:04x}{1:08x}{250:04x}"
    assert Cds(day=3, fine=2, epoch=0.0).preamble == 0b0100_1101


@given(st.floats(0, 3.5e9), st.sampled_from([Cuc(), Cuc(4, 3), Cuc(epoch=0.0), Cds(), Cds(3, 2), Cds(epoch=0.0)]))
def test_times_come_back(t, code):
    step = 1 / (1 << 8 * code.fine) if isinstance(code, Cuc) else (1e-6 if code.fine else 1e-3)
    assert code.decoded(code.encoded(t)) == pytest.approx(t, abs=step / 2 + 1e-6)


def test_what_is_no_time_is_told():
    for code, data in (
        (Cuc(), b"1"),
        (Cds(), b"1"),
        (Cds(), b"\x00\x01\xff\xff\xff\xff"),
        (Cds(fine=2), b"\0" * 6 + b"\xff\xff"),
    ):
        with pytest.raises(TimeCodeError, match="no time"):
            code.decoded(data)
    for code in (Cuc(), Cds()):
        for t in (-1e12, 1e12):
            with pytest.raises(TimeCodeError, match="not fit into"):
                code.encoded(t)


# --- telemetry --------------------------------------------------------------------------------------


def power(count: int, volts: float, t: float, mode: int = 2) -> bytes:
    """A packet of the battery's state, as the dictionary of the tests has it."""
    raw = round(volts / 0.0025) << 12 | (round(-1.5 / 0.002) & 0xFFF)
    return Packet(
        100, count, Cuc().encoded(t) + raw.to_bytes(3, "big") + struct.pack(">hB", 2150, mode), True
    ).encoded()


@pytest.fixture(scope="module")
def dictionary() -> Dictionary:
    return Dictionary.read(DICTIONARY)


def test_parameters_are_calibrated_and_enumerations_named(dictionary):
    values = dictionary.values(power(5, 7.25, at(2027, 3, 21)))
    assert values["BATTERY_VOLTAGE"] == pytest.approx(7.25)
    assert values["BATTERY_CURRENT"] == pytest.approx(-1.5)
    assert values["BATTERY_TEMPERATURE"] == pytest.approx(21.5)
    assert values["MODE"] == "SCIENCE"
    assert (values["PKT_APID"], values["SRC_SEQ_CTR"]) == (100, 5)
    assert dictionary.values(power(5, 7.25, 0.0), raw=True)["BATTERY_VOLTAGE"] == 2900
    assert all(type(value) in (int, float, str) for value in values.values())


def test_limits_come_from_the_document(dictionary):
    limit = dictionary.limits["BATTERY_VOLTAGE"]
    assert limit == Limit((7.0, 8.4), (6.4, 8.6))
    assert [limit.level(volts) for volts in (6.39, 6.4, 6.99, 7.0, 8.4, 8.5, 8.61)] == [2, 1, 1, 0, 0, 1, 2]
    assert limit.level(float("nan")) is Level.CRITICAL
    assert dictionary.limits["MODE"].level("SAFE") is Level.CRITICAL
    assert dictionary.limits["MODE"].level("IDLE") is Level.NORMAL
    assert dictionary.limits["WHEEL_TEMPERATURE"] == Limit((-5.0, 45.0), (-10.0, 55.0))
    assert "PAYLOAD_IMAGES" not in dictionary.limits


@pytest.mark.parametrize(
    ("packet", "words"),
    [(b"", "beyond the end"), (power(0, 7, 0.0)[:-1], "beyond"), (power(0, 7, 0.0) + b"x", "did not match"),
     (Packet(7, 1, bytes(9)).encoded(), "APID=7")],
)  # fmt: skip
def test_a_packet_that_is_not_in_the_dictionary_is_told(packet, words, dictionary):
    with pytest.raises(TelemetryError, match=words):
        dictionary.values(packet)


@pytest.mark.parametrize("text", ["", "<a/>", "<a>", "<!DOCTYPE x [<!ENTITY a 'b'>]><x/>", "text"])
def test_what_is_no_dictionary_is_told(text):
    with pytest.raises(TelemetryError, match="no telemetry dictionary"):
        Dictionary(text)


def test_values_are_judged_by_the_limits_of_their_time():
    limits = Limits({"V": Limit(warning=(7.0, None))})
    limits.change("V", 100.0, Limit(warning=(6.0, None)))
    assert limits.level("V", 6.5, 99.0) is Level.WARNING
    assert limits.level("V", 6.5, 100.0) is Level.NORMAL
    assert limits.level("other", 6.5, 100.0) is Level.NORMAL


def test_alarms_are_changes_in_the_order_in_which_packets_were_made():
    limits = Limits({"V": Limit((7.0, 8.0), (6.0, None))})
    volts = {5.0: 7.5, 10.0: 6.5, 15.0: 6.4, 20.0: 5.0, 25.0: 7.0}
    samples = [Sample(t, {"V": value}, received=30.0) for t, value in volts.items()]
    found = alarms(reversed(samples), limits)
    assert found == [
        Alarm("V", Level.WARNING, 6.5, 10.0, 30.0),
        Alarm("V", Level.CRITICAL, 5.0, 20.0, 30.0),
        Alarm("V", Level.NORMAL, 7.0, 25.0, 30.0),
    ]


def test_a_dump_from_the_night_alarms_nobody_in_the_morning_and_stands_in_the_history(dictionary):
    night, morning = at(2027, 3, 21, 1), at(2027, 3, 21, 6)
    stored = [(night + n, 6.5 if n == 4 else 7.5) for n in range(8)]
    live = [(morning + n, 6.9 if n == 2 else 7.5) for n in range(5)]
    samples = [
        Sample(t, dictionary.values(power(0, volts, t)), received=max(t, morning)) for t, volts in (*live, *stored)
    ]
    limits = Limits(dictionary.limits)
    found = alarms(samples, limits)
    assert [(alarm.time, alarm.level) for alarm in found if alarm.level] == [(night + 4, 1), (morning + 2, 1)]
    assert [alarm.time for alarm in news(samples, limits, within_s=60.0)] == [morning + 2, morning + 3]


def test_what_was_bad_in_the_night_and_is_bad_in_the_morning_is_news():
    limits = Limits({"V": Limit(warning=(7.0, None))})
    samples = [Sample(0.0, {"V": 6.0}, received=5000.0), Sample(5000.0, {"V": 6.5}), Sample(5001.0, {"V": 6.5})]
    assert [alarm.time for alarm in news(samples, limits, within_s=60.0)] == [5000.0]
