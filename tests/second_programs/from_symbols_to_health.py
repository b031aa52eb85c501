"""Decode the whole recording in both pairings, look for markers of either sign and for the neighbours of every good frame, let Reed-Solomon and the spacecraft decide; then sort channels, join packets, and judge values by the limits of their time."""

import struct
import xml.etree.ElementTree as ET

import numpy as np

from sheber import connect

station = connect(exercise="from-symbols-to-health")
front, sheet, archive = station.front_end, station.sheet, station.archive

# ------------------------------------------------------------------ frames
DEPTH, SIZE = int(sheet["interleaving"]), int(sheet["frame_bytes"])
BLOCK = 8 * 255 * DEPTH
PERIOD = 32 + BLOCK
MARKER = np.unpackbits(np.frombuffer(bytes.fromhex(sheet["marker"]), np.uint8)).astype(np.int16)


def randomiser(count):
    bits = [1] * 8
    while len(bits) < count:
        bits.append(bits[-1] ^ bits[-3] ^ bits[-5] ^ bits[-8])
    return np.array(bits[:count], np.uint8)


SEQUENCE = randomiser(BLOCK)
assert np.packbits(SEQUENCE[:32]).tobytes().hex() == "ff480ec0"


def try_frame(bits, at, flips):
    """The frame whose marker would be at a bit, or None."""
    if at + 32 < 0 or at + PERIOD > len(bits):
        return None
    plain = np.packbits(bits[at + 32 : at + PERIOD] ^ SEQUENCE)
    for flip in flips:
        block = plain ^ np.uint8(255 * flip)
        out = np.zeros((223, DEPTH), np.uint8)
        for n in range(DEPTH):
            word = front.reed_solomon(block[n::DEPTH].tobytes())
            if not word.good:
                return None  # a word that cannot be mended cannot be mended upside down either
            out[:, n] = np.frombuffer(bytes(word.data), np.uint8)
        frame = out.reshape(-1).tobytes()[:SIZE]
        if frame[0] >> 6 == 0 and ((frame[0] & 63) << 4 | frame[1] >> 4) == sheet["spacecraft"]:
            return frame
    return None


total = front.symbols
found = {}  # symbol at which the marker begins: frame
for parity in (0, 1):
    count = (total - parity) // 2 * 2
    bits = np.asarray(front.viterbi(parity, count), np.uint8)
    places = len(bits) - 31
    wrong = np.zeros(places, np.int16)
    for n, one in enumerate(MARKER):
        wrong += bits[n : n + places] != one
    good, tried = {}, set()
    queue = [(int(a), bool(wrong[a] > 16)) for a in np.flatnonzero((wrong <= 5) | (wrong >= 27))]
    queue.sort(key=lambda p: min(wrong[p[0]], 32 - wrong[p[0]]))
    while queue:
        at, flipped = queue.pop(0)
        if at in tried:
            continue
        tried.add(at)
        frame = try_frame(bits, at, (flipped, not flipped))
        if frame is not None:
            good[at] = frame
            queue[:0] = [(at - PERIOD, flipped), (at + PERIOD, flipped)]
    for at, frame in good.items():
        found[parity + 2 * at] = frame
    print(f"pairs from {parity}: {len(tried)} places tried, {len(good)} frames")

frames, known = [], set()
for at in sorted(found):
    if found[at] not in known:
        known.add(found[at])
        frames.append(found[at])
        archive.store("frame", data=found[at])
print(len(frames), "frames")

# ------------------------------------------------------------------ packets
packets, channels = [], {}
for frame in frames:
    channel, number = frame[1] >> 1 & 7, frame[3]
    first, rest = (frame[4] << 8 | frame[5]) & 2047, frame[6:]
    state = channels.setdefault(channel, {"last": None, "buffer": None})
    if state["last"] is not None:
        missing = (number - state["last"] - 1) % 256
        if missing:
            archive.store("gap", channel=channel, after=state["last"], missing=missing)
            print(f"channel {channel}: {missing} missing after {state['last']}")
            state["buffer"] = None
    state["last"] = number
    if state["buffer"] is None:
        if first >= 2046:
            continue
        state["buffer"] = rest[first:]
    else:
        state["buffer"] += rest
    buffer = state["buffer"]
    while len(buffer) >= 6:
        length = 7 + (buffer[4] << 8 | buffer[5])
        if len(buffer) < length:
            break
        packets.append(buffer[:length])
        buffer = buffer[length:]
    state["buffer"] = buffer
