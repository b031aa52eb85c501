"""The library half by its own name: `from sheber import ground`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ground_scenes import al_farabi
from sheber import ground
from sheber.diagrams import standalone
from sheber.ground.elements import to_tle


@pytest.mark.parametrize("name", ground.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(ground, name).__doc__
    assert name in dir(ground)


def test_the_table_and_the_list_agree() -> None:
    assert set(ground._THERE) | {"GroundError"} == set(ground.__all__)
    with pytest.raises(AttributeError, match="'passess'"):
        _ = ground.passess  # type: ignore[attr-defined]


def test_the_promise_of_the_first_page(tmp_path: Path) -> None:
    """Elements, a site, passes, a sky plot: what the package's own docstring shows."""
    file = tmp_path / "amateur.txt"
    file.write_text(to_tle(al_farabi()))
    satellites = ground.read_elements(file)
    almaty = ground.Site("Almaty", 43.222, 76.851, 850.0, ground.Skyline.flat(5.0))
    start = satellites[0].epoch
    passes = ground.find_passes(satellites, almaty, start, start + 86_400.0)
    assert len(passes) >= 3
    assert all(one.elevation_max_deg >= 5.0 for one in passes)
    assert "<svg" in standalone(ground.sky_plot(passes, satellites, almaty))


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import sys; from sheber import ground; print(*sys.modules)"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "scipy" not in printed
    assert "sgp4" not in printed
    assert "numba" not in printed
