"""The server's ear: bytes in, requests out. No sockets, no mount: it knows the words, not what they do.

Theory of operation. A byte belongs to a class (`_class_of`), and the table `TRANSITIONS` says for each state and class
what is done and which state comes next, as in h11. A command is one letter, or a backslash and a long name. Its
arguments are words on the same line. A punctuation mark before it asks for the extended protocol and is the separator
of the answer ("+" means a new line). After a command another one may follow on the same line.

What is wrong costs exactly that line: a command that does not exist, arguments that are missing, a line that is too
long. It becomes a `Refused` with its code and its words, the next line is read as usual. Here we differ from Hamlib on
purpose: its daemon gives no answer to an unknown command and takes arguments from the next line, so that in "P 10" and
"S" on the next line the stop is lost.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from sheber.ground.protocols.language import Code, Command, Language
from sheber.i18n import Text, message

__all__ = ["LONGEST_LINE", "LONGEST_WORD", "NEED_DATA", "NeedData", "Refused", "Request", "RequestReader"]

LONGEST_LINE: Final = 512  # bytes
LONGEST_WORD: Final = 80  # bytes of a name or an argument

_UNKNOWN = message("ground.rotctl_unknown", "There is no command {name!r}.")
_MISSING = message("ground.rotctl_missing", "The command {name} needs {wanted}. It got {arrived:d} of them.")
_TOO_LONG = message("ground.rotctl_too_long", "The line is longer than {most:d} bytes. It was left out.")


class NeedData:
    """Nothing more can be said before more bytes arrive."""


NEED_DATA: Final = NeedData()


@dataclass(frozen=True, slots=True)
class Request:
    """A whole command."""

    command: Command
    arguments: tuple[str, ...] = ()
    separator: str = ""  # of the extended protocol; "" for the default one


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that is no command."""

    code: Code
    why: Text
    separator: str = ""


SPACE, LINE_END, BACKSLASH, HASH, MARK, OTHER = "space", "line end", "backslash", "hash", "mark", "other"
IDLE, NAME, ARGUMENTS, WORD, SKIP = "idle", "name", "arguments", "word", "skip"

TRANSITIONS: Final[dict[str, dict[str, str]]] = {
    # state: class of the byte -> what is done, a method that gives the next state
    IDLE: {
        SPACE: "pass_over",
        LINE_END: "forget_separator",
        BACKSLASH: "begin_name",
        HASH: "skip_line",
        MARK: "take_separator",
        OTHER: "take_letter",
    },
    NAME: {
        SPACE: "end_name",
        LINE_END: "end_name_and_line",
        BACKSLASH: "add",
        HASH: "add",
        MARK: "add",
        OTHER: "add",
    },
    ARGUMENTS: {
        SPACE: "pass_over",
        LINE_END: "miss_arguments",
        BACKSLASH: "begin_word",
        HASH: "begin_word",
        MARK: "begin_word",
        OTHER: "begin_word",
    },
    WORD: {
        SPACE: "end_word",
        LINE_END: "end_word_and_line",
        BACKSLASH: "add",
        HASH: "add",
        MARK: "add",
        OTHER: "add",
    },
    SKIP: {
        SPACE: "pass_over",
        LINE_END: "end_skipping",
        BACKSLASH: "pass_over",
        HASH: "pass_over",
        MARK: "pass_over",
        OTHER: "pass_over",
    },
}

_MARKS = frozenset("+;|,!\"$%&'()*-./:<=>@[]^`{}~")


def _class_of(character: str) -> str:
    """The class of a character in `TRANSITIONS`."""
    if character in "\n\r":
        return LINE_END
    if character in " \t":
        return SPACE
    if character == "\\":
        return BACKSLASH
    if character == "#":
        return HASH
    return MARK if character in _MARKS else OTHER


_CLASSES = [_class_of(chr(code)) for code in range(256)]


class RequestReader:
    """Takes bytes in any pieces (`receive_data`) and gives what they ask for (`next_event`)."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._state = IDLE
        self._bytes: deque[int] = deque()
        self._events: deque[Request | Refused] = deque()
        self._separator = ""
        self._word: list[str] = []
        self._arguments: list[str] = []
        self._command: Command | None = None
        self._length = 0  # of the line so far

    def receive_data(self, data: bytes) -> None:
        """Take bytes as they came."""
        self._bytes.extend(data)

    @property
    def waiting(self) -> int:
        """Bytes that were received and not yet looked at."""
        return len(self._bytes)

    def next_event(self) -> Request | Refused | NeedData:
        """The next thing that was asked for."""
        while not self._events:
            if not self._bytes:
                return NEED_DATA
            self._take(self._bytes.popleft())
        return self._events.popleft()

    def _take(self, byte: int) -> None:
        """Go through one transition."""
        character, kind = chr(byte), _CLASSES[byte]
        self._length = 0 if kind == LINE_END else self._length + 1
        if self._state != SKIP and (self._length > LONGEST_LINE or len(self._word) > LONGEST_WORD):
            self._state = self._refuse(Code.PROTOCOL, _TOO_LONG(most=LONGEST_LINE))
        self._state = getattr(self, f"_{TRANSITIONS[self._state][kind]}")(character)

    # --- what transitions do; each gives the next state ---

    def _pass_over(self, _character: str) -> str:
        return self._state

    def _forget_separator(self, _character: str) -> str:
        self._separator = ""
        return IDLE

    def _take_separator(self, character: str) -> str:
        self._separator = "\n" if character == "+" else character
        return IDLE

    def _skip_line(self, _character: str) -> str:
        return SKIP

    def _end_skipping(self, character: str) -> str:
        return self._forget_separator(character)

    def _begin_name(self, _character: str) -> str:
        self._word = []
        return NAME

    def _begin_word(self, character: str) -> str:
        self._word = [character]
        return WORD

    def _add(self, character: str) -> str:
        self._word.append(character)
        return self._state

    def _take_letter(self, character: str) -> str:
        return self._begin(self._language.by_letter.get(character), character)

    def _end_name(self, _character: str) -> str:
        name = "".join(self._word)
        return self._begin(self._language.by_name.get(name), name)

    def _end_name_and_line(self, character: str) -> str:
        self._state = self._end_name(character)
        return getattr(self, f"_{TRANSITIONS[self._state][LINE_END]}")(character)  # type: ignore[no-any-return]

    def _end_word(self, _character: str) -> str:
        self._arguments.append("".join(self._word))
        return self._ask_if_whole()

    def _end_word_and_line(self, character: str) -> str:
        self._state = self._end_word(character)
        return getattr(self, f"_{TRANSITIONS[self._state][LINE_END]}")(character)  # type: ignore[no-any-return]

    def _miss_arguments(self, character: str) -> str:
        command = self._command
        if command is not None:
            wanted = " ".join(command.takes)
            self._refuse(Code.INVALID, _MISSING(name=command.name, wanted=wanted, arrived=len(self._arguments)))
        return self._forget_separator(character)

    def _begin(self, command: Command | None, name: str) -> str:
        if command is None:
            return self._refuse(Code.NOT_IMPLEMENTED, _UNKNOWN(name=name[:40]))
        self._command, self._arguments = command, []
        return self._ask_if_whole()

    def _ask_if_whole(self) -> str:
        """Say the request where nothing is missing."""
        command = self._command
        if command is None or len(self._arguments) < len(command.takes):
            return ARGUMENTS
        self._events.append(Request(command, tuple(self._arguments), self._separator))
        return IDLE

    def _refuse(self, code: Code, why: Text) -> str:
        self._events.append(Refused(code, why, self._separator))
        self._word = []
        return SKIP
