"""`sheber serve-mount`: what it serves, what it says, how it ends."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator

import pytest

from sheber.cli import main
from sheber.ground.protocols import RADIO, ROTATOR, PeerError
from sheber.ground.protocols.sockets import Asking


def free_ports() -> tuple[int, int]:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        return one.getsockname()[1], other.getsockname()[1]


@pytest.fixture
def served() -> Iterator[tuple[int, int]]:
    """The command in a thread, for some seconds."""
    rotator, radio = free_ports()
    words = ["serve-mount", "--mount", "flipping", "--pace", "20", "--for", "6"]
    thread = threading.Thread(target=main, args=([*words, "--port", str(rotator), "--radio-port", str(radio)],))
    thread.start()
    yield rotator, radio
    thread.join(20.0)
    assert not thread.is_alive()


def client(port: int, language: object) -> Asking:
    for _try in range(50):
        try:
            return Asking("127.0.0.1", port, language, 2.0)  # type: ignore[arg-type]
        except PeerError:
            threading.Event().wait(0.05)
    raise AssertionError("nobody serves")


def test_a_mount_and_a_receiver_are_served_and_refusals_are_told(
    served: tuple[int, int], capsys: pytest.CaptureFixture[str]
) -> None:
    with client(served[0], ROTATOR) as rotator, client(served[1], RADIO) as radio:
        rotator.ask("set_pos", 20.0, 150.0)
        radio.ask("set_freq", 436_500_000)
        for _line in range(60):
            with pytest.raises(PeerError, match="invalid parameter"):
                rotator.ask("set_pos", 20.0, 181.0)
    threading.Event().wait(6.0)  # the command has ended, whatever the machine does beside
    printed = capsys.readouterr().out
    assert "0 to 360 deg in azimuth and 0 to 180 deg in elevation" in printed
    assert f"rotctl -m 2 -r 127.0.0.1:{served[0]} P 120 45" in printed
    said = printed.count("The mount cannot go to elevation 181.00 deg")
    left_out = sum(int(count) for count in re.findall(r"… and (\d+) more lines like these", printed))
    assert said + left_out == 60
    assert 5 <= said <= 5 * 7  # five a second


def test_a_port_that_is_taken_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["serve-mount", "--port", str(port), "--for", "1"]) == 2
    assert "cannot be had: one is taken" in capsys.readouterr().err
    assert main(["serve-mount", "--port", "4711", "--radio-port", "4711"]) == 2
    assert "cannot have the same port" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--port", "99999"], ["--port", "0"], ["--seed", "-1"], ["--pace", "nan"]])
def test_a_number_that_makes_no_sense_is_told(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve-mount", *words, "--for", "1"]) == 2
    assert "number from" in capsys.readouterr().err
