"""Scene: a frozen description of what stands where in a robot cell; no physics.

All poses are in the robot's base frame (the maker's: z up, origin in the mounting plane).
Metres, radians, kilograms, seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sheber.geometry import Pose
from sheber.i18n import _
from sheber.station import SceneError

__all__ = [
    "Act",
    "Axis",
    "Belt",
    "CameraSpec",
    "Control",
    "Dock",
    "Fault",
    "Fixture",
    "Handshake",
    "Imperfections",
    "Lamp",
    "LampStack",
    "Light",
    "LightBarrier",
    "Lighting",
    "Part",
    "Positioner",
    "Scene",
    "Shape",
    "ToolSpec",
    "TouchProbe",
    "Turntable",
]

Colour = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Shape:
    """One solid (or only drawn) shape of a part or a fixture."""

    kind: str  # box, cylinder, sphere, capsule, prism, plane; lathe (a profile turned about z) and plate are drawn only
    size: tuple[
        float, ...
    ]  # m. box: full x, y, z; cylinder, capsule: radius, length; sphere: radius; prism, plate: height; plane: x, y
    pose: Pose = field(default_factory=Pose)  # T_body_shape; origin in the shape's middle, round ones along z
    colour: Colour = (0.7, 0.7, 0.7)  # sRGB, 0..1
    polygon: tuple[
        tuple[float, float], ...
    ] = ()  # m. prism: convex outline, counter-clockwise from +z; plate: any outline; lathe: radius, z
    holes: tuple[tuple[tuple[float, float], ...], ...] = ()  # m. plate: outlines of its holes
    texture: str = ""  # name for `sheber.robot.vision.textures.texture`
    solid: bool = True  # False: drawn, never touched
    drawn: bool = True  # False: touched, never drawn
    firm: bool = False  # gives way by micrometres, others by hundredths of a millimetre: for close fits
    edge: float = 0.0  # m. box of a part: radius of its lower edges where they are touched; drawn sharp
    gloss: float = 0.0  # height of the highlight, a factor on the light that arrives: 0.1 satin, 0.6 polished
    shininess: int = 40  # whole exponent of the highlight: 10 broad, 200 narrow
    relief: str = ""  # scratches and chips: name of a relief for `sheber.robot.vision.textures.texture`


@dataclass(frozen=True, slots=True)
class Part:
    """A loose body: a box, a workpiece."""

    name: str
    shapes: tuple[Shape, ...]
    pose: Pose  # T_base_part at the start
    mass: float  # kg, spread over the solid shapes by volume
    friction: float = 0.6  # sliding, against anything


@dataclass(frozen=True, slots=True)
class Fixture:
    """A body that never moves: table, pallet, bin, post, wall."""

    name: str
    shapes: tuple[Shape, ...]
    pose: Pose = field(default_factory=Pose)  # T_base_fixture
    friction: float = 0.6


@dataclass(frozen=True, slots=True)
class Belt:
    """A belt conveyor; it runs along +x of its own frame and carries what lies on it."""

    name: str
    pose: Pose  # T_base_belt: origin in the middle of the upper surface, z up
    length: float
    width: float
    thickness: float = 0.08
    speed: float = 0.15  # m/s while it runs
    until: str = ""  # name of a light barrier: runs by itself until that one is covered (an accumulating feeder)
    delay: float = 1.0  # s that this barrier must have been free before the belt starts again
    output: str = ""  # or: name of the digital output that runs it
    friction: float = 0.6
    ramp: float = 0.0  # s in which it comes to its speed, and stands again
    encoder: str = ""  # name of the analog input that counts its way
    counts_per_m: float = 0.0  # of this encoder; a whole number of counts is read


@dataclass(frozen=True, slots=True)
class Turntable:
    """A rotary feeder: a round table that a motor turns, counter-clockwise from above. See `cell.turntable`."""

    name: str  # of its body
    pose: Pose  # T_base_table: origin in the middle of the upper surface, z up
    radius: float = 0.2
    thickness: float = 0.02
    height: float = 0.1  # m, of the surface over what it stands on
    stations: int = 6  # stops of a whole turn
    output: str = ""  # name of the digital output that turns it while it is on
    index: str = ""  # name of the digital output that, when it comes on, turns it to the next station
    done: str = ""  # name of the digital input that is True while it stands at a station
    encoder: str = ""  # name of the analog input that counts its angle
    counts_per_turn: float = 0.0  # of this encoder; a whole number of counts is read
    speed: float = 1.0  # rad/s; below zero it turns the other way round
    acceleration: float = 2.0  # rad/s2
    torque: float = 200.0  # Nm, the most of its motor
    friction: float = 0.6
    shapes: tuple[Shape, ...] = ()  # what is screwed to it and turns along, in its frame: nests, pins


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of a positioner."""

    lower: float  # rad
    upper: float  # rad; 0, where it stands at the start, lies between
    speed: float = 1.0  # rad/s, the most
    acceleration: float = 2.0  # rad/s2, the most
    torque: float = 400.0  # Nm, the most of its motor


