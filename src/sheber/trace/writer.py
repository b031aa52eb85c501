"""Writer: appends the records of one run to a file, cheaply. The package's first page says how and why."""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import numpy as np
from numpy.typing import NDArray

from sheber.geometry import Pose
from sheber.i18n import Text, _, texts_in
from sheber.trace.records import (
    BEGIN,
    BODIES,
    CAPTURE,
    END,
    EVENT,
    FORMAT,
    HEAD,
    HEADER,
    MAGIC,
    PICTURE,
    PRINTED,
    SAMPLE,
    SENTENCE,
    STEP,
    Channel,
    EventKind,
    Header,
    Outcome,
    TraceWriteError,
    Visual,
    sample_dtype,
)
from sheber.untrusted import create

__all__ = ["FLUSH_BYTES", "TraceWriter"]

FLUSH_BYTES = 16 << 10  # at 300 bytes a sample: about one second of simulated time
JPEG_QUALITY = 88

_SAMPLE_HEAD = struct.Struct("<IBI")  # HEAD and STEP in one go


def _plain(value: object) -> object:
    """Texts, numbers of numpy, arrays and poses as JSON values."""
    if isinstance(value, Text):
        return value.form()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Pose):
        return value.to_list()
    raise TypeError(f"a trace holds plain JSON values, not {type(value).__name__}: {value!r}")


_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_plain).encode


def _json(value: object) -> bytes:
    return _encode(value).encode("utf-8", "replace")  # a lone surrogate from a student must not stop the judge


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


