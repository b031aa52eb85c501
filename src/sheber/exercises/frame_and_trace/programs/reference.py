"""Frame and trace: touch three marks, make the work object of them, lay the bead in it."""

import math

import numpy as np

from sheber import DOWN, Pose, Signal, connect

cell = connect(exercise="frame-and-trace")
robot, dispenser, bead = cell.robot, cell.dispenser, cell.sheet["bead"]
SEARCH = 0.01  # m/s, while the tip looks for the plate
FAR = 0.03  # m under a taught pose: the plate is nearer
SWING = {"speed": 1.5, "acceleration": 3.0}  # rad/s, rad/s^2


def touched(above):
    """Go down from a taught pose until the tip touches; the point (3,) that it touches."""
    robot.move_to(above, **SWING)
    touch = robot.move_linear(above.offset(z=-FAR), speed=SEARCH, until=Signal("contact"))
    robot.move_linear(above, speed=0.2)
    return touch.pose.position


def work_object(origin, on_x, in_xy):
    """T_base_plate of three points: the first is the origin, x goes to the second, the third lies beside x."""
    x = (on_x - origin) / np.linalg.norm(on_x - origin)
    z = np.cross(x, in_xy - origin)
    z = z / np.linalg.norm(z)
    matrix = np.eye(4)
    matrix[:3, :3] = np.stack([x, np.cross(z, x), z], axis=1)
    matrix[:3, 3] = origin
    return Pose.from_matrix(matrix)


robot.move_joints(robot.home)
plate = work_object(*(touched(cell.frames[f"above_{name}"]) for name in ("origin", "x", "y")))


def nozzle(at, height=bead["stand_off"]):
    """T_base_tcp over a point of the plate, square to it."""
    return plate @ Pose((at["x"], at["y"], height)) @ DOWN


legs = cell.sheet["contour"]
speed = bead["speed"]
flow = math.pi * bead["width"] ** 2 / 8.0 * speed  # cross-section of a half-round bead times speed
robot.move_to(nozzle(cell.sheet["start"], 0.03), blend=0.01, **SWING)
robot.move_linear(nozzle(cell.sheet["start"]), speed=0.2)
dispenser.on(flow)
for leg in legs:
    blend = 0.0 if leg is legs[-1] else 0.003
    if leg["move"] == "line":
        robot.move_linear(nozzle(leg["to"]), speed=speed, blend=blend, wait=False)
    else:
        robot.move_circular(nozzle(leg["via"]), nozzle(leg["to"]), speed=speed, blend=blend, wait=False)
end = nozzle(legs[-1]["to"])
while robot.pose.distance(end) > speed * (dispenser.close_delay + 0.02):
    pass
dispenser.off(wait=False)
robot.wait()
robot.move_linear(nozzle(legs[-1]["to"], 0.04), speed=0.3, blend=0.01)
robot.move_joints(robot.home, **SWING)
