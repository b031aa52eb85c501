"""Receiving: chains against theory and in noise, real recordings against another decoder, and a pass that is graded.

Recordings of satellites are not the project's to ship. `SHEBER_GROUND_RECORDINGS` names a folder that has some;
`SHEBER_GR_SATELLITES` a command that runs gr-satellites, if it is to be the peer. Where either is missing the rows say
so.
"""

from __future__ import annotations

import math
import os
import shlex
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from sheber.bench.rows import Row, absolute, gated, skipped
from sheber.temporary import temporary_folder

if TYPE_CHECKING:
    from sheber.ground.signals import Soft

__all__ = ["chains", "decoding", "hearing"]

EBN0_DB: Final = 6.0  # where a few bits in a thousand are wrong
BITS: Final = 400_000
NOISE_S: Final = 600.0
RATE: Final = 48_000.0
PEER_S: Final = 60.0
PEER_TRIES: Final = 3  # it does not find the same each time; its best counts

RECORDINGS: Final = {
    "aalto1": ("Aalto-1", "AALTO-1"),
    "ao27": ("AO-27", "AO-27"),
    "astrocast_9k6": ("Astrocast 0.1", "Astrocast 0.1"),
    "entrysat": ("EntrySat", "EntrySat"),
    "fmn1": ("FMN-1", "FMN-1"),
    "irazu": ("Irazu", "IRAZU"),
    "ks_1q": ("KS-1Q", "KS-1Q"),
    "mysat1": ("MYSAT-1", "MYSAT 1"),
    "picsat_9k6": ("PicSat", "PicSat"),
    "suomi_100": ("Suomi-100", "Suomi 100"),
    "tanusha3_pm": ("Tanusha-3", "Tanusha-3"),
    "ty_4": ("TY-4", "TY 4-01"),
    "ubakusat": ("UbakuSat", "UBAKUSAT"),
    "upmsat_2": ("UPMSat-2", "UPMSat 2"),
}
"""By the name of the file: the satellite in our table, and in that of gr-satellites."""


# --- against theory ---------------------------------------------------------------------------------


def chains(quick: bool) -> list[Row]:
    """What BPSK and GMSK lose against theory, and what the chains find in noise."""
    bits = BITS // 8 if quick else BITS
    seconds = NOISE_S / 10 if quick else NOISE_S
    return [
        gated("BPSK 9600 Bd: lost against theory", _lost_by_bpsk(bits), "dB", "≤ 0.5", _heard_how(bits)),
        gated("GMSK 4800 Bd, BT 0.5: lost against theory", _lost_by_gmsk(bits), "dB", "≤ 0.5", _heard_how(bits)),
        gated(f"false frames in {seconds:.0f} s of noise", _false_frames(seconds), "frames", "≤ 0", "Al-Farabi-2, IQ"),
    ]


def _heard_how(bits: int) -> str:
    return f"{bits} bits at Eb/N0 {EBN0_DB:g} dB, carrier unknown and drifting"


def _lost_by_bpsk(count: int) -> float:
    from sheber.ground.signals import PskWaveform, demodulate_psk

    bits = np.random.default_rng(1).integers(0, 2, count).astype(np.uint8)
    rate, baud = 38_400.0, 9600.0
    iq = _noisy(PskWaveform.of(bits, baud).sampled(rate), rate, baud, 700.0, -150.0)
    wrong = _wrong(demodulate_psk(iq, rate, baud, within_hz=2000.0), bits, baud)
    return _lost_db(min(wrong, 1.0 - wrong), lambda p: p)


def _lost_by_gmsk(count: int) -> float:
    from sheber.ground.signals import FskWaveform, demodulate_msk

    bits = np.random.default_rng(2).integers(0, 2, count).astype(np.uint8)
    rate, baud = 38_400.0, 4800.0
    iq = _noisy(FskWaveform.of(bits, baud, baud / 4.0, 0.5).sampled(rate), rate, baud, 500.0, -60.0)
    return _lost_db(_wrong(demodulate_msk(iq, rate, baud, bt=0.5), bits, baud), lambda p: 2.0 * p * (1.0 - p))


def _noisy(
    iq: NDArray[np.complex64], rate: float, baud: float, shift_hz: float, drift_hz_s: float
) -> NDArray[np.complex64]:
    """A signal with a drifting carrier and noise, at the Eb/N0 of this gate."""
    from sheber.ground.signals import DopplerLaw, add_noise, rotor

    turns = DopplerLaw.steady(436.5e6, shift_hz, 0.0).turns(np.arange(len(iq)) / rate)
    slow = drift_hz_s / 10.0 * (1.0 - np.cos(np.arange(len(iq)) / rate / 10.0)) * 10.0  # to and fro, within the band
    moved = (iq * rotor(turns + slow)).astype(np.complex64)
    return add_noise(moved, rate, EBN0_DB + 10.0 * math.log10(baud), np.random.default_rng(3))


