"""`sheber decode`: the frames of a satellite in a recording, as hexadecimal and text, JSON or KISS."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sheber.cli.errors import DONE, Refused
from sheber.cli.extras import need_ground
from sheber.cli.output import plain, print_json, shown_path
from sheber.i18n import _, ngettext

if TYPE_CHECKING:
    from sheber.ground.chains import Frame, Satellite
    from sheber.ground.recordings import Recording

__all__ = ["decode"]

_BYTES_A_LINE = 16


def decode(arguments: argparse.Namespace) -> int:
    """Decode a recording and print its frames; 0 where it could be decoded, however many frames there were."""
    need_ground()
    from sheber.ground.chains import decode as frames_of
    from sheber.ground.chains import satellite

    wanted = satellite(arguments.satellite)
    recording = _read(arguments.file, arguments.iq)
    for remark in recording.remarks:
        print(plain(f"sheber: {remark}"), file=sys.stderr)
    frames = frames_of(recording, wanted)
    if arguments.kiss is not None:
        _write_kiss(arguments.kiss, frames)
    if arguments.json:
        print_json([_form(frame) for frame in frames])
    else:
        _print(recording, wanted, frames)
    return DONE


def _read(path: Path, iq: bool) -> Recording:
    from sheber.ground.recordings import read

    try:
        return read(path, iq=iq)
    except OSError as error:
        text = _("The recording {file} cannot be read: {why}")
        raise Refused(text.format(file=shown_path(path), why=error.strerror or error)) from error


def _form(frame: Frame) -> dict[str, object]:
    return {"time_s": round(frame.time_s, 4), "hex": frame.data.hex(), "mended": frame.mended}


def _print(recording: Recording, wanted: Satellite, frames: list[Frame]) -> None:
    for frame in frames:
        mended = _(", {n} symbols mended").format(n=frame.mended) if frame.mended else ""
        print(plain(_("{t:.2f} s, {n} bytes{mended}").format(t=frame.time_s, n=len(frame.data), mended=mended)))
        if words := _packet(frame.data):
            print(plain(f"  {words}"))
        print("\n".join(_dump(frame.data)))
    text = ngettext(
        "{n} frame of {name} in {s:.1f} s of {kind}", "{n} frames of {name} in {s:.1f} s of {kind}", len(frames)
    )
    kind = _("IQ") if recording.is_iq else _("audio")
    print(text.format(n=len(frames), name=wanted.name, s=recording.seconds, kind=kind))
    if not frames:
        print(_hint(recording, wanted))


def _hint(recording: Recording, wanted: Satellite) -> str:
    """What may be the matter where nothing was heard."""
    lines = "; ".join(str(one) for one in wanted.downlinks)
    if recording.is_iq:
        return _("Listened for: {lines}. Is the signal within the recorded band?").format(lines=lines)
    return _(
        "Listened for: {lines}. FSK needs the audio of an FM receiver without squelch and without a voice filter; "
        "BPSK needs that of an SSB receiver."
    ).format(lines=lines)


def _packet(data: bytes) -> str:
    """The addresses of an AX.25 frame; nothing where it is another one."""
    from sheber.ground.coding.ax25 import Ax25Error, Frame

    try:
        packet = Frame.decoded(data)
    except (Ax25Error, UnicodeDecodeError):
        return ""
    path = "".join(f",{one}" for one in packet.repeaters)
    return f"{packet.source} > {packet.destination}{path}"


def _dump(data: bytes) -> list[str]:
    """Bytes as hexadecimal and text, sixteen a line."""
    lines = []
    for at in range(0, len(data), _BYTES_A_LINE):
        piece = data[at : at + _BYTES_A_LINE]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in piece)
        lines.append(f"  {at:04x}  {piece.hex(' '):<47}  {text}")
    return lines


def _write_kiss(path: Path, frames: list[Frame]) -> None:
    from sheber.ground.chains import kiss
    from sheber.untrusted import write_whole

    try:
        write_whole(path, kiss(frames))
    except OSError as error:
        text = _("The file {file} cannot be written: {why}")
        raise Refused(text.format(file=shown_path(path), why=error.strerror or error)) from error
