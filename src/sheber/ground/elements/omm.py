"""OMM: elements as CCSDS writes them (502.0-B), in the three forms that catalogues give: CSV, JSON, XML.

All three are read into the same fields by their CCSDS names and then held against the same rules, so that a
fault is told in the same words. The number may have nine digits here. A file that says that it is of another theory,
frame, time or planet is refused: SGP4 would give numbers all the same.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from xml.etree import ElementTree

from sheber.ground.elements.model import BadElements, Elements, Provenance
from sheber.ground.instants import NotAnInstant, parse
from sheber.i18n import message

__all__ = ["from_csv", "from_json", "from_xml", "to_csv", "to_json", "to_xml"]

_LONGEST: Final = 200  # characters of a field that anybody needs

BROKEN = message("ground.omm_broken", "{where} is no OMM as {form}: {why}.")
LACKS = message("ground.omm_lacks", "{where}, OMM {number} ({name}): {field} is missing.")
NO_NUMBER = message("ground.omm_number", "{where}, OMM {number} ({name}): {field} is {value!r}; it must be {what}.")
OTHER = message("ground.omm_other", "{where}, OMM {number} ({name}): {field} is {value}, and SGP4 needs {wanted}.")

_MUST_BE: Final = {
    "CENTER_NAME": ("EARTH",),
    "REF_FRAME": ("TEME", "TEMEOFDATE", "TEME OF DATE"),
    "TIME_SYSTEM": ("UTC",),
    "MEAN_ELEMENT_THEORY": ("SGP4", "SGP/SGP4", "SGP"),
    "EPHEMERIS_TYPE": ("0", "2"),
}
"""What a field must be, if it is there."""


def from_csv(text: str, source: Provenance | None = None) -> list[Elements]:
    """The elements of a table with the CCSDS names in its first line. Raises BadElements."""
    source = source or Provenance("OMM")
    try:
        rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), strict=True))
    except csv.Error as error:
        raise BadElements(BROKEN(where=source.where, form="CSV", why=str(error))) from None
    return _all(rows, source)


def from_json(text: str, source: Provenance | None = None) -> list[Elements]:
    """The elements of a list of objects, or of one. Raises BadElements."""
    source = source or Provenance("OMM")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadElements(BROKEN(where=source.where, form="JSON", why=str(error)[:_LONGEST])) from None
    rows = found if isinstance(found, list) else [found]
    if not all(isinstance(row, dict) for row in rows):
        raise BadElements(BROKEN(where=source.where, form="JSON", why="a list of objects is needed"))
    return _all(rows, source)


def from_xml(text: str, source: Provenance | None = None) -> list[Elements]:
    """The elements of an NDM or OMM document. Raises BadElements.

    A document with a DOCTYPE is refused: no OMM has one, and its entities could grow without end.
    """
    source = source or Provenance("OMM")
    if re.search(r"<!\s*(DOCTYPE|ENTITY)", text, re.IGNORECASE):
        raise BadElements(BROKEN(where=source.where, form="XML", why="it has a DOCTYPE, and an OMM has none"))
    try:
        root = ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError) as error:
        raise BadElements(BROKEN(where=source.where, form="XML", why=str(error))) from None
    return _all(_segments(root, source), source)


def _segments(root: ElementTree.Element, source: Provenance) -> Iterator[dict[str, str]]:
    """The fields of each segment, by the names of their tags. Raises BadElements for segments within a segment."""
    for segment in root.iter():
        if _tag(segment) == "segment":
            yield dict(_leaves(segment, source))


def _leaves(segment: ElementTree.Element, source: Provenance) -> Iterator[tuple[str, str]]:
    for one in segment.iter():
        if one is not segment and _tag(one) == "segment":  # nested ones would be read again and again
            raise BadElements(BROKEN(where=source.where, form="XML", why="a segment stands within a segment"))
        if not len(one):
            yield _tag(one), one.text or ""


def _tag(element: ElementTree.Element) -> str:
    """The name of a tag without its namespace."""
    return str(element.tag).rpartition("}")[2]


# --- fields -----------------------------------------------------------------------------------------


def _all(rows: Iterable[Mapping[str, Any]], source: Provenance) -> list[Elements]:
    return [_Fields(row, number, source).elements() for number, row in enumerate(rows, 1)]


class _Fields:
    """The fields of one OMM."""

    def __init__(self, row: Mapping[str, Any], number: int, source: Provenance) -> None:
        self._row, self._number, self._source = row, number, source
        self._name = str(row.get("OBJECT_NAME") or row.get("NORAD_CAT_ID") or "?")[:_LONGEST].strip()

    def elements(self) -> Elements:
        """The elements. Raises BadElements."""
        for field, wanted in _MUST_BE.items():
            value = self._text(field, wanted[0])
            if value.upper() not in wanted:
                raise BadElements(self._says(OTHER, field=field, value=value, wanted=wanted[0]))
        number = self._float
        return Elements(
            name=self._text("OBJECT_NAME", ""),
            norad_id=self._int("NORAD_CAT_ID"),
            epoch=self._epoch(),
            inclination_deg=number("INCLINATION"),
            raan_deg=number("RA_OF_ASC_NODE"),
            eccentricity=number("ECCENTRICITY"),
            argument_deg=number("ARG_OF_PERICENTER"),
            anomaly_deg=number("MEAN_ANOMALY"),
            mean_motion_rev_day=number("MEAN_MOTION"),
            bstar=number("BSTAR", 0.0),
            mean_motion_dot=number("MEAN_MOTION_DOT", 0.0),
            mean_motion_ddot=number("MEAN_MOTION_DDOT", 0.0),
            designator=self._text("OBJECT_ID", ""),
            classification=self._text("CLASSIFICATION_TYPE", "U"),
            element_number=self._int("ELEMENT_SET_NO", 999),
            revolution=self._int("REV_AT_EPOCH", 0),
            source=self._source,
        )

    def _says(self, says: Any, **values: object) -> Any:
        return says(where=self._source.where, number=self._number, name=self._name, **values)

    def _text(self, field: str, default: str) -> str:
        value = self._row.get(field)
        return default if value is None or value == "" else str(value).strip()[:_LONGEST]

    def _needed(self, field: str, default: float | None) -> str:
        text = self._text(field, "" if default is None else repr(default))
        if not text:
            raise BadElements(self._says(LACKS, field=field))
        return text

    def _float(self, field: str, default: float | None = None) -> float:
        text = self._needed(field, default)
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise BadElements(self._says(NO_NUMBER, field=field, value=text, what="a number"))
        return value

    def _int(self, field: str, default: int | None = None) -> int:
        value = self._float(field, default)
        if value != int(value) or value < 0:
            raise BadElements(
                self._says(NO_NUMBER, field=field, value=f"{value:g}", what="a whole number, not negative")
            )
        return int(value)

    def _epoch(self) -> float:
        text = self._needed("EPOCH", None)
        try:
            return parse(text)
        except NotAnInstant:
            raise BadElements(
                self._says(NO_NUMBER, field="EPOCH", value=text, what="a moment such as 2026-11-29T14:30:00.000000")
            ) from None


# --- writing ----------------------------------------------------------------------------------------


def _row(elements: Elements) -> dict[str, Any]:
    """The fields in the order of CelesTrak's tables."""
    return {
        "OBJECT_NAME": elements.name,
        "OBJECT_ID": elements.designator,
        "EPOCH": _stamp(elements.epoch),
        "MEAN_MOTION": elements.mean_motion_rev_day,
        "ECCENTRICITY": elements.eccentricity,
        "INCLINATION": elements.inclination_deg,
        "RA_OF_ASC_NODE": elements.raan_deg,
        "ARG_OF_PERICENTER": elements.argument_deg,
        "MEAN_ANOMALY": elements.anomaly_deg,
        "EPHEMERIS_TYPE": 0,
        "CLASSIFICATION_TYPE": elements.classification,
        "NORAD_CAT_ID": elements.norad_id,
        "ELEMENT_SET_NO": elements.element_number,
        "REV_AT_EPOCH": elements.revolution,
        "BSTAR": elements.bstar,
        "MEAN_MOTION_DOT": elements.mean_motion_dot,
        "MEAN_MOTION_DDOT": elements.mean_motion_ddot,
    }


