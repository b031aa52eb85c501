"""From symbols to health: a first program. It decodes the beginning of the recording and looks for clean markers."""

import numpy as np

from sheber import connect

station = connect(exercise="from-symbols-to-health")
front, sheet = station.front_end, station.sheet
print(front, station.archive)
marker = np.unpackbits(np.frombuffer(bytes.fromhex(sheet["marker"]), np.uint8))

bits = front.viterbi(0, 200_000)  # and if the first symbol is the second one of a pair?
places = [at for at in range(len(bits) - 32) if np.array_equal(bits[at : at + 32], marker)]
print("markers at", places)  # and markers upside down, or with a wrong bit?

# Next: the block of 255 * interleaving bytes after a marker, without the randomiser, dealt out to words,
# each through front.reed_solomon(word), and what comes out of all of them is a frame:
# station.archive.store("frame", data=frame)
