"""X-band budget: a first program. It receives in the sturdiest mode. You write the budget and the better choice."""

import numpy as np

from sheber import connect

station = connect(exercise="x-band-budget")
sheet, modem = station.sheet, station.modem

times = np.arange(0.0, station.limits["simulated_s"], 0.5)
seen = station.elements.look(modem.satellite, times)
up = np.flatnonzero(seen.elevation_deg > station.site.minimum_deg)
rise, fall = times[up[0]], times[up[-1]]
print(f"{modem.satellite} rises at {rise:.1f} s and sets at {fall:.1f} s; the dish has {sheet['dish_m']} m")

for name, mode in modem.modes.items():
    print(f"{name}: {mode.bits_a_symbol * modem.symbol_rate / 1e6:.1f} Mbit/s, needs {mode.needed_db} dB")

# The budget comes first: free_space_db, merit_db, cn0_db, eb_n0_db. Hand it in before the satellite rises:
# station.archive.store("budget", free_space_db=..., merit_db=..., cn0_db=..., eb_n0_db=...)

station.clock.wait_until(rise + 1.0)
modem.use("bpsk-1/2-rs")
while station.clock.time < fall - 10.0:
    reading = modem.read()
    station.clock.wait(10.0)  # next: choose a better mode by reading.cn0_dbhz
modem.use("")
print(f"{modem.read().bits / 1e9:.2f} Gbit arrived")