@dataclass(frozen=True, slots=True)
class Positioner:
    """A plate that the program tilts and turns: external axes. See `cell.positioner`."""

    pose: Pose  # T_base_plate with all axes at 0: middle of the plate's upper surface, z up, x along the tilting axis
    tilt: Axis | None = Axis(-1.6, 1.6)  # about x of `pose`, `below` under the plate's surface
    turn: Axis | None = Axis(-3.2, 3.2)  # about the plate's z
    name: str = "positioner"  # of the plate's body
    radius: float = 0.15  # m, of the plate
    below: float = 0.05  # m, how far under the plate's surface the tilting axis is
    height: float = 0.3  # m, of the surface over what it stands on
    carries: tuple[Shape, ...] = ()  # what is screwed to the plate, in its frame
    friction: float = 0.6
    frames: tuple[tuple[str, Pose], ...] = ()  # taught on the plate: name, T_plate_frame
    clamp: str = ""  # name of the digital output, or of a coil of the PLC, that clamps the parts which lie on it
    clamped: str = ""  # name of the digital input that is True while a part is clamped
    nominal: Pose | None = None  # what the program is told as `pose`, where that is not the true one

    @property
    def axes(self) -> tuple[tuple[str, Axis], ...]:
        """Names and limits of the axes that it has, from the stand to the plate."""
        return tuple((name, axis) for name, axis in (("tilt", self.tilt), ("turn", self.turn)) if axis is not None)


@dataclass(frozen=True, slots=True)
class Handshake:
    """A job of the PLC: the robot asks for it by a digital output and is answered by two digital inputs.

    Signals of the job "turn": output `turn_request`, inputs `turn_busy` and `turn_done`; of one that the PLC calls for
    the input `turn` too. See `cell.plc`.
    """

    name: str
    begins: float = 0.1  # s from the request to busy
    takes: float = 1.0  # s from busy to done
    sets: tuple[tuple[str, bool], ...] = ()  # coils of the PLC, and what each is from done on
    late: tuple[tuple[int, float], ...] = ()  # number of a request (0, 1, ...), and s by which busy comes later
    unanswered: tuple[int, ...] = ()  # numbers of requests that get no answer; the robot has to ask again
    gives: tuple[tuple[tuple[str, float], ...], ...] = ()  # analog inputs and what each is from done on: the first time
    # the job is done, the second time, ...; the last for all later times
    clears: tuple[str, ...] = ()  # names of what fails; its faults end when the job is done
    calls: float | None = None  # s when the PLC calls for it, by an input of its name; until then it is not noticed


@dataclass(frozen=True, slots=True)
class Control:
    """A push button of the operator, or a selector: digital inputs of the robot. See `cell.operator`."""

    name: str  # of its body; of a button also its input
    pose: Pose = field(default_factory=Pose)  # T_base_control: middle of its foot, z towards the operator, y up
    positions: tuple[str, ...] = ()  # of a selector, from left to right: inputs `name_position`; (): a button
    colour: Colour = (0.08, 0.50, 0.18)
    rests: bool = False  # what the input of a button says while nobody presses it


@dataclass(frozen=True, slots=True)
class Act:
    """What the operator does: presses a button, or turns a selector."""

    control: str  # name of it
    at: float = 0.0  # s after the start of the run, or after `when` came
    lasts: float | None = 0.3  # s that a button is held; None: to the end of the run. A selector stays
    position: str = ""  # to which a selector is turned
    when: str = ""  # name of a digital signal that must first be `value`; of a lamp, what the operator sees of it
    value: bool = True
    again: bool = False  # anew each time that `when` comes; else once


