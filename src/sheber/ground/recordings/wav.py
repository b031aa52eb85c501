"""WAV: mono or stereo, 8, 16, 24 or 32 bits or float, any rate; what is cut off is read as far as it goes.

Format: Microsoft, Multimedia Programming Interface and Data Specifications 1.0, and WAVE_FORMAT_EXTENSIBLE. The reader
trusts no length: receivers that were switched off leave files whose header promises nothing, or more than there is.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sheber.ground.recordings.recording import LARGEST, Recording, RecordingError, checked
from sheber.i18n import Text, message
from sheber.untrusted import read_regular, write_whole

__all__ = ["read_wav", "write_wav"]

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_STEREO_ALIKE: Final = 1e-3  # of the loudness: less than this between left and right is the same sound

TEXT = message("ground.wav_text", "{name} is text, not a recording. It begins with {shown!r}.")
NO_WAV = message("ground.wav_none", "{name} is no WAV file: it does not begin with RIFF and WAVE.")
COMPRESSED = message(
    "ground.wav_compressed",
    "{name} is a compressed WAV (format {code:d}). Save it as PCM of 16 bits: compression loses what a decoder needs.",
)
BAD_SHAPE = message(
    "ground.wav_shape", "{name} has {channels:d} channels of {bits:d} bits. One or two of 8, 16, 24 or 32 are read."
)
NO_HEADER = message("ground.wav_header", "{name} is cut off before its samples: it has {n:d} bytes.")
SHORT_FORMAT = message(
    "ground.wav_format", "{name} is no WAV file: its description of the samples has {n:d} bytes, and 16 are needed."
)
NEEDS_TWO = message("ground.wav_iq", "{name} has one channel. IQ needs two: left is I, right is Q.")
TOO_LARGE = message("ground.wav_large", "{name} is larger than {gib:d} GiB. Cut the pass out of it first.")
CUT_OFF = message(
    "ground.wav_cut", "The file is cut off: {wanted:.1f} s were promised, {there:.1f} s are there and were read."
)
STEREO = message(
    "ground.wav_stereo",
    "The file is stereo, and its two sides differ. The louder side was read. If they are I and Q, say so (--iq).",
)


@dataclass(frozen=True, slots=True)
class _Format:
    """What the header says of the samples."""

    code: int
    channels: int
    rate_hz: float
    bits: int

    @property
    def bytes_a_frame(self) -> int:
        return self.channels * self.bits // 8


def read_wav(path: Path | str, *, iq: bool = False) -> Recording:
    """The recording in a WAV file; `iq`: its left channel is I, its right one Q.

    Raises RecordingError in words for any other file, and OSError where it cannot be read.
    """
    name = Path(path).name
    content = read_regular(path, LARGEST + 1, links=True)
    if len(content) > LARGEST:
        raise RecordingError(TOO_LARGE(name=name, gib=LARGEST >> 30))
    form, body, promised = _parts(content, name)
    remarks: list[Text] = []
    frames = len(body) // form.bytes_a_frame
    if promised > len(body):
        remarks.append(CUT_OFF(wanted=promised / form.bytes_a_frame / form.rate_hz, there=frames / form.rate_hz))
    values = _values(body[: frames * form.bytes_a_frame], form).reshape(-1, form.channels)
    if iq and form.channels != 2:
        raise RecordingError(NEEDS_TWO(name=name))
    samples = np.ascontiguousarray(values).view(np.complex64)[:, 0] if iq else _one_side(values, remarks)
    return checked(Recording(samples, form.rate_hz, remarks=tuple(remarks)), name)


def write_wav(path: Path | str, samples: NDArray[np.float32] | NDArray[np.complex64], rate_hz: float) -> None:
    """Write samples as 16 bits; IQ as stereo. What exceeds full scale is cut."""
    sides = np.ascontiguousarray(samples).view(np.float32).reshape(len(samples), -1)
    body = np.rint(np.clip(sides, -1.0, 1.0) * 32767.0).astype("<i2").tobytes()
    channels, rate = sides.shape[1], round(rate_hz)
    form = struct.pack("<HHIIHH", _PCM, channels, rate, rate * channels * 2, channels * 2, 16)
    chunks = b"WAVE" + b"fmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", len(body)) + body
    write_whole(Path(path), b"RIFF" + struct.pack("<I", len(chunks)) + chunks)


def _parts(content: bytes, name: str) -> tuple[_Format, bytes, int]:
    """The format, the bytes of the samples that are there, and how many the header promised (0: it did not say)."""
    if content[:4] not in (b"RIFF", b"RF64") or content[8:12] != b"WAVE":
        raise RecordingError(_what_else(content, name))
    form, place = None, 12
    while place + 8 <= len(content):
        kind, size = content[place : place + 4], int.from_bytes(content[place + 4 : place + 8], "little")
        place += 8
        if kind == b"fmt " and len(content) >= place + 16:
            form = _format(content[place : place + size], name)
        if kind == b"data" and form is not None:
            open_end = size in (0, 0xFFFFFFFF)  # a receiver that was switched off, or writes into a pipe
            return form, content[place:] if open_end else content[place : place + size], 0 if open_end else size
        place += size + size % 2
    raise RecordingError(NO_HEADER(name=name, n=len(content)))


def _what_else(content: bytes, name: str) -> Text:
    """What a file is that is no WAV."""
    head = content[:200]
    if head and all(32 <= byte < 127 or byte in b"\r\n\t" or byte >= 0xC2 for byte in head):
        return TEXT(name=name, shown=head.decode("utf-8", "replace")[:40])
    return NO_WAV(name=name)


def _format(chunk: bytes, name: str) -> _Format:
    if len(chunk) < 16:
        raise RecordingError(SHORT_FORMAT(name=name, n=len(chunk)))
    code, channels, rate, _bytes_a_second, _align, bits = struct.unpack("<HHIIHH", chunk[:16])
    if code == _EXTENSIBLE and len(chunk) >= 26:
        code = int.from_bytes(chunk[24:26], "little")
    if code not in (_PCM, _FLOAT):
        raise RecordingError(COMPRESSED(name=name, code=code))
    allowed = (8, 16, 24, 32) if code == _PCM else (32, 64)
    if channels not in (1, 2) or bits not in allowed:
        raise RecordingError(BAD_SHAPE(name=name, channels=channels, bits=bits))
    if rate == 0:
        raise RecordingError(NO_WAV(name=name))
    return _Format(code, channels, float(rate), bits)


def _values(body: bytes, form: _Format) -> NDArray[np.float32]:
    """Samples with full scale 1."""
    if form.code == _FLOAT:
        with np.errstate(over="ignore"):  # what is too large becomes infinite, and is told as no number
            return np.frombuffer(body, "<f4" if form.bits == 32 else "<f8").astype(np.float32)
    if form.bits == 8:  # the only one without a sign
        return (np.frombuffer(body, np.uint8).astype(np.float32) - 128.0) / 128.0
    if form.bits == 24:
        wide = np.zeros((len(body) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(body, np.uint8).reshape(-1, 3)
        return (wide.view("<i4")[:, 0] / 2.0**31).astype(np.float32)
    return (np.frombuffer(body, f"<i{form.bits // 8}") / 2.0 ** (form.bits - 1)).astype(np.float32)


def _one_side(values: NDArray[np.float32], remarks: list[Text]) -> NDArray[np.float32]:
    """Mono: the only channel, or the louder one of two."""
    if values.shape[1] == 1 or len(values) == 0:
        return values[:, 0]
    with np.errstate(over="ignore", invalid="ignore"):  # `checked` tells of what is no number
        loud = values.std(axis=0, dtype=np.float64)
        apart = (values[:, 0] - values[:, 1]).std(dtype=np.float64)
    quiet = loud.min() <= _STEREO_ALIKE * loud.max()
    if not quiet and apart > _STEREO_ALIKE * loud.max():
        remarks.append(STEREO())
    return np.ascontiguousarray(values[:, int(loud.argmax())])
