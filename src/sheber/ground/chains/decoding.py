"""Decoding: the frames of a satellite in a recording."""

from __future__ import annotations

from collections.abc import Iterable

from sheber.ground.chains.frames import Frame, once
from sheber.ground.chains.framing import frames_in
from sheber.ground.chains.satellites import Downlink, Satellite
from sheber.ground.recordings import Recording
from sheber.ground.signals import SignalError, Soft

__all__ = ["decode", "decode_soft"]


def decode(recording: Recording, satellite: Satellite | Downlink) -> list[Frame]:
    """The frames of a satellite in a recording, in the order of their times.

    All its downlinks are tried, or the one that is given. Raises SignalError where the recording's rate is too low for
    every one of them.
    """
    from sheber.ground.chains.hearing import hear

    downlinks = (satellite,) if isinstance(satellite, Downlink) else satellite.downlinks
    found: list[Frame] = []
    refused: list[SignalError] = []
    for one in downlinks:
        try:
            found += (frame for soft in hear(recording, one) for frame in frames_in(soft, one))
        except SignalError as error:
            refused.append(error)
    if len(refused) == len(downlinks):
        raise refused[0]
    return once(found)


def decode_soft(heard: Iterable[Soft], downlink: Downlink) -> list[Frame]:
    """The frames in soft bits of one's own receiver: each row of them is another way of listening."""
    return once(frame for soft in heard for frame in frames_in(soft, downlink))
