"""From symbols to health, whole: both steps of the decoder, markers either way up, a flywheel, packets, limits."""

import struct
import xml.etree.ElementTree as ET

import numpy as np

from sheber import connect

station = connect(exercise="from-symbols-to-health")
front, sheet = station.front_end, station.sheet
INTERLEAVING = sheet["interleaving"]
BLOCK = 255 * INTERLEAVING
PERIOD = 8 * (4 + BLOCK)  # bits
MARKER = np.unpackbits(np.frombuffer(bytes.fromhex(sheet["marker"]), np.uint8))


# --- frames -----------------------------------------------------------------------------------------


def randomiser():
    bits = [1] * 8
    while len(bits) < 8 * BLOCK:
        bits.append(bits[-1] ^ bits[-3] ^ bits[-5] ^ bits[-8])
    return np.array(bits, np.uint8)


RANDOM = randomiser()


def frame_at(bits, start, turned):
    """The frame whose marker is at `start`, or None."""
    body = bits[start + 32 : start + PERIOD]
    if start < 0 or len(body) < 8 * BLOCK:
        return None
    block = np.packbits(body ^ RANDOM ^ np.uint8(turned))
    words = [front.reed_solomon(block[n::INTERLEAVING].tobytes()) for n in range(INTERLEAVING)]
    if not all(word.good for word in words):
        return None
    data = np.stack([np.frombuffer(word.data, np.uint8) for word in words], axis=1).tobytes()
    return data if int.from_bytes(data[:2], "big") >> 4 == sheet["spacecraft"] else None


def frames_in(bits, step):
    """Frames by the symbol at which they begin."""
    wrong = np.zeros(len(bits) - 31, np.int64)
    for n, bit in enumerate(MARKER):
        wrong += bits[n : n + len(wrong)] != bit
    places = [(int(at), int(wrong[at] > 16)) for at in np.flatnonzero((wrong <= 4) | (wrong >= 28))]
    found, tried = {}, set()
    while places:
        at, turned = places.pop(0)
        if (at, turned) in tried:
            continue
        tried.add((at, turned))
        data = frame_at(bits, at, turned)
        if data is not None:
            found[step + 2 * at] = data
            places += [(at + PERIOD, turned), (at - PERIOD, turned)]  # its neighbours' markers may be spoilt
    return found


found = {}
for step in (0, 1):  # a slip puts all that follows into the other step
    found |= frames_in(front.viterbi(step, front.symbols - step), step)

frames, last = [], -PERIOD
for at in sorted(found):
    if at - last > PERIOD:  # not the same frame in the other step
        frames.append(found[at])
        last = at
for frame in frames:
    station.archive.store("frame", data=frame)


# --- virtual channels and packets -------------------------------------------------------------------

packets, counts, begun = [], {}, {}
for frame in frames:
    channel, count = frame[1] >> 1 & 7, frame[3]
    pointer, data = int.from_bytes(frame[4:6], "big") & 0x7FF, frame[6:]
    missing = (count - counts.get(channel, count - 1) - 1) % 256
    if missing:
        station.archive.store("gap", channel=channel, after=counts[channel], missing=missing)
        begun[channel] = None
    counts[channel] = count
    rest = begun.get(channel)
    if rest is None:
        if pointer == 0x7FF:
            continue
        rest, data = b"", data[pointer:]
    rest += data
    while len(rest) >= 6 and len(rest) >= 7 + int.from_bytes(rest[4:6], "big"):
        size = 7 + int.from_bytes(rest[4:6], "big")
        packets.append(rest[:size])
        rest = rest[size:]
    begun[channel] = rest


# --- the dictionary ---------------------------------------------------------------------------------

NS = {"x": "http://www.omg.org/spec/XTCE/20180204"}
root = ET.fromstring(sheet["xtce"])
types = {one.get("name"): one for one in root.find(".//x:ParameterTypeSet", NS)}
parameters = {one.get("name"): types[one.get("parameterTypeRef")] for one in root.iterfind(".//x:Parameter", NS)}
containers = {}
for one in root.iterfind(".//x:SequenceContainer", NS):
    names = [entry.get("parameterRef") for entry in one.iterfind(".//x:ParameterRefEntry", NS)]
    compare = one.find(".//x:Comparison", NS)
    containers[None if compare is None else int(compare.get("value"))] = names


def bounds(kind, name):
    found = kind.find(f".//x:{name}", NS)
    return None if found is None else (float(found.get("minInclusive")), float(found.get("maxInclusive")))


limits = {
    name: [(-1e12, bounds(kind, "WarningRange"), bounds(kind, "CriticalRange"))] for name, kind in parameters.items()
}
for change in sheet["limits"]:
    limits[change["parameter"]].append((change["since"], change["warning"], change["critical"]))
labels = {
    (name, one.get("enumerationLabel")): one.get("alarmLevel")
    for name, kind in parameters.items()
    for one in kind.iterfind(".//x:EnumerationAlarm", NS)
}


def value_of(kind, bits):
    """The calibrated value at the beginning of a string of bits, and how many bits it took."""
    coded = kind.find("x:IntegerDataEncoding", NS)
    if coded is None:
        return struct.unpack(">f", int(bits[:32], 2).to_bytes(4, "big"))[0], 32
    size = int(coded.get("sizeInBits"))
    raw = int(bits[:size], 2)
    if coded.get("encoding") == "twosComplement" and raw >> size - 1:
        raw -= 1 << size
    names = {int(one.get("value")): one.get("label") for one in kind.iterfind(".//x:Enumeration", NS)}
    terms = [(float(one.get("coefficient")), int(one.get("exponent"))) for one in coded.iterfind(".//x:Term", NS)]
    value = names.get(raw, raw) if names else sum(c * raw**e for c, e in terms) if terms else raw
    return value, size


def values_of(packet):
    bits = "".join(f"{byte:08b}" for byte in packet)
    values = {}
    for name in containers[None] + containers[int.from_bytes(packet[:2], "big") & 0x7FF]:
        values[name], size = value_of(parameters[name], bits)
        bits = bits[size:]
    return values


def level_of(name, value, time):
    if isinstance(value, str):
        return 2 if labels.get((name, value)) == "critical" else 0
    _since, warning, critical = [one for one in limits[name] if one[0] <= time][-1]
    if critical and not critical[0] <= value <= critical[1]:
        return 2
    return 1 if warning and not warning[0] <= value <= warning[1] else 0


samples = []
for packet in packets:
    if int.from_bytes(packet[:2], "big") & 0x7FF in containers:
        values = values_of(packet)
        tai = values["TIME_SECONDS"] + values["TIME_FRACTION"] / 65536 - 4383 * 86400
        samples.append((tai - sheet["tai_minus_utc"] - station.clock.start, values))

levels = {}
for time, values in sorted(samples, key=lambda one: one[0]):
    for name, value in values.items():
        if name in sheet["report"]:
            station.archive.store("value", time=time, parameter=name, value=value)
        if time < -sheet["stale"]:
            continue  # from the recorder: history, no news
        level = level_of(name, value, time)
        if level > levels.get(name, 0):
            station.archive.store("alarm", time=time, parameter=name, level=("", "warning", "critical")[level])
        levels[name] = level
print(len(frames), "frames,", len(samples), "packets")
