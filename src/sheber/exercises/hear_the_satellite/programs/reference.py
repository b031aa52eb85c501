"""Hear the satellite: the reference. Doppler by the elements, the rest by what is heard; discriminator, clock, HDLC."""

import numpy as np
from scipy import ndimage, signal

from sheber import connect

LIGHT = 299_792_458.0
BLOCK = 10.0  # s
OVERLAP = 0.6  # s, longer than any frame

station = connect(exercise="hear-the-satellite")
sheet = station.sheet
BAUD, DEVIATION, NAME = sheet["baud"], sheet["deviation"], sheet["satellite"]
RATE = 24_000.0
seen = set()


def crc(data):
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ (0x8408 if value & 1 else 0)
    return value ^ 0xFFFF


def frames(bits):
    """Frames between flags whose check sequence is right, and where each begins."""
    text = bits.astype(np.uint8).tobytes().translate(bytes(48 + (n & 1) for n in range(256))).decode()
    at, flag = 0, "01111110"
    at = text.find(flag)
    while at >= 0:
        end = text.find(flag, at + 7)
        if end < 0:
            return
        body = text[at + 8 : end]
        if 17 * 8 <= len(body) <= 400 * 10 and "111111" not in body:
            plain = body.replace("111110", "11111")
            if len(plain) % 8 == 0:
                data = np.packbits(np.array(list(plain), np.uint8), bitorder="little").tobytes()
                if crc(data[:-2]) == int.from_bytes(data[-2:], "little"):
                    yield at, data[:-2]
        at = end


def doppler_turns(times):
    """What the elements foretell: the phase of the carrier, in turns."""
    grid = np.arange(times[0] - 1.0, times[-1] + 2.0, 0.5)
    shift = -sheet["frequency"] * station.elements.look(NAME, grid).range_rate / LIGHT
    turns = np.concatenate(([0.0], np.cumsum((shift[1:] + shift[:-1]) / 2 * 0.5)))
    place = (times - grid[0]) / 0.5
    piece = place.astype(int)
    x = place - piece
    slope = (shift[1:] - shift[:-1])[piece]
    return turns[piece] + 0.5 * (shift[piece] * x + slope * x * x / 2)


def rotor(turns):
    angle = (2 * np.pi * (turns - np.rint(turns))).astype(np.float32)
    return np.cos(angle) + 1j * np.sin(angle)


LOW = signal.firwin(41, 7000, fs=48_000).astype(np.float32)
NEAR = {}
for cutoff in (3400, 2700):
    NEAR[cutoff] = signal.firwin(61, cutoff, fs=RATE).astype(np.float32)


def offset_of(iq):
    """Where the middle of the signal is: first its band, then the lines of MSK squared, half a baud to each side of 2 f."""
    n = 4096
    step = RATE / n
    where = np.fft.fftfreq(n, 1 / RATE)
    blocks = iq[: len(iq) // n * n].reshape(-1, n)
    loud = blocks[np.argsort(np.mean(np.abs(blocks) ** 2, axis=1))[-8:]]  # where a frame was sent
    band = np.mean(np.abs(np.fft.fft(loud, axis=1)) ** 2, axis=0)
    band = ndimage.uniform_filter1d(band, round(3600 / step), mode="wrap")
    coarse = where[band.argmax()]
    power = np.abs(np.fft.fft(loud**2 * np.hanning(n), axis=1)) ** 2
    half = round(BAUD / 2 / step)
    both = np.mean(np.roll(power, half, axis=1) * np.roll(power, -half, axis=1), axis=0)
    both[np.abs(where - 2 * coarse) > 1800] = 0.0  # farther away stand the same lines, a baud beside them
    return where[both.argmax()] / 2


def smooth(x, n):
    for _ in range(3):
        x = ndimage.uniform_filter1d(x, max(1, round(n / 1.7)), mode="nearest")
    return x


def bits_of(levels, window):
    """Soft bits and their times: the clock is the line of the energy at the baud, averaged over `window` bits."""
    per_bit = RATE / BAUD
    levels = levels - smooth(levels, 300 * per_bit)
    t = np.arange(len(levels))
    line = smooth(levels**2 * rotor(-t / per_bit).astype(np.complex64), window * per_bit)[::5]
    late = -np.unwrap(np.angle(line)) / (2 * np.pi)
    symbols = np.maximum.accumulate(t[::5] / per_bit - late)
    numbers = np.arange(np.ceil(symbols[0]), np.floor(symbols[-1]))
    at = np.interp(numbers, symbols, t[::5])
    return np.interp(at, t, levels) > 0, at


def decode(iq, start):
    """Hand in the frames of a piece of IQ around the carrier."""
    for taps in NEAR.values():
        near = signal.oaconvolve(iq, taps, mode="same")
        levels = np.angle(near[1:] * np.conj(near[:-1])) * (RATE / (2 * np.pi))
        levels = ndimage.uniform_filter1d(levels.astype(np.float32), 5)
        for window in (60, 200):
            bits, at = bits_of(levels, window)
            line = bits.copy()
            line[17:] = bits[17:] ^ bits[5:-12] ^ bits[:-17]  # G3RUH
            data = ~(line[1:] ^ line[:-1])  # NRZI: no change is a 1
            for place, frame in frames(data):
                if frame not in seen:
                    seen.add(frame)
                    begins = start + (at[place] + 0.5) / RATE - 23 * 8 / BAUD  # the flags before it
                    station.archive.store("frame", data=frame, at=begins)


station.receiver.tune(sheet["frequency"])
kept, kept_start, history = np.zeros(0, np.complex64), 0.0, []
while station.clock.time < sheet["sets"] + 2.0:
    block = station.receiver.read(BLOCK)
    moved = block.samples * rotor(-doppler_turns(block.time)).astype(np.complex64)
    half = signal.oaconvolve(moved, LOW, mode="same")[::2].astype(np.complex64)
    start = kept_start if len(kept) else block.start
    piece = np.concatenate((kept, half))
    found = offset_of(half)
    history.append(found)
    offset = found if abs(found - np.median(history[-5:])) < 200.0 else np.median(history[-5:])
    t = start + np.arange(len(piece)) / RATE
    decode(piece * rotor(-offset * t).astype(np.complex64), start)
    kept = half[-round(OVERLAP * RATE) :]
    kept_start = block.start + BLOCK - OVERLAP
print(len(seen), "frames; the oscillator is off by", round(offset), "Hz")
