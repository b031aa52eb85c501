"""Box: one program, alone, running. What it prints is drained while the judge waits for it.

The judge's side of one process: the conversation, the stub's status lines, two streams of printed text,
the budget of wall time, and the end. `clean` may be called at any time and again.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import msgspec

from sheber.i18n import Text, Worded, _, message, ngettext
from sheber.judge.errors import SandboxError
from sheber.judge.sandbox.ending import LAST_WORDS_S, Ending, Said, outcome_of
from sheber.judge.sandbox.scratch import DEEPEST, FILES, contents, held_bytes
from sheber.judge.sandbox.setup import THREADS
from sheber.judge.sandbox.silence import Silence, asleep
from sheber.judge.wire import Channel, Expired
from sheber.station import Answer, Limits
from sheber.trace import Outcome

__all__ = ["FLOOD_BYTES", "Box", "LimitReached", "Printing"]

FLOOD_BYTES = 8 << 20  # printed bytes, kept or not, after which the program is stopped
START_S = 30.0  # from the start of a box to its being locked [s]
ANSWER_S = 1.0  # for a program to say which line it is at [s]
DEAD_S = 10.0  # for a killed process to be gone [s]
LOOK_S = 0.5  # between looks at the processor time of a program that is waited for [s]
LONGEST_LINE = 8192  # bytes of one line of the stub, which keeps below it


FLOOD = message("run.flood", "The program printed more than {size} MiB to {stream} and was stopped.")
WORKED = message("run.worked", "The judge needed more than {limit:g} s for the program's requests. This is the limit.")
WAITED = message("run.waited", "The judge waited {limit:g} s (wall time) for the program. This is the limit.")
SLEPT = message(
    "run.slept",
    "The judge waited {limit:g} s for the program, and the program computed almost nothing in this time. "
    "No simulated time passes during time.sleep: the station stands still while a program sleeps. "
    "Let the station wait instead.",
)
SCRATCH = message("run.scratch", "The program wrote more than {size} MiB to its folder and was stopped.")
MANY_THREADS = message("run.threads", "The program ran more than {count} threads and was stopped.")
MANY_FILES = message("run.files", "The program made more than {count} files and was stopped.")
DEEP = message("run.deep", "The program made more than {count} folders inside each other and was stopped.")


class LimitReached(Worded):
    """The program has used up one of its limits; the sentence is for the student."""


@dataclass
class Printing:
    """One stream of printed text: decoded, its beginning and its end kept, together up to `keep` bytes; counted on."""

    name: str  # stdout, stderr
    keep: int
    taken: int = 0
    fresh: list[str] = field(default_factory=list)  # kept and not yet recorded
    _tail: bytearray = field(default_factory=bytearray)  # the last bytes after the beginning
    _decode: Callable[..., str] = field(default_factory=lambda: codecs.getincrementaldecoder("utf-8")("replace").decode)

    @property
    def _head_bytes(self) -> int:
        """How much of the beginning is kept, whatever follows."""
        return self.keep - self.keep // 4

    def take(self, chunk: bytes) -> None:
        """Count a piece and keep what fits. Raises LimitReached for a flood."""
        head = max(0, self._head_bytes - self.taken)
        self.taken += len(chunk)
        if head:
            self.fresh.append(self._decode(chunk[:head]))
        self._tail += chunk[head:]
        del self._tail[: -(self.keep // 4) or None]
        if self.taken > FLOOD_BYTES:
            raise LimitReached(FLOOD(size=FLOOD_BYTES >> 20, stream=self.name))

    def finish(self) -> None:
        """Nothing more will come: add the end of the text, after a note of what is missing. May be called again."""
        tail, missing = bytes(self._tail), self.taken - self._head_bytes - len(self._tail)
        self._tail.clear()
        if tail and missing > 0:
            cut = tail.find(b"\n") + 1  # a line that is not whole says nothing
            note = ngettext(
                "\n[{size} byte of the printed text is missing here. Its beginning and its end are kept.]\n",
                "\n[{size} bytes of the printed text are missing here. Its beginning and its end are kept.]\n",
                missing + cut,
            )
            self.fresh.append(note.format(size=missing + cut))
            self.fresh.append(tail[cut:].decode("utf-8", "replace"))
        elif tail:
            self.fresh.append(self._decode(tail))


class Box:
    """A running program. A context manager; leaving it leaves nothing behind."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        status: socket.socket | None,
        channel: socket.socket | None,
        limits: Limits,
        leftovers: contextlib.ExitStack,
        scratch: Path | None = None,
    ) -> None:
        """Take over a started process. leftovers: what `clean` lets go of. scratch: a folder whose size to watch."""
        self.process = process
        self.limits = limits
        self.layers: dict[str, Any] = {}  # what the stub says took hold
        self.requests = 0  # that have come
        self.waited_s = 0.0  # wall time that the judge has waited for the program
        self.worked_s = 0.0  # wall time that the judge has spent on its requests
        self._began = time.monotonic()
        self._received = 0.0  # when the last one came [s, monotonic]
        self._silence: Silence | None = None  # of the program, while the judge listens
        self._scratch = scratch
        self._status = status
        self._spoke = False  # whether the stub has: it is locked, or has given up
        self._leftovers = leftovers
        self._channel = None if channel is None else Channel(channel, self._wait)
        self._ending: Ending | None = None
        self._processor_s, self._looked = 0.0, time.monotonic()
        self.streams = (Printing("stdout", limits.output_bytes), Printing("stderr", limits.output_bytes))
        self._pipes: dict[int, tuple[IO[bytes], Printing]] = {}
        for pipe, printing in zip((process.stdout, process.stderr), self.streams, strict=True):
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)
                self._pipes[pipe.fileno()] = (pipe, printing)

    # --- the conversation

    def wait_until_locked(self) -> None:
        """Until the stub has locked itself in. Raises SandboxError, with its words, where it does not get there."""
        try:
            words = msgspec.json.decode(self._status_line(time.monotonic() + START_S), type=dict[str, Any])
        except (Expired, LimitReached, msgspec.MsgspecError) as error:
            self.clean()
            told = "".join(piece for stream in self.streams for piece in stream.fresh).strip()
            text = _("The sandbox could not be set up: {why}. `sheber doctor` shows what works here.")
            raise SandboxError(text.format(why=told or str(error) or _("it did not start"))) from error
        self.layers = {name: value for name, value in words.items() if name != "ready"}

    def receive(self) -> bytes | None:
        """The next request; None where the program has nothing more to say.

        Raises LimitReached, and ProtocolError for bytes that are no frame.
        """
        started = time.monotonic()
        self._listen()
        try:
            request = self._conversation().receive(self._deadline(started))
        except Expired:
            raise LimitReached(self._out_of_time()) from None
        finally:
            self._received = time.monotonic()
            self.waited_s += self._received - started
        self.requests += request is not None
        return request

    def send(self, answer: Answer) -> None:
        """Answer the request. A program that has gone is no error.

        Raises LimitReached where the program does not read, or where its requests took the judge too long.
        """
        started = time.monotonic()
        self.worked_s += started - self._received
        if self.worked_s > self.limits.wall_s:
            raise LimitReached(WORKED(limit=self.limits.wall_s))
        try:
            self._conversation().send(answer, self._deadline(started))
        except Expired:
            raise LimitReached(self._out_of_time()) from None
        except (BrokenPipeError, ConnectionResetError):
            pass  # the next `receive` finds the end of the conversation
        finally:
            self.waited_s += time.monotonic() - started

    def outcome(self) -> Outcome:
        """How the run ended where the program ended by itself."""
        return outcome_of(self.ending(), self.limits, connected=self.requests > 0)

    def where(self) -> int:
        """Ask the program for its current line; answering ends it. 0: it does not say."""
        if self._ending is None and self._spoke and sys.platform == "linux":
            program = self.process.pid
            while below := _children(program):
                program = below[0]
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(program, signal.SIGXCPU)
            said = self.ending(ANSWER_S).said
            return said.line if said is not None and said.ended == "stopped" else 0
        return 0

    def hang_up(self, patience: float = 0.0) -> None:
        """End the conversation; the program has `patience` [s] for its last words. May be called again."""
        if self._channel is not None:
            self._channel.close()
        self.ending(patience)

    def printed(self) -> Iterator[tuple[str, str]]:
        """What was printed since the last call: stream, text."""
        for stream in self.streams:
            if self._ending is not None:
                stream.finish()
            if stream.fresh:
                text = "".join(stream.fresh)
                stream.fresh.clear()
                yield stream.name, text

    def _conversation(self) -> Channel:
        if self._channel is None:
            raise SandboxError(_("This box has no connection to the judge."))
        return self._channel

    def _deadline(self, started: float) -> float:
        return started + max(0.0, self.limits.wall_s - self.waited_s)

    def _out_of_time(self) -> Text:
        idle = sys.platform == "linux" and self.processor_s() < 0.25 * self.limits.wall_s
        return (SLEPT if idle else WAITED)(limit=self.limits.wall_s)

    # --- the process

    def processor_s(self) -> float:
        """Processor time of the box so far, all its processes [s]; as last seen where the process has gone."""
        self._looked = time.monotonic()
        self._processor_s = max(self._processor_s, _processor_s(self.process.pid))
        return self._processor_s

    def _listen(self) -> None:
        """Look, and from now on at how long the program asks nothing too. Raises LimitReached."""
        self._silence = self._silence or Silence(self.limits.silent_s)
        self._look()

    def _look(self) -> None:
        """Now and then, look at what no limit of the system bounds. Raises LimitReached."""
        if time.monotonic() < self._looked + LOOK_S:
            return
        computed_s = self.processor_s()
        if self._silence and (limit := self._silence.look(self.requests, computed_s, asleep(_below(self.process.pid)))):
            raise LimitReached(limit)
        files = self._files_in_memory() if self._scratch is None else self._files_on_disk(self._scratch)
        if self._scratch is not None and _threads(self.process.pid) > THREADS:
            raise LimitReached(MANY_THREADS(count=THREADS))
        if files > FILES:
            raise LimitReached(MANY_FILES(count=FILES))

    def _files_on_disk(self, scratch: Path) -> int:
        """How many files the box's folder holds. Raises LimitReached where they, and removed ones, take too much."""
        most = self.limits.scratch_bytes
        found = contents(scratch)
        if found.size + held_bytes(self.process.pid, scratch, most) > most:
            raise LimitReached(SCRATCH(size=most >> 20))
        if found.depth > DEEPEST:
            raise LimitReached(DEEP(count=DEEPEST))
        return found.files

    def _files_in_memory(self) -> int:
        """How many files the box's own /tmp holds: its size in bytes is bounded, but empty files take memory too."""
        if self._spoke:
            for child in _children(self.process.pid):
                with contextlib.suppress(OSError):
                    counts = os.statvfs(f"/proc/{child}/root/tmp")
                    return counts.f_files - counts.f_ffree
        return 0

    def ending(self, patience: float = LAST_WORDS_S) -> Ending:
        """Wait for the process to go, with `patience` [s], then make it go. What it prints meanwhile is kept."""
        if self._ending is not None:
            return self._ending
        self._silence = None  # nothing more is asked
        with contextlib.suppress(LimitReached):
            self._drain_until_gone(time.monotonic() + patience)
        said = self._last_words()
        stopped = self.process.poll() is None
        code = self._reap()
        if said is not None:  # it may claim no more than the processor could give since the start
            most = (time.monotonic() - self._began) * (os.cpu_count() or 1)
            self._processor_s = max(self._processor_s, min(said.processor_s, most))
        self._ending = Ending(code, said, self._processor_s, stopped)
        return self._ending

    def clean(self) -> None:
        """End the process and let go of everything; may be called again."""
        try:
            if self._ending is None:
                self._let_it_start()
                self.process.kill()
                self.ending(DEAD_S)
        finally:
            if self._channel is not None:
                self._channel.close()
            if self._status is not None:
                self._status.close()
            for pipe in (self.process.stdout, self.process.stderr):
                if pipe is not None:
                    pipe.close()
            self._leftovers.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.clean()

    def _let_it_start(self) -> None:
        """Wait until the stub speaks: bubblewrap killed in its first milliseconds leaves a child that waits forever."""
        if self._status is not None and not self._spoke:
            with contextlib.suppress(Expired, LimitReached):
                self._wait(self._status, False, time.monotonic() + START_S)

    def _reap(self) -> int:
        """Make sure that the process has ended; its exit code, negative for a signal."""
        if self.process.poll() is None:
            self.processor_s()
            self.process.kill()
        code = self.process.wait(DEAD_S)
        return 128 - code if code > 128 else code  # bubblewrap passes a signal on as 128 and its number

    def _drain_until_gone(self, deadline: float) -> None:
        """Read what is printed until the process has gone and its streams are at their ends, or the deadline."""
        while time.monotonic() < deadline:
            if self.process.poll() is not None and not self._pipes:
                return
            self._look()
            self._poll(None, False, min(deadline, time.monotonic() + (0.05 if self._pipes else 0.002)))

    def _last_words(self) -> Said | None:
        """The stub's status line, where there is a whole and sensible one; the program may have written there too."""
        with contextlib.suppress(Expired, LimitReached, OSError, ValueError, RecursionError, msgspec.MsgspecError):
            return msgspec.json.decode(self._status_line(time.monotonic()), type=Said)
        return None

    def _status_line(self, deadline: float) -> bytes:
        """One line from the stub; b"" at its end. Raises Expired."""
        line = b""
        while self._status is not None and not line.endswith(b"\n") and len(line) < LONGEST_LINE:
            self._wait(self._status, False, deadline)
            byte = self._status.recv(1)
            self._spoke = True
            if not byte:
                break
            line += byte
        return line

    # --- waiting

    def _wait(self, connection: socket.socket, write: bool, deadline: float) -> None:
        """Until the connection is ready; what is printed meanwhile is taken. Raises Expired, LimitReached."""
        while not self._poll(connection, write, min(deadline, time.monotonic() + LOOK_S)):
            now = time.monotonic()
            if now >= deadline:
                raise Expired
            self._look()

    def _poll(self, connection: socket.socket | None, write: bool, deadline: float) -> bool:
        """Wait once for the connection and the printed streams; True where the connection is ready."""
        poller = select.poll()
        if connection is not None:
            poller.register(connection, select.POLLOUT if write else select.POLLIN)
        for descriptor in self._pipes:
            poller.register(descriptor, select.POLLIN)
        ready = False
        for descriptor, _event in poller.poll(max(0.0, deadline - time.monotonic()) * 1000.0):
            if descriptor in self._pipes:
                self._drain(descriptor)
            else:
                ready = True
        return ready

    def _drain(self, descriptor: int) -> None:
        pipe, printing = self._pipes[descriptor]
        try:
            chunk = os.read(pipe.fileno(), 1 << 16)
        except BlockingIOError:
            return
        if chunk:
            printing.take(chunk)
        else:
            del self._pipes[descriptor]


def _children(pid: int) -> list[int]:
    """The children of a process; none where it has gone or the system does not tell."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(child) for child in file.read().split()]
    except OSError:
        return []


def _below(pid: int) -> list[int]:
    """A process and all below it."""
    return [pid, *(one for child in _children(pid) for one in _below(child))]


def _threads(pid: int) -> int:
    """How many threads a process has; 0 where it has gone."""
    try:
        return len(os.listdir(f"/proc/{pid}/task"))
    except OSError:
        return 0


def _processor_s(pid: int) -> float:
    """Processor time of a process and all below it [s], from /proc; 0 where it has gone or the system does not tell."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            words = file.read().rpartition(")")[2].split()
    except OSError:
        return 0.0
    own = (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
    return own + sum(_processor_s(child) for child in _children(pid))
