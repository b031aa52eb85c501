"""Reception: what arrives at the station's receiver. One physical model: orbit, link, signal, noise.

A transmission leaves a satellite at its own time. It arrives later by the distance, and turned and stretched by the
distance's change: `DopplerLaw` says both, so delay, Doppler and the stretch of the bits agree. How strong it arrives
says `sheber.ground.link`, the same functions that a link budget uses. The noise at the receiver has the density 1 a
hertz of its bandwidth by definition: a carrier of C/N0 has the power C/N0 beside it.
"""

from sheber.ground.reception.emitters import Burst, Emitter, Tone
from sheber.ground.reception.hearing import Heard, add_tone

__all__ = ["Burst", "Emitter", "Heard", "Tone", "add_tone"]
