"""Recordings: every shape of WAV that receivers write, SigMF with what a station knows, and bad files told in words."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from sheber.ground.recordings import (
    Place,
    Recording,
    RecordingError,
    read,
    read_sigmf,
    read_wav,
    write_sigmf,
    write_wav,
)
from sheber.ground.signals import DopplerLaw

TONE = np.sin(np.arange(4000) / 7.0).astype(np.float32) * np.float32(0.5)


def wav(
    path: Path, body: bytes, *, code: int = 1, channels: int = 1, rate: int = 48000, bits: int = 16, size: int = -1
) -> Path:
    """A WAV file written by hand; `size`: what the header says of its samples."""
    form = struct.pack("<HHIIHH", code, channels, rate, rate * channels * bits // 8, channels * bits // 8, bits)
    said = len(body) if size < 0 else size
    chunks = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"LIST" + struct.pack("<I", 3) + b"abc\0"
    chunks += b"data" + struct.pack("<I", said) + body
    path.write_bytes(b"RIFF" + struct.pack("<I", len(chunks)) + chunks)
    return path


@pytest.mark.parametrize(("code", "bits"), [(1, 8), (1, 16), (1, 24), (1, 32), (3, 32), (3, 64)])
@pytest.mark.parametrize("rate", [11025, 48000, 96000])
def test_every_depth_and_rate(tmp_path: Path, code: int, bits: int, rate: int) -> None:
    if code == 3:
        body = TONE.astype(f"<f{bits // 8}").tobytes()
    elif bits == 8:
        body = np.rint(TONE * 128 + 128).astype(np.uint8).tobytes()
    else:
        whole = np.rint(TONE.astype(float) * 2.0 ** (bits - 1)).astype("<i4")
        body = whole.view(np.uint8).reshape(-1, 4)[:, : bits // 8].tobytes()
    found = read_wav(wav(tmp_path / "a.wav", body, code=code, bits=bits, rate=rate))
    assert found.rate_hz == rate
    assert found.samples == pytest.approx(TONE, abs=2.0 ** (1 - bits) if code == 1 else 1e-7)
    assert found.remarks == ()


def test_the_louder_side_of_stereo(tmp_path: Path) -> None:
    both = np.stack((TONE * 0.2, -TONE), axis=1)
    write = np.rint(both * 32768).astype("<i2").tobytes()
    found = read_wav(wav(tmp_path / "a.wav", write, channels=2))
    assert found.samples == pytest.approx(-TONE, abs=1e-4)
    assert "stereo" in str(found.remarks[0])
    alike = np.stack((TONE, TONE), axis=1)
    found = read_wav(wav(tmp_path / "b.wav", np.rint(alike * 32768).astype("<i2").tobytes(), channels=2))
    assert found.remarks == ()


def test_iq_in_stereo(tmp_path: Path) -> None:
    iq = np.exp(1j * np.arange(3000) / 9.0).astype(np.complex64) * np.float32(0.7)
    write_wav(tmp_path / "a.wav", iq, 48000.0)
    found = read(tmp_path / "a.wav", iq=True)
    assert found.is_iq
    assert found.samples == pytest.approx(iq, abs=1e-4)
    write_wav(tmp_path / "b.wav", TONE, 48000.0)
    with pytest.raises(RecordingError, match="IQ needs two"):
        read(tmp_path / "b.wav", iq=True)


def test_cut_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    body = np.rint(TONE * 32768).astype("<i2").tobytes()
    found = read_wav(wav(tmp_path / "a.wav", body[:4801], size=len(body)))
    assert len(found.samples) == 2400
    assert str(found.remarks[0]) == "The file is cut off: 0.1 s were promised, 0.1 s are there and were read."
    for size in (0, 0xFFFFFFFF):  # a receiver that was switched off before it wrote the length
        assert len(read_wav(wav(tmp_path / "b.wav", body, size=size)).samples) == 4000


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"Dear station,\nhere is the recording.\n", "is text"),
        (b"OggS\0\1\2\3", "no WAV file"),
        (b"", "no WAV file"),
        (b"RIFF\0\0\0\0WAVE", "cut off before its samples"),
    ],
)
def test_other_files_are_told(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(RecordingError, match=words):
        read(tmp_path / "a.wav")


def test_what_cannot_be_heard_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="silent"):
        read(wav(tmp_path / "a.wav", bytes(2000)))
    with pytest.raises(RecordingError, match="no samples"):
        read(wav(tmp_path / "a.wav", b""))
    with pytest.raises(RecordingError, match=r"no numbers, the first of them at 0\.001 s"):
        read(wav(tmp_path / "a.wav", np.r_[TONE[:48], np.nan, TONE].astype("<f4").tobytes(), code=3, bits=32))
    with pytest.raises(RecordingError, match="compressed"):
        read(wav(tmp_path / "a.wav", bytes(2000), code=85))
    with pytest.raises(RecordingError, match="5 channels"):
        read(wav(tmp_path / "a.wav", bytes(2000), channels=5))
    with pytest.raises(RecordingError, match="400 samples a second"):
        read(wav(tmp_path / "a.wav", np.arange(2000, dtype="<i2").tobytes(), rate=400))


def whole_recording() -> Recording:
    iq = np.exp(1j * np.arange(3000) / 9.0).astype(np.complex64)
    law = DopplerLaw(436.5e6, 0.0, 0.5, np.array([1e6, 0.99e6, 0.985e6]), np.array([-2e4, -1.5e4, -1e4]))
    place = Place(43.238, 76.945, 850.0, "Almaty")
    elements = {"OBJECT_NAME": "AL-FARABI-2", "NORAD_CAT_ID": 43805.0, "MEAN_MOTION": 15.2}
    return Recording(iq, 48000.0, 1_795_960_800.25, 436.5e6, elements, place, law)


def test_sigmf_keeps_what_the_station_knows(tmp_path: Path) -> None:
    wrote = whole_recording()
    write_sigmf(tmp_path / "pass", wrote)
    for name in ("pass.sigmf-meta", "pass.sigmf-data"):
        found = read(tmp_path / name)
        assert np.array_equal(found.samples, wrote.samples)
        assert (found.rate_hz, found.start, found.frequency_hz) == (48000.0, wrote.start, 436.5e6)
        assert (found.elements, found.place) == (wrote.elements, wrote.place)
        assert found.doppler is not None
        assert wrote.doppler is not None
        assert np.array_equal(found.doppler.range_m, wrote.doppler.range_m)
        assert np.array_equal(found.doppler.range_rate_m_s, wrote.doppler.range_rate_m_s)


def test_sigmf_of_others(tmp_path: Path) -> None:
    """Only the core, with samples as a cheap receiver writes them, and a name that we do not know."""
    meta = '{"global": {"core:datatype": "cu8", "core:sample_rate": 250000, "core:version": "1.0.0", "core:hw": "x"},'
    (tmp_path / "a.sigmf-meta").write_text(meta + '"captures": [], "annotations": []}')
    (tmp_path / "a.sigmf-data").write_bytes(bytes([0, 255, 128, 127, 9]))
    found = read_sigmf(tmp_path / "a.sigmf-data")
    assert found.samples == pytest.approx(np.array([-1 + 1j, 0.0039 - 0.0039j]), abs=1e-3)
    assert "cut off" in str(found.remarks[0])


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("cf32_le", "cf31_le", "of type 'cf31_le'"),
        ('"core:sample_rate"', '"core:sample_wait"', "core:sample_rate"),
        ('"core:datetime":', '"core:datetime":"yesterday","x":', "yesterday"),
        ('"step_s":', '"step_s":-1,"step":', "ground"),
        ("{", "(", "no description"),
    ],
)
def test_bad_sigmf_is_told(tmp_path: Path, old: str, new: str, words: str) -> None:
    write_sigmf(tmp_path / "a", whole_recording())
    meta = tmp_path / "a.sigmf-meta"
    text = meta.read_text().replace('": ', '":')
    assert old in text
    meta.write_text(text.replace(old, new, 1))
    with pytest.raises(RecordingError, match=words):
        read(meta)