@dataclass(frozen=True, slots=True)
class LampStack:
    """Coloured lamps above each other, each switched by a digital output `name_colour`. See `cell.stacks`."""

    name: str  # of its body
    pose: Pose  # T_base_stack: middle of its foot, z up
    colours: tuple[str, ...] = ("green", "yellow", "red")  # from below; of red, yellow, green, blue, white
    radius: float = 0.03


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that fails for a while. A program is not told; it can only notice. See `cell.faults`."""

    kind: str  # stops, jams, sticks, leaks, falls_silent, goes_dark
    what: str  # name of the belt, turntable, light barrier, light, lamp, job of the PLC, dock's tool; "tool": the arm's
    begins: float  # s
    ends: float | None = None  # s; None: to the end of the run
    value: float = 1.0  # sticks: what the barrier says (0 or 1); leaks: the share of the vacuum that is lost


@dataclass(frozen=True, slots=True)
class LightBarrier:
    """A digital input that is True while something solid stands in its beam."""

    name: str  # name of the digital input
    start: tuple[float, float, float]  # m, base
    end: tuple[float, float, float]  # m, base
    diffuse: bool = False  # sender and receiver in one housing at the start: a diffuse sensor that looks so far


@dataclass(frozen=True, slots=True)
class TouchProbe:
    """A digital input that is True while the tip of the tool touches something ahead of it. See `cell.probe`."""

    name: str  # name of the digital input
    noise: float = 0.0  # m: it answers up to so much early; drawn anew for every touch


@dataclass(frozen=True, slots=True)
class CameraSpec:
    """A camera. Frame of computer vision: +x right, +y down, +z forward."""

    name: str
    pose: Pose  # true: T_base_camera; of a camera on the flange T_flange_camera
    width: int = 640
    height: int = 480
    focal: tuple[float, float] = (600.0, 600.0)  # fx, fy [px]
    centre: tuple[float, float] = (319.5, 239.5)  # cx, cy [px], OpenCV's convention: pixel centres are whole numbers
    distortion: tuple[float, float, float, float, float] = (0.0, 0.0, 0.0, 0.0, 0.0)  # k1, k2, p1, p2, k3 (OpenCV)
    exposure: float = 1.0  # factor on the light that arrives
    noise: float = 2.0  # grey levels (1 sigma) at mid grey
    depth: bool = True  # gives a depth image too
    exposure_s: float = 0.05  # exposure and read-out, whole ticks; the picture shows the middle
    given: tuple[str, ...] = ("matrix", "distortion", "pose")  # what the program may know
    mount: str = ""  # "": stands in the cell; "flange": the arm carries it
    nominal: Pose | None = None  # what the program is told as its pose, where that is not the true one


@dataclass(frozen=True, slots=True)
class Lamp:
    """A further lamp of the room, without shadows: parallel light, or a point that shines to all sides."""

    strength: float  # factor on a surface's colour; of a point: 0.3 m from it
    direction: tuple[float, ...] = ()  # in which parallel light travels, base frame
    position: tuple[float, ...] = ()  # m, of a point, base frame; either this or a direction


@dataclass(frozen=True, slots=True)
class Light:
    """A light that the program switches by a digital output of its name, or dims by an analog one (per cent)."""

    name: str  # of the light, its output and its body
    kind: str  # ring (in the x, y plane), bar (along x), back (a bright panel, x and y), spot
    pose: Pose  # T_base_light, on the flange T_flange_light; it shines along +z
    size: tuple[float, ...] = ()  # m. ring: radius; bar: length; back: length, width; spot: ()
    strength: float = 0.6  # factor on a surface's colour, 0.3 m in front; back: linear light of the panel, 1 is white
    dimmable: bool = False  # an analog output in per cent
    mount: str = ""  # "": stands in the cell, solid; "flange": the arm carries it, drawn only (not back)
    initial: float = 0.0  # 0..1, at the start of the run


@dataclass(frozen=True, slots=True)
class Lighting:
    """One lamp with soft shadows, light from everywhere, and further lamps without shadows."""

    direction: tuple[float, float, float] = (-0.4, 0.25, -1.0)  # in which the light travels, base frame
    ambient: float = 0.36
    diffuse: float = 0.64
    colour: Colour = (1.0, 1.0, 1.0)
    lamps: tuple[Lamp, ...] = ()


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """What is flanged to the arm."""

    kind: str  # gripper, suction, pointer, dispenser; changer, which takes the tools of the docks
    pose: Pose  # T_flange_tcp
    mass: float  # kg
    centre: tuple[float, float, float]  # centre of mass in the flange frame, m
    strength: float = 200.0  # N, the most that it may be asked to press with
    numbers: tuple[tuple[str, float], ...] = ()  # what the kind needs; see `stock`, which has ready-made tools
    carries: tuple[Shape, ...] = ()  # what else is screwed to it, in the flange frame; its weight is in `mass`
    nominal: Pose | None = None  # T_flange_tcp that the program is told, where that is not the true one

    @property
    def told(self) -> Pose:
        """T_flange_tcp as the controller and the program have it at the start."""
        return self.nominal or self.pose

    def numbers_over(self, defaults: Mapping[str, float]) -> dict[str, float]:
        """The tool's numbers over the defaults of its kind; raises SceneError for names that do not exist."""
        unknown = set(dict(self.numbers)) - set(defaults)
        if unknown:
            text = _("A tool of the kind {kind!r} has no number {names}. It has these numbers: {known}.")
            names, known = ", ".join(sorted(unknown)), ", ".join(defaults)
            raise SceneError(text.format(kind=self.kind, names=names, known=known))
        return {**defaults, **dict(self.numbers)}


