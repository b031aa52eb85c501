"""Keep warm: bring a room to a temperature and hold it for a minute."""

from __future__ import annotations

import numpy as np

from sheber.allowed import Allowed
from sheber.exercises.criteria.common import cycle_time, worth
from sheber.exercises.numbers import Numbers
from sheber.exercises.score import Check
from sheber.i18n import message
from sheber.trace import NOTHING, Trace
from stations.thermostat import THERMOSTAT, Room

STATION = THERMOSTAT
COUNTS = ("degrees",)
NUMBERS = {
    "tolerance.warm": Allowed(0.1, 10, "°C", ramp=True),
    "tolerance.steady": Allowed(0.1, 10, "°C", ramp=True),
    "tolerance.cool": Allowed(0.1, 20, "°C", ramp=True),
    "tolerance.off": Allowed(0, 100, "%", ramp=True),
}
HOLD_S = 60.0  # at the end of the program

WARM = message("keep_warm.warm", "The room is warm")
NOT_WARM = message(
    "keep_warm.not_warm", "On average the room was {off:.1f} °C away from {wanted:g} °C in the last minute."
)
STEADY = message("keep_warm.steady", "The temperature is steady")
NOT_STEADY = message("keep_warm.not_steady", "In the last minute the temperature changed by {range:.1f} °C.")
COOL = message("keep_warm.cool", "The room is never too hot")
NOT_COOL = message("keep_warm.not_cool", "At {time:.1f} s the room was {over:.1f} °C too hot.")
OFF = message("keep_warm.off", "The heater is off at the end")
NOT_OFF = message("keep_warm.not_off", "At the end the heater was at {power:.0f} %.")
NOT_DONE = message("keep_warm.not_done", "The room was not warm in the last minute.")


def scene(seed: int, numbers: Numbers) -> Room:
    """A cold room of one seed."""
    rng = np.random.default_rng(seed)
    start, outside = round(rng.uniform(5.0, 12.0), 1), round(rng.uniform(-10.0, 5.0), 1)
    wanted = round(rng.uniform(19.0, 22.0), 1)
    return Room(numbers.choice("scene.room"), start, outside, wanted, numbers.real("scene.fuse"), seed)


def checks(trace: Trace, numbers: Numbers) -> list[Check]:
    """How warm and how steady the last minute was; time; too hot; off at the end."""
    wanted, temperature, time = trace.facts["wanted"], trace["temperature"], trace.time
    off = [event for event in trace.events_of("heat") if event.data["power"] == 0.0]
    end = off[-1].step * trace.step_s if off else trace.duration
    minute = temperature[(time > end - HOLD_S) & (time <= end)]
    away = float(abs(minute - wanted).mean()) if len(minute) else 99.0
    span = float(np.ptp(minute)) if len(minute) else 99.0
    hottest = int(np.argmax(temperature))
    over, power = (
        max(0.0, float(temperature[hottest]) - wanted),
        float(trace["power"][trace.steps * trace.step_s >= end][0]),
    )
    warm, steady = worth(numbers, "warm", "warm"), worth(numbers, "steady", "steady")
    cool, at_end = worth(numbers, "cool", "cool"), worth(numbers, "off", "off")
    done = warm.tolerance.share(away) > 0.0
    return [
        warm.check("warm", WARM(), away, end, NOT_WARM(off=away, wanted=wanted)),
        steady.check("steady", STEADY(), span if done else 99.0, end, NOT_STEADY(range=span)),
        cycle_time(trace, numbers, NOTHING if done else NOT_DONE()),
        cool.check("cool", COOL(), over, float(time[hottest]), NOT_COOL(time=float(time[hottest]), over=over)),
        at_end.check("off", OFF(), power / 100.0, end, NOT_OFF(power=power)),
    ]
