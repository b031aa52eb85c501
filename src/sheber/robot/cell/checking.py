"""Checking: what of a scene cannot be built, in words for the author of the exercise. Raises SceneError only.

A scene comes from the code of a teacher. What it says is checked here, before the engine sees it; so an error further
on is ours.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from dataclasses import fields
from functools import cache, partial
from typing import Any, Final, NamedTuple, cast

import numpy as np

from sheber.geometry import Pose
from sheber.i18n import N_, _, ngettext
from sheber.robot.arms import available
from sheber.robot.cell.checking_driven import check_driven
from sheber.robot.cell.checking_lists import check_lists
from sheber.robot.cell.checking_panel import check_panel
from sheber.robot.cell.docks import CHANGER
from sheber.robot.cell.faults import may_fail
from sheber.robot.cell.lights import KINDS as LIGHTS
from sheber.robot.cell.lights import RING_WIDTH
from sheber.robot.cell.refusing import is_number as _is_number
from sheber.robot.cell.refusing import listed as _listed
from sheber.robot.cell.refusing import shape_called as _shape_called
from sheber.robot.cell.refusing import shown as _shown
from sheber.robot.cell.refusing import wrong as _wrong
from sheber.robot.cell.scene import (
    Act,
    Belt,
    CameraSpec,
    Control,
    Dock,
    Fault,
    Fixture,
    Handshake,
    Imperfections,
    Lamp,
    LampStack,
    Light,
    LightBarrier,
    Lighting,
    Part,
    Positioner,
    Scene,
    Shape,
    ToolSpec,
    TouchProbe,
    Turntable,
)
from sheber.robot.cell.wires import MOST_BITS, analog_inputs, analog_outputs, digital_inputs, digital_outputs
from sheber.robot.vision.textures import KINDS, RELIEFS

__all__ = ["check_scene"]

MOST_SHININESS = 1000
_Where = Callable[[], str]  # what a message calls the thing; asked for only when something is wrong
_SIZES: Final = {"box": 3, "cylinder": 2, "sphere": 1, "capsule": 2, "prism": 1, "plate": 1, "plane": 2, "lathe": 0}
"""How many numbers the size of each kind of shape has."""


def check_scene(scene: Scene) -> None:
    """Raise SceneError where a scene cannot be built; the sentence names the thing and what is wrong with it."""
    if not isinstance(scene, Scene):
        raise _wrong(_("It is {value}. It must be a Scene of a robot cell."), value=_shown(scene))
    _check_values(scene, lambda: _("The scene"))
    for name, kind in _MEMBERS.items():
        for number, one in enumerate(getattr(scene, name), 1):
            _check_member(one, name, number, kind)
    for name, kind in _ALONE.items():
        _check_member(getattr(scene, name), name, 1, kind)
    if scene.positioner is not None:
        _check_member(scene.positioner, "positioner", 1, Positioner)
    if scene.arm not in available():
        raise _wrong(_("There is no arm {arm!r}. The arms are: {names}."), arm=scene.arm, names=_listed(available()))
    _check_docks(scene)
    check_lists(scene, _check_shape)
    bodies: tuple[Part | Fixture, ...] = (*scene.parts, *scene.fixtures)
    for body in bodies:
        for number, shape in enumerate(body.shapes, 1):
            _check_shape(shape, partial(_shape_called, number, body.name))
    for part in scene.parts:
        if not any(shape.solid for shape in part.shapes):
            raise _wrong(_("The part {part!r} has no solid shape."), part=part.name)
    if len(scene.imperfections.wrench_bias) not in (0, 6):
        text = _("imperfections: wrench_bias is {value}. It must be six numbers, or () for none.")
        raise _wrong(text, value=_shown(scene.imperfections.wrench_bias))
    _check_names([*scene.barriers, *scene.cameras])
    for number, lamp in enumerate(scene.lighting.lamps, 1):
        _check_lamp(lamp, number)
    for light in scene.lights:
        _check_light(light)
    for belt in scene.belts:
        _check_barrier(belt, [barrier.name for barrier in scene.barriers])
        _check_encoder(belt)
    check_panel(scene)
    check_driven(scene, _check_shape)
    _check_signals(scene)
    for job in scene.plc:
        _check_job(job, scene)
    for fault in scene.faults:
        _check_fault(fault, may_fail(scene))
    _check_told(scene)


# --- every field ----------------------------------------------------------------------------


def _is_whole(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _is_tuple(value: object) -> bool:
    numbers = (one for one in value if isinstance(one, float)) if isinstance(value, tuple | list) else ()
    return isinstance(value, tuple | list) and all(map(math.isfinite, numbers))


def _is_colour(value: object) -> bool:
    return isinstance(value, tuple | list) and len(value) == 3 and all(map(_is_number, value))


class _Rule(NamedTuple):
    """What a field may hold."""

    fits: Callable[[Any], bool]
    wanted: str


_NUMBER: Final = _Rule(_is_number, N_("It must be a number that is finite."))
_TYPES: Final = {
    "float": _NUMBER,
    "int": _Rule(_is_whole, N_("It must be a whole number.")),
    "str": _Rule(lambda value: isinstance(value, str), N_("It must be a text.")),
    "bool": _Rule(lambda value: isinstance(value, bool | np.bool_), N_("It must be True or False.")),
    "Pose": _Rule(lambda value: isinstance(value, Pose), N_("It must be a Pose.")),
    "tuple": _Rule(_is_tuple, N_("It must be a tuple of finite values. A tuple of one thing needs a comma: (thing,).")),
    "Colour": _Rule(_is_colour, N_("It must be three numbers from 0 to 1.")),
}
_MEMBERS: Final[dict[str, type]] = {
    "parts": Part,
    "fixtures": Fixture,
    "docks": Dock,
    "belts": Belt,
    "barriers": LightBarrier,
    "probes": TouchProbe,
    "plc": Handshake,
    "faults": Fault,
    "cameras": CameraSpec,
    "lights": Light,
    "controls": Control,
    "operator": Act,
    "stacks": LampStack,
    "turntables": Turntable,
}
_ALONE: Final[dict[str, type]] = {"tool": ToolSpec, "lighting": Lighting, "imperfections": Imperfections}
_FIELDS: Final = (
    dict.fromkeys(
        ("mass", "length", "width", "height", "thickness", "radius", "acceleration", "torque"),
        _Rule(lambda value: _is_number(value) and value > 0, N_("It must be a number above zero.")),
    )
    | dict.fromkeys(
        (
            "friction",
            "delay",
            "noise",
            "exposure_s",
            "repeatability",
            "wrench_noise",
            "ramp",
            "begins",
            "takes",
            "at",
            "gloss",
            "strength",
        ),
        _Rule(lambda value: _is_number(value) and value >= 0, N_("It must be a number, zero or above.")),
    )
    | {
        "shininess": _Rule(
            lambda value: _is_whole(value) and 1 <= value <= MOST_SHININESS,
            N_("It must be a whole number from 1 to 1000."),
        ),
        "initial": _Rule(lambda value: _is_number(value) and 0 <= value <= 1, N_("It must be a number from 0 to 1.")),
        "mount": _Rule(lambda value: value in ("", "flange"), N_("It must be '' or 'flange'.")),
        "calls": _Rule(
            lambda value: value is None or (_is_number(value) and value >= 0),
            N_("It must be a number, zero or above, or None."),
        ),
        "nominal": _Rule(lambda value: value is None or isinstance(value, Pose), N_("It must be a Pose or None.")),
    }
)
_NAME: Final = _Rule(lambda value: isinstance(value, str) and value != "", N_("It must be a text that is not empty."))


@cache
def _rules(kind: Hashable) -> tuple[tuple[str, _Rule | None], ...]:
    """The fields of a description, each with what it may hold; None: a description of its own."""

    def rule(name: str, declared: str) -> _Rule | None:
        if name == "name":
            return _NAME
        return _FIELDS.get(name) or _TYPES.get(declared.partition("[")[0])

    return tuple((one.name, rule(one.name, str(one.type))) for one in fields(cast("Any", kind)))


def _check_values(thing: Any, where: _Where) -> None:
    """Each field of a description holds what it is declared to hold."""
    for name, rule in _rules(thing.__class__):
        value = getattr(thing, name)
        if rule is not None and not rule.fits(value):
            text = _("{where}: {name} is {value}. {wanted}")
            raise _wrong(text, where=where(), name=name, value=_shown(value), wanted=_(rule.wanted))


def _check_member(one: Any, name: str, number: int, kind: type) -> None:
    """A thing of the scene is of the kind that belongs there, and so are its fields."""
    if not isinstance(one, kind):
        text = _("The scene: {name} has {value}. It must be a {kind}.")
        raise _wrong(text, name=name, value=_shown(one), kind=kind.__name__)
    _check_values(one, lambda: f"{name} {number} ({getattr(one, 'name', name)!r})")


# --- shapes ---------------------------------------------------------------------------------


def _check_shape(shape: Any, where: _Where) -> None:
    if not isinstance(shape, Shape):
        raise _wrong(_("{where} is {value}. It must be a Shape."), where=where(), value=_shown(shape))
    _check_values(shape, where)
    kind = shape.kind
    if kind not in _SIZES:
        text = _("{where}: There is no shape {kind!r}. The shapes are: {names}.")
        raise _wrong(text, where=where(), kind=kind, names=_listed(_SIZES))
    if kind in ("lathe", "plate") and shape.solid:
        text = _("{where}: A {kind} is only drawn, never touched. Write solid=False.")
        raise _wrong(text, where=where(), kind=kind)
    least = 0.0 if kind == "plane" else 1e-6
    if len(shape.size) != _SIZES[kind] or not all(_is_number(size) and size >= least for size in shape.size):
        text = ngettext(
            "{where}: The size of a {kind} is {value}. It must be a tuple of {count} number above zero, in metres.",
            "{where}: The size of a {kind} is {value}. It must be a tuple of {count} numbers above zero, in metres.",
            _SIZES[kind],
        )
        raise _wrong(text, where=where(), kind=kind, value=_shown(shape.size), count=_SIZES[kind])
    if kind in ("prism", "lathe", "plate"):
        for outline in (shape.polygon, *shape.holes):
            _check_outline(shape, outline, where)
    if shape.texture:
        _check_texture(shape.texture, KINDS, where)
    if shape.relief:
        _check_texture(shape.relief, RELIEFS, where)


def _check_outline(shape: Shape, points: Any, where: _Where) -> None:
    least = 2 if shape.kind == "lathe" else 3
    if (
        not all(isinstance(p, tuple | list) and len(p) == 2 and all(map(_is_number, p)) for p in points)
        or len(points) < least
    ):
        text = _("{where}: The polygon of a {kind} is {value}. It must have {count} or more points of two numbers.")
        raise _wrong(text, where=where(), kind=shape.kind, value=_shown(points), count=least)


def _check_texture(name: str, known: Iterable[str], where: _Where) -> None:
    if name.partition("/")[0] not in known:
        text = _("{where}: There is no texture {name!r}. The textures are: {names}.")
        raise _wrong(text, where=where(), name=name, names=_listed(sorted(known)))


# --- light ----------------------------------------------------------------------------------


def _check_lamp(lamp: Any, number: int) -> None:
    _check_member(lamp, "lighting.lamps", number, Lamp)
    one, other = lamp.direction, lamp.position
    if not _is_place(one or other) or bool(one) == bool(other) or not any(one or (1.0,)):
        text = _("lighting.lamps {number}: A lamp has either a direction or a position, of three numbers.")
        raise _wrong(text, number=number)


def _check_light(light: Light) -> None:
    if light.kind not in LIGHTS:
        text = _("The light {name!r}: There is no light of the kind {kind!r}. The kinds are: {names}.")
        raise _wrong(text, name=light.name, kind=light.kind, names=_listed(LIGHTS))
    count = LIGHTS[light.kind]
    if len(light.size) != count or not all(_is_number(size) and size > RING_WIDTH for size in light.size):
        text = _(
            "The light {name!r}: The size of a {kind} light is {value}. It must be {count} numbers above {least} m."
        )
        raise _wrong(text, name=light.name, kind=light.kind, value=_shown(light.size), count=count, least=RING_WIDTH)
    if light.kind == "back" and light.mount:
        raise _wrong(_("The light {name!r}: The arm cannot carry a back light."), name=light.name)


def _is_place(value: Any) -> bool:
    return len(value) == 3 and all(map(_is_number, value))


# --- names and what a program is told -------------------------------------------------------


def _check_names(named: Iterable[Any]) -> None:
    seen: set[str] = set()
    for one in named:
        if one.name in seen:
            raise _wrong(_("Two things of the scene have the name {name!r}."), name=one.name)
        seen.add(one.name)


def _check_barrier(belt: Belt, barriers: list[str]) -> None:
    if belt.until and belt.until not in barriers:
        text = _(
            "The belt {belt!r} runs until {until!r}. No light barrier has this name. The light barriers are: {names}."
        )
        raise _wrong(text, belt=belt.name, until=belt.until, names=_listed(barriers))


def _check_encoder(belt: Belt) -> None:
    if belt.encoder and belt.counts_per_m <= 0.0:
        text = _("The belt {belt!r} has an encoder and {value} counts per metre. It must have a number above zero.")
        raise _wrong(text, belt=belt.name, value=_shown(belt.counts_per_m))


def _check_signals(scene: Scene) -> None:
    """A name is that of one input, or of one output."""
    inputs = [*digital_inputs(scene), *(name for name, _unit in analog_inputs(scene))]
    outputs = [*digital_outputs(scene), *(name for name, _unit in analog_outputs(scene))]
    for names in (inputs, outputs):
        for name, count in Counter(names).items():
            if count > 1:
                raise _wrong(_("Two signals of the scene have the name {name!r}."), name=name)
    for what, bits in ((_("digital inputs"), digital_inputs(scene)), (_("digital outputs"), digital_outputs(scene))):
        if len(bits) > MOST_BITS:
            text = _("The scene has {count} {what}. It may have up to {most}: {names}.")
            raise _wrong(text, count=len(bits), what=what, most=MOST_BITS, names=_listed(bits))


def _check_job(job: Handshake, scene: Scene) -> None:
    """What a job sets are names and truth values; what comes late are numbers of requests and seconds; what it gives
    are numbers of analog inputs; what it clears can fail."""
    for name, kinds in (("sets", (str, bool)), ("late", (int, int | float))):
        for entry in getattr(job, name):
            if not isinstance(entry, tuple) or len(entry) != 2 or not all(map(isinstance, entry, kinds)):
                text = _("The job {job!r} of the PLC: {name} has the entry {value}. It must be {wanted}.")
                wanted = _("a name and True or False") if name == "sets" else _("the number of a request and seconds")
                raise _wrong(text, job=job.name, name=name, value=_shown(entry), wanted=wanted)
    answers: Any = job.gives
    for answer in answers:
        for entry in answer if isinstance(answer, tuple) else (answer,):
            _check_given(job, entry, [name for name, _unit in scene.analog_inputs])
    fails = sorted({what for _kind, what in may_fail(scene)})
    for what in job.clears:
        if what not in fails:
            text = _("The job {job!r} of the PLC clears {value}. What can fail is: {names}.")
            raise _wrong(text, job=job.name, value=_shown(what), names=_listed(fails))


def _check_given(job: Handshake, entry: Any, inputs: list[str]) -> None:
    if not isinstance(entry, tuple) or len(entry) != 2 or entry[0] not in inputs or not _is_number(entry[1]):
        text = _(
            "The job {job!r} of the PLC: gives has the entry {value}. It must be the name of an analog input and a "
            "number. The analog inputs are: {names}."
        )
        raise _wrong(text, job=job.name, value=_shown(entry), names=_listed(inputs))


def _check_docks(scene: Scene) -> None:
    """Docks go with a changer; each tool has a name of its own, and one at most is on the arm at the start."""
    if scene.docks and scene.tool.kind != CHANGER:
        text = _("The scene has docks, and the tool of its arm is a {kind}. Docks need the tool {changer!r}.")
        raise _wrong(text, kind=scene.tool.kind, changer=CHANGER)
    away = [dock.name for dock in scene.docks if dock.away]
    if len(away) > 1:
        raise _wrong(_("More than one dock has its tool on the arm at the start: {names}."), names=_listed(away))
    for dock in scene.docks:
        if dock.tool is None:
            if dock.away or dock.tool_name:
                raise _wrong(
                    _("The dock {dock!r} has a name for its tool, or has it away, but no tool."), dock=dock.name
                )
            continue
        _check_member(dock.tool, f"docks ({dock.name!r}) tool", 1, ToolSpec)
        if not dock.tool_name:
            raise _wrong(_("The tool in the dock {dock!r} needs a name (tool_name)."), dock=dock.name)
        if dock.tool.kind == CHANGER:
            raise _wrong(_("The dock {dock!r} has a changer. A changer is on the arm only."), dock=dock.name)


def _check_fault(fault: Fault, may_fail: list[tuple[str, str]]) -> None:
    if (fault.kind, fault.what) not in may_fail:
        text = _("There is no fault {kind!r} of {what!r}. In this scene there can be: {known}.")
        known = _listed(f"{kind!r} of {what!r}" for kind, what in may_fail)
        raise _wrong(text, kind=fault.kind, what=fault.what, known=known)
    if fault.ends is not None and not (_is_number(fault.ends) and fault.ends > fault.begins):
        text = _(
            "The fault {kind!r} of {what!r} begins at {start:g} s and ends at {end}. It must end later, or be None."
        )
        raise _wrong(text, kind=fault.kind, what=fault.what, start=fault.begins, end=_shown(fault.ends))
    if not 0.0 <= fault.value <= 1.0:
        text = _("The fault {kind!r} of {what!r} has the value {value}. It must be from 0 to 1.")
        raise _wrong(text, kind=fault.kind, what=fault.what, value=_shown(fault.value))


def _check_told(scene: Scene) -> None:
    """Taught frames are names and poses, the job sheet is plain values."""
    frames: Any = scene.frames
    for entry in frames:
        if not isinstance(entry, tuple | list) or len(entry) != 2 or not isinstance(entry[1], Pose):
            text = _("frames has the entry {value}. Each entry must be a name and a Pose.")
            raise _wrong(text, value=_shown(entry))
    try:
        json.dumps(dict(scene.sheet), allow_nan=False)
    except (TypeError, ValueError) as error:
        text = _("The job sheet must have plain values (numbers, texts, lists, tables): {why}.")
        raise _wrong(text, why=error) from error
