"""X-band budget with a misunderstanding: the level is divided among symbols, not bits, and no margin is kept."""

import numpy as np

from sheber import connect

station = connect(exercise="x-band-budget")
sheet, modem = station.sheet, station.modem
light = 299_792_458.0

times = np.arange(0.0, station.limits["simulated_s"], 1.0)
seen = station.elements.look(modem.satellite, times)
up = np.flatnonzero(seen.elevation_deg > station.site.minimum_deg)

gain = 10 * np.log10(sheet["efficiency"] * (np.pi * sheet["dish_m"] * sheet["frequency_hz"] / light) ** 2)
merit = gain - 10 * np.log10(sheet["system_k"])
eirp = 10 * np.log10(sheet["power_w"]) + sheet["satellite_gain_dbi"] - sheet["satellite_line_db"]


def level(k):
    space = 20 * np.log10(4 * np.pi * seen.range[k] * sheet["frequency_hz"] / light)
    rows = np.array(sheet["air_elevation_deg"])
    air = np.interp(seen.elevation_deg[k], rows, sheet["air_usual_db"])
    return space, eirp - space - air - sheet["polarisation_db"] + merit + 228.6


space, cn0 = level(up[0])
station.archive.store(
    "budget", free_space_db=space, merit_db=merit, cn0_db=cn0, eb_n0_db=cn0 - 10 * np.log10(modem.symbol_rate)
)
changes, last = [], None
for k in up:
    each = level(k)[1] - 10 * np.log10(modem.symbol_rate)
    usable = [name for name, one in modem.modes.items() if one.needed_db <= each]
    wanted = usable[-1] if usable else "bpsk-1/2-rs"
    if wanted != last:
        changes.append((times[k], wanted))
        last = wanted
modem.plan([*changes, (times[up[-1]] + 1.0, "")])
station.clock.wait_until(times[up[-1]] + 2.0)
