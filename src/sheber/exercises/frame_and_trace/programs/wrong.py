"""Frame and trace, wrongly: only the first mark is touched, and the axes of the base stand for those of the plate."""

import math

from sheber import DOWN, Pose, connect

cell = connect(exercise="frame-and-trace")
robot, dispenser, bead = cell.robot, cell.dispenser, cell.sheet["bead"]

above = cell.frames["above_origin"]
robot.move_to(above)
robot.move_linear(above.offset(z=-0.03), speed=0.02, wait=False)
cell.wait_for("contact")
robot.stop()
plate = Pose(robot.pose.position)
robot.move_linear(above)


def nozzle(at, height):
    """The nozzle over a point, as if the plate lay level and straight."""
    return plate @ Pose((at["x"], at["y"], height)) @ DOWN


start, legs = cell.sheet["start"], cell.sheet["contour"]
robot.move_linear(nozzle(start, 0.06))
robot.move_linear(nozzle(start, 0.03))
dispenser.on(math.pi * bead["width"] ** 2 / 8.0 * bead["speed"])
for leg in legs:
    robot.move_linear(nozzle(leg["to"], 0.03), speed=bead["speed"])
dispenser.off()
robot.move_joints(robot.home)
