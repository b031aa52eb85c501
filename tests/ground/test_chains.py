"""Chains: frames that were sent are heard with their bytes and times, and noise has none."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from sheber.ground.chains import ChainError, Downlink, Frame, decode, kiss, satellite, satellites, synthesise
from sheber.ground.chains.frames import once
from sheber.ground.chains.satellites import Framing
from sheber.ground.coding import ax100
from sheber.ground.coding.ax25 import Address
from sheber.ground.coding.ax25 import Frame as Packet
from sheber.ground.coding.cadu import Cadu
from sheber.ground.coding.convolutional import Convolutional
from sheber.ground.recordings import Recording, read, read_wav, write_wav
from sheber.ground.signals import DopplerLaw, FskWaveform, SignalError, noise
from sheber.ground.signals.receiving import discriminate

FARABI = satellite("Al-Farabi-2")


def packets(n: int, seed: int = 1) -> list[bytes]:
    """Frames of different lengths, as a satellite sends them."""
    rng = np.random.default_rng(seed)
    source, to = Address("UN1GWA", 1), Address("CQ")
    return [Packet(to, source, rng.bytes(int(size))).encoded() for size in rng.integers(20, 120, n)]


def at_times(frames: list[bytes], first: float = 0.2, apart: float = 0.45) -> list[tuple[float, bytes]]:
    return [(first + apart * number, data) for number, data in enumerate(frames)]


def heard(cn0_dbhz: float, law: DopplerLaw | None = None, n: int = 20) -> tuple[list[Frame], list[tuple[float, bytes]]]:
    sent = at_times(packets(n))
    (downlink,) = FARABI.downlinks
    recording = synthesise(
        sent, downlink, seconds=0.45 * n + 0.5, cn0_dbhz=cn0_dbhz, rng=np.random.default_rng(3), law=law
    )
    return decode(recording, FARABI), sent


def test_a_synthetic_al_farabi_is_heard() -> None:
    frames, sent = heard(60.0)
    assert [frame.data for frame in frames] == [data for _, data in sent]
    for frame, (start, _) in zip(frames, sent, strict=True):
        assert 0.0 < frame.time_s - start < 0.06  # its own flag, behind those that wake the receiver


def test_doppler_is_found() -> None:
    """Nine kilohertz off, falling by 160 Hz a second, and no law to tell of it."""
    frames, sent = heard(55.0, DopplerLaw.steady(436.5e6, 9000.0, -160.0))
    assert [frame.data for frame in frames] == [data for _, data in sent]


def test_weak_signals_are_heard() -> None:
    """A discriminator alone hears 16, 9, 0 and 0 of 20."""
    for cn0_dbhz, least in ((50.0, 20), (48.0, 18), (46.0, 14), (44.0, 8)):
        frames, sent = heard(cn0_dbhz)
        assert len(frames) >= least, cn0_dbhz
        assert {frame.data for frame in frames} <= {data for _, data in sent}


def test_noise_has_no_frames() -> None:
    iq = noise(48000 * 20, 48000.0, 1e-5, np.random.default_rng(5))
    assert decode(Recording(iq, 48000.0), FARABI) == []
    audio = np.ascontiguousarray(iq.real)
    for one in ("AO-27", "MYSAT-1", "Irazu"):
        assert decode(Recording(audio, 48000.0), satellite(one)) == []


def test_a_right_check_sequence_is_not_enough() -> None:
    """One in 65,536 candidates has it by chance: an AX.25 frame has call signs too."""
    (downlink,) = FARABI.downlinks
    sent = [(0.2, bytes(range(1, 60))), (0.6, packets(1)[0])]
    recording = synthesise(sent, downlink, seconds=1.0, cn0_dbhz=60.0, rng=np.random.default_rng(3))
    assert [frame.data for frame in decode(recording, FARABI)] == [packets(1)[0]]


@pytest.mark.parametrize("framing", ["AX100 ASM+Golay", "CCSDS Reed-Solomon", "CCSDS concatenated"])
def test_other_framings(framing: Framing) -> None:
    """Their bits on the air, as audio."""
    data = np.random.default_rng(2).bytes(223 if framing.startswith("CCSDS") else 90)
    if framing == "AX100 ASM+Golay":
        bits = ax100.encode_mode_5(data)
    else:
        code = Convolutional() if framing == "CCSDS concatenated" else None
        bits = Cadu(223, convolutional=code).encode([data, data])
    bits = np.concatenate((np.tile([1, 0], 200), bits, np.tile([1, 0], 200)))
    audio = discriminate(FskWaveform.of(bits, 9600.0, 2400.0, 0.5).sampled(48000.0), 48000.0) / np.float32(8000.0)
    audio = audio + np.random.default_rng(1).normal(0.0, 0.02, len(audio)).astype(np.float32)
    frames = decode(Recording(audio, 48000.0), Downlink("FSK", 9600.0, framing, 2400.0, frame_bytes=223))
    assert {frame.data for frame in frames} == {data}
    assert frames[0].time_s == pytest.approx(400 / 9600.0, abs=0.01)


@pytest.mark.parametrize("name", ["FSK", "AFSK"])
def test_audio_of_a_receiver(tmp_path: Path, name: str) -> None:
    """What FM leaves of a frame, through a WAV file: levels, or tones."""
    from sheber.ground.chains import bits_on_air

    data = packets(1)[0]
    if name == "FSK":
        downlink = Downlink("FSK", 4800.0, "AX.25 G3RUH", 1200.0)
        audio = discriminate(FskWaveform.of(bits_on_air(data, downlink), 4800.0, 1200.0).sampled(48000.0), 48000.0)
        audio = audio / np.float32(8000.0)
    else:
        downlink = Downlink("AFSK", 1200.0, "AX.25", 500.0, 1700.0)
        wave = FskWaveform.of(bits_on_air(data, downlink), 1200.0, 500.0)
        times = np.arange(round(wave.seconds * 48000.0)) / 48000.0
        audio = np.cos(2 * np.pi * (wave.turns(times) + 1700.0 * times)).astype(np.float32)
    audio = np.pad(audio, 9600)
    audio = audio + np.random.default_rng(1).normal(0.0, 0.01, len(audio)).astype(np.float32)
    write_wav(tmp_path / "a.wav", audio, 48000.0)
    (frame,) = decode(read_wav(tmp_path / "a.wav"), downlink)
    assert frame.data == data


def test_a_rate_that_is_too_low_is_told() -> None:
    """Unless another downlink of the satellite fits."""
    audio = np.random.default_rng(1).normal(size=8000).astype(np.float32)
    with pytest.raises(
        SignalError, match="9600 symbols a second needs at least 11520 samples a second; there are 8000"
    ):
        decode(Recording(audio, 8000.0), satellite("Irazu"))
    assert decode(Recording(audio, 8000.0), satellite("MYSAT-1")) == []  # 1200 Bd fits
    with pytest.raises(SignalError, match="there are 6000"):
        decode(Recording(audio.astype(np.complex64), 6000.0), FARABI)


def test_a_satellite_by_name_or_number() -> None:
    assert satellite("al farabi 2") == satellite("43805") == FARABI
    assert len({one.norad_id for one in satellites()}) == len(satellites()) >= 15
    with pytest.raises(ChainError, match="Did you mean Al-Farabi-2"):
        satellite("alfarabi")
    with pytest.raises(ChainError, match="There are: Al-Farabi-2"):
        satellite("?")


def test_kiss_escapes() -> None:
    assert kiss([Frame(0.0, b"a\xc0b\xdbc")]) == b"\xc0\x00a\xdb\xdcb\xdb\xddc\xc0"


def test_a_frame_counts_once() -> None:
    """Two ways of listening find it a little apart; the satellite repeats it after a second."""
    frames = [Frame(1.0, b"x", 2), Frame(1.0004, b"x"), Frame(2.0, b"x"), Frame(1.0002, b"y")]
    assert [(frame.time_s, frame.data) for frame in once(frames)] == [(1.0, b"x"), (1.0002, b"y"), (2.0, b"x")]


RECORDINGS = os.environ.get("SHEBER_GROUND_RECORDINGS", "")


@pytest.mark.skipif(not RECORDINGS, reason="no recordings of satellites: SHEBER_GROUND_RECORDINGS names no folder")
@pytest.mark.parametrize(
    ("file", "name", "least"),
    [
        ("aalto1", "Aalto-1", 1),
        ("ao27", "AO-27", 3),
        ("entrysat", "EntrySat", 1),
        ("fmn1", "FMN-1", 1),
        ("irazu", "Irazu", 1),
        ("mysat1", "MYSAT-1", 1),
        ("picsat_9k6", "PicSat", 57),
        ("ubakusat", "UbakuSat", 1),
        ("upmsat_2", "UPMSat-2", 1),
        ("astrocast_9k6", "Astrocast 0.1", 3),
        ("ks_1q", "KS-1Q", 4),
        ("suomi_100", "Suomi-100", 2),
        ("ty_4", "TY-4", 3),
    ],
)
def test_real_recordings(file: str, name: str, least: int) -> None:
    assert len(decode(read(Path(RECORDINGS) / f"{file}.wav"), satellite(name))) >= least


def test_a_satellite_is_known_by_its_number_too() -> None:
    assert satellite(43805) == satellite("43805")
