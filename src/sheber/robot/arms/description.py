"""Arm: what a maker says about a robot arm, read from one TOML file an arm.

Link i is fixed to frame i of the arm's Denavit-Hartenberg table; link 0 is the base. Base and flange are the maker's
frames; `foot` says where the base stands in a cell. A joint counts as on the maker's controller: theta of its row =
`direction` * angle + `offset`.
Metres, radians, kilograms, seconds.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sheber.geometry import Pose

__all__ = [
    "FLAGS",
    "ORIENTATIONS",
    "Arm",
    "ArmError",
    "Collider",
    "Joint",
    "Link",
    "Servo",
    "Shell",
    "available",
    "load",
]

Array = NDArray[np.float64]

ORIENTATIONS = ("rotvec", "abc", "quaternion")  # how makers write an orientation
FLAGS = ("", "status-turn", "confdata")  # how makers write a configuration beside a pose; "": not at all


FORCE_A_PAYLOAD = 20.0  # N/kg


class ArmError(Exception):
    """An arm that is not described here, or a description that cannot be read."""


@dataclass(frozen=True, slots=True)
class Joint:
    """One revolute joint: its row of the table, how its angle counts, its limits and its drive."""

    name: str
    a: float  # m, along x of the next frame
    d: float  # m, along z of the last frame
    alpha: float  # rad, about x of the next frame
    lower: float  # rad
    upper: float  # rad
    speed: float  # rad/s, largest
    acceleration: float  # rad/s2, largest that is commanded
    torque: float  # Nm, largest
    rotor_inertia: float  # kg m2, of its motor behind the gear
    direction: float = 1.0  # -1 where the maker counts against the table
    offset: float = 0.0  # rad, theta at the maker's zero


@dataclass(frozen=True, slots=True)
class Servo:
    """How the drives follow their targets; see `sheber.robot.cell.arm`."""

    stiffness_hz: float  # natural frequency of a joint under feedback alone
    damping: float  # of critical
    integral_s: float  # s in which the integral takes over a constant load


@dataclass(frozen=True, slots=True)
class Collider:
    """One solid primitive of a link. The words are those of `sheber.station.Visual`."""

    shape: str  # box, cylinder, capsule
    size: tuple[
        float, ...
    ]  # m. box: full x, y, z; cylinder, capsule: radius, length (a capsule's: without its round ends)
    pose: Pose  # T_link_shape, origin in the middle, round ones along z


@dataclass(frozen=True, slots=True)
class Shell:
    """One drawn piece of a link whose maker gives no mesh away; see `sheber.robot.arms.shells`."""

    kind: str  # lathe: turned about its z; plate: an outline along its z with round edges
    points: tuple[tuple[float, ...], ...]  # m. lathe: radius, z from low to high; plate: circles x, y, radius
    depth: tuple[float, float]  # m, of a plate: from, to along z
    edge: float  # m, radius of a plate's edges
    pose: Pose  # T_link_shell
    colour: tuple[float, float, float]  # sRGB, 0..1


@dataclass(frozen=True, slots=True)
class Link:
    """One rigid body of the arm."""

    name: str
    mass: float  # kg
    centre: tuple[float, float, float]  # m, centre of mass in the link's frame
    inertia: tuple[float, float, float, float, float, float]  # kg m2: xx, yy, zz, xy, xz, yz about the centre
    colliders: tuple[Collider, ...]
    mesh: str  # file in the mesh folder; "" where the link is drawn
    mesh_pose: Pose  # T_link_mesh
    shells: tuple[Shell, ...] = ()  # what is drawn


@dataclass(frozen=True)
class Arm:
    """A robot arm as its maker describes it."""

    name: str
    title: str
    maker: str
    inverse: str  # the kind of closed form that solves it, see `robot.motion.closed_form`
    joints: tuple[Joint, ...]
    links: tuple[Link, ...]  # base first: one more than joints
    home: tuple[float, ...]  # rad
    payload: float  # kg
    reach: float  # m
    mesh_package: str  # distribution that carries the meshes; "" where the links are drawn
    mesh_folder: str  # folder in it
    orientation: str  # how its maker writes an orientation: one of ORIENTATIONS
    flags: str  # how its maker writes a configuration: one of FLAGS
    singularities: tuple[tuple[str, str], ...]  # what its maker calls "wrist", "elbow", "shoulder", where otherwise
    foot: tuple[float, float, float]  # m, where the maker's base stands in the base frame of a cell; it is not turned
    servo: Servo
    joint_speed: float  # rad/s, default of joint moves
    joint_acceleration: float  # rad/s2, default of joint moves
    linear_speed: float  # m/s, default of linear and circular moves
    linear_acceleration: float  # m/s2, default of linear and circular moves
    max_linear_speed: float  # m/s
    max_linear_acceleration: float  # m/s2
    ramp_s: float  # s in which an acceleration builds up: jerk = acceleration / ramp_s
    rotation_radius: float  # m of path that a turn by 1 rad counts, where that is longer
    wrist_singularity: float  # rad, smallest angle of wrist 2 on a Cartesian path
    elbow_singularity: float  # rad, smallest angle of the elbow on a Cartesian path
    shoulder_singularity: float  # m, smallest way of the wrist centre to the cylinder it cannot enter

    @property
    def max_force(self) -> float:
        """The largest force [N] that it may be asked to press with: twice the weight that it carries."""
        return FORCE_A_PAYLOAD * self.payload

    @property
    def max_torque(self) -> float:
        """The largest torque [Nm] that it may be asked to turn with: that force on a lever of 100 mm."""
        return 0.1 * self.max_force

    @cached_property
    def dh(self) -> Array:
        """The maker's table (n, 3): a [m], d [m], alpha [rad]; theta is the joint's angle."""
        return _fixed([(joint.a, joint.d, joint.alpha) for joint in self.joints])

    @cached_property
    def plain_table(self) -> tuple[tuple[float, ...], ...]:
        """For one pose in plain numbers: direction, offset, a, d, cosine and sine of alpha and of its half, a joint."""
        return tuple(
            (
                *(joint.direction, joint.offset, joint.a, joint.d, math.cos(joint.alpha), math.sin(joint.alpha)),
                *(math.cos(0.5 * joint.alpha), math.sin(0.5 * joint.alpha)),
            )
            for joint in self.joints
        )

    @cached_property
    def link_matrices(self) -> tuple[Array, Array, Array]:
        """(n, 4, 4) each: a link is the first, plus cos theta times the second, plus sin theta times the third.

        What multiplies sine and cosine is in the first two rows only, what multiplies neither is in the last two.
        """
        a, d, alpha = self.dh.T
        ca, sa = np.cos(alpha), np.sin(alpha)
        constant, cosine, sine = np.zeros((3, len(self.joints), 4, 4))
        constant[:, 2, 1], constant[:, 2, 2], constant[:, 2, 3], constant[:, 3, 3] = sa, ca, d, 1.0
        cosine[:, 0, 0], cosine[:, 0, 3], cosine[:, 1, 1], cosine[:, 1, 2] = 1.0, a, ca, -sa
        sine[:, 0, 1], sine[:, 0, 2], sine[:, 1, 0], sine[:, 1, 3] = -ca, sa, 1.0, a
        return _fixed(constant), _fixed(cosine), _fixed(sine)

    @cached_property
    def directions(self) -> Array:
        """(n,) +1, or -1 where a joint counts against its row of the table."""
        return _fixed([joint.direction for joint in self.joints])

    @cached_property
    def offsets(self) -> Array:
        """(n,) theta [rad] at the joints' zeros."""
        return _fixed([joint.offset for joint in self.joints])

    @cached_property
    def lower(self) -> Array:
        """Lower joint limits (n,) rad."""
        return _fixed([joint.lower for joint in self.joints])

    @cached_property
    def upper(self) -> Array:
        """Upper joint limits (n,) rad."""
        return _fixed([joint.upper for joint in self.joints])

    @cached_property
    def max_speed(self) -> Array:
        """Largest joint speeds (n,) rad/s."""
        return _fixed([joint.speed for joint in self.joints])

    @cached_property
    def max_acceleration(self) -> Array:
        """Largest commanded joint accelerations (n,) rad/s2."""
        return _fixed([joint.acceleration for joint in self.joints])


