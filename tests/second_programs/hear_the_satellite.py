"""Takes the foretold Doppler out, finds bursts by energy, finds carrier and clock of each burst from its square, and demodulates MSK coherently as offset QPSK with a half-cosine matched filter."""

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.ndimage import binary_closing
from scipy.fft import fft, fftfreq, ifft, next_fast_len
from scipy.signal import firwin, oaconvolve

from sheber import connect

C = 299_792_458.0
FLAGS = 24

station = connect(exercise="hear-the-satellite")
receiver, sheet = station.receiver, station.sheet
baud, carrier = sheet["baud"], sheet["frequency"]
end = sheet["sets"] + 25.0

grid = np.arange(station.clock.time - 2.0, end + 30.0, 0.25)
rates = station.elements.look(sheet["satellite"], grid).range_rate
turns = CubicSpline(grid, -carrier * rates / C).antiderivative()

CRC = []
for n in range(256):
    for _ in range(8):
        n = (n >> 1) ^ 0x8408 if n & 1 else n >> 1
    CRC.append(n)


def crc_good(data):
    value = 0xFFFF
    for byte in data:
        value = (value >> 8) ^ CRC[(value ^ byte) & 0xFF]
    return value == 0xF0B8


def address_good(data):
    if not 48 <= len(data) <= 130:
        return False
    first = bytes(b >> 1 for b in data[:6])
    second = bytes(b >> 1 for b in data[7:13])
    return first == b"CQ    " and second == b"UN1GWA"


def frames_of(line):
    """Frames in the bits of the air: pairs of the data and the place of their first bit."""
    b = line.astype(np.uint8)
    u = b.copy()
    u[12:] ^= b[:-12]
    u[17:] ^= b[:-17]
    bits = (1 - (u[1:] ^ u[:-1])).astype(np.uint8)  # bits[i] is of air bit i + 1
    text = "".join(map(str, bits.tolist()))
    flags = []
    at = text.find("01111110")
    while at >= 0:
        flags.append(at)
        at = text.find("01111110", at + 1)
    out = []
    for i, opening in enumerate(flags):
        for closing in flags[i + 1 : i + 2]:
            body = text[opening + 8 : closing]
            if len(body) < 50 * 8 or "111111" in body:
                continue
            plain = body.replace("111110", "11111")
            if len(plain) % 8:
                continue
            data = np.packbits(np.frombuffer(plain.encode(), np.uint8) - 48, bitorder="little").tobytes()
            if crc_good(data) and address_good(data[:-2]):
                out.append((data[:-2], opening + 8 + 1))
    return out


RATE = 24_000.0
T = RATE / baud
narrow = firwin(81, 3000.0, fs=RATE)
half = int(round(T))
pulse = np.cos(np.pi * np.arange(-half, half + 1) / (2 * T))
pulse /= pulse.sum()
smooth = np.hanning(63)[1:-1]
smooth /= smooth.sum()
offsets = []


def carrier_of(x, near=None):
    """The frequency whose square has two lines half a baud to each side of twice it."""
    size = 1 << int(np.ceil(np.log2(len(x) * 4)))
    spectrum = np.abs(np.fft.fft(x * x * np.hanning(len(x)), size)) ** 2
    step = RATE / size
    reach = 2200.0
    middle, span = (0.0, reach) if near is None else (near, 60.0)
    f = np.arange(2 * (middle - span), 2 * (middle + span), step)
    k = np.round(f / step).astype(int)
    shift = int(round(baud / 2 / step))
    a, b = spectrum[(k + shift) % size], spectrum[(k - shift) % size]
    best = int(np.argmax(np.sqrt(a * b)))
    return k[best] * step / 2


def demodulate(x, f):
    n = np.arange(len(x))
    y = oaconvolve(x * np.exp(-2j * np.pi * f / RATE * n), pulse, mode="same")
    spline = CubicSpline(n, y)
    count = int((len(x) - 2 * T) / T)
    k = np.arange(count)
    turn = np.array([1, -1j, -1, 1j])[k % 4]
    best = None
    for tau in T * (0.5 + np.arange(16) / 16):
        z = spline(tau + k * T) * turn
        w = np.convolve(z * z, smooth, mode="same")
        score = np.abs(w).sum()
        if best is None or score > best[0]:
            best = score, tau, z, w
    _, tau, z, w = best
    phase = np.unwrap(np.angle(w)) / 2
    d = (z * np.exp(-1j * phase)).real > 0
    return d[1:] == d[:-1], tau  # bit i lasts from tau + i T on


def bursts_of(x):
    power = x.real**2 + x.imag**2
    wide = power[: len(power) // 120 * 120].reshape(-1, 120).mean(axis=1)
    wide = np.convolve(wide, np.ones(3) / 3, mode="same")
    noise = np.percentile(wide, 20)
    on = binary_closing(wide > 1.5 * noise, np.ones(5))
    edges = np.flatnonzero(np.diff(np.concatenate([[0], on.astype(np.int8), [0]])))
    for first, last in zip(120 * edges[::2], 120 * edges[1::2]):
        if last - first > 0.06 * RATE:
            yield max(0, first - 240), min(len(x), last + 240)


def halved(x):
    """The band of +-5.8 kHz at half the rate."""
    size = next_fast_len(len(x) + 400, real=False)
    size += size % 2
    while size % 4:
        size = next_fast_len(size + 1)
    spectrum = fft(x, size)
    part = np.concatenate([spectrum[: size // 4], spectrum[-(size // 4) :]])
    edge = np.clip((6200.0 - np.abs(fftfreq(size // 2, 1 / RATE))) / 800.0, 0.0, 1.0)
    return (ifft(part * edge.astype(np.float32)) / 2)[: len(x) // 2]


done = []
stats = [0, 0]


def work(x, start):
    for first, last in bursts_of(x):
        piece = x[first:last]
        tries = []
        if offsets:
            tries.append((np.median(offsets[-5:]), True))
        tries.append((0.0, False))
        stats[0] += 1
        for near, known in tries:
            n = np.arange(len(piece))
            if known:
                mixed = oaconvolve(piece * np.exp(-2j * np.pi * near / RATE * n), narrow, mode="same")
                f = near + carrier_of(mixed, 0.0)
            else:
                f = carrier_of(piece)
            line, tau = demodulate(piece, f)
            found = frames_of(line)
            if found:
                offsets.append(f)
                stats[1] += 1
                for data, place in found:
                    at = start + (first + tau + (place - 8 * FLAGS) * T) / RATE
                    if all(data != other or abs(at - when) > 2.0 for other, when in done):
                        done.append((data, at))
                        station.archive.store("frame", data=data, at=at)
                break


receiver.tune(carrier)
raw = np.zeros(0, np.complex64)
while station.clock.time < end:
    block = receiver.read(min(20.0, max(1.0, end - station.clock.time)))
    times = block.start + np.arange(len(block.samples)) / block.rate
    knots = block.start + np.arange(0.0, len(block.samples) / block.rate + 0.02, 0.01)
    way = turns(knots)
    way -= np.round(way[0])
    clean = block.samples * np.exp(-2j * np.pi * np.interp(times, knots, way))
    raw = np.concatenate([raw, clean])
    first = block.start + len(block.samples) / block.rate - len(raw) / block.rate
    even = raw[: len(raw) // 2 * 2]
    work(halved(even.astype(np.complex64)), first)
    raw = raw[-int(0.7 * block.rate) // 2 * 2 :]
print(stats[0], "bursts,", stats[1], "of them with frames;", len(done), "frames; the oscillator is off by", np.round(offsets[::20], 1))
