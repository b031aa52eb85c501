"""Elements: read exactly, written back digit by digit, and refused in words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import orbits
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheber.ground import elements
from sheber.ground.elements import BadElements, Elements, Provenance, Unfit, check_fit
from sheber.ground.instants import DAY, NotAnInstant, julian, parse, to_datetime, written

TLE = """\
ISS (ZARYA)
1 25544U 98067A   08264.51782528 -.00002182  00000-0 -11606-4 0  2927
2 25544  51.6416 247.4627 0006703 130.5360 325.0288 15.72125391563537
"""  # the worked example of the format's description


def test_the_worked_example_is_read() -> None:
    (one,) = elements.from_tle(TLE)
    assert (one.name, one.norad_id, one.designator) == ("ISS (ZARYA)", 25544, "1998-067A")
    assert written(one.epoch, 6) == "2008-09-20T12:25:40.104192Z"
    assert (one.inclination_deg, one.raan_deg, one.eccentricity) == (51.6416, 247.4627, 0.0006703)
    assert (one.argument_deg, one.anomaly_deg, one.mean_motion_rev_day) == (130.5360, 325.0288, 15.72125391)
    assert (one.bstar, one.mean_motion_dot, one.mean_motion_ddot) == (-0.11606e-4, -0.00002182, 0.0)
    assert (one.element_number, one.revolution, one.classification) == (292, 56353, "U")


def test_a_tle_is_written_as_it_was_read() -> None:
    assert elements.to_tle(elements.from_tle(TLE)[0]) == TLE


@pytest.mark.parametrize("line", [1, 2])
@pytest.mark.parametrize("column", [20, 30, 45])
def test_a_changed_figure_is_told_with_line_and_name(line: int, column: int) -> None:
    lines = TLE.splitlines()
    old = lines[line][column]
    lines[line] = lines[line][:column] + ("7" if old != "7" else "3") + lines[line][column + 1 :]
    with pytest.raises(BadElements, match=rf"line {line + 1}: the checksum .* of ISS \(ZARYA\) is 7"):
        elements.from_tle("\n".join(lines), Provenance("a.txt"))


def _with_sum(line: str) -> str:
    return f"{line[:68]}{elements.checksum(line)}"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda one, two: (one[:60], two), "line 2: a TLE line has 69 columns, this one has 60"),
        (lambda one, two: (one, one), "line 2: line 1 of a TLE stands here, and no line 2"),
        (lambda one, two: (two, one), "line 2: line 2 of a TLE stands here without"),
        (lambda one, two: (one, _with_sum(two.replace("25544", "25545"))), "of satellite 25544, line 2 of 25545"),
        (lambda one, two: (one, _with_sum(two.replace("51.6416", "5l.6416"))), "columns 9 to 16: .* is no inclination"),
        (lambda one, two: (_with_sum(one.replace("08264.5", "08964.5")), two), "columns 19 to 32: .* is no epoch"),
        (lambda one, two: (_with_sum(one[:62] + "4" + one[63:]), two), "of type 4, for another theory"),
        (lambda one, two: (one, _with_sum(two.replace(" 51.6416", "251.6416"))), "inclination_deg = 251.6416"),
    ],
)  # fmt: skip
def test_a_broken_tle_is_told_in_words(change, words: str) -> None:
    name, one, two = TLE.splitlines()
    with pytest.raises(BadElements, match=words):
        elements.from_tle("\n".join([name, *change(one, two)]), Provenance("a.txt"))


@pytest.mark.parametrize(
    ("number", "text"), [(5, "00005"), (99999, "99999"), (100000, "A0000"), (339999, "Z9999"), (182931, "J2931")]
)
def test_alpha5(number: int, text: str) -> None:
    assert elements.to_alpha5(number) == text
    assert elements.from_alpha5(text) == number


@pytest.mark.parametrize("text", ["I0000", "O0000", "a0000", "A00 0", "-1234", "", "1234٣"])
def test_what_is_no_alpha5(text: str) -> None:
    with pytest.raises(ValueError):
        elements.from_alpha5(text)


def test_alpha5_is_that_of_sgp4() -> None:
    from sgp4.alpha5 import from_alpha5, to_alpha5

    for number in range(0, 340_000, 997):
        assert elements.to_alpha5(number) == to_alpha5(number)
        assert from_alpha5(elements.to_alpha5(number)) == number


ORBITS = st.builds(
    Elements,
    name=st.text("ABC xyz-(7)", max_size=20).map(str.strip).filter(lambda text: not text or text[0].isalpha()),
    norad_id=st.integers(1, 339_999),
    epoch=st.integers(0, 2_000_000_000 * 100).map(lambda n: round(n * 864) / 100_000),
    inclination_deg=st.integers(0, 1_800_000).map(lambda n: n / 1e4),
    raan_deg=st.integers(0, 3_599_999).map(lambda n: n / 1e4),
    eccentricity=st.integers(0, 9_500_000).map(lambda n: n / 1e7),
    argument_deg=st.integers(0, 3_599_999).map(lambda n: n / 1e4),
    anomaly_deg=st.integers(0, 3_599_999).map(lambda n: n / 1e4),
    mean_motion_rev_day=st.integers(50_000_000, 1_600_000_000).map(lambda n: n / 1e8),
    bstar=st.tuples(st.integers(10_000, 99_999), st.integers(-7, 0), st.sampled_from((1, -1))).map(
        lambda n: float(f"{n[2] * n[0] / 1e5}e{n[1]}")
    ),
    mean_motion_dot=st.integers(-99_999_999, 99_999_999).map(lambda n: n / 1e8),
    designator=st.sampled_from(("", "1998-067A", "2024-123BCD")),
    element_number=st.integers(0, 9999),
    revolution=st.integers(0, 99_999),
    source=st.just(Provenance("TLE")),
)


@given(ORBITS)
def test_a_tle_comes_back(one: Elements) -> None:
    (again,) = elements.from_tle(elements.to_tle(one))
    assert replace(again, epoch=one.epoch, bstar=one.bstar) == one
    assert abs(again.epoch - one.epoch) < 0.001
    assert again.bstar == pytest.approx(one.bstar, rel=1e-9)


BOUNDS = st.builds(
    Elements,
    name=st.one_of(st.text(max_size=30), st.sampled_from(("#7", "0 A", "1 25544U 98067A   08264.51782528", "a\nb"))),
    norad_id=st.integers(0, 339_999),
    epoch=st.one_of(st.floats(-3.9e8, 4e9), st.sampled_from((parse("2025-01-01") - 1e-4, parse("2026-01-01") - 1e-4))),
    inclination_deg=st.floats(0.0, 180.0),
    raan_deg=st.floats(-360.0, 360.0),
    eccentricity=st.floats(0.0, 0.999_999_9),
    argument_deg=st.floats(-360.0, 360.0),
    anomaly_deg=st.floats(-360.0, 360.0),
    mean_motion_rev_day=st.floats(1.1e-3, 19.9),
    bstar=st.floats(-9.9, 9.9),
    mean_motion_dot=st.one_of(st.floats(-100.0, 100.0), st.floats(-1.0, 1.0)),
    mean_motion_ddot=st.floats(-99.0, 99.0),
    designator=st.one_of(st.text(max_size=10), st.sampled_from(("1998-067A", "2060-001A", "2024-123ABCD"))),
    classification=st.sampled_from(("", "U", "S", "u", "UU", "\n", "Ж")),
)


@given(BOUNDS)
def test_a_tle_is_one_that_comes_back_or_is_refused(one: Elements) -> None:
    try:
        text = elements.to_tle(one)
    except BadElements:
        return  # what is refused stands in the next test
    assert [len(line) for line in text.split("\n")[-3:]] == [69, 69, 0]
    (again,) = elements.from_tle(text)
    assert (again.name, again.norad_id) == (one.name.strip(), one.norad_id)
    assert abs(again.epoch - one.epoch) < 0.001
    assert again.mean_motion_dot == pytest.approx(one.mean_motion_dot, abs=1e-8)
    assert again.mean_motion_ddot == pytest.approx(one.mean_motion_ddot, rel=1e-4, abs=1e-9)
    assert again.bstar == pytest.approx(one.bstar, rel=1e-4, abs=1e-9)
    assert again.mean_motion_rev_day == pytest.approx(one.mean_motion_rev_day, abs=1e-8)


@pytest.mark.parametrize(
    "wrong",
    [
        {"mean_motion_dot": 10.05},
        {"mean_motion_dot": -1.0},
        {"mean_motion_dot": 0.999_999_999},
        {"classification": "UU"},
        {"epoch": parse("2057-01-01")},
        {"designator": "2024-123ABCD"},
        {"name": "a\nb"},
    ],
)
def test_what_a_tle_has_no_columns_for_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadElements, match=f"no columns for {next(iter(wrong))}"):
        elements.to_tle(replace(orbits.low(1, 1)[0], **wrong))


@pytest.mark.parametrize(
    "value",
    [
        {"classification": ""},
        {"epoch": parse("2025-01-01") - 1e-4},
        {"epoch": parse("2026-01-01") - 1e-4},
        {"name": "#7"},
        {"name": "0 A"},
    ],
)
def test_what_looks_odd_in_a_tle_comes_back(value: dict[str, Any]) -> None:
    one = replace(orbits.low(1, 1)[0], **value)
    (again,) = elements.from_tle(elements.to_tle(one))
    assert (again.name, again.classification) == (one.name, "U")
    assert abs(again.epoch - one.epoch) < 0.001
    assert " 26001.00000000" in elements.to_tle(replace(one, epoch=parse("2026-01-01") - 1e-4))


# --- fitness ----------------------------------------------------------------------------------------


def test_old_elements_are_refused_for_a_timetable() -> None:
    (one,) = orbits.low(1, 1)
    check_fit(one, one.epoch, one.epoch + 13.9 * DAY)
    with pytest.raises(
        Unfit, match=r"too old for a timetable of passes: at \S+ they are 40\.0 days .* 14 days are the most"
    ):
        check_fit(one, one.epoch + 33 * DAY, one.epoch + 40 * DAY)
    check_fit(one, one.epoch + 33 * DAY, one.epoch + 40 * DAY, elements.ANY)
    check_fit(one, one.epoch + 33 * DAY, one.epoch + 40 * DAY, oldest=41 * DAY)


@pytest.mark.parametrize("oldest", [float("nan"), -1.0])
def test_an_oldest_age_that_is_none_is_refused(oldest: float) -> None:
    (one,) = orbits.low(1, 1)
    with pytest.raises(BadElements, match="must be 0 or more"):
        check_fit(one, one.epoch, one.epoch + DAY, oldest=oldest)


def test_the_same_elements_may_do_for_a_timetable_and_not_for_pointing() -> None:
    (one,) = orbits.low(1, 1)
    with pytest.raises(Unfit, match="too old for pointing a narrow beam"):
        check_fit(one, one.epoch + 4 * DAY, one.epoch + 5 * DAY, elements.POINTING)


def test_a_clock_before_the_elements_is_told() -> None:
    (one,) = orbits.low(1, 1)
    with pytest.raises(
        Unfit, match=r"of another time: 1970-01-01T00:00:00Z is 20\d\d\d\.\d days before .* Check the clock"
    ):
        check_fit(one, 0.0, DAY)


def test_a_decayed_satellite_that_sgp4_follows_without_an_error_is_refused() -> None:
    """Here SGP4 says that all is well, and puts the satellite 200,000 km and more away."""
    decayed = Elements(
        "SALEM-08", 90008, 1819599606.428544, 60.7327, 210.8469, 0.0004, 354.9351, 86.432, 16.45, bstar=0.06
    )
    start = 1820344500.0
    day, fraction = julian(np.array([start, start + 3 * DAY]))
    errors, places, _speeds = decayed.satrec.sgp4_array(day, fraction)
    assert not errors.any()
    assert np.linalg.norm(places, axis=1).min() > 200_000.0
    with pytest.raises(Unfit, match="SALEM-08 has decayed"):
        check_fit(decayed, start, start + 3 * DAY)


def test_a_decayed_satellite_is_refused() -> None:
    (one,) = orbits.low(1, 1)
    falling = replace(one, mean_motion_rev_day=16.4, bstar=0.05, eccentricity=0.0005)
    with pytest.raises(Unfit, match=r"SYNTHETIC 0 has decayed: .* in the air at"):
        check_fit(falling, one.epoch, one.epoch + 7 * DAY)
    fit, refused = elements.sorted_out([falling, one], one.epoch, one.epoch + 7 * DAY)
    assert fit == [one]
    assert [each for each, _ in refused] == [falling]
    assert "has decayed" in str(refused[0][1])


# --- catalogue --------------------------------------------------------------------------------------


def test_a_file_knows_where_it_is_from(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TLE)
    (one,) = elements.read(tmp_path / "a.txt")
    assert one.source.where == "a.txt"
    assert one.source.fetched is not None
    assert str(one.source).startswith("a.txt, 2")


@pytest.mark.parametrize(
    "content", ["", "hello\n", "<html></html>", "[]", "OBJECT_NAME,NORAD_CAT_ID\n", "\x00\xff" * 50]
)
def test_what_holds_no_elements_is_told(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.txt").write_text(content, encoding="latin-1")
    with pytest.raises(BadElements, match=r"a\.txt holds no elements"):
        elements.read(tmp_path / "a.txt")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadElements, match=r"cannot be read: No such file"):
        elements.read(tmp_path / "none.txt")


def test_a_satellite_is_chosen_by_name_or_number() -> None:
    some = orbits.low(12, 1)
    assert elements.chosen(some, "synthetic 3") is some[3]
    assert elements.chosen(some, 90004) is some[4]
    later = replace(some[4], epoch=some[4].epoch + 1.0)
    assert elements.chosen([*some, later], "90004") is later
    assert elements.newest([*some, later])[4] is later
    assert elements.newest([*some, later], some[4].epoch)[4] is some[4]
    with pytest.raises(BadElements, match=r"Did you mean .*SYNTHETIC 5"):
        elements.chosen(some, "SYNTETIC 5")
    with pytest.raises(BadElements, match="no satellite '17'"):
        elements.chosen(some, 17)
    with pytest.raises(BadElements, match="no satellite ''"):
        elements.chosen([replace(some[0], name="")], "")


@pytest.mark.parametrize(
    "t", [1e18, -1e18, 1e400, float("nan"), parse("9999-12-31") + 3 * DAY, parse("0001-01-01") - 1]
)
def test_an_instant_outside_of_the_calendar_is_told_in_words(t: float) -> None:
    for told in (written, to_datetime):
        with pytest.raises(NotAnInstant, match="outside of the calendar"):
            told(t)


def test_the_ends_of_the_calendar_are_moments() -> None:
    for text in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"):
        assert written(parse(text)) == text
    for text in ("0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00"):
        with pytest.raises(NotAnInstant, match="outside of the calendar"):
            parse(text)


@pytest.mark.parametrize(
    "text", ["2026-366", "2026-999T00:00Z", "2026-000", "2024-367", "2026-11-29T10:15:60Z", "2016-12-30T23:59:60Z"]
)
def test_a_day_or_a_leap_second_that_never_was_is_no_moment(text: str) -> None:
    with pytest.raises(NotAnInstant, match="is no moment"):
        parse(text)


def test_the_last_day_of_a_leap_year_and_a_leap_second_elsewhere_are_moments() -> None:
    assert parse("2024-366") == parse("2024-12-31")
    assert parse("2017-01-01T04:59:60+05:00") == parse("2017-01-01")


def test_a_moment_is_read_and_written() -> None:
    assert parse("2026-11-29T14:30:00+05:00") == parse("2026-11-29 09:30") == parse("2026-333T09:30:00Z")
    assert written(parse("2026-11-29T23:59:59.9996Z"), 3) == "2026-11-30T00:00:00.000Z"
    assert parse("2016-12-31T23:59:60.5Z") == parse("2017-01-01T00:00:00.5Z")
