"""A recording: samples, their rate, and what is known of where, when and what was recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sheber.ground.errors import GroundError
from sheber.ground.signals import DopplerLaw
from sheber.i18n import Text, message

__all__ = ["LARGEST", "Place", "Recording", "RecordingError", "checked"]

LARGEST: Final = 2 << 30  # bytes of a file: ten minutes of IQ at 400 kS/s
_SLOWEST, _FASTEST = 1_000.0, 100e6  # samples a second

SILENT = message(
    "ground.recording_silent", "{name} is silent: all of its {n:d} samples are the same. Was the receiver on?"
)
EMPTY = message("ground.recording_empty", "{name} has no samples.")
NOT_FINITE = message(
    "ground.recording_not_finite", "{name} has samples that are no numbers, the first of them at {s:.3f} s."
)
ODD_RATE = message(
    "ground.recording_rate",
    "{name} says that it has {rate:g} samples a second. Sheberkhana reads recordings of {least:g} to {most:g}.",
)


class RecordingError(GroundError):
    """A file that is no recording, or one in which there is nothing to hear."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a recording was made."""

    latitude_deg: float  # [deg] WGS 84, north positive
    longitude_deg: float  # [deg] east positive
    altitude_m: float = 0.0  # above the ellipsoid
    name: str = ""


@dataclass(frozen=True, slots=True)
class Recording:
    """Samples and what is known of them."""

    samples: NDArray[np.float32] | NDArray[np.complex64]  # (n,) audio of an FM or SSB receiver, or IQ; full scale is 1
    rate_hz: float
    start: float | None = None  # [s] UTC since 1970 of the first sample
    frequency_hz: float | None = None  # what 0 Hz of IQ was
    elements: Mapping[str, str | float] | None = None  # of the satellite, as fields of an OMM
    place: Place | None = None
    doppler: DopplerLaw | None = None  # as it was foretold; its times begin with the first sample
    remarks: tuple[Text, ...] = ()  # what whoever reads it should know, such as that the file is cut off

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.samples) / self.rate_hz

    @property
    def is_iq(self) -> bool:
        """Whether it is IQ, or the audio of a receiver."""
        return bool(np.iscomplexobj(self.samples))


def checked(recording: Recording, name: str) -> Recording:
    """The recording, if there is anything to hear in it. Raises RecordingError."""
    samples, rate = recording.samples, recording.rate_hz
    if not _SLOWEST <= rate <= _FASTEST:
        raise RecordingError(ODD_RATE(name=name, rate=rate, least=_SLOWEST, most=_FASTEST))
    if len(samples) == 0:
        raise RecordingError(EMPTY(name=name))
    finite = np.isfinite(samples)
    if not finite.all():
        raise RecordingError(NOT_FINITE(name=name, s=int(np.argmin(finite)) / rate))
    if (samples == samples[0]).all():
        raise RecordingError(SILENT(name=name, n=len(samples)))
    return recording
