"""Against Debian's real Hamlib: its rotctl and rigctl drive our servers, our client drives its daemons."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from sheber.ground.mount import DISH, Mount
from sheber.ground.protocols import RADIO, ROTATOR, PeerError, Radio, radio_server, rotator_server
from sheber.ground.protocols.sockets import MOST_CLIENTS, Asking, Practice
from what_works import HAMLIB, NO_HAMLIB

real = pytest.mark.skipif(not HAMLIB, reason=NO_HAMLIB)


class Served:
    """A simulated mount and receiver that are served in a thread."""

    def __init__(self, pace: float = 1.0) -> None:
        self.mount, self.radio = Mount(DISH), Radio()
        self.said: list[str] = []
        doors = {0: lambda: rotator_server(self.mount)}
        self.practice = Practice(self.mount, doors, pace=pace)
        self.second = Practice(Mount(DISH), {0: lambda: radio_server(self.radio)})
        for practice in (self.practice, self.second):
            practice.log = lambda text: self.said.append(str(text))
        self.rotator, self.rig = self.practice.ports[0], self.second.ports[0]


@contextmanager
def served(pace: float = 1.0) -> Iterator[Served]:
    """Serve until the block ends."""
    here, stop = Served(pace), threading.Event()
    threads = [
        threading.Thread(target=practice.serve, args=(stop.is_set,)) for practice in (here.practice, here.second)
    ]
    for thread in threads:
        thread.start()
    try:
        yield here
    finally:
        stop.set()
        for thread in threads:
            thread.join(5.0)
        here.practice.close()
        here.second.close()


@contextmanager
def daemon(name: str) -> Iterator[int]:
    """Hamlib's own daemon with its dummy equipment, at a free port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [name, "-m", "1", "-T", "127.0.0.1", "-t", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait(5.0)


def _wait_for(port: int) -> None:
    for _try in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1.0).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the daemon did not start")


def until(true: Callable[[], bool]) -> None:
    """Wait until something is true, at most 20 s."""
    end = time.monotonic() + 20.0
    while not true() and time.monotonic() < end:
        time.sleep(0.05)


def hamlib(program: str, port: int, *words: str, said: str = "") -> subprocess.CompletedProcess[str]:
    """Run Hamlib's client against a port."""
    command = [program, "-m", "2", "-r", f"127.0.0.1:{port}", *words]
    return subprocess.run(command, input=said, capture_output=True, text=True, timeout=30.0, check=False)


@real
def test_the_real_rotctl_turns_our_mount():
    with served(pace=10.0) as here:
        assert hamlib("rotctl", here.rotator, "P", "60", "30").returncode == 0
        until(lambda: here.mount.time_s > here.mount.start_s + 5.0 and here.mount.idle)
        told = hamlib("rotctl", here.rotator, "p").stdout.split()
        assert [float(one) for one in told[-2:]] == pytest.approx([60.0, 30.0], abs=0.02)
        assert here.mount.state.azimuth_deg == pytest.approx(60.0, abs=0.02)
        assert here.said == []


@real
def test_the_real_rotctl_speaks_all_its_words():
    words = "P 20 30\np\nM 8 10\nS\nR 1\nK\n_\nq\n"
    with served() as here:
        told = hamlib("rotctl", here.rotator, said=words)
        assert told.returncode == 0
        assert "Sheberkhana, simulated mount" in told.stdout
        assert "error" not in told.stdout
        assert here.said == []


@real
def test_the_real_rotctl_knows_our_limits():
    with served() as here:
        for place in (("10", "91"), ("451", "10"), ("-1", "10")):
            told = hamlib("rotctl", here.rotator, "P", *place)
            assert told.returncode == 2
            assert "Invalid parameter" in told.stdout + told.stderr
        assert hamlib("rotctl", here.rotator, "P", "449", "10").returncode == 0


@real
def test_a_place_that_is_no_number_passes_the_real_rotctl_and_is_refused_here():
    with served() as here:
        assert hamlib("rotctl", here.rotator, "P", "nan", "10").returncode == 2
        assert any("is no finite number" in line for line in here.said)


@real
def test_the_real_rigctl_tunes_our_receiver():
    with served() as here:
        told = hamlib("rigctl", here.rig, said="F 436501234\nf\nM USB 2400\nm\nv\nl STRENGTH\n_\nq\n")
        assert told.returncode == 0, told.stderr
        assert "Frequency: 436501234" in told.stdout
        assert "Mode: USB" in told.stdout
        assert "Passband: 2400" in told.stdout
        assert "Level Value: -60" in told.stdout
        assert (here.radio.frequency_hz, here.radio.mode) == (436501234.0, "USB")


@real
def test_the_real_rigctl_cannot_transmit():
    with served() as here:
        assert "Feature not available" in hamlib("rigctl", here.rig, "T", "1").stdout
        assert any("never transmits" in line for line in here.said)


