"""Frame and trace, clumsily: fast touches, a stop at every leg, a high nozzle, more speed than the flow is for,
and a valve that is switched without a thought of its delays."""

import math

import numpy as np

from sheber import DOWN, Pose, connect

cell = connect(exercise="frame-and-trace")
robot, dispenser, bead = cell.robot, cell.dispenser, cell.sheet["bead"]


def touched(above):
    """Down until the tip touches, quickly."""
    robot.move_to(above)
    robot.move_linear(above.offset(z=-0.03), speed=0.03, wait=False)
    while not cell.inputs["contact"]:
        pass
    robot.stop()
    point = robot.pose.position
    robot.move_linear(above)
    return point


origin, on_x, in_xy = (touched(cell.frames[f"above_{name}"]) for name in ("origin", "x", "y"))
x = (on_x - origin) / np.linalg.norm(on_x - origin)
z = np.cross(x, in_xy - origin)
z = z / np.linalg.norm(z)
plate = Pose.from_matrix(np.vstack([np.column_stack([x, np.cross(z, x), z, origin]), [0, 0, 0, 1]]))


def nozzle(at, height=0.0042):
    """The nozzle over a point of the plate, somewhat high."""
    return plate @ Pose((at["x"], at["y"], height)) @ DOWN


speed = bead["speed"]
fast = 1.3 * speed  # in a hurry
robot.move_to(nozzle(cell.sheet["start"], 0.04))
robot.move_linear(nozzle(cell.sheet["start"]))
dispenser.on(math.pi * bead["width"] ** 2 / 8.0 * speed, wait=False)
for leg in cell.sheet["contour"]:
    if leg["move"] == "line":
        robot.move_linear(nozzle(leg["to"]), speed=fast)
    else:
        robot.move_circular(nozzle(leg["via"]), nozzle(leg["to"]), speed=fast)
dispenser.off()
robot.move_linear(robot.pose.offset(z=0.1))
