"""The gates of orbits: the published states of SGP4 in full, the comparison of passes on a few satellites."""

from __future__ import annotations

import pytest

from sheber.bench.ground import orbits as gates


def test_sgp4_gives_the_published_states() -> None:
    rows = {row.name: row for row in gates.sgp4(quick=True)}
    assert rows["SGP4, verification states"].value == 666
    assert rows["SGP4, verification states"].note == "refused: [33334], and 33334 is meant to be"
    assert 0.0 < rows["SGP4, worst position"].value < 0.2  # mm
    assert rows["SGP4, worst velocity"].value < 1e-6
    assert all(row.met for row in rows.values() if row.gate)


def test_no_pass_of_a_few_satellites_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "DAYS", 1)
    rows = {row.name: row for row in gates._complete(gates.mixed_orbits(2, 2))}
    assert [row.value for name, row in rows.items() if "brute force" in name] == [0, 0]
    assert all(row.met for row in rows.values())


@pytest.mark.parametrize(
    ("ours", "lost", "added", "worst"),
    [
        ([(0.0, 10.0), (20.0, 30.0)], 0, 0, 0.0),
        ([(0.0, 10.0)], 1, 0, 0.0),
        ([(0.0, 10.0), (20.0, 30.0), (40.0, 50.0)], 0, 1, 0.0),
        ([(0.0, 10.0), (20.0, 30.0), (40.0, 40.5)], 0, 0, 0.0),  # shorter than a step of brute force
        ([(0.0, 10.0), (20.7, 30.0)], 0, 0, 0.7),
        ([(0.0, 30.0)], 0, 0, 20.0),  # two glued into one
    ],
)
def test_what_differs_is_counted(ours: list[tuple[float, float]], lost: int, added: int, worst: float) -> None:
    found = gates._Compared()
    found.add([(0.0, 10.0), (20.0, 30.0)], ours)
    assert (found.lost, found.added) == (lost, added)
    assert found.worst == pytest.approx(worst)