def _stamp(epoch: float) -> str:
    """The epoch to a microsecond, without a zone."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=epoch)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")


def to_csv(elements: Iterable[Elements]) -> str:
    """A table of OMMs."""
    rows = [_row(one) for one in elements]
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0].keys() if rows else ["OBJECT_NAME"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def to_json(elements: Iterable[Elements]) -> str:
    """A list of OMMs."""
    return json.dumps([_row(one) for one in elements], indent=1, ensure_ascii=False) + "\n"


_METADATA: Final = ("OBJECT_NAME", "OBJECT_ID")
_MEAN: Final = (
    "EPOCH", "MEAN_MOTION", "ECCENTRICITY", "INCLINATION", "RA_OF_ASC_NODE", "ARG_OF_PERICENTER", "MEAN_ANOMALY",
)  # fmt: skip


def to_xml(elements: Iterable[Elements]) -> str:
    """An NDM document of OMMs."""
    root = ElementTree.Element("ndm")
    for one in elements:
        omm = ElementTree.SubElement(root, "omm", id="CCSDS_OMM_VERS", version="2.0")
        ElementTree.SubElement(ElementTree.SubElement(omm, "header"), "ORIGINATOR").text = "Sheberkhana"
        _add_segment(ElementTree.SubElement(ElementTree.SubElement(omm, "body"), "segment"), _row(one))
    ElementTree.indent(root, " ")
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def _add_segment(segment: ElementTree.Element, row: Mapping[str, Any]) -> None:
    metadata = ElementTree.SubElement(segment, "metadata")
    fixed = {"CENTER_NAME": "EARTH", "REF_FRAME": "TEME", "TIME_SYSTEM": "UTC", "MEAN_ELEMENT_THEORY": "SGP4"}
    for field, value in [*((field, row[field]) for field in _METADATA), *fixed.items()]:
        ElementTree.SubElement(metadata, field).text = str(value)
    data = ElementTree.SubElement(segment, "data")
    for tag, fields in (
        ("meanElements", _MEAN),
        ("tleParameters", [one for one in row if one not in _METADATA + _MEAN]),
    ):
        part = ElementTree.SubElement(data, tag)
        for field in fields:
            ElementTree.SubElement(part, field).text = str(row[field])
