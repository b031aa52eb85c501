"""One misunderstanding: the Doppler shift is taken out with the wrong sign, so only the middle of the pass is heard."""

import numpy as np

from sheber import connect

station = connect(exercise="hear-the-satellite")
sheet = station.sheet
PER_BIT = 10
heard = set()


def crc(data):
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ 0x8408 if value & 1 else value >> 1
    return value ^ 0xFFFF


def frames(bits):
    text = (bits + np.uint8(48)).tobytes().decode()
    for body in text.split("01111110"):
        plain = body.replace("111110", "11111")
        if len(plain) >= 136 and len(plain) % 8 == 0 and "111111" not in body:
            data = bytes(int(plain[k : k + 8][::-1], 2) for k in range(0, len(plain), 8))
            if crc(data[:-2]) == data[-2] + 256 * data[-1]:
                yield data[:-2]


def decode(samples, start):
    levels = np.angle(samples[1:] * np.conj(samples[:-1]))
    levels = np.convolve(levels, np.ones(PER_BIT) / PER_BIT, "same")
    levels -= np.convolve(levels, np.ones(1500) / 1500, "same")
    for phase in range(PER_BIT):
        air = levels[phase::PER_BIT] > 0
        line = air.copy()
        line[17:] = air[17:] ^ air[5:-12] ^ air[:-17]
        for frame in frames(~(line[1:] ^ line[:-1])):
            if frame not in heard:
                heard.add(frame)
                station.archive.store("frame", data=frame, at=start)


station.receiver.tune(sheet["frequency"])
low = np.sinc(np.arange(-40, 41) * 0.5) * np.hamming(81) * 0.5  # 12 kHz: Doppler has room
while station.clock.time < sheet["sets"]:
    block = station.receiver.read(0.7)
    rate = station.elements.look(sheet["satellite"], block.time[:: len(block.time) - 1]).range_rate
    shift = sheet["frequency"] * np.linspace(rate[0], rate[1], len(block.time)) / 299_792_458.0
    samples = block.samples * np.exp(-2j * np.pi * np.cumsum(shift) / block.rate)
    decode(np.convolve(samples, low, "same"), block.start)
