"""Chains: from a recording to the frames of a satellite. One call does all that lies between.

>>> from sheber.ground.chains import decode, satellite
>>> from sheber.ground.recordings import read
>>> for frame in decode(read("pass.wav"), satellite("Al-Farabi-2")):
...     print(frame.time_s, frame.data.hex())
"""

from __future__ import annotations

from sheber.ground.chains.decoding import decode, decode_soft
from sheber.ground.chains.frames import Frame, kiss
from sheber.ground.chains.satellites import ChainError, Downlink, Satellite, satellite, satellites
from sheber.ground.chains.sending import bits_on_air, synthesise, waveform

__all__ = [
    "ChainError",
    "Downlink",
    "Frame",
    "Satellite",
    "bits_on_air",
    "decode",
    "decode_soft",
    "kiss",
    "satellite",
    "satellites",
    "synthesise",
    "waveform",
]
