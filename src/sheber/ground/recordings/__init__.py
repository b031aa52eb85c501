"""Recordings: samples from a file, and what is known of them. WAV of receivers, SigMF of stations."""

from __future__ import annotations

from pathlib import Path

from sheber.ground.recordings.recording import Place, Recording, RecordingError
from sheber.ground.recordings.sigmf import read_sigmf, write_sigmf
from sheber.ground.recordings.wav import read_wav, write_wav

__all__ = ["Place", "Recording", "RecordingError", "read", "read_sigmf", "read_wav", "write_sigmf", "write_wav"]


def read(path: Path | str, *, iq: bool = False) -> Recording:
    """The recording of a file: SigMF by its ending, else WAV. `iq`: left and right of a stereo WAV are I and Q.

    Raises RecordingError in words for what is no recording, and OSError where the file cannot be read.
    """
    path = Path(path)
    if path.suffix in (".sigmf-meta", ".sigmf-data"):
        return read_sigmf(path)
    return read_wav(path, iq=iq)