@real
def test_our_client_turns_the_real_dummy():
    with daemon("rotctld") as port, Asking("127.0.0.1", port, ROTATOR) as rotator:
        state = rotator.ask("dump_state").values
        assert (state["Minimum Azimuth"], state["Maximum Azimuth"]) == ("-180.000000", "450.000000")
        rotator.ask("set_pos", 3.0, 2.0)
        until(lambda: float(rotator.ask("get_pos").values["Azimuth"]) == pytest.approx(3.0, abs=0.01))
        place = rotator.ask("get_pos").values
        assert float(place["Elevation"]) == pytest.approx(2.0, abs=0.01)
        rotator.ask("stop")
        with pytest.raises(PeerError, match="refuses set_pos: invalid parameter") as told:
            rotator.ask("set_pos", 10.0, 91.0)
        assert told.value.code == -1
        assert rotator.ask("get_info").values == {"Info": "Dummy rotator"}


@real
def test_our_client_tunes_the_real_dummy():
    with daemon("rigctld") as port, Asking("127.0.0.1", port, RADIO) as radio:
        radio.ask("set_freq", 437_010_000)
        assert radio.ask("get_freq").values == {"Frequency": "437010000"}
        radio.ask("set_mode", "USB", 2400)
        assert radio.ask("get_mode").values == {"Mode": "USB", "Passband": "2400"}
        with pytest.raises(PeerError, match="refuses set_ptt: invalid parameter"):
            radio.ask("set_ptt", 1)


@real
def test_we_answer_what_hamlib_answers():
    """Byte by byte, but for numbers that move, the name, and what its daemon leaves without an answer."""
    questions = [b"+P 10 91\n", b";S\n", b"R 1\n", b"+\\move 8 -1\n", b"P a b\n", b"M 3 10\n", b"+K\n"]
    with served() as here, daemon("rotctld") as port:
        for question in questions:
            assert _answered(here.rotator, question) == _answered(port, question), question


def _answered(port: int, question: bytes) -> bytes:
    """The answer to one question, up to RPRT."""
    with socket.create_connection(("127.0.0.1", port), 5.0) as connection:
        connection.sendall(question)
        got = b""
        while b"RPRT" not in got or not got.endswith(b"\n"):
            got += connection.recv(4096)
        return got


# --- floods, silence, ends: without Hamlib ---


def test_a_flood_loses_nothing_and_stops_nobody():
    with served() as here:
        flood = b"p\n" * 20_000 + b"P 45 45\n"
        with socket.create_connection(("127.0.0.1", here.rotator), 10.0) as one:
            sender = threading.Thread(target=one.sendall, args=(flood,))
            sender.start()
            with Asking("127.0.0.1", here.rotator, ROTATOR) as other:
                before = time.monotonic()
                other.ask("get_pos")
                assert time.monotonic() - before < 3.0
            lines = _lines(one, 40_001)
            sender.join(10.0)
        assert len(lines) == 40_001
        assert lines[-1] == b"RPRT 0"
        assert here.mount.state.azimuth_deg > 0.0 or here.mount.azimuth.goal_deg == 45.0


def _lines(connection: socket.socket, count: int) -> list[bytes]:
    got = b""
    while got.count(b"\n") < count:
        data = connection.recv(65536)
        assert data
        got += data
    return got.splitlines()


def test_a_client_that_does_not_read_does_not_hold_up_the_mount():
    with served() as here, socket.create_connection(("127.0.0.1", here.rotator), 10.0) as deaf:
        deaf.setblocking(False)
        sent = 0
        for _piece in range(2000):
            try:
                sent += deaf.send(b"\\dump_state\n" * 100)
            except BlockingIOError:
                break
        before = here.mount.time_s
        time.sleep(1.0)
        assert here.mount.time_s - before > 0.3
        with Asking("127.0.0.1", here.rotator, ROTATOR) as other:
            other.ask("get_pos")


def test_one_client_too_many_is_sent_away_in_words():
    with served() as here:
        clients = [socket.create_connection(("127.0.0.1", here.rotator), 5.0) for _ in range(MOST_CLIENTS)]
        for client in clients:
            client.sendall(b"S\n")
            assert client.recv(100) == b"RPRT 0\n"
        with socket.create_connection(("127.0.0.1", here.rotator), 5.0) as more:
            assert more.recv(100) == b"RPRT -14\n"
        for client in clients:
            client.close()
        assert any("16 clients are connected already" in line for line in here.said)


def test_the_mount_keeps_the_pace_of_the_wall_clock():
    with served(pace=20.0) as here:
        before, began = here.mount.time_s, time.monotonic()
        time.sleep(0.5)
        passed = (time.monotonic() - began) * 20.0
        assert here.mount.time_s - before == pytest.approx(passed, rel=0.4)


def test_nobody_there_and_nobody_answering_are_told_in_words():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(PeerError, match=rf"127\.0\.0\.1:{port} has not answered for 0\.2 s"):
            Asking("127.0.0.1", port, ROTATOR, 0.2).ask("get_pos")
    with pytest.raises(PeerError, match=r"Nobody answers at 127\.0\.0\.1"):
        Asking("127.0.0.1", port, ROTATOR, 0.2)


def test_a_quit_ends_the_conversation_after_its_answers():
    with served() as here, socket.create_connection(("127.0.0.1", here.rotator), 5.0) as client:
        client.sendall(b"S\nq\n")
        got = b""
        while data := client.recv(100):
            got += data
        assert got == b"RPRT 0\n"
