"""SigMF: IQ as raw samples beside a JSON file that says what they are (SigMF 1.2, core namespace).

Ours has an extension `ground:` for what a satellite's recording needs and the core lacks: the elements of the
satellite, the place of the station, and the law of Doppler that was foretold. A reader that does not know it loses
nothing else.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from sheber.ground.recordings.recording import LARGEST, Place, Recording, RecordingError, checked
from sheber.ground.signals import DopplerLaw
from sheber.i18n import message
from sheber.untrusted import read_regular, write_whole

__all__ = ["read_sigmf", "write_sigmf"]

_MOST_META = 32 << 20
_VERSION = "1.2.0"
_TYPES: Final = {
    "cf32_le": ("<f4", True, 0.0, 1.0),
    "rf32_le": ("<f4", False, 0.0, 1.0),
    "ci16_le": ("<i2", True, 0.0, 2.0**15),
    "ri16_le": ("<i2", False, 0.0, 2.0**15),
    "ci8": ("i1", True, 0.0, 2.0**7),
    "cu8": ("u1", True, 127.5, 127.5),
}
"""By SigMF's name: numpy's type, whether samples are complex, what is 0, and what is full scale."""

BAD_META = message("ground.sigmf_meta", "{name} is no description of a SigMF recording: {why}.")
BAD_TYPE = message("ground.sigmf_type", "{name} has samples of type {type!r}. These are read: {known}.")
TOO_LARGE = message("ground.sigmf_large", "{name} is larger than {gib:d} GiB. Cut the pass out of it first.")
CUT_OFF = message("ground.sigmf_cut", "The last sample of {name} is cut off and was left out.")


_Frequency = Annotated[float, msgspec.Meta(ge=0.0, le=1e12)]
_Distance = Annotated[float, msgspec.Meta(ge=0.0, le=1e13)]
_Speed = Annotated[float, msgspec.Meta(ge=-1e6, le=1e6)]


class _Place(msgspec.Struct, forbid_unknown_fields=True):
    latitude_deg: Annotated[float, msgspec.Meta(ge=-90.0, le=90.0)]
    longitude_deg: Annotated[float, msgspec.Meta(ge=-360.0, le=360.0)]
    altitude_m: Annotated[float, msgspec.Meta(ge=-1e4, le=1e5)] = 0.0
    name: str = ""


class _Doppler(msgspec.Struct, forbid_unknown_fields=True):
    frequency_hz: _Frequency
    start: Annotated[float, msgspec.Meta(ge=-1e11, le=1e11)]
    step_s: Annotated[float, msgspec.Meta(ge=1e-6, le=1e5)]
    range_m: list[_Distance]
    range_rate_m_s: list[_Speed]


class _Global(msgspec.Struct, omit_defaults=True):
    type: str = msgspec.field(name="core:datatype")
    rate_hz: float = msgspec.field(name="core:sample_rate")
    version: str = msgspec.field(name="core:version")
    recorder: str = msgspec.field(name="core:recorder", default="")
    extensions: list[dict[str, Any]] = msgspec.field(name="core:extensions", default_factory=list)
    elements: dict[str, str | float] | None = msgspec.field(name="ground:elements", default=None)
    place: _Place | None = msgspec.field(name="ground:place", default=None)
    doppler: _Doppler | None = msgspec.field(name="ground:doppler", default=None)


class _Capture(msgspec.Struct, omit_defaults=True):
    first: int = msgspec.field(name="core:sample_start")
    frequency_hz: _Frequency | None = msgspec.field(name="core:frequency", default=None)
    moment: str | None = msgspec.field(name="core:datetime", default=None)


class _Meta(msgspec.Struct):
    about: _Global = msgspec.field(name="global")
    captures: list[_Capture]
    annotations: list[dict[str, Any]]


def write_sigmf(path: Path | str, recording: Recording) -> None:
    """Write NAME.sigmf-meta and NAME.sigmf-data, samples as 32-bit float. `path` may have either ending, or none."""
    meta, data = _pair(Path(path))
    place, law = recording.place, recording.doppler
    about = _Global(
        "cf32_le" if recording.is_iq else "rf32_le",
        recording.rate_hz,
        _VERSION,
        "Sheberkhana",
        [{"name": "ground", "version": "1.0.0", "optional": True}],
        dict(recording.elements) if recording.elements is not None else None,
        _Place(place.latitude_deg, place.longitude_deg, place.altitude_m, place.name) if place else None,
        _law_form(law) if law else None,
    )
    moment = None
    if recording.start is not None:
        moment = datetime.fromtimestamp(recording.start, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    form = _Meta(about, [_Capture(0, recording.frequency_hz, moment)], [])
    write_whole(data, recording.samples.astype("<c8" if recording.is_iq else "<f4").tobytes())
    write_whole(meta, msgspec.json.format(msgspec.json.encode(form), indent=1))


def read_sigmf(path: Path | str) -> Recording:
    """The recording of a pair of SigMF files, named by either. Raises RecordingError and OSError."""
    meta_path, data_path = _pair(Path(path))
    meta = _meta(meta_path)
    samples, whole = _samples(data_path, meta.about.type, meta_path.name)
    first = meta.captures[0] if meta.captures else _Capture(0)
    about = meta.about
    place = about.place
    found = Recording(
        samples,
        about.rate_hz,
        _instant(first.moment, meta_path.name),
        first.frequency_hz,
        about.elements,
        Place(place.latitude_deg, place.longitude_deg, place.altitude_m, place.name) if place else None,
        _law(about.doppler, meta_path.name) if about.doppler else None,
        () if whole else (CUT_OFF(name=data_path.name),),
    )
    return checked(found, data_path.name)


def _pair(path: Path) -> tuple[Path, Path]:
    base = path.with_suffix("") if path.suffix in (".sigmf-meta", ".sigmf-data") else path
    return base.with_name(base.name + ".sigmf-meta"), base.with_name(base.name + ".sigmf-data")


def _meta(path: Path) -> _Meta:
    content = read_regular(path, _MOST_META, links=True)
    try:
        return msgspec.json.decode(content, type=_Meta)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise RecordingError(BAD_META(name=path.name, why=str(error)[:200])) from None


def _samples(path: Path, type_: str, name: str) -> tuple[NDArray[np.float32] | NDArray[np.complex64], bool]:
    """The samples, and whether the last one is whole."""
    if type_ not in _TYPES:
        raise RecordingError(BAD_TYPE(name=name, type=type_[:20], known=", ".join(_TYPES)))
    kind, is_complex, zero, full = _TYPES[type_]
    content = read_regular(path, LARGEST + 1, links=True)
    if len(content) > LARGEST:
        raise RecordingError(TOO_LARGE(name=path.name, gib=LARGEST >> 30))
    size = np.dtype(kind).itemsize * (2 if is_complex else 1)
    raw = np.frombuffer(content[: len(content) // size * size], kind)
    values = ((raw - np.float32(zero)) / np.float32(full)).astype(np.float32)
    return values.view(np.complex64) if is_complex else values, len(content) % size == 0


def _instant(moment: str | None, name: str) -> float | None:
    if moment is None:
        return None
    try:
        found = datetime.fromisoformat(moment)
    except ValueError:
        raise RecordingError(BAD_META(name=name, why=f"core:datetime is {moment[:40]!r}")) from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _law_form(law: DopplerLaw) -> _Doppler:
    return _Doppler(law.frequency_hz, law.start, law.step_s, law.range_m.tolist(), law.range_rate_m_s.tolist())


def _law(form: _Doppler, name: str) -> DopplerLaw:
    """Raises RecordingError for a law that is none."""
    if len(form.range_m) != len(form.range_rate_m_s) or len(form.range_m) < 2 or not 0 < form.step_s < math.inf:
        raise RecordingError(BAD_META(name=name, why="ground:doppler needs two or more distances, and as many rates"))
    return DopplerLaw(form.frequency_hz, form.start, form.step_s, np.array(form.range_m), np.array(form.range_rate_m_s))