def _wrong(heard: Soft, sent: NDArray[np.uint8], baud: float) -> float:
    """The share of wrong bits; each is found by its time. Whole stretches may be upside down, as BPSK may be."""
    number = np.floor(heard.times * baud).astype(np.int64)
    inside = (number >= 0) & (number < len(sent))
    wrong = (heard.hard()[inside] != sent[number[inside]]).astype(float)
    pieces = np.array_split(wrong, max(1, len(wrong) // 5000))
    return float(np.sum([min(piece.sum(), len(piece) - piece.sum()) for piece in pieces]) / len(wrong))


def _lost_db(rate: float, differential: Callable[[float], float]) -> float:
    """Eb/N0 less the one at which theory, 1/2 erfc(sqrt(Eb/N0)), has as many wrong bits (Proakis, 4.3)."""
    grid = np.linspace(0.0, 12.0, 4801)
    rates = np.array([differential(0.5 * math.erfc(math.sqrt(10.0 ** (one / 10.0)))) for one in grid])
    return EBN0_DB - float(np.interp(-math.log(max(rate, 1e-9)), -np.log(rates), grid))


def _false_frames(seconds: float) -> float:
    from sheber.ground.chains import decode, satellite
    from sheber.ground.recordings import Recording
    from sheber.ground.signals import noise

    rng, farabi = np.random.default_rng(4), satellite("Al-Farabi-2")
    pieces = (noise(round(60.0 * RATE), RATE, 1.0 / RATE, rng) for _piece in range(round(seconds / 60.0)))
    return float(sum(len(decode(Recording(piece, RATE), farabi)) for piece in pieces))


# --- real recordings --------------------------------------------------------------------------------


def decoding(quick: bool) -> list[Row]:
    """Frames in each recording against gr-satellites, and the speed."""
    folder = os.environ.get("SHEBER_GROUND_RECORDINGS", "")
    if not folder:
        why = "SHEBER_GROUND_RECORDINGS names no folder of recordings"
        return [skipped("frames in real recordings, less those of gr-satellites", "frames", "≥ 0", why)]
    there = {name: pair for name, pair in RECORDINGS.items() if (Path(folder) / f"{name}.wav").exists()}
    return [row for name, pair in there.items() for row in _recording(Path(folder) / f"{name}.wav", *pair)]


def _recording(path: Path, ours: str, theirs: str) -> list[Row]:
    from sheber.ground.chains import decode, satellite
    from sheber.ground.recordings import read

    recording, wanted = read(path), satellite(ours)
    decode(recording, wanted)  # imports and kernels are loaded now
    before = time.process_time()
    found = len(decode(recording, wanted))
    speed = recording.seconds / (time.process_time() - before)
    fast = gated(f"{path.stem}: speed", speed, "× real time", "≥ 5", f"{recording.seconds:.1f} s, processor time")
    peer = _peer(path, theirs)
    name = f"{path.stem}: frames, less those of gr-satellites"
    if peer is None:
        why = "SHEBER_GR_SATELLITES names no command; frames found"
        return [skipped(name, "frames", "≥ 0", why), absolute(f"{path.stem}: frames", found, "frames"), fast]
    return [gated(name, found - peer, "frames", "≥ 0", f"{found} against {peer}"), fast]


def _peer(path: Path, name: str) -> int | None:
    """How many frames gr-satellites finds at best; None where it is not there."""
    command = shlex.split(os.environ.get("SHEBER_GR_SATELLITES", ""))
    return max(_peers_frames(command, path, name) for _try in range(PEER_TRIES)) if command else None


def _peers_frames(command: list[str], path: Path, name: str) -> int:
    with temporary_folder("bench") as folder:
        out = Path(folder) / "frames.kiss"
        line = [*command, name, "--wavfile", str(path), "--samp_rate", f"{RATE:.0f}", "--kiss_out", str(out)]
        environment = {**os.environ, "GR_SATELLITES_SUBMIT_TLM": "0"}
        subprocess.run(line, env=environment, capture_output=True, timeout=PEER_S, check=False)
        content = out.read_bytes() if out.exists() else b""
    return sum(piece[0] & 0x0F == 0 for piece in content.split(b"\xc0") if piece)  # others are time stamps


# --- a pass that is graded --------------------------------------------------------------------------


def hearing(quick: bool) -> list[Row]:
    """A pass of hear-the-satellite: simulated, received by the reference program, recorded and scored."""
    from sheber.exercises import load
    from sheber.judge import Program, best_sandbox, run

    exercise, sandbox = load("hear-the-satellite"), best_sandbox()
    program = Program.read(exercise.program("reference"))
    before = time.process_time()
    trace = run(exercise, program, exercise.rehearsal[0], sandbox)
    score = exercise.score(trace)
    spent = time.process_time() - before + float(trace.usage["processor_s"])
    per_pass = spent * NOISE_S / trace.duration
    note = f"{trace.duration:.0f} s simulated, {score.points:.1f} points; processor time of judge and program together"
    return [
        gated("hear-the-satellite: a pass of 10 minutes, graded", per_pass, "s", "≤ 20", note),
        absolute("hear-the-satellite: simulated against processor time", trace.duration / spent, "times"),
    ]
