"""TCP calibration: touch the plate coarsely from five orientations, finely from twelve, then prove what was found."""

import math

import numpy as np

from sheber import DOWN, Contact, Pose, connect

cell = connect(exercise="tcp-calibration")
robot, plate = cell.robot, cell.frames["plate"]
slow, ball = cell.sheet["slow"], cell.sheet["ball_radius"]
LIFT = 0.08  # m over the plate, for the turns between two touches
TILT, SIDE = 40.0, 270.0  # towards the robot: its wrist is then above
middle = plate.offset(z=ball).position.copy()  # where the middle of the ball is when it touches there, about


def leaning(tilt_deg, side_deg, turn_deg=0.0):
    """The flange pointing down, tilted to a side."""
    tilt, side = math.radians(tilt_deg), math.radians(side_deg)
    return DOWN.rotated(x=tilt * math.cos(side), y=tilt * math.sin(side)).rotated(z=math.radians(turn_deg))


def touch(orientation, above, speed):
    """Go `above` the plate, touch it, come back up; T_base_flange at the touch."""
    start = Pose(middle, orientation.quaternion).offset(z=above)
    robot.move_to(start.offset(z=LIFT), blend=0.03)
    robot.move_linear(start)
    met = robot.move_linear(start.offset(z=-above - 0.1), speed=speed, until=Contact(5.0, along=(0, 0, 1)))
    robot.move_linear(met.pose.offset(z=LIFT))
    return met.pose @ robot.tool.pose.inverse()


def solved(flanges):
    """The TCP (3,) in the flange frame, the height of the ball's middle, and the scatter of the touches [m].

    The ball's middle is always at the same height: p_z + (R t)_z = h. Four unknowns: t and h.
    """
    a = np.array([[*flange.rotation[2], -1.0] for flange in flanges])
    b = np.array([-flange.position[2] for flange in flanges])
    found = np.linalg.lstsq(a, b, rcond=None)[0]
    left = a @ found - b
    return found[:3], found[3], math.sqrt(float(left @ left) / (len(flanges) - 4))


robot.zero_wrench()
coarse = [touch(leaning(0, 0), 0.13, 0.03)]
robot.set_tool(Pose((0.0, 0.0, coarse[0].position[2] - middle[2])))  # its length straight down, at least
coarse += [touch(leaning(25, side), 0.07, 0.03) for side in (0, 90, 180, 270)]
tip, height, scatter = solved(coarse)
robot.set_tool(Pose(tip))
middle[2] = height
print("coarse:", (tip * 1e3).round(2), "mm, scatter", round(scatter * 1e3, 3), "mm")

# finely: four times straight, eight times tilted; what differs is how the flange is turned about its own axis
fine = [touch(leaning(0, 0, turn), 0.004, slow) for turn in (180, 90, 0, -90)]
fine += [touch(leaning(TILT, SIDE, turn), 0.004, slow) for turn in range(-135, 225, 45)]
if solved(fine)[2] > 1.2e-4:  # a worn arm: more touches, the mean of their errors is smaller
    fine += [touch(leaning(TILT, SIDE, turn), 0.004, slow) for turn in (112, -8, -128)]
tip, height, scatter = solved(fine)
robot.set_tool(Pose(tip))
cell.outputs["scatter"] = scatter * 1e3
print("fine:", (tip * 1e3).round(2), "mm, scatter", round(scatter * 1e3, 3), "mm")

for name in ("point_1", "point_2", "point_3", "point_4"):
    robot.move_to(cell.frames[name].offset(z=0.06), blend=0.02)
    robot.move_linear(cell.frames[name])
    cell.wait(0.1)
    robot.move_linear(cell.frames[name].offset(z=0.06), blend=0.02)
robot.move_to(cell.frames["pivot_1"].offset(z=0.06), blend=0.02)
for n in range(1, 7):
    robot.move_linear(cell.frames[f"pivot_{n}"])
    cell.wait(0.1)
robot.move_linear(cell.frames["pivot_6"].offset(z=0.06))
robot.move_joints(robot.home)
