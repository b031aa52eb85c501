"""Controller: carries out a program's commands at the ground station, and alone owns simulated time.

What happens in a step, in this order and nowhere else (`_advance`):

    1. the equipment lives through it, in the order of the table `equipment.DEVICES`
    2. time moves on
    3. where a sample is due, one is taken
    4. who looks on is told: a live view, what paces it
    5. time that is used up ends the run

While a program waits and no equipment is busy, several steps are taken at once, so that a night between two passes
costs little. Steps are taken one by one while something is under way. A sample always stands at the same steps,
whatever the program asked: every `sample_steps` while equipment is busy, every `idle_steps` else.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from typing import Any, Final, TypeVar

import numpy as np

from sheber.desk import (
    REMARKS,
    Command,
    CommandError,
    Connect,
    Decoder,
    Desk,
    Note,
    Reply,
    Show,
    Slept,
    missing,
    remark,
)
from sheber.ground.equipment import DEVICES
from sheber.ground.scene import Scene
from sheber.ground.serving import SERVICES, Device, Equipment, Served, serves
from sheber.ground.site import Site
from sheber.i18n import N_, Message, message
from sheber.station import Answer, Limits, RunEnds, SceneError
from sheber.trace import Channel, EventKind, Outcome, OutcomeKind, TraceWriter

__all__ = ["Controller"]

E = TypeVar("E", bound=Equipment)

ERRORS_RECORDED = 500  # refusals kept on the record
LARGEST_LINE = 0xFFFF  # that a sample holds

TIME_UP = message("ground.time_up", "The simulated time of this exercise, {limit:g} s, is used up.")
SLEPT = message(
    "ground.slept", "No simulated time passes during time.sleep in line {line:d}. Use station.clock.wait instead."
)
PART = message("ground.what_part", "equipment")
NO_DEVICE = message("ground.no_device", "No equipment is made of {spec}. A scene may have: {names}.")
TWICE = message("ground.device_twice", "The scene has the equipment {name!r} twice.")

EVENTS = {
    "connect": EventKind(N_("connected"), "{client}", quiet=True),
    "described": EventKind(N_("equipment"), quiet=True),
    "end": EventKind(N_("end"), quiet=True),
    "fault": EventKind(N_("fault"), "{text}", untold=True),
    "fault_end": EventKind(N_("fault ended"), "{text}", quiet=True),
    "error": EventKind(N_("error"), "{text}", grave=True),
    "emergency_stop": EventKind(N_("emergency stop"), "{text}", grave=True),
    "note": EventKind(N_("note"), "{text}"),
    "show": EventKind(N_("picture shown"), "{title}"),
    "hint": EventKind(N_("hint"), "{text}"),
}
"""Kinds of events that every ground station may record; those of a piece of equipment are in its file."""

COMMANDS: Final[tuple[type[Command], ...]] = (
    Connect,
    *REMARKS,
    *(command for device in DEVICES for command in device.commands),
)
DECODER = Decoder(COMMANDS)


@serves(Connect)
def _connect(station: Served, command: Connect) -> Reply:
    station.event("connect", {"client": command.client})
    return Reply(station.given())


def _remark(station: Served, command: Note | Show | Slept) -> None:
    remark(station, command, SLEPT)


SERVICES.update(dict.fromkeys(REMARKS, _remark))


class Controller:
    """The ground station as a station of the workshop (`sheber.station.Station`)."""

    def __init__(self, scene: Scene, limits: Limits, recorder: TraceWriter) -> None:
        """Make the equipment of the scene; raises SceneError for a scene that cannot be."""
        self.scene, self.limits = scene, limits
        self.step = 0
        self.line = 0  # of the command that is served
        self.after_step: list[Callable[[Controller], None]] = []  # called after one step, or several at once
        self._recorder = recorder
        self._used: dict[str, int] = {}  # of what is limited
        self._most = limits.shown()
        self._limit_step = round(limits.simulated_s / scene.step_s)
        self._refusals = 0
        self._over: RunEnds | None = None
        self._settled = False
        self._devices = _devices(scene)
        self._parts: dict[str, Equipment] = {}
        for device, spec in self._devices:
            self._parts[device.name] = device.make(spec, self)
        self._row = np.zeros((), self._begin())
        self.event("described", self._described())
        self._names = [name for name in self._row.dtype.names or () if name != "line"]
        self._desk = Desk(DECODER, self.serve, lambda: self.time)
        self._sample()

    def _begin(self) -> np.dtype[np.void]:
        """Declare what is recorded."""
        scene = self.scene
        channels = [channel for device, spec in self._devices for channel in device.channels(spec, scene)]
        channels.append(Channel("line", "u2", (), "", N_("Line"), plot="none"))
        events = {**EVENTS, **{kind: about for device, _spec in self._devices for kind, about in device.events.items()}}
        looks = [device.looks(spec, scene) for device, spec in self._devices]
        bodies = [name for one in looks for name in one.bodies]
        visuals = [visual for one in looks for visual in one.visuals]
        self._bodies = np.arange(len(bodies), dtype=np.uint16)
        return self._recorder.begin(channels, bodies, visuals, dict(scene.facts), step_s=scene.step_s, events=events)

    def _described(self) -> dict[str, Any]:
        """What the diagrams of this run need beside its channels: when it begins, the place, the equipment."""
        told = {name: part.described() for name, part in self._parts.items()}
        return {"start": self.scene.start, "site": _site(self.scene.site)} | {
            name: one for name, one in told.items() if one
        }

    def given(self) -> dict[str, Any]:
        """The answer to connect. Nothing of the scene's truth is in it."""
        return {
            "station": "ground-station",
            "site": _site(self.scene.site),
            "parts": {name: told for name, part in self._parts.items() if (told := part.given())},
            "sheet": dict(self.scene.sheet),
            "run_limits": self.limits.shown(),
        }

    # --- the station ----------------------------------------------------------------------

    def handle(self, request: bytes) -> Answer:
        """Carry out one request; see `sheber.station.Station`."""
        return self._desk.handle(request)

    def serve(self, command: Command) -> Reply:
        """Carry out one command and let simulated time pass; any order, any number: `Desk` and the judge hold those.

        Raises CommandError for what cannot be done, RunEnds where the run is over.
        """
        if self._over is not None:
            raise self._over
        self.line = command.line
        try:
            return SERVICES[type(command)](self, command) or Reply()
        except CommandError as error:
            self._refused(error)
            raise
        except RunEnds as end:
            self._over = end
            raise

    def settle(self) -> None:
        """The program has gone: the equipment finishes what is under way, and the last sample is taken."""
        if self._settled:
            return
        self._settled = True
        self.line = 0
        for part in self._parts.values():
            part.settle()
        self.event("end", {})
        self._sample()
        self._recorder.flush()

    def close(self) -> None:
        """Nothing is held here but the equipment."""
        self._parts = {}

    # --- what equipment sees --------------------------------------------------------------

    @property
    def time(self) -> float:
        """Simulated time [s] since the start."""
        return round(self.step * self.scene.step_s, 6)

    def steps(self, seconds: float) -> int:
        """Whole steps that cover `seconds`, at least one."""
        return max(1, math.ceil(seconds / self.scene.step_s - 1e-9))

    def run(self, steps: int) -> None:
        """Let whole steps pass; several at once while no equipment is busy."""
        end = self.step + steps
        while self.step < end:
            self._advance(self._stride(end))

    def until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Let steps pass one by one, at least one, until `condition` or `seconds` are over; whether it came true."""
        for _step in range(self.steps(seconds)):
            self._advance(1)
            if condition():
                return True
        return False

    def part(self, kind: type[E]) -> E:
        """The equipment of this class at the station. Raises CommandError (NotGiven) where there is none."""
        for part in self._parts.values():
            if isinstance(part, kind):
                return part
        raise missing(PART(), kind.__name__.lower(), tuple(self._parts))

    def has(self, kind: type[Equipment]) -> bool:
        """Whether the station has equipment of this class."""
        return any(isinstance(part, kind) for part in self._parts.values())

    def rng(self, purpose: str) -> np.random.Generator:
        """A generator of its own for a purpose: the same for the same scene, whatever else draws."""
        return np.random.default_rng([self.scene.noise_seed, zlib.crc32(purpose.encode())])

    def count(self, what: str, over: Message) -> int:
        """Count one use of what is limited and give how many there were before; one too many ends the run."""
        before = self._used.get(what, 0)
        limit = self._most.get(what, math.inf)
        if before >= limit:
            raise RunEnds(Outcome(OutcomeKind.RESOURCE_LIMIT, over(limit=int(limit)), self.line))
        self._used[what] = before + 1
        return before

    def event(self, kind: str, data: dict[str, Any]) -> None:
        """Record that something happened now."""
        self._recorder.event(self.step, kind, data, at_once=False)

    def picture(self, jpeg: bytes, title: str) -> None:
        """Record a picture that the program showed now."""
        self._recorder.picture(self.step, jpeg, title)

    # --- time -----------------------------------------------------------------------------

    def _busy(self) -> bool:
        return any(part.busy for part in self._parts.values())

    def _stride(self, end: int) -> int:
        """Steps that are taken at once: up to the next sample while nothing is under way, else one."""
        if self._busy():
            return 1
        every = self.scene.idle_steps
        return min(end, (self.step // every + 1) * every, max(self._limit_step, self.step + 1)) - self.step

    def _advance(self, steps: int) -> None:
        """Steps that pass; the order is that of the module's first page."""
        for part in self._parts.values():
            part.advance(steps)
        self.step += steps
        every = self.scene.sample_steps if steps == 1 and self._busy() else self.scene.idle_steps
        if not self.step % every:
            self._sample()
        for hook in self.after_step:
            hook(self)
        if self.step >= self._limit_step:
            raise RunEnds(Outcome(OutcomeKind.TIME_LIMIT, TIME_UP(limit=self.limits.simulated_s), self.line))

    def _sample(self) -> None:
        row, values = self._row, [value for part in self._parts.values() for value in part.row()]
        for name, value in zip(self._names, values, strict=True):
            row[name] = value
        row["line"] = min(self.line, LARGEST_LINE)
        self._recorder.sample(self.step, row)
        if len(self._bodies):
            poses = [pose for part in self._parts.values() for pose in part.poses()]
            self._recorder.bodies(self.step, self._bodies, np.array(poses, dtype=np.float32))

    def _refused(self, error: CommandError) -> None:
        self._refusals += 1
        if self._refusals <= ERRORS_RECORDED:
            self.event("error", {"kind": error.kind, "text": error.text, "line": self.line})


def _site(site: Site) -> dict[str, Any]:
    """The site as a program is told it."""
    return {
        "name": site.name,
        "latitude_deg": site.latitude_deg,
        "longitude_deg": site.longitude_deg,
        "altitude_m": site.altitude_m,
        "minimum_deg": site.minimum_deg,
        "skyline_deg": np.transpose(site.skyline.table).tolist(),
    }


def _devices(scene: Scene) -> list[tuple[Device, Any]]:
    """The equipment of a scene with its specifications, in the order of the table; the clock is always there."""
    found: dict[str, Any] = {}
    for spec in scene.equipment:
        device = next((one for one in DEVICES if type(spec) is one.spec), None)
        if device is None:
            names = [one.spec.__name__ for one in DEVICES]
            raise SceneError(str(NO_DEVICE(spec=type(spec).__name__, names=names)))
        if device.name in found:
            raise SceneError(str(TWICE(name=device.name)))
        found[device.name] = spec
    here = [device for device in DEVICES if device.name in found or device.usual is not None]
    return [(device, found.get(device.name, device.usual)) for device in here]
