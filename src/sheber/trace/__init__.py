"""Trace: the record of one run, written as it happens, whole up to its last record. No physics.

Theory of operation. A trace is one file: sixteen bytes that name the format and its number, then records of
a little-endian u32 length, one kind byte and that many bytes of payload (docs/trace-format.md has the table).
Nothing is ever gone back to, so a file that was cut short, by a killed process or a full disk, is a trace up
to its last whole record. A sample is one packed row of a numpy structured type that the station declares at
the start; the writer keeps records in memory and hands them to the system every `FLUSH_BYTES` (and with an
event, unless the station hands over many at once), because a system call for each sample would cost more than the
sample. What the system has been handed survives the death of the process; there is no fsync, since a machine that
loses power loses the run anyway, and the run is repeated. The last record carries a checksum against accidents.

The hash covers what the equipment did (samples, poses of bodies, events, hashes of frames, the kind of
outcome) and not what surrounds it (printed text, paths, versions, wall time). It is computed on reading.
"""

from sheber.trace.reader import Trace, read
from sheber.trace.records import (
    FORMAT,
    NOTHING,
    Capture,
    Channel,
    Event,
    EventKind,
    Header,
    Outcome,
    OutcomeKind,
    Picture,
    Printed,
    TraceError,
    TraceReadError,
    TraceWriteError,
    Visual,
    sample_dtype,
)
from sheber.trace.writer import TraceWriter

__all__ = [
    "FORMAT",
    "NOTHING",
    "Capture",
    "Channel",
    "Event",
    "EventKind",
    "Header",
    "Outcome",
    "OutcomeKind",
    "Picture",
    "Printed",
    "Trace",
    "TraceError",
    "TraceReadError",
    "TraceWriteError",
    "TraceWriter",
    "Visual",
    "read",
    "sample_dtype",
]
