"""Write the climate table of a place, src/sheber/ground/link/climates/<name>.toml, anew.

The package `itur` brings the maps of ITU-R (163 MB with what it needs), so it is not among the locked packages.
Install it by hand into an environment of its own:

    python3 -m venv /tmp/itur && /tmp/itur/bin/pip install itur
    /tmp/itur/bin/python tools/climate_table.py almaty 43.222 76.851
"""

import argparse
import sys
import warnings
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import itur
import numpy as np

FOLDER = Path(__file__).parents[1] / "src/sheber/ground/link/climates"
FREQUENCIES_GHZ = (1.0, 2.2, 4.0, 6.0, 8.2, 10.0, 12.0)
ELEVATIONS_DEG = (5.0, 6.0, 7.0, 8.5, 10.0, 12.5, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 65.0, 90.0)
PERCENTS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
RECOMMENDATIONS = {676: "gas", 840: "cloud", 618: "rain", 838: "rain", 837: "rain", 839: "rain", 453: "refractivity"}


def contributions(latitude: float, longitude: float, ghz: float, percent: float) -> np.ndarray:
    """Gas, cloud and rain in dB at all elevations, (3, e)."""
    parts = itur.atmospheric_attenuation_slant_path(
        latitude, longitude, ghz, np.array(ELEVATIONS_DEG), percent, 5.0, return_contributions=True
    )
    return np.array([part.value for part in parts[:3]])


def recommendations() -> str:
    """The recommendations and the versions of them that the package computes by."""
    names = []
    for number in RECOMMENDATIONS:
        module = getattr(itur.models, f"itu{number}")
        names.append(f"P.{number}-{module.get_version()}")
    return ", ".join(names)


def lines(name: str, latitude: float, longitude: float) -> Iterator[str]:
    """The table, line by line."""
    wet = float(itur.models.itu453.map_wet_term_radio_refractivity(latitude, longitude, 50).value)
    yield "# What the air takes, in dB, exceeded for so many per cent of an average year."
    yield "# Rows are elevations, columns are percents. Made by tools/climate_table.py; do not edit."
    yield f'name = "{name}"'
    yield f'source = "ITU-R {recommendations()}, computed with itur {version("itur")} (MIT)"'
    yield f"latitude_deg = {latitude}"
    yield f"longitude_deg = {longitude}"
    yield f"wet_refractivity = {wet:.3f} # N_wet, median"
    yield f"elevations_deg = {list(ELEVATIONS_DEG)}"
    yield f"percents = {list(PERCENTS)}"
    for ghz in FREQUENCIES_GHZ:
        columns = [contributions(latitude, longitude, ghz, percent) for percent in PERCENTS]
        table = np.stack(columns, axis=-1)  # (3, e, p)
        yield ""
        yield "[[band]]"
        yield f"ghz = {ghz}"
        for part, values in zip(("gas", "cloud", "rain"), table, strict=True):
            yield f"{part} = ["
            yield from (f"  [{', '.join(f'{value:.4f}' for value in row)}]," for row in values)
            yield "]"


def main() -> None:
    """Write the table of the place that the command line names."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("name")
    asked.add_argument("latitude", type=float)
    asked.add_argument("longitude", type=float)
    given = asked.parse_args()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the gas model's own limit of 5 degrees, at 5 degrees
        text = "\n".join(lines(given.name, given.latitude, given.longitude)) + "\n"
    (FOLDER / f"{given.name}.toml").write_text(text, encoding="utf-8")
    sys.stdout.write(f"{FOLDER / given.name}.toml\n")


if __name__ == "__main__":
    main()
