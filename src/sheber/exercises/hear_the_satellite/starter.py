"""Hear the satellite: a first program. It listens for one minute and tells how strong the band is."""

import numpy as np

from sheber import connect

station = connect(exercise="hear-the-satellite")
receiver, sheet = station.receiver, station.sheet

receiver.tune(sheet["frequency"])
print("The satellite rises at", sheet["rises"], "s and sets at", sheet["sets"], "s")

while station.clock.time < 60.0:
    block = receiver.read(10.0)
    level = 10 * np.log10(np.mean(np.abs(block.samples) ** 2))
    shift = -sheet["frequency"] * station.elements.look(sheet["satellite"], [block.start]).range_rate[0] / 299_792_458.0
    print(f"{block.start:.0f} s: {level:.1f} dB; the Doppler shift should be {shift:.0f} Hz")

# Next: take the shift out of the samples, measure their frequency, find the bits, then the frames, and hand each in:
# station.archive.store("frame", data=frame, at=time_of_its_first_bit)