def _fixed(values: Sequence[Any] | Array) -> Array:
    array = np.array(values, dtype=np.float64)
    array.setflags(write=False)
    return array


def available() -> list[str]:
    """Names of the arms that are described here."""
    files = resources.files(__package__).iterdir()
    return sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml"))


@cache
def load(name: str) -> Arm:
    """The arm of this name. Raises ArmError that lists what exists."""
    if name not in available():
        raise ArmError(f"no arm is called {name!r}; there are: {', '.join(available())}")
    text = (resources.files(__package__) / f"{name}.toml").read_text(encoding="utf-8")
    try:
        return _arm(tomllib.loads(text))
    except (KeyError, ValueError, TypeError) as error:
        raise ArmError(f"the description of the arm {name!r} cannot be read: {error!r}") from error


def _arm(table: Mapping[str, Any]) -> Arm:
    defaults, limits = table["defaults"], table["limits"]
    joints = tuple(_joint(row) for row in table["joints"])
    links = tuple(_link(row) for row in table["links"])
    if len(links) != len(joints) + 1 or len(table["home_deg"]) != len(joints):
        raise ValueError(f"{len(joints)} joints need {len(joints) + 1} links and {len(joints)} home angles")
    return Arm(
        name=str(table["name"]),
        title=str(table["title"]),
        maker=str(table["maker"]),
        inverse=str(table["inverse"]),
        mesh_package=str(table.get("mesh_package", "")),
        mesh_folder=str(table.get("mesh_folder", "")),
        orientation=_one_of(ORIENTATIONS, table["orientation"]),
        flags=_one_of(FLAGS, table["flags"]),
        singularities=tuple((name, str(called)) for name, called in table.get("singularities", {}).items()),
        foot=_triple(table["foot"]),
        servo=Servo(**{name: float(table["servo"][name]) for name in ("stiffness_hz", "damping", "integral_s")}),
        payload=float(table["payload"]),
        reach=float(table["reach"]),
        joint_speed=float(defaults["joint_speed"]),
        joint_acceleration=float(defaults["joint_acceleration"]),
        linear_speed=float(defaults["linear_speed"]),
        linear_acceleration=float(defaults["linear_acceleration"]),
        joints=joints,
        links=links,
        home=tuple(math.radians(angle) for angle in table["home_deg"]),
        max_linear_speed=float(limits["linear_speed"]),
        max_linear_acceleration=float(limits["linear_acceleration"]),
        ramp_s=float(limits["ramp_s"]),
        rotation_radius=float(limits["rotation_radius"]),
        wrist_singularity=math.radians(limits["wrist_singularity_deg"]),
        elbow_singularity=math.radians(limits["elbow_singularity_deg"]),
        shoulder_singularity=float(limits["shoulder_singularity"]),
    )


