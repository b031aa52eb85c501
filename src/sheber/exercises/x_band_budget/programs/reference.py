"""X-band budget: the budget first, then the fastest mode that the measured level allows, with a margin for the flicker."""

import numpy as np

from sheber import connect

station = connect(exercise="x-band-budget")
sheet, modem = station.sheet, station.modem
light = 299_792_458.0

# --- the budget ---
eirp = 10 * np.log10(sheet["power_w"]) + sheet["satellite_gain_dbi"] - sheet["satellite_line_db"]
gain = 10 * np.log10(sheet["efficiency"] * (np.pi * sheet["dish_m"] * sheet["frequency_hz"] / light) ** 2)
merit = gain - 10 * np.log10(sheet["system_k"])


def free_space(distance):
    return 20 * np.log10(4 * np.pi * distance * sheet["frequency_hz"] / light)


def dry(distance):
    """C/N0 without any air."""
    return eirp - free_space(distance) - sheet["polarisation_db"] + merit + 228.599


def air(elevation_deg, column):
    """The air, between the rows over the length of the path."""
    rows = 1 / np.sin(np.radians(sheet["air_elevation_deg"]))
    return np.interp(1 / np.sin(np.radians(elevation_deg)), rows[::-1], sheet[column][::-1])


times = np.arange(0.0, station.limits["simulated_s"], 0.5)
seen = station.elements.look(modem.satellite, times)
up = np.flatnonzero(seen.elevation_deg > station.site.minimum_deg)
rise, fall = times[up[0]], times[up[-1]]
at_rise = up[0]

design = modem.modes["qpsk-1/2-rs"]
cn0 = dry(seen.range[at_rise]) - air(seen.elevation_deg[at_rise], "air_rare_db")
station.archive.store(
    "budget",
    free_space_db=float(free_space(seen.range[at_rise])),
    merit_db=float(merit),
    cn0_db=float(cn0),
    eb_n0_db=float(cn0 - 10 * np.log10(design.bits_a_symbol * modem.symbol_rate)),
)

# --- the pass ---
modes = list(modem.modes.values())
needs = [  # of C/N0 in each mode
    one.needed_db + modem.implementation_db + 10 * np.log10(one.bits_a_symbol * modem.symbol_rate) for one in modes
]


def flicker(elevation_deg):
    """What the level may fall short of its mean: the air flickers more where it is long."""
    return 0.10 + 0.060 / np.sin(np.radians(elevation_deg)) ** 1.1


def fits(place, level, elevation_deg, slack=0.0):
    """Whether a mode can be used at this mean level."""
    return level - flicker(elevation_deg) - slack >= needs[place]


def wanted(mode, time, excess):
    """The mode to be in, -1 for silence: more only if it holds for a while, less as soon as it must be."""
    k = round(time / 0.5)
    soon, later = (min(k + ahead, up[-1]) for ahead in (2, 20))
    now, then = (dry(seen.range[j]) - excess * length[j] for j in (soon, later))
    while mode >= 0 and not fits(mode, now, seen.elevation_deg[soon]):
        mode -= 1
    while mode + 1 < len(modes):
        if not fits(mode + 1, now, seen.elevation_deg[soon], 0.05) or not fits(
            mode + 1, then, seen.elevation_deg[later]
        ):
            break
        mode += 1
    return mode


length = 1.0 / (np.sin(np.radians(np.maximum(seen.elevation_deg, 3.0))) + 0.02)  # of the way through the air
station.clock.wait_until(rise + 0.5)
excess, weight = float(air(90.0, "air_rare_db")), 300.0  # dB for a path of length 1: a guess, and what it weighs
mode = -1
while station.clock.time < fall - 1.0:
    reading = modem.read()
    if reading.cn0_dbhz is None:
        continue
    k = round(reading.time / 0.5)
    taken = dry(seen.range[k]) - reading.cn0_dbhz  # by the air, with the error of the reading
    weight = 0.97 * weight + length[k] ** 2
    excess += length[k] * (taken - excess * length[k]) / weight  # least squares that forget
    better = wanted(mode, reading.time, excess)
    if better != mode:
        mode = better
        modem.use(modes[mode].name if mode >= 0 else "")
modem.use("")
