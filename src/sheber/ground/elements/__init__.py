"""Elements: mean orbits as the catalogues publish them, where they come from, and whether they are still good.

found = read("amateur.txt")                      # TLE, or OMM as CSV, JSON or XML
satellite = chosen(found, "AL-FARABI-2")         # by name or by number
check_fit(satellite, start, end, TIMETABLE)      # too old, of another epoch, decayed: refused, in words
"""

from sheber.ground.elements.catalogue import chosen, newest, parse, read
from sheber.ground.elements.fitness import ANY, POINTING, STATION, TIMETABLE, Purpose, Unfit, age, check_fit, sorted_out
from sheber.ground.elements.model import BadElements, Elements, Provenance
from sheber.ground.elements.numbers import from_alpha5, to_alpha5
from sheber.ground.elements.omm import from_csv, from_json, from_xml, to_csv, to_json, to_xml
from sheber.ground.elements.tle import checksum, from_tle, to_tle

__all__ = [
    "ANY",
    "POINTING",
    "STATION",
    "TIMETABLE",
    "BadElements",
    "Elements",
    "Provenance",
    "Purpose",
    "Unfit",
    "age",
    "check_fit",
    "checksum",
    "chosen",
    "from_alpha5",
    "from_csv",
    "from_json",
    "from_tle",
    "from_xml",
    "newest",
    "parse",
    "read",
    "sorted_out",
    "to_alpha5",
    "to_csv",
    "to_json",
    "to_tle",
    "to_xml",
]
