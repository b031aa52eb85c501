"""Frame and trace, wrongly: only the first mark is touched, and the plate is taken to be level."""

import math

from sheber import DOWN, Pose, Signal, connect

cell = connect(exercise="frame-and-trace")
robot, dispenser, bead = cell.robot, cell.dispenser, cell.sheet["bead"]

above = cell.frames["above_origin"]
robot.move_to(above)
origin = robot.move_linear(above.offset(z=-0.03), speed=0.01, until=Signal("contact")).pose.position
robot.move_linear(above)
x, y, _z = cell.frames["above_x"].position - above.position
plate = Pose(origin).rotated(z=math.atan2(y, x))  # turned, but not tilted


def nozzle(at, height=bead["stand_off"]):
    """The nozzle over a point of the plate, as if it lay level."""
    return plate @ Pose((at["x"], at["y"], height)) @ DOWN


start, legs = cell.sheet["start"], cell.sheet["contour"]
robot.move_linear(nozzle(start, 0.05))
robot.move_linear(nozzle(start), speed=0.05)
dispenser.on(math.pi * bead["width"] ** 2 / 8.0 * bead["speed"], wait=False)
for leg in legs:
    robot.move_linear(nozzle(leg["to"]), speed=bead["speed"])
dispenser.off()
robot.move_linear(nozzle(legs[-1]["to"], 0.05))
robot.move_joints(robot.home)