class TraceWriter:
    """Writes one trace. A context manager: leaving it hands over what is left and closes the file.

    Every method raises TraceWriteError where the system takes no more, at once and from then on;
    `close` never raises. Steps are whole physics steps since the start and never decrease.
    """

    def __init__(self, path: Path | str, header: Header) -> None:
        """Create the file and write the header. What had its name is removed, never written to."""
        self.path = Path(path)
        self._buffer = bytearray()
        self._error: TraceWriteError | None = None
        try:
            self._file: BinaryIO | None = create(self.path)
        except OSError as error:
            text = _("The trace {path} cannot be written: {why}.")
            raise TraceWriteError(text.format(path=self.path, why=_reason(error))) from error
        self._known: set[str] = set()  # ids whose sentences stand in the file
        self._checksum = 0  # CRC-32 of what the system was handed
        self._row_bytes = 0
        self._sample_bytes = 0
        self._buffer += MAGIC % FORMAT
        self._record(HEADER, _json(asdict(header)))
        try:
            self.flush()
        except TraceWriteError:
            self.close()
            raise

    def begin(
        self,
        channels: Sequence[Channel],
        bodies: Sequence[str],
        visuals: Sequence[Visual] = (),
        facts: Mapping[str, Any] | None = None,
        *,
        step_s: float,
        taught: Mapping[str, Pose] | None = None,
        events: Mapping[str, EventKind] | None = None,
        notices: Sequence[str] = (),
    ) -> np.dtype[np.void]:
        """Declare what the station records; once, before the first sample. Returns the type of a sample's row.

        channels: what a sample holds, in the order of the row. bodies: names in the order of the indices that `bodies`
        takes. visuals: what to draw. facts: truth for the checks, plain JSON. step_s: seconds a step.
        taught: frames that the program is told, T_base_frame, drawn as axes. events: what the kinds of events are
        called. notices: licences of what is drawn.
        A channel named `tcp` of shape (7,) is what the report draws as the path of the tool.
        """
        channels = [Channel(*one) for one in channels]
        row = sample_dtype(channels)
        self._row_bytes = row.itemsize
        self._sample_bytes = STEP.size + row.itemsize
        declared = {
            "channels": [one._asdict() for one in channels],
            "events": {name: kind._asdict() for name, kind in (events or {}).items()},
            "bodies": list(bodies),
            "visuals": [{**{f.name: getattr(v, f.name) for f in fields(v)}, "pose": v.pose} for v in visuals],
            "facts": dict(facts or {}),
            "taught": dict(taught or {}),
            "notices": list(notices),
            "step_s": step_s,
        }
        self._record(BEGIN, _json(declared))
        self.flush()
        return row

    def sample(self, step: int, row: bytes | np.void | NDArray[np.void]) -> None:
        """One row of the declared type (or its bytes) at `step`. About a microsecond."""
        raw = row if isinstance(row, bytes) else row.tobytes()
        if len(raw) != self._row_bytes:
            raise ValueError(f"a sample of this station has {self._row_bytes} bytes, got {len(raw)}")
        buffer = self._buffer
        buffer += _SAMPLE_HEAD.pack(self._sample_bytes, SAMPLE, step)
        buffer += raw
        if len(buffer) > FLUSH_BYTES:
            self.flush()

    def bodies(self, step: int, indices: NDArray[np.uint16], poses: NDArray[np.float32]) -> None:
        """New poses (k, 7) float32 (m, wxyz; in the base frame) of the bodies `indices` (k,) uint16 at `step`.

        Only those that changed since they were last written; the first call has all of them.
        """
        if len(indices) == 0:
            return
        rows = np.ascontiguousarray(poses, dtype="<f4")
        if rows.shape != (len(indices), 7):
            raise ValueError(f"{len(indices)} bodies need poses ({len(indices)}, 7), got {rows.shape}")
        names = np.ascontiguousarray(indices, dtype="<u2").tobytes()
        buffer = self._buffer
        buffer += _SAMPLE_HEAD.pack(STEP.size + len(names) + rows.nbytes, BODIES, step)
        buffer += names
        buffer += rows.tobytes()

    def samples(
        self,
        steps: Sequence[int],
        rows: NDArray[np.void],
        indices: NDArray[np.uint16],
        poses: NDArray[np.float32],
        ends: Sequence[int],
        first: int = 0,
        last: int | None = None,
    ) -> None:
        """Many samples, each with the bodies that moved: the records of `sample` and `bodies`, in less time.

        rows: (n,) of the declared type, at `steps`. The bodies of row i are `indices` (m,) uint16 and
        `poses` (m, 7) float32 from `ends[i]` to `ends[i + 1]`. Only rows from `first` to before `last` are written.
        """
        last = len(steps) if last is None else last
        size = self._row_bytes
        if rows.itemsize != size or len(rows) < last or len(ends) <= last or poses.shape != (len(indices), 7):
            raise ValueError(f"{len(steps)} samples of {size} bytes need as many rows and ends, and a pose a body")
        raw, start = rows[first:last].tobytes(), ends[first]
        names = np.ascontiguousarray(indices[start : ends[last]], dtype="<u2").tobytes()
        places = np.ascontiguousarray(poses[start : ends[last]], dtype="<f4").tobytes()
        head = _SAMPLE_HEAD.pack
        pieces: list[bytes] = []
        for at, index in zip(range(0, len(raw), size), range(first, last), strict=True):
            step, a, b = steps[index], ends[index] - start, ends[index + 1] - start
            pieces += head(self._sample_bytes, SAMPLE, step), raw[at : at + size]
            if b > a:
                pieces += head(STEP.size + 30 * (b - a), BODIES, step), names[2 * a : 2 * b], places[28 * a : 28 * b]
        self._buffer += b"".join(pieces)
        if len(self._buffer) > FLUSH_BYTES:
            self.flush()

    def event(self, step: int, kind: str, data: Mapping[str, Any] | None = None, *, at_once: bool = True) -> None:
        """One thing that happened at `step`: plain JSON values and texts. Handed to the system at once, or later."""
        for value in (data or {}).values():
            self._tell(value)
        self._record(EVENT, STEP.pack(step), _json([kind, dict(data or {})]))
        if at_once:
            self.flush()

    def capture(
        self, step: int, camera: str, colour: NDArray[np.uint8] | None, depth: NDArray[np.float32] | None = None
    ) -> None:
        """A camera's picture of `step`: colour (h, w, 3) BGR, depth (h, w) m. Keeps hashes and a JPEG of the colour."""
        shape = next((image.shape for image in (colour, depth) if image is not None), (0, 0))
        about = {
            "camera": camera,
            "width": shape[1],
            "height": shape[0],
            "colour_sha256": _sha256(colour),
            "depth_sha256": _sha256(depth),
        }
        self._attached(CAPTURE, step, about, b"" if colour is None else _jpeg(colour))

    def picture(self, step: int, jpeg: bytes, title: str = "") -> None:
        """A picture that the program showed at `step`, already a JPEG."""
        self._attached(PICTURE, step, {"title": title}, jpeg)

    def printed(self, stream: str, text: str) -> None:
        """A piece of what the program printed to `stream` (stdout, stderr)."""
        self._record(PRINTED, _json([stream, text]))

    def end(self, step: int, outcome: Outcome, usage: Mapping[str, Any] | None = None) -> None:
        """How the run ended, and what it used (plain JSON; not part of the hash). The last record."""
        self._tell(outcome.text)
        self.flush()  # so that the checksum is of all that stands before this record
        ended = {f.name: getattr(outcome, f.name) for f in fields(outcome)}
        told = {"outcome": ended, "usage": dict(usage or {}), "crc32": self._checksum}
        self._record(END, STEP.pack(step), _json(told))
        self.flush()

    def flush(self) -> None:
        """Hand what is kept to the system, so that it outlives this process."""
        if self._error is not None:
            raise self._error
        if self._file is None:
            raise ValueError(f"the trace {self.path} is closed")
        buffer = self._buffer
        try:
            while buffer:
                count = self._file.write(buffer) or 0
                self._checksum = zlib.crc32(buffer[:count], self._checksum)
                del buffer[:count]
        except OSError as error:
            text = _("The rest of the trace {path} cannot be written: {why}. The part before can be read.")
            self._error = TraceWriteError(text.format(path=self.path, why=_reason(error)))
            raise self._error from error

    def close(self) -> None:
        """Hand over what is kept, as far as the system takes it, and close; may be called again."""
        if self._file is None:
            return
        try:
            self.flush()
        except TraceWriteError:
            pass  # was raised where it happened, or nothing of the run is lost: the reader says where it stops
        finally:
            self._file.close()
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _tell(self, value: object) -> None:
        """Write the sentences of texts once, so that the file can be read without the module that said them."""
        for id_, english in (pair for text in texts_in(value) for pair in text.sentences()):
            if english and id_ not in self._known:
                self._known.add(id_)
                self._record(SENTENCE, _json([id_, english]))

    def _record(self, kind: int, *parts: bytes) -> None:
        if self._error is not None:
            raise self._error
        self._buffer += HEAD.pack(sum(map(len, parts)), kind)
        for part in parts:
            self._buffer += part
        if len(self._buffer) > FLUSH_BYTES:
            self.flush()

    def _attached(self, kind: int, step: int, about: Mapping[str, Any], jpeg: bytes) -> None:
        """A record of words with a picture behind them."""
        words = _json(about)
        self._record(kind, STEP.pack(step), STEP.pack(len(words)), words, jpeg)


def _sha256(image: NDArray[Any] | None) -> str:
    return "" if image is None else hashlib.sha256(np.ascontiguousarray(image).data).hexdigest()


def _jpeg(colour: NDArray[np.uint8]) -> bytes:
    import cv2  # a program without cameras never pays for it

    done, encoded = cv2.imencode(".jpg", colour, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not done:
        raise ValueError(f"no JPEG can be made of a picture of shape {colour.shape}")
    return bytes(encoded)
