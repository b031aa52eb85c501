"""What the editor knows of the client library is what the library has."""

from __future__ import annotations

import inspect
import json

import pytest

import sheber
from sheber.client.connection import CLIENTS
from sheber.web.names import kinds, names

FOUND = {station: json.loads(names(station)) for station in (*CLIENTS, "plain")}
STATIONS = pytest.mark.parametrize("station", FOUND)


@STATIONS
def test_every_public_name_is_there_with_its_docstring(station: str) -> None:
    assert FOUND[station]["names"].keys() == set(sheber.__all__)
    for name, about in FOUND[station]["names"].items():
        value = getattr(sheber, name)
        if inspect.isclass(value) or inspect.isfunction(value):
            assert about["doc"] == inspect.getdoc(value)


@STATIONS
def test_every_attribute_of_every_kind_is_there_and_no_other(station: str) -> None:
    """A name that is left out would be reported to students as a mistake of theirs."""
    for kind in kinds(station):
        own = {name for base in kind.__mro__ for name in (*vars(base), *getattr(base, "__slots__", ()))}
        public = {name for name in own if not name.startswith("_")}
        assert FOUND[station]["kinds"][kind.__name__]["members"].keys() == public, kind


def test_kinds_lead_on_to_kinds() -> None:
    robots = FOUND["robot-cell"]
    cell = robots["kinds"]["Cell"]["members"]
    assert robots["names"]["connect"]["gives"] == "Cell"
    assert cell["robot"]["gives"] == "Robot"
    assert (cell["cameras"]["gives"], cell["cameras"]["item"]) == ("Named", "Camera")
    assert robots["kinds"]["Robot"]["members"]["pose"]["gives"] == "Pose"
    for found in FOUND.values():
        for kind in found["kinds"].values():
            for about in kind["members"].values():
                assert about.get("gives", "Pose") in found["kinds"]


def test_each_station_has_its_own_library() -> None:
    assert [found["names"]["connect"]["gives"] for found in FOUND.values()] == ["Cell", "GroundStation", "Station"]
    assert FOUND["ground-station"]["kinds"]["GroundStation"]["members"]["clock"]["gives"] == "Clock"
    assert "Robot" not in FOUND["ground-station"]["kinds"]
