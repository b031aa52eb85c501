"""Telemetry: the parameters of packets by an XTCE document, and limits judged at the time of the packet.

The document is CCSDS 660.0-B-2 (XTCE 1.2); `space_packet_parser` reads containers, types and calibrations. Alarms are
read here: `StaticAlarmRanges` with `WarningRange` and `CriticalRange` within a type's `DefaultAlarm`, and
`EnumerationAlarm`.

Limits change over a mission, and packets come late: a recorder is dumped hours after it recorded. So a value is judged
by the limits in force when its packet was made, and an alarm carries that time. Whether it is news is another question:
`news` judges only what was made shortly before it was received. A dump from the night then alarms nobody in the
morning, and its alarms still stand in the history.
"""

from __future__ import annotations

import io
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Any
from xml.parsers import expat

from sheber.ground.errors import GroundError
from sheber.i18n import message

__all__ = ["Alarm", "Dictionary", "Level", "Limit", "Limits", "Sample", "TelemetryError", "alarms", "news"]

Value = int | float | str | bytes | bool

_BAD_DOCUMENT = message("ground.xtce_document", "this is no telemetry dictionary in XTCE: {reason}")
_BAD_PACKET = message("ground.xtce_packet", "the dictionary does not fit the packet: {reason}")


class TelemetryError(GroundError):
    """A document is no dictionary, or a packet is not in it."""


class Level(IntEnum):
    """How bad a value is."""

    NORMAL = 0
    WARNING = 1
    CRITICAL = 2


@dataclass(frozen=True, slots=True)
class Limit:
    """Where a parameter is normal. Bounds belong to what is allowed; None: no bound."""

    warning: tuple[float | None, float | None] = (None, None)  # lowest and highest value without a warning
    critical: tuple[float | None, float | None] = (None, None)  # lowest and highest value that is not critical
    labels: Mapping[str, Level] = field(default_factory=dict)  # of an enumeration

    def level(self, value: Value) -> Level:
        """How bad a value is."""
        if isinstance(value, str):
            return self.labels.get(value, Level.NORMAL)
        if isinstance(value, bytes) or value != value:  # not a number: bytes, NaN
            return Level.NORMAL if isinstance(value, bytes) else Level.CRITICAL
        if _outside(value, self.critical):
            return Level.CRITICAL
        return Level.WARNING if _outside(value, self.warning) else Level.NORMAL


@dataclass(frozen=True, slots=True)
class Sample:
    """The parameters of a packet, and when it was made."""

    time: float  # instant at which the packet was made
    values: Mapping[str, Value]
    received: float | None = None  # instant at which it came; None: as it was made


@dataclass(frozen=True, slots=True)
class Alarm:
    """A parameter became worse or better."""

    parameter: str
    level: Level  # from now on
    value: Value
    time: float  # instant at which the packet was made
    received: float  # instant at which it came


class Limits:
    """The limits of parameters, each in force from an instant on."""

    def __init__(self, usual: Mapping[str, Limit] | None = None) -> None:
        """Take the limits that were always in force."""
        self._since: dict[str, list[tuple[float, Limit]]] = {
            name: [(float("-inf"), limit)] for name, limit in (usual or {}).items()
        }

    def change(self, parameter: str, since: float, limit: Limit) -> None:
        """Let other limits be in force from an instant on."""
        entries = self._since.setdefault(parameter, [])
        entries.append((since, limit))
        entries.sort(key=lambda entry: entry[0])

    def at(self, parameter: str, time: float) -> Limit | None:
        """The limit in force at an instant."""
        found = [limit for since, limit in self._since.get(parameter, ()) if since <= time]
        return found[-1] if found else None

    def level(self, parameter: str, value: Value, time: float) -> Level:
        """How bad a value was when its packet was made."""
        limit = self.at(parameter, time)
        return limit.level(value) if limit else Level.NORMAL


def alarms(samples: Iterable[Sample], limits: Limits) -> list[Alarm]:
    """Where parameters became worse or better, in the order in which the packets were made, however they came."""
    now: dict[str, Level] = {}
    out = []
    for sample in sorted(samples, key=lambda one: one.time):
        for name, value in sample.values.items():
            level = limits.level(name, value, sample.time)
            if level is not now.get(name, Level.NORMAL):
                came = sample.time if sample.received is None else sample.received
                out.append(Alarm(name, level, value, sample.time, came))
            now[name] = level
    return out


def news(samples: Iterable[Sample], limits: Limits, within_s: float) -> list[Alarm]:
    """The alarms of packets that came at most `within_s` after they were made.

    Stored ones have no say in it: a battery that was low in the night and is low in the morning is news in the morning.
    """
    return alarms((one for one in samples if one.received is None or one.received - one.time <= within_s), limits)


