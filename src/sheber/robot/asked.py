"""Asked: numbers that a student may have meant in another unit, and poses; refused in words."""

from __future__ import annotations

import numpy as np

from sheber.desk import CommandError
from sheber.geometry import Pose
from sheber.i18n import Message, message
from sheber.station import ProtocolError

__all__ = ["DIGITAL_INPUT", "IN_DEGREES", "asked_pose", "check_units"]

FAR = 20.0  # m: nothing of a cell is so far away, and no path there is worth looking at
IN_DEGREES, IN_MILLIMETRES = 8.0, 20.0  # times what the arm can do: who asks for more has written another unit

DIGITAL_INPUT = message("robot.what_digital_input", "digital input")
FAR_OUTSIDE = message(
    "robot.far_outside",
    "({x:g}, {y:g}, {z:g}) m is far outside the cell. Positions are in metres, not in millimetres.",
)
NO_POSE = message("robot.not_a_pose", "The program sent numbers that are not a pose. {why}")
IN_ANOTHER_UNIT = {
    (True, "speed"): message(
        "robot.joint_speed_in_degrees",
        "A speed of {asked:g} rad/s was asked for. The limit of this arm is {limit:.3g} rad/s. "
        "Angles are in radians, not in degrees: {asked:g} deg is {meant:.3g} rad.",
    ),
    (True, "acceleration"): message(
        "robot.joint_acceleration_in_degrees",
        "An acceleration of {asked:g} rad/s^2 was asked for. The limit of this arm is {limit:.3g} rad/s^2. "
        "Angles are in radians, not in degrees: {asked:g} deg is {meant:.3g} rad.",
    ),
    (False, "speed"): message(
        "robot.speed_in_millimetres",
        "A speed of {asked:g} m/s was asked for. The limit of this arm is {limit:.3g} m/s. "
        "Lengths are in metres, not in millimetres: {asked:g} mm is {meant:g} m.",
    ),
    (False, "acceleration"): message(
        "robot.acceleration_in_millimetres",
        "An acceleration of {asked:g} m/s^2 was asked for. The limit of this arm is {limit:.3g} m/s^2. "
        "Lengths are in metres, not in millimetres: {asked:g} mm is {meant:g} m.",
    ),
}
"""By whether the move is one of joints, and by what was asked."""


def check_units(
    speed: float | None, acceleration: float | None, joint: bool, most_speed: float, most_acceleration: float
) -> None:
    """Raise SpeedLimit for a speed or an acceleration that can only be meant in degrees or in millimetres."""
    _check_unit(speed, most_speed, joint, IN_ANOTHER_UNIT[joint, "speed"])
    _check_unit(acceleration, most_acceleration, joint, IN_ANOTHER_UNIT[joint, "acceleration"])


def _check_unit(asked: float | None, limit: float, joint: bool, refused: Message) -> None:
    if asked is not None and asked > (IN_DEGREES if joint else IN_MILLIMETRES) * limit:
        meant = float(np.radians(asked)) if joint else asked / 1000.0
        raise CommandError("SpeedLimit", refused(asked=asked, limit=limit, meant=meant))


def asked_pose(values: list[float]) -> Pose:
    """The pose of seven numbers; a quaternion of zeros is what no client sends."""
    if max(map(abs, values[:3])) > FAR:
        x, y, z = values[:3]
        raise CommandError("Unreachable", FAR_OUTSIDE(x=x, y=y, z=z))
    try:
        return Pose.from_list(values)
    except ValueError as error:
        raise ProtocolError(NO_POSE(why=str(error))) from error