@dataclass(frozen=True, slots=True)
class Dock:
    """A station where a tool is parked for the quick changer on the arm (a tool of the kind "changer").

    A digital input `<name>_occupied` is True while a tool sits in it. See `cell.docks`.
    """

    name: str
    pose: Pose  # T_base_dock, true: where the coupling face of a tool that sits in it is; z up, against the tool's
    tool: ToolSpec | None = None  # that stands here at the start; its poses are those behind the tool plate
    tool_name: str = ""  # under which programs know this tool, and how its bodies begin
    height: float = 0.3  # m, of the coupling face over what the dock stands on
    away: bool = False  # its tool is on the arm at the start


@dataclass(frozen=True, slots=True)
class Imperfections:
    """What makes this cell a real one; `Imperfections()` is a perfect one."""

    joint_zero: tuple[float, ...] = ()  # rad, one a joint: true angle minus encoder's angle; () for none
    repeatability: float = 0.0  # m, 1 sigma at the TCP, drawn once a move
    wrench_noise: float = 0.0  # N, 1 sigma (torque: a tenth of it, Nm)
    wrench_bias: tuple[
        float, ...
    ] = ()  # N, N, N, Nm, Nm, Nm at the TCP of the tool at the start: what is read without a touch
    camera_noise: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that stands in the cell at the start of a run, and what the program is told of it."""

    tool: ToolSpec
    arm: str = "ur5e"
    parts: tuple[Part, ...] = ()
    fixtures: tuple[Fixture, ...] = ()
    docks: tuple[Dock, ...] = ()  # for an arm with a quick changer
    floor: float = -0.85  # m, height of the floor in the base frame
    belts: tuple[Belt, ...] = ()
    turntables: tuple[Turntable, ...] = ()
    positioner: Positioner | None = None
    barriers: tuple[LightBarrier, ...] = ()
    probes: tuple[TouchProbe, ...] = ()
    plc: tuple[Handshake, ...] = ()  # what the PLC does for the robot
    controls: tuple[Control, ...] = ()
    operator: tuple[Act, ...] = ()  # what the operator does with them
    stacks: tuple[LampStack, ...] = ()
    faults: tuple[Fault, ...] = ()
    cameras: tuple[CameraSpec, ...] = ()
    lighting: Lighting = field(default_factory=Lighting)
    lights: tuple[Light, ...] = ()
    outputs: tuple[str, ...] = ()  # names of digital outputs that the program may set, beyond the belts'
    analog_inputs: tuple[tuple[str, str], ...] = ()  # names and units of numbers that the program may read
    analog_outputs: tuple[tuple[str, str], ...] = ()  # names and units of numbers that the program may set
    frames: tuple[tuple[str, Pose], ...] = ()  # what was taught: name, T_base_frame
    sheet: tuple[tuple[str, Any], ...] = ()  # the job sheet: plain JSON values
    meant_contacts: tuple[
        tuple[str, str], ...
    ] = ()  # pairs of name patterns (fnmatch), in any order; all else is a collision
    measured_contacts: tuple[
        tuple[str, str], ...
    ] = ()  # of these pairs the force is measured at every step and recorded, although meant and without the robot
    imperfections: Imperfections = field(default_factory=Imperfections)
    noise_seed: int = 0  # seeds the generators of the cell (repeatability, touch, wrench, camera)
    facts: tuple[tuple[str, Any], ...] = ()  # truth for the checks, plain JSON; recorded, never served
