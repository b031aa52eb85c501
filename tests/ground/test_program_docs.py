"""Every function of a program's side at the ground station is described: in its docstring and in its page."""

from __future__ import annotations

import doctest
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ground_conversation import conversation
from ground_scenes import whole_station
from sheber.client import ground_station

PAGE = (Path(__file__).parents[2] / "docs" / "program-ground-station.md").read_text("utf-8")
KINDS = [getattr(ground_station, name) for name in ground_station.__all__]


def members() -> Iterator[tuple[str, object]]:
    """Public functions and properties of what a program holds in its hands."""
    for kind in KINDS:
        for name, member in vars(kind).items():
            if not name.startswith("_") and (isinstance(member, property) or inspect.isfunction(member)):
                yield f"{kind.__name__}.{name}", member


ALL = dict(members())


def test_they_are_found() -> None:
    assert {"GroundStation.clock", "Clock.wait", "Elements.look", "Archive.store", "Site.mask_deg"} <= set(ALL)


@pytest.mark.parametrize("name", ALL)
def test_docstrings_show_an_example_and_begin_with_a_sentence(name: str) -> None:
    text = inspect.getdoc(ALL[name]) or ""
    assert ">>>" in text, f"{name} shows no example"
    first, *rest = text.splitlines()
    assert first[0].isupper(), first
    assert first.endswith("."), f"{name}: the first line is not a sentence: {first}"
    assert not rest or not rest[0], f"{name}: a blank line follows the first sentence"


@pytest.mark.parametrize("name", ALL)
def test_the_page_describes_it(name: str) -> None:
    member = name.rpartition(".")[2]
    assert f".{member}" in PAGE, f"docs/program-ground-station.md does not speak of {name}"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_the_page_names_every_field_that_a_program_reads(kind: Any) -> None:
    fields = getattr(kind, "__dataclass_fields__", None) or [n for n in kind.__slots__ if not n.startswith("_")]
    for field in fields:
        assert f".{field}" in PAGE, f"docs/program-ground-station.md does not name {kind.__name__}.{field}"


BLOCKS = re.findall(r"<!-- needs: [\w, ]+ -->\n```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("source", BLOCKS, ids=lambda source: source.splitlines()[0][:40])
def test_the_code_of_the_page_runs(source: str, tmp_path: Path) -> None:
    """At a station that has all equipment."""
    with conversation(whole_station(), tmp_path / "run.trace") as talk:
        exec(compile(source, "program-ground-station.md", "exec"), {"station": talk.station, "np": np})


def test_all_code_of_the_page_is_run() -> None:
    named = len(re.findall(r'connect\(exercise="', PAGE))
    assert len(BLOCKS) + named == PAGE.count("```python") > 5


def documented() -> Iterator[tuple[str, str]]:
    """Name and docstring of everything that shows an example."""
    for kind in KINDS:
        yield kind.__name__, inspect.getdoc(kind) or ""
    for name, member in ALL.items():
        yield name, inspect.getdoc(member) or ""


@pytest.mark.parametrize(("name", "text"), list(documented()), ids=[name for name, _ in documented()])
def test_the_example_runs(name: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At a station that has all equipment; what an example prints is not compared."""
    with conversation(whole_station(), tmp_path / "run.trace") as talk:
        station = talk.station
        monkeypatch.setattr("sheber.client.connection._connected", station)
        names: dict[str, Any] = {"station": station, "frame": b"\x82"}
        names["block"], names["np"] = station.receiver.read(0.1), np
        names["seen"] = station.elements.look("AL-FARABI-2", [0.0, 10.0])
        example = doctest.DocTestParser().get_doctest(text, names, name, None, 0)
        for one in example.examples:
            exec(compile(one.source, name, "exec"), names)
