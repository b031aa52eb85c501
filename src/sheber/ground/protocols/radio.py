"""The language of rigctld, and a server that tunes a simulated receiver. It never transmits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sheber.ground.protocols.answering import Asked, Refusal, Said, Server, number
from sheber.ground.protocols.language import Code, Command, Language
from sheber.i18n import message

__all__ = ["RADIO", "Radio", "radio_server"]

RADIO: Final = Language(
    (
        Command("F", "set_freq", ("Frequency",)),
        Command("f", "get_freq", (), ("Frequency",)),
        Command("M", "set_mode", ("Mode", "Passband")),
        Command("m", "get_mode", (), ("Mode", "Passband")),
        Command("V", "set_vfo", ("VFO",)),
        Command("v", "get_vfo", (), ("VFO",)),
        Command("T", "set_ptt", ("PTT",)),
        Command("t", "get_ptt", (), ("PTT",)),
        Command("S", "set_split_vfo", ("Split", "TX VFO")),
        Command("s", "get_split_vfo", (), ("Split", "TX VFO")),
        Command("l", "get_level", ("Level",), ("Level Value",)),
        Command("_", "get_info", (), ("Info",)),
        Command("", "chk_vfo", (), ("ChkVFO",)),
        Command("", "get_powerstat", (), ("Power Status",)),
        Command("", "get_lock_mode", (), ("Locked",)),
        Command("", "dump_state"),
        Command("q", "quit", ends=True),
        Command("Q", "exit", ends=True),
    )
)
"""The commands of rigctld that tune a receiver, and how a conversation ends."""

MODES: Final = {"AM": 0x1, "CW": 0x2, "USB": 0x4, "LSB": 0x8, "FM": 0x20, "WFM": 0x40}  # Hamlib's bits
_USUAL: Final = {"AM": 8000, "CW": 500, "USB": 2400, "LSB": 2400, "FM": 15000, "WFM": 230000}  # Hz
_VFOS: Final = ("VFOA", "Main", "currVFO", "VFO")
_STRENGTH: Final = 1 << 30  # RIG_LEVEL_STRENGTH

_OUTSIDE = message(
    "ground.radio_outside", "The receiver cannot tune to {asked:.0f} Hz: it goes from {low:.0f} to {high:.0f} Hz."
)
_NO_MODE = message("ground.radio_mode", "The receiver has no mode {asked!r}. It has: {modes}.")
_NO_PASSBAND = message("ground.radio_passband", "A passband of {asked:.0f} Hz makes no sense.")
_NO_VFO = message("ground.radio_vfo", "The receiver has no VFO {asked!r}. It has VFOA.")
_NO_LEVEL = message("ground.radio_level", "The receiver has no level {asked!r}. It has STRENGTH.")
_NO_TRANSMITTER = message("ground.radio_ptt", "The station never transmits.")


@dataclass
class Radio:
    """A receiver that is tuned."""

    frequency_hz: float = 437.0e6
    mode: str = "FM"
    passband_hz: float = 15000.0
    lowest_hz: float = 100e3
    highest_hz: float = 12e9
    strength_db: Callable[[], float] = lambda: -60.0  # of the signal, dB beside S9


def radio_server(radio: Radio) -> Server:
    """A conversation with one client of rigctld that tunes this receiver."""
    return Server(RADIO, radio, HANDLERS)


def _set_freq(radio: Radio, arguments: Sequence[str]) -> None:
    asked = number("Frequency", arguments[0])
    if not radio.lowest_hz <= asked <= radio.highest_hz:
        raise Refusal(Code.INVALID, _OUTSIDE(asked=asked, low=radio.lowest_hz, high=radio.highest_hz))
    radio.frequency_hz = asked


def _get_freq(radio: Radio, _arguments: Sequence[str]) -> list[str]:
    return [f"{radio.frequency_hz:.0f}"]


def _set_mode(radio: Radio, arguments: Sequence[str]) -> None:
    mode, asked = arguments[0], number("Passband", arguments[1])
    if mode not in MODES:
        raise Refusal(Code.INVALID, _NO_MODE(asked=mode[:20], modes=list(MODES)))
    if not -1.0 <= asked <= 1e9:
        raise Refusal(Code.INVALID, _NO_PASSBAND(asked=asked))
    kept = radio.passband_hz if asked == -1.0 else asked  # -1: as it is; 0: the usual one
    radio.mode, radio.passband_hz = mode, float(_USUAL[mode]) if asked == 0.0 else kept


def _get_mode(radio: Radio, _arguments: Sequence[str]) -> list[str]:
    return [radio.mode, f"{radio.passband_hz:.0f}"]


def _set_vfo(_radio: Radio, arguments: Sequence[str]) -> None:
    if arguments[0] not in _VFOS:
        raise Refusal(Code.INVALID, _NO_VFO(asked=arguments[0][:20]))


def _get_vfo(_radio: Radio, _arguments: Sequence[str]) -> list[str]:
    return ["VFOA"]


def _set_ptt(_radio: Radio, arguments: Sequence[str]) -> None:
    if number("PTT", arguments[0]):
        raise Refusal(Code.NOT_AVAILABLE, _NO_TRANSMITTER())


def _get_ptt(_radio: Radio, _arguments: Sequence[str]) -> list[str]:
    return ["0"]


def _set_split(_radio: Radio, arguments: Sequence[str]) -> None:
    if number("Split", arguments[0]):
        raise Refusal(Code.NOT_AVAILABLE, _NO_TRANSMITTER())


def _get_split(_radio: Radio, _arguments: Sequence[str]) -> list[str]:
    return ["0", "VFOA"]


def _get_level(radio: Radio, arguments: Sequence[str]) -> list[str]:
    if arguments[0] != "STRENGTH":
        raise Refusal(Code.INVALID, _NO_LEVEL(asked=arguments[0][:20]))
    return [f"{radio.strength_db():.0f}"]


def _info(_radio: Radio, _arguments: Sequence[str]) -> list[str]:
    return ["Sheberkhana, simulated receiver"]


def _dump_state(radio: Radio, _arguments: Sequence[str]) -> Said:
    """What the client library reads at its start, line by line, as Hamlib's `netrigctl_open` expects it."""
    modes = sum(MODES.values())
    reception = f"{radio.lowest_hz:.6f} {radio.highest_hz:.6f} {modes:#x} -1 -1 0x1 0x1"
    filters = [f"{MODES[mode]:#x} {_USUAL[mode]}" for mode in MODES]
    return Said(
        (
            "1",  # version of the protocol
            "1",  # model
            "1",  # ITU region
            reception,
            "0 0 0 0 0 0 0",  # the end of the ranges that are received
            "0 0 0 0 0 0 0",  # no range is transmitted
            f"{modes:#x} 1",  # tuning steps
            "0 0",
            *filters,
            "0 0",
            *("0",) * 4,  # RIT, XIT, IF shift, announces
            "",  # preamplifiers
            "",  # attenuators
            *("0x0",) * 2,  # functions
            f"{_STRENGTH:#x}",  # levels that can be read
            *("0x0",) * 3,
            "vfo_ops=0x0",
            "ptt_type=0x0",
            "has_set_vfo=1",
            "has_get_vfo=1",
            "has_set_freq=1",
            "has_get_freq=1",
            "has_set_conf=0",
            "has_get_conf=0",
            "timeout=1000",
            "done",
        )
    )


HANDLERS: Final[Mapping[str, Asked[Any]]] = {
    "set_freq": _set_freq,
    "get_freq": _get_freq,
    "set_mode": _set_mode,
    "get_mode": _get_mode,
    "set_vfo": _set_vfo,
    "get_vfo": _get_vfo,
    "set_ptt": _set_ptt,
    "get_ptt": _get_ptt,
    "set_split_vfo": _set_split,
    "get_split_vfo": _get_split,
    "get_level": _get_level,
    "get_info": _info,
    "chk_vfo": lambda _radio, _arguments: ["0"],
    "get_powerstat": lambda _radio, _arguments: ["1"],
    "get_lock_mode": lambda _radio, _arguments: ["0"],
    "dump_state": _dump_state,
}
