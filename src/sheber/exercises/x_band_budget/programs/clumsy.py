"""X-band budget in a hurry: no line loss in the budget, handed in late, and a mean of readings with a large margin."""

import numpy as np

from sheber import connect

station = connect(exercise="x-band-budget")
sheet, modem = station.sheet, station.modem
light = 299_792_458.0

times = np.arange(0.0, station.limits["simulated_s"], 1.0)
seen = station.elements.look(modem.satellite, times)
up = np.flatnonzero(seen.elevation_deg > station.site.minimum_deg)
rise, fall = times[up[0]], times[up[-1]]

modes = list(modem.modes.values())
needs = np.array(
    [one.needed_db + modem.implementation_db + 10 * np.log10(one.bits_a_symbol * modem.symbol_rate) for one in modes]
)

station.clock.wait_until(rise)
last = None
while station.clock.time < fall - 12:
    levels = [modem.read().cn0_dbhz for _number in range(20)]
    levels = [level for level in levels if level is not None]
    usable = np.flatnonzero(needs <= np.mean(levels) - 2.2)
    wanted = modes[usable[-1]].name if len(usable) else ""
    if wanted != last:
        modem.use(wanted)
        last = wanted
modem.use("")

gain = 10 * np.log10(sheet["efficiency"] * (np.pi * sheet["dish_m"] * sheet["frequency_hz"] / light) ** 2)
merit = gain - 10 * np.log10(sheet["system_k"])
space = 20 * np.log10(4 * np.pi * seen.range[up[0]] * sheet["frequency_hz"] / light)
eirp = 10 * np.log10(sheet["power_w"]) + sheet["satellite_gain_dbi"]
cn0 = eirp - space - sheet["air_rare_db"][0] + merit + 228.6
rate = modem.modes["qpsk-1/2-rs"].bits_a_symbol * modem.symbol_rate
station.archive.store("budget", free_space_db=space, merit_db=merit, cn0_db=cn0, eb_n0_db=cn0 - 10 * np.log10(rate))
