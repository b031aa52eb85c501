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
    "keep_warm.not_warm", "In the last minute the room was {off:.1f} °C away from {wanted:g} °C on average."
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
    heated = trace.events_of("heat")
    end = heated[-1].step * trace.step_s if heated else trace.duration  # the last setting ends the job
    power = float(heated[-1].data["power"]) if heated else 0.0
    return [*_warmth(trace, numbers, end), *_heat(trace, numbers, end, power)]


def _warmth(trace: Trace, numbers: Numbers, end: float) -> list[Check]:
    warm, steady = worth(numbers, "warm", "warm"), worth(numbers, "steady", "steady")
    wanted = trace.facts["wanted"]
    minute = trace["temperature"][(trace.time > end - HOLD_S) & (trace.time <= end)]
    away, span = float(abs(minute - wanted).mean()), float(np.ptp(minute))
    done = warm.tolerance.share(away) > 0.0
    return [
        warm.check("warm", WARM(), away, end, NOT_WARM(off=away, wanted=wanted)),
        steady.check("steady", STEADY(), span, end, NOT_STEADY(range=span))
        if done
        else steady.missing("steady", STEADY(), NOT_DONE()),
        cycle_time(trace, numbers, NOTHING if done else NOT_DONE()),
    ]


def _heat(trace: Trace, numbers: Numbers, end: float, power: float) -> list[Check]:
    cool, off = worth(numbers, "cool", "cool"), worth(numbers, "off", "off")
    hottest = int(np.argmax(trace["temperature"]))
    time, over = float(trace.time[hottest]), max(0.0, float(trace["temperature"][hottest]) - trace.facts["wanted"])
    return [
        cool.check("cool", COOL(), over, time, NOT_COOL(time=time, over=over)),
        off.check("off", OFF(), power / 100.0, end, NOT_OFF(power=power)),
    ]