def _triple(values: Any) -> tuple[float, float, float]:
    x, y, z = (float(value) for value in values)
    return x, y, z


def _one_of(known: tuple[str, ...], word: str) -> str:
    if word not in known:
        raise ValueError(f"{word!r} is none of {known}")
    return word


def _joint(row: Mapping[str, Any]) -> Joint:
    lower, upper = row["range_deg"]
    return Joint(
        name=row["name"],
        a=float(row["a"]),
        d=float(row["d"]),
        alpha=math.radians(row["alpha_deg"]),
        lower=math.radians(lower),
        upper=math.radians(upper),
        speed=math.radians(row["speed_deg"]),
        acceleration=float(row["acceleration"]),
        torque=float(row["torque"]),
        rotor_inertia=float(row["rotor_inertia"]),
        direction=math.copysign(1.0, row.get("direction", 1.0)),
        offset=math.radians(row.get("offset_deg", 0.0)),
    )


def _link(row: Mapping[str, Any]) -> Link:
    x, y, z = (float(value) for value in row["centre"])
    xx, yy, zz, xy, xz, yz = (float(value) for value in row["inertia"])
    return Link(
        name=row["name"],
        mass=float(row["mass"]),
        centre=(x, y, z),
        inertia=(xx, yy, zz, xy, xz, yz),
        colliders=tuple(_collider(entry) for entry in row["colliders"]),
        mesh=row.get("mesh", ""),
        mesh_pose=Pose.from_rotvec(
            row.get("mesh_position", (0.0, 0.0, 0.0)), np.radians(row.get("mesh_rotvec_deg", (0.0, 0.0, 0.0)))
        ),
        shells=tuple(_shell(entry) for entry in row.get("shells", ())),
    )


_TURN = {  # rotation vector that takes z to the named axis
    "x": (0.0, math.pi / 2.0, 0.0),
    "y": (-math.pi / 2.0, 0.0, 0.0),
    "z": (0.0, 0.0, 0.0),
}


def _shell(entry: Mapping[str, Any]) -> Shell:
    """`at`: where the shell's z begins; `axis`: which axis of the link it is along."""
    kind = _one_of(("lathe", "plate"), entry["shape"])
    rows = entry["profile"] if kind == "lathe" else entry["circles"]
    low, high = (0.0, 0.0) if kind == "lathe" else (float(entry["from"]), float(entry["to"]))
    return Shell(
        kind,
        tuple(tuple(float(value) for value in row) for row in rows),
        (low, high),
        float(entry.get("edge", 0.0)),
        Pose.from_rotvec(entry.get("at", (0.0, 0.0, 0.0)), _TURN[entry["axis"]]),
        _triple(entry["colour"]),
    )


def _collider(entry: Mapping[str, Any]) -> Collider:
    if entry["shape"] == "box":
        corner, opposite = _fixed(entry["from"]), _fixed(entry["to"])
        return Collider("box", tuple((opposite - corner).tolist()), Pose((corner + opposite) / 2.0))
    if entry["shape"] not in ("cylinder", "capsule"):
        raise ValueError(f"a collider is a box, a cylinder or a capsule, not {entry['shape']!r}")
    low, high = float(entry["from"]), float(entry["to"])
    middle = list(entry.get("at", (0.0, 0.0)))
    middle.insert("xyz".index(entry["axis"]), (low + high) / 2.0)
    return Collider(
        entry["shape"], (float(entry["radius"]), high - low), Pose.from_rotvec(middle, _TURN[entry["axis"]])
    )
