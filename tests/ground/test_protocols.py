"""rotctld and rigctld without a network: words in pieces, refusals in codes, both sides against each other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheber.ground.mount import DISH, EncoderFault, Flaws, Mount
from sheber.ground.protocols import (
    CLOSED,
    NEED_DATA,
    RADIO,
    ROTATOR,
    Conversation,
    NeedData,
    PeerError,
    ProtocolError,
    Radio,
    Refused,
    Reply,
    Request,
    RequestReader,
    Server,
    radio_server,
    rotator_server,
)
from sheber.ground.protocols.reader import LONGEST_LINE


def requests(*pieces: bytes) -> list[object]:
    """What the server hears: (name, arguments, separator), or the code of a refusal."""
    reader, heard = RequestReader(ROTATOR), []
    for piece in pieces:
        reader.receive_data(piece)
        while not isinstance(event := reader.next_event(), NeedData):
            if isinstance(event, Request):
                heard.append((event.command.name, event.arguments, event.separator))
            else:
                heard.append(int(event.code))
    return heard


def said(server: Server, data: bytes) -> bytes:
    """Everything that a server answers to bytes."""
    server.receive_data(data)
    answers = b""
    while isinstance(answer := server.next_answer(), bytes):
        answers += answer
    return answers


@pytest.mark.parametrize(
    ("data", "heard"),
    [
        (b"p\n", [("get_pos", (), "")]),
        (b"P 10 -20.5\n", [("set_pos", ("10", "-20.5"), "")]),
        (b"\\set_pos 10 20\r\n", [("set_pos", ("10", "20"), "")]),
        (b"+\\get_pos\n", [("get_pos", (), "\n")]),
        (b";P 1 2\np\n", [("set_pos", ("1", "2"), ";"), ("get_pos", (), "")]),
        (b"pp\n", [("get_pos", (), "")] * 2),
        (b"  p  \n\n", [("get_pos", (), "")]),
        (b"# P 1 2\np\n", [("get_pos", (), "")]),
        (b"p", [("get_pos", (), "")]),  # a letter needs no end of line
        (b"P 1 2", []),  # a word does
        (b"foo\np\n", [4, ("get_pos", (), "")]),
        (b"\\foo 1 2\np\n", [4, ("get_pos", (), "")]),
        (b"\xff\xfe\x00\np\n", [4, ("get_pos", (), "")]),
        (b"P 10\nS\n", [1, ("stop", (), "")]),  # the stop is not the elevation
        (b"P\nS\n", [1, ("stop", (), "")]),
        (b"\\set_pos\nS\n", [1, ("stop", (), "")]),
    ],
)
def test_what_the_server_hears(data, heard):
    assert requests(data) == heard


@given(st.lists(st.sampled_from([b"p\n", b"P 1 2\n", b"+\\get_pos\n", b"x\n", b"P 1\n", b";S\n"])), st.data())
def test_pieces_do_not_matter(lines, data):
    whole = b"".join(lines)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=5)))
    pieces = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    assert requests(*pieces) == requests(whole)


@given(st.binary(max_size=2000))
def test_no_bytes_break_the_server_and_the_next_line_is_heard(data):
    assert requests(data, b"\np\n")[-1] == ("get_pos", (), "")


def test_a_line_that_is_too_long_costs_itself():
    assert requests(b"P 1 " + b"2" * 10_000 + b"\np\n") == [8, ("get_pos", (), "")]
    assert requests(b"#" * LONGEST_LINE * 3 + b"\np\n") == [("get_pos", (), "")]


# --- the server of a mount ---


def test_a_client_turns_the_mount_and_asks_where_it_is():
    mount = Mount(DISH)
    server = rotator_server(mount)
    assert said(server, b"P 60.5 30\n") == b"RPRT 0\n"
    mount.advance(40.0)
    azimuth, elevation = map(float, said(server, b"p\n").split())
    assert (azimuth, elevation) == pytest.approx((60.5, 30.0), abs=0.01)
    answer = said(server, b"+\\get_pos\n").decode().split("\n")
    assert answer[0] == "get_pos:"
    assert answer[1].startswith("Azimuth: 60.49")
    assert answer[2].startswith("Elevation: 30.00")
    assert answer[3:] == ["RPRT 0", ""]


@pytest.mark.parametrize(
    ("asked", "answer", "why"),
    [
        (b"P 10 91\n", b"RPRT -1\n", "cannot go to elevation 91.00 deg"),
        (b"P 500 10\n", b"RPRT -1\n", "cannot go to azimuth 500.00 deg"),
        (b"P nan 10\n", b"RPRT -1\n", "Azimuth = 'nan' is no finite number"),
        (b"P inf 10\n", b"RPRT -1\n", "no finite number"),
        (b"P a b\n", b"RPRT -1\n", "Azimuth = 'a' is no finite number"),
        (b"P 1_0 10\n", b"RPRT -1\n", "Azimuth = '1_0' is no finite number"),
        (b"P 1e400 10\n", b"RPRT -1\n", "Azimuth = '1e400' is no finite number"),
        (b"M 3 10\n", b"RPRT -1\n", "no direction '3'"),
        (b"M 2 101\n", b"RPRT -1\n", "speed 101 is not from 1 to 100"),
        (b"M 2 nan\n", b"RPRT -1\n", "no finite number"),
        (b"foo\n", b"RPRT -4\n", "There is no command 'f'"),
        (b"+\\foo\n", b"RPRT -4\n", "There is no command 'foo'"),
        (b";P 10 91\n", b"set_pos: 10 91;RPRT -1\n", "91.00"),
        (b"P 10\n", b"RPRT -1\n", "set_pos needs Azimuth Elevation. It got 1 of them"),
    ],
)
def test_what_cannot_be_is_a_code_for_the_client_and_words_for_the_log(asked, answer, why):
    mount = Mount(DISH)
    server = rotator_server(mount)
    assert said(server, asked) == answer
    assert why in str(server.refused[0])
    mount.advance(5.0)
    assert mount.state.azimuth_deg == 0.0
    assert said(server, b"p\n") == b"0.000000\n90.000000\n"


def test_moving_stopping_parking_and_resetting():
    mount = Mount(DISH)
    server = rotator_server(mount)
    assert said(server, b"M 4 50\n") == b"RPRT 0\n"
    mount.advance(5.0)
    assert mount.state.elevation_speed_deg_s == -3.0
    assert said(server, b"s\n") == b"MOVING MOVING_EL MOVING_DOWN\n"
    assert said(server, b"S\n+M 16 -1\n") == b"RPRT 0\nmove: 16 -1\nRPRT 0\n"
    mount.advance(5.0)
    assert mount.state.azimuth_speed_deg_s == 6.0
    assert said(server, b"s\n") == b"MOVING MOVING_AZ MOVING_RIGHT\n"
    assert said(server, b"K\nR 1\n") == b"RPRT 0\nRPRT 0\n"
    mount.advance(20.0)
    assert said(server, b"s\n") == b"\n"


def test_a_deaf_mount_is_an_input_output_error():
    mount = Mount(DISH, flaws=Flaws(faults=(EncoderFault("azimuth", "freezes", 1.0),)))
    server = rotator_server(mount)
    said(server, b"P 90 45\n")
    mount.advance(20.0)
    assert said(server, b"P 10 45\n") == b"RPRT -6\n"


def test_the_state_is_dumped_as_the_real_daemon_does():
    server = rotator_server(Mount(DISH))
    lines = "1 1 min_az=0.000000 max_az=450.000000 min_el=0.000000 max_el=90.000000 south_zero=0 rot_type=AzEl done"
    assert said(server, b"\\dump_state\n").decode().split() == lines.split()
    assert said(server, b"+\\dump_state\n").decode().split() == ["dump_state:", *lines.split(), "RPRT", "0"]


def test_the_end_of_a_conversation():
    server = rotator_server(Mount(DISH))
    server.receive_data(b"p\nq\np\n")
    assert isinstance(server.next_answer(), bytes)
    assert server.next_answer() is CLOSED


# --- the server of a receiver ---


def test_a_client_tunes_the_receiver():
    radio = Radio()
    server = radio_server(radio)
    assert said(server, b"F 436501234.000000\nf\n") == b"RPRT 0\n436501234\n"
    assert said(server, b"M USB 0\n+m\n") == b"RPRT 0\nget_mode:\nMode: USB\nPassband: 2400\nRPRT 0\n"
    assert said(server, b"M FM -1\nm\n") == b"RPRT 0\nFM\n2400\n"
    assert said(server, b"v\nV Main\ns\nt\nT 0\n") == b"VFOA\nRPRT 0\n0\nVFOA\n0\nRPRT 0\n"
    assert said(server, b"l STRENGTH\n") == b"-60\n"


@pytest.mark.parametrize(
    ("asked", "code", "why"),
    [
        (b"F nan\n", -1, "no finite number"),
        (b"F -5\n", -1, "cannot tune to -5 Hz"),
        (b"F 1e20\n", -1, "cannot tune"),
        (b"M FOO 1\n", -1, "no mode 'FOO'"),
        (b"M FM -2\n", -1, "passband of -2 Hz"),
        (b"V VFOB\n", -1, "no VFO 'VFOB'"),
        (b"T 1\n", -11, "never transmits"),
        (b"S 1 VFOB\n", -11, "never transmits"),
        (b"l AF\n", -1, "no level 'AF'"),
        (b"\\set_trn ON\n", -4, "no command 'set_trn'"),
    ],
)
def test_what_the_receiver_refuses(asked, code, why):
    radio = Radio()
    server = radio_server(radio)
    assert said(server, asked) == f"RPRT {code}\n".encode()
    assert why in str(server.refused[0])
    assert (radio.frequency_hz, radio.mode) == (437e6, "FM")


# --- the client ---


def test_both_sides_understand_each_other():
    mount = Mount(DISH)
    server, client = rotator_server(mount), Conversation(ROTATOR)
    client.receive_data(said(server, client.ask("set_pos", 10.0, 45.0)))
    assert client.next_event() == Reply("set_pos", 0, {}, ())
    client.receive_data(said(server, client.ask("get_pos")))
    reply = client.next_event()
    assert isinstance(reply, Reply)
    assert reply.check().values == {"Azimuth": "0.000000", "Elevation": "90.000000"}
    client.receive_data(said(server, client.ask("dump_state")))
    reply = client.next_event()
    assert isinstance(reply, Reply)
    assert reply.values["max_az"] == "450.000000"
    client.receive_data(said(server, client.ask("set_pos", 10.0, 91.0)))
    reply = client.next_event()
    assert isinstance(reply, Reply)
    with pytest.raises(PeerError, match=r"refuses set_pos: invalid parameter \(RPRT -1\)") as told:
        reply.check()
    assert told.value.code == -1


def test_a_reply_comes_in_any_pieces():
    client = Conversation(ROTATOR)
    client.ask("get_pos")
    for byte in b"get_pos:\nAzimuth: 5.46\nElevation: 16.60\nRPRT 0":
        client.receive_data(bytes([byte]))
        assert client.next_event() is NEED_DATA
    client.receive_data(b"\n")
    assert client.next_event().values == {"Azimuth": "5.46", "Elevation": "16.60"}


def take_all(client: Conversation, answer: bytes) -> None:
    """Take an answer in the pieces of a network."""
    for start in range(0, len(answer), 1000):
        client.receive_data(answer[start : start + 1000])
        client.next_event()


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"get_freq:\n", "answered 'get_freq:' to get_pos"),
        (b"HTTP/1.1 400 Bad Request\n", "answered 'HTTP/1.1 400 Bad Request' to get_pos"),
        (b"x" * 70_000, "longer than 65536 bytes"),
        (b"get_pos:\n" + b"x\n" * 40_000, "longer than 65536 bytes"),
    ],
)
def test_nonsense_from_the_other_side_is_told(answer, why):
    client = Conversation(ROTATOR)
    client.ask("get_pos")
    with pytest.raises(ProtocolError, match=why):
        take_all(client, answer)


def test_what_was_not_asked_is_told():
    client = Conversation(RADIO)
    client.receive_data(b"RPRT 0\n")
    with pytest.raises(ProtocolError, match="said 'RPRT 0' and was not asked"):
        client.next_event()


@pytest.mark.parametrize(
    ("question", "why"),
    [
        (("set_pos", float("nan"), 1.0), "'nan' cannot be sent"),
        (("set_pos", "1\nS", 1.0), "cannot be sent"),
        (("set_pos", 1.0), "takes 2 values. You gave 1"),
        (("fly",), "no command 'fly'. It has: "),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused_before_it_is_sent(question, why):
    client = Conversation(ROTATOR)
    with pytest.raises(ProtocolError, match=why):
        client.ask(*question)
    client.ask("get_pos")
    with pytest.raises(ProtocolError, match="The answer to get_pos has not come yet"):
        client.ask("get_pos")


def test_refusals_keep_their_separator():
    assert requests(b";P 1\n") == [1]
    reader = RequestReader(ROTATOR)
    reader.receive_data(b"|foo\n")
    event = reader.next_event()
    assert isinstance(event, Refused)
    assert event.separator == "|"