class Dictionary:
    """What the packets of a satellite mean."""

    def __init__(self, document: bytes | str) -> None:
        """Read an XTCE document. Raises TelemetryError."""
        text = document if isinstance(document, bytes) else document.encode()
        self.limits = _limits(_root(text))
        self._definition = _definition(text)

    @classmethod
    def read(cls, path: Path) -> Dictionary:
        """The dictionary in a file. Raises TelemetryError, OSError."""
        return cls(path.read_bytes())

    def values(self, packet: bytes, raw: bool = False) -> dict[str, Value]:
        """The parameters of a packet's bytes in their order, the header's among them. Raises TelemetryError.

        They are calibrated, unless `raw` asks for the numbers as they were sent.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # that bits were left over
            try:
                parsed = self._definition.parse_bytes(packet)
            except Exception as error:  # of a document and bytes by others: whatever it says, in one sentence
                raise TelemetryError(_BAD_PACKET(reason=_short(error))) from None
        return {name: _plain(value.raw_value if raw else value) for name, value in parsed.items()}


def _definition(text: bytes) -> Any:
    """The document as its reader has it."""
    from space_packet_parser import load_xtce

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return load_xtce(io.BytesIO(text))
        except Exception as error:  # a document by others: whatever its reader says, in one sentence
            raise TelemetryError(_BAD_DOCUMENT(reason=_short(error))) from None


def _refuse_doctype(*_declaration: object) -> None:
    raise TelemetryError(_BAD_DOCUMENT(reason="it has a DOCTYPE"))


def _root(text: bytes) -> ET.Element:
    """The document's root, its tags without their namespace. Documents with entities of their own are refused."""
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse_doctype  # by the parser: in UTF-16 no search for the word finds it
    try:
        parser.Parse(text, True)
        root = ET.fromstring(text)
    except (ET.ParseError, expat.ExpatError, ValueError, LookupError) as error:
        raise TelemetryError(_BAD_DOCUMENT(reason=_short(error))) from None
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    if root.find("TelemetryMetaData/ContainerSet") is None:
        raise TelemetryError(_BAD_DOCUMENT(reason="it has no TelemetryMetaData with a ContainerSet"))
    return root


def _limits(root: ET.Element) -> dict[str, Limit]:
    """The limits of the document, by parameter."""
    by_type = {}
    for kind in root.iterfind(".//ParameterTypeSet/*"):
        alarm = kind.find("DefaultAlarm")
        if alarm is not None:
            by_type[kind.get("name", "")] = Limit(
                _range(alarm, "WarningRange"), _range(alarm, "CriticalRange"), _labels(alarm)
            )
    parameters = [
        (one.get("name", ""), one.get("parameterTypeRef", "")) for one in root.iterfind(".//ParameterSet/Parameter")
    ]
    return {name: by_type[kind] for name, kind in parameters if kind in by_type}


def _range(alarm: ET.Element, name: str) -> tuple[float | None, float | None]:
    """The lowest and highest value that is not within the alarm's range; XTCE names the range that is allowed."""
    found = alarm.find(f"StaticAlarmRanges/{name}")
    if found is None:
        return None, None
    try:
        low, high = (
            None if text is None else float(text) for text in (found.get("minInclusive"), found.get("maxInclusive"))
        )
    except ValueError as error:
        raise TelemetryError(_BAD_DOCUMENT(reason=_short(error))) from None
    return low, high


def _labels(alarm: ET.Element) -> dict[str, Level]:
    """The labels of an enumeration that are alarms."""
    levels = {"normal": Level.NORMAL, "watch": Level.NORMAL, "warning": Level.WARNING}
    found = alarm.iterfind(".//EnumerationAlarm")
    return {one.get("enumerationLabel", ""): levels.get(one.get("alarmLevel", ""), Level.CRITICAL) for one in found}


def _outside(value: float, bounds: tuple[float | None, float | None]) -> bool:
    """Whether a value is below the lower or above the upper bound."""
    low, high = bounds
    return (low is not None and value < low) or (high is not None and value > high)


def _plain(value: Any) -> Value:
    """A parameter as a plain value of Python."""
    kind: type[Any]
    for kind in (bool, int, float, str, bytes):
        if isinstance(value, kind):
            plain: Value = kind(value)
            return plain
    return str(value)


def _short(error: Exception) -> str:
    """What an error says, in one line."""
    return " ".join(str(error).split())[:200] or type(error).__name__
