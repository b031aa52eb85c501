"""What the editor knows of the client library is what the library has."""

from __future__ import annotations

import inspect
import json

import sheber
from sheber.web.names import KINDS, names

FOUND = json.loads(names())


def test_every_public_name_is_there_with_its_docstring() -> None:
    assert FOUND["names"].keys() == set(sheber.__all__)
    for name, about in FOUND["names"].items():
        value = getattr(sheber, name)
        if inspect.isclass(value) or inspect.isfunction(value):
            assert about["doc"] == inspect.getdoc(value)


def test_every_attribute_of_every_kind_is_there_and_no_other() -> None:
    """A name that is left out would be reported to students as a mistake of theirs."""
    for kind in KINDS:
        own = {name for base in kind.__mro__ for name in (*vars(base), *getattr(base, "__slots__", ()))}
        public = {name for name in own if not name.startswith("_")}
        assert FOUND["kinds"][kind.__name__]["members"].keys() == public, kind


def test_kinds_lead_on_to_kinds() -> None:
    cell = FOUND["kinds"]["Cell"]["members"]
    assert FOUND["names"]["connect"]["gives"] == "Cell"
    assert cell["robot"]["gives"] == "Robot"
    assert (cell["cameras"]["gives"], cell["cameras"]["item"]) == ("Named", "Camera")
    assert FOUND["kinds"]["Robot"]["members"]["pose"]["gives"] == "Pose"
    for kind in FOUND["kinds"].values():
        for about in kind["members"].values():
            assert about.get("gives", "Pose") in FOUND["kinds"]