print(len(packets), "packets")

# ------------------------------------------------------------------ the dictionary
root = ET.fromstring(sheet["xtce"].encode())
for element in root.iter():
    element.tag = element.tag.split("}")[-1]


class Kind:
    def __init__(self, element):
        code = next(e for e in element.iter() if e.tag in ("IntegerDataEncoding", "FloatDataEncoding"))
        self.bits = int(code.get("sizeInBits"))
        self.float = code.tag == "FloatDataEncoding"
        self.signed = code.get("encoding") == "twosComplement"
        self.terms = [(float(t.get("coefficient")), int(t.get("exponent"))) for t in code.iter("Term")]
        self.labels = {int(e.get("value")): e.get("label") for e in element.iter("Enumeration")}
        self.bad = {e.get("enumerationLabel"): e.get("alarmLevel") for e in element.iter("EnumerationAlarm")}
        self.limits = {}
        for level, tag in (("warning", "WarningRange"), ("critical", "CriticalRange")):
            for e in element.iter(tag):
                self.limits[level] = (float(e.get("minInclusive", "-inf")), float(e.get("maxInclusive", "inf")))

    def value(self, raw):
        if self.float:
            return struct.unpack(">f" if self.bits == 32 else ">d", raw.to_bytes(self.bits // 8, "big"))[0]
        if self.signed and raw >> (self.bits - 1):
            raw -= 1 << self.bits
        return sum(c * raw**n for c, n in self.terms) if self.terms else raw


kinds = {e.get("name"): Kind(e) for e in root.iter() if e.tag.endswith("ParameterType")}
kind_of = {e.get("name"): kinds[e.get("parameterTypeRef")] for e in root.iter("Parameter")}
base, layouts = [], {}
for container in root.iter("SequenceContainer"):
    names = [e.get("parameterRef") for e in container.iter("ParameterRefEntry")]
    compare = next(container.iter("Comparison"), None)
    if compare is None:
        base = names
    else:
        layouts[int(compare.get("value"))] = names

# ------------------------------------------------------------------ values
OFFSET = 4383 * 86400 + sheet["tai_minus_utc"] + station.clock.start
samples, seen = [], set()
for packet in packets:
    application = (packet[0] & 7) << 8 | packet[1]
    if application not in layouts or packet in seen:
        continue
    seen.add(packet)
    whole, left, values = int.from_bytes(packet, "big"), 8 * len(packet), {}
    for name in base + layouts[application]:
        kind = kind_of[name]
        left -= kind.bits
        if left < 0:
            break
        values[name] = kind.value(whole >> left & (1 << kind.bits) - 1)
    else:
        made = values["TIME_SECONDS"] - OFFSET + values["TIME_FRACTION"] / 65536
        samples.append((made, {name: values[name] for name in layouts[application]}))
samples.sort(key=lambda s: s[0])
for made, values in samples:
    for name in sheet["report"]:
        if name in values:
            archive.store("value", time=made, parameter=name, value=float(values[name]))

# ------------------------------------------------------------------ alarms
RANK = {"normal": 0, "warning": 1, "critical": 2}


def judged(name, value, made):
    kind, limits, since = kind_of[name], kind_of[name].limits, -np.inf
    if kind.labels:
        return kind.bad.get(kind.labels.get(value), "normal")
    for change in sheet["limits"]:
        if change["parameter"] == name and since <= change["since"] <= made:
            limits, since = change, change["since"]
    for level in ("critical", "warning"):
        if limits.get(level) and not limits[level][0] <= value <= limits[level][1]:
            return level
    return "normal"


before, raised = {}, 0
for made, values in samples:
    for name, value in values.items():
        level = judged(name, value, made)
        if RANK[level] > RANK[before.get(name, "normal")] and made >= -sheet["stale"]:
            archive.store("alarm", time=made, parameter=name, level=level)
            print(f"{made:8.1f} s  {name} {level}: {value}")
            raised += 1
        before[name] = level
print(f"{len(samples)} samples, {raised} alarms, {station.clock.time:.1f} s")
