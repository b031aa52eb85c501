"""TCP calibration, clumsily: enough touches, but the TCP is noted in whole millimetres, and nobody looks at what is left."""

import math

import numpy as np

from sheber import DOWN, Contact, Pose, connect

cell = connect(exercise="tcp-calibration")
robot, plate = cell.robot, cell.frames["plate"]
middle = plate.offset(z=cell.sheet["ball_radius"]).position


def touch(orientation, above, speed):
    """Go above the plate, touch it, come back up; T_base_flange at the touch."""
    start = Pose(middle, orientation.quaternion).offset(z=above)
    robot.move_to(start.offset(z=0.08))
    robot.move_linear(start)
    met = robot.move_linear(start.offset(z=-above - 0.1), speed=speed, until=Contact(5.0))
    robot.move_linear(met.pose.offset(z=0.08))
    cell.wait(2.5)
    return met.pose @ robot.tool.pose.inverse()


def solved(flanges):
    """The TCP in the flange frame, as somebody read it off a ruler."""
    a = np.array([[*flange.rotation[2], -1.0] for flange in flanges])
    b = np.array([-flange.position[2] for flange in flanges])
    return Pose((np.linalg.lstsq(a, b, rcond=None)[0][:3] * 1e3).round() / 1e3)


robot.zero_wrench()
flanges = [touch(DOWN.rotated(x=x, y=y), 0.13, 0.02) for x, y in ((0, 0), (0.4, 0), (-0.4, 0), (0, 0.4), (0, -0.4))]
robot.set_tool(solved(flanges))
flanges = [touch(DOWN.rotated(z=turn), 0.006, 0.005) for turn in (2.0, 0.0, -2.0)]
flanges += [touch(DOWN.rotated(y=-0.7).rotated(z=math.radians(turn)), 0.006, 0.005) for turn in range(-150, 180, 50)]
robot.set_tool(solved(flanges))
cell.outputs["scatter"] = 1.0

for n in range(1, 5):
    point = cell.frames[f"point_{n}"]
    robot.move_to(point.offset(z=0.06))
    robot.move_linear(point)
    cell.wait(0.5)
    robot.move_linear(point.offset(z=0.06))
robot.move_to(cell.frames["pivot_1"].offset(z=0.06))
for n in range(1, 7):
    robot.move_linear(cell.frames[f"pivot_{n}"])
    cell.wait(0.5)
robot.move_linear(cell.frames["pivot_6"].offset(z=0.06))
