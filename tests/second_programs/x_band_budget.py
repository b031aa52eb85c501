"""Track the zenith attenuation with a Kalman filter, and each second and a half let dynamic programming over the rest of the pass (gaps and the risk of lost frames priced in) say whether to change the mode now."""

import math

import numpy as np
from scipy.special import ndtr

from sheber import connect

station = connect(exercise="x-band-budget")
sheet, modem, clock = station.sheet, station.modem, station.clock
PRICE = 25.0  # what a lost frame costs, in frames
QUANTUM = 0.5

# ------------------------------------------------------------------ the pass
times = np.arange(0.0, station.limits["simulated_s"], QUANTUM)
look = station.elements.look(modem.satellite, times)
up = np.flatnonzero(look.elevation_deg > station.site.minimum_deg)
first, last = int(up[0]), int(up[-1])
low, high = look.elevation_deg[first - 1], look.elevation_deg[first]
part = (station.site.minimum_deg - low) / (high - low)
rise = float(times[first] - QUANTUM * (1 - part))
fall = float(times[last])
rise_range = look.range[first - 1] + part * (look.range[first] - look.range[first - 1])

# ------------------------------------------------------------------ the budget
wave = 299792458.0 / sheet["frequency_hz"]
eirp = 10 * math.log10(sheet["power_w"]) + sheet["satellite_gain_dbi"] - sheet["satellite_line_db"]
merit = 10 * math.log10(sheet["efficiency"] * (math.pi * sheet["dish_m"] / wave) ** 2) - 10 * math.log10(sheet["system_k"])
spread = 20 * np.log10(4 * np.pi * look.range / wave)
clear = eirp + merit + 228.6 - sheet["polarisation_db"] - spread  # C/N0 without air
free_space = 20 * math.log10(4 * math.pi * rise_range / wave)
air = float(np.interp(station.site.minimum_deg, sheet["air_elevation_deg"], sheet["air_rare_db"]))
cn0 = eirp - free_space - air - sheet["polarisation_db"] + merit + 228.6
robust_rate = modem.modes["qpsk-1/2-rs"].bits_a_symbol * modem.symbol_rate
eb_n0 = cn0 - 10 * math.log10(robust_rate)
station.archive.store("budget", free_space_db=free_space, merit_db=merit, cn0_db=cn0, eb_n0_db=eb_n0)

# ------------------------------------------------------------------ the choice
names = ["", *modem.modes]
rates = np.array([0.0] + [m.bits_a_symbol for m in modem.modes.values()])
needed = np.array(
    [-1e3]
    + [m.needed_db + modem.implementation_db + 10 * math.log10(m.bits_a_symbol * modem.symbol_rate) for m in modem.modes.values()]
)
sine = np.sin(np.radians(np.maximum(look.elevation_deg, 3.0)))
flicker = 0.35 * (0.0993 / sine) ** 1.1
GAP = int(math.ceil(modem.gap / QUANTUM))
STRIDE = 2  # steps of the plan, in quanta
HYSTERESIS = 0.5  # seconds of the new mode that a change must gain


def drift(zenith):
    return 0.006 + 0.02 * max(zenith, 0.0)


def best(now, mode, zenith, sigma):
    """The mode that is best from row `now` on, by the mean and the spread of the zenith attenuation."""
    rows = np.arange(now, last + 1, STRIDE)
    ahead = np.minimum((rows - now) * QUANTUM, 15.0)
    spread_z = np.sqrt(sigma**2 + drift(zenith) ** 2 * ahead)
    level = clear[rows] - zenith / sine[rows]
    deviation = np.hypot(spread_z / sine[rows], flicker[rows])
    risk = ndtr(-(level[:, None] - needed - 0.05) / deviation[:, None])
    gain = rates * (1.0 - risk * (1.0 + PRICE)) * STRIDE * QUANTUM
    count, gap = len(rows), -(-GAP // STRIDE)
    value = np.zeros((count + gap + 1, len(names)))
    tax = HYSTERESIS * rates
    for k in range(count - 1, 0, -1):
        value[k] = np.maximum(gain[k] + value[k + 1], (value[k + gap] - tax).max())
    options = value[gap] - tax
    options[mode] = gain[0, mode] + value[1, mode]
    return int(np.argmax(options))


zenith, variance = 0.2, 0.1**2
mode = max(1, best(first + GAP, 0, zenith, 0.1))
clock.wait_until(max(rise - 3.0, 0.0))
modem.use(names[mode])
print(f"rise {rise:.1f} s, fall {fall:.1f} s; begin with {names[mode]!r}; needs {needed[1:].round(1).tolist()}")
variance = 0.4**2
surprise, read = 0.0, 0
while clock.time < fall:
    reading = modem.read()
    row = int(round(reading.time / QUANTUM))
    if reading.cn0_dbhz is None or not first <= row <= last:
        continue
    read += 1
    variance += drift(zenith) ** 2 * QUANTUM
    noise = (0.7**2 + flicker[row] ** 2) * sine[row] ** 2
    innovation = (clear[row] - reading.cn0_dbhz) * sine[row] - zenith
    surprise = 0.85 * surprise + 0.15 * innovation / math.sqrt(noise + variance)
    if abs(surprise) > 0.8 and read > 10:  # three sigma of this mean: the weather has turned
        variance += 0.02 * noise * (1 + abs(surprise))
    gain = variance / (variance + noise)
    zenith += gain * innovation
    variance *= 1 - gain
    zenith = max(zenith, 0.0)
    if read >= 6 and read % 3 == 0 and row < last - 2:
        wanted = best(row, mode, zenith, math.sqrt(variance))
        if wanted != mode:
            mode = wanted
            modem.use(names[mode])
            print(f"{look.elevation_deg[row]:.1f} deg, {clear[row] - zenith / sine[row]:.1f} dBHz, zenith {zenith:.2f} +- {math.sqrt(variance):.2f} dB: {names[mode]!r}")
modem.use("")
done = modem.read()
print(f"{done.bits / 1e9:.2f} Gbit, lost {done.lost} of {done.sent} ({100 * done.lost / max(done.sent, 1):.2f} %)")
