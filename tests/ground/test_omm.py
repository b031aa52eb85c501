"""OMM: the three forms hold the same; what they lack or claim is told in words."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from dataclasses import replace
from io import StringIO

import orbits
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheber.ground import elements
from sheber.ground.elements import BadElements, Elements, Provenance

WRITE_READ = [
    pytest.param(elements.to_csv, elements.from_csv, id="CSV"),
    pytest.param(elements.to_json, elements.from_json, id="JSON"),
    pytest.param(elements.to_xml, elements.from_xml, id="XML"),
]
HERE = Provenance("a file")


def _some() -> list[Elements]:
    """Of each kind, one with nine digits, one with signs that a form must escape."""
    first, second, third = orbits.low(3, 1)
    return [
        replace(first, norad_id=799_500_123, designator="2026-001A", revolution=12, source=HERE),
        replace(second, name='АЛЬ-ФАРАБИ <2> & "x", y', mean_motion_dot=1.5e-4, mean_motion_ddot=-2e-9, source=HERE),
        replace(third, bstar=-3.25e-5, classification="C", element_number=7, source=HERE),
    ]


@pytest.mark.parametrize(("write", "read"), WRITE_READ)
def test_what_is_written_comes_back(write: Callable, read: Callable) -> None:
    back = read(write(_some()), HERE)
    for one, again in zip(_some(), back, strict=True):
        assert replace(again, epoch=one.epoch) == one
        assert again.epoch == pytest.approx(one.epoch, abs=1e-6)


@pytest.mark.parametrize(("write", "read"), WRITE_READ)
def test_the_form_is_seen_from_its_beginning(write: Callable, read: Callable) -> None:
    assert elements.parse("\n" * (write is not elements.to_csv) + write(_some()), HERE) == read(write(_some()), HERE)


def test_csv_and_xml_are_those_that_sgp4_reads() -> None:
    from sgp4 import omm
    from sgp4.api import Satrec

    for rows in (
        omm.parse_csv(StringIO(elements.to_csv(_some()[1:]))),
        omm.parse_xml(StringIO(elements.to_xml(_some()[1:]))),
    ):
        for fields, one in zip(rows, _some()[1:], strict=True):
            theirs = Satrec()
            omm.initialize(theirs, {**fields, "OBJECT_ID": fields["OBJECT_ID"] or "20-"})
            for name in ("ecco", "inclo", "nodeo", "argpo", "mo", "no_kozai", "bstar", "ndot"):
                assert getattr(theirs, name) == pytest.approx(getattr(one.satrec, name), rel=1e-12), name


def test_a_document_with_namespaces_units_and_comments_is_read() -> None:
    text = elements.to_xml(_some()[:1]).replace("<ndm>", '<ndm xmlns="urn:ccsds">')
    text = text.replace("<INCLINATION>", '<INCLINATION units="deg">').replace("<header>", "<header><!-- x -->")
    assert elements.from_xml(text, HERE)[0].norad_id == 799_500_123


def _json(**changes: object) -> str:
    row = json.loads(elements.to_json(_some()[2:]))[0]
    return json.dumps([{key: value for key, value in {**row, **changes}.items() if value is not ...}])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"INCLINATION": ...}, r"a file, OMM 1 \(SYNTHETIC 2\): INCLINATION is missing"),
        ({"INCLINATION": ""}, "INCLINATION is missing"),
        ({"EPOCH": ...}, "EPOCH is missing"),
        ({"EPOCH": "yesterday"}, "EPOCH is 'yesterday'; it must be a moment such as"),
        ({"MEAN_MOTION": "fast"}, "MEAN_MOTION is 'fast'; it must be a number"),
        ({"MEAN_MOTION": "nan"}, "MEAN_MOTION is 'nan'"),
        ({"MEAN_MOTION": float("inf")}, "MEAN_MOTION is 'inf'"),
        ({"MEAN_MOTION": [15]}, "MEAN_MOTION is"),
        ({"MEAN_MOTION": 0.0}, "mean_motion_rev_day = 0.0"),
        ({"ECCENTRICITY": 1.5}, "eccentricity = 1.5"),
        ({"NORAD_CAT_ID": 1_000_000_000}, "norad_id = 1000000000; .* 999999999"),
        ({"NORAD_CAT_ID": 4.5}, "NORAD_CAT_ID is '4.5'; it must be a whole number"),
        ({"NORAD_CAT_ID": -4}, "NORAD_CAT_ID is '-4'; it must be a whole number, not negative"),
        ({"MEAN_ELEMENT_THEORY": "SGP4-XP"}, "MEAN_ELEMENT_THEORY is SGP4-XP, and SGP4 needs SGP4"),
        ({"EPHEMERIS_TYPE": 4}, "EPHEMERIS_TYPE is 4, and SGP4 needs 0"),
        ({"TIME_SYSTEM": "TAI"}, "TIME_SYSTEM is TAI, and SGP4 needs UTC"),
        ({"REF_FRAME": "EME2000"}, "REF_FRAME is EME2000, and SGP4 needs TEME"),
        ({"CENTER_NAME": "MARS"}, "CENTER_NAME is MARS"),
    ],
)
def test_what_is_wrong_is_told(changes: dict[str, object], words: str) -> None:
    with pytest.raises(BadElements, match=words):
        elements.from_json(_json(**changes), HERE)


@pytest.mark.parametrize(
    ("read", "text", "words"),
    [
        (elements.from_json, "[{", "a file is no OMM as JSON"),
        (elements.from_json, "[1, 2]", "a list of objects is needed"),
        (elements.from_json, "[" * 100_000, "no OMM as JSON"),
        (elements.from_xml, "<ndm><omm>", "no OMM as XML"),
        (elements.from_xml, '<!DOCTYPE x [<!ENTITY a "b">]><ndm>&a;</ndm>', "it has a DOCTYPE"),
        (elements.from_csv, 'NORAD_CAT_ID\n"a"b\n', "no OMM as CSV"),
        (elements.from_csv, "NORAD_CAT_ID\n1,2,3\n", "EPOCH is missing|no OMM|is missing"),
    ],
)
def test_what_is_no_omm_is_told(read: Callable, text: str, words: str) -> None:
    with pytest.raises(BadElements, match=words):
        read(text, HERE)


@given(
    st.text(max_size=300),
    st.sampled_from(["", "[", "<", "{", "NORAD_CAT_ID,EPOCH\n", "1 25544U 98067A   08264.51782528"]),
)
def test_no_text_breaks_the_reader(text: str, start: str) -> None:
    """Whatever is read, it is elements or it is told."""
    with contextlib.suppress(BadElements):
        assert elements.parse(start + text)


@pytest.mark.parametrize("number", [339_999, 340_000])
def test_a_tle_has_room_for_five_columns(number: int) -> None:
    one = replace(_some()[2], norad_id=number)
    if number == 339_999:
        assert elements.from_tle(elements.to_tle(one))[0].norad_id == number
    else:
        with pytest.raises(BadElements, match=r"no room for the number 340000 of SYNTHETIC 2: .* end at 339999"):
            elements.to_tle(one)
