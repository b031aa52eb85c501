"""Frame and trace, by a student: three touches, best rigid fit to the drawing's marks, one bead."""
import math
import numpy as np
from sheber import DOWN, Pose, Signal, connect

cell = connect(exercise="frame-and-trace")
robot, dispenser = cell.robot, cell.dispenser
marks, bead, contour, start = cell.sheet["marks"], cell.sheet["bead"], cell.sheet["contour"], cell.sheet["start"]
print("marks", marks, "bead", bead, "start", start, "legs", len(contour))
print("delays", dispenser.open_delay, dispenser.close_delay, "max flow", dispenser.max_flow)
EARLY = 0.00015                                          # the contact answers 0 to 0.3 mm early: half of it
SPEED = 0.012

drawn, touched = [], []
for name in ("origin", "x", "y"):
    above = cell.frames[f"above_{name}"]
    robot.move_to(above, speed=2.0, acceleration=3.5, blend=0.003)
    robot.move_linear(above.offset(z=-0.007), speed=0.15, acceleration=2.0)
    touch = robot.move_linear(above.offset(z=-0.036), speed=SPEED, until=Signal("contact"))
    point = touch.pose.position - np.array([0, 0, EARLY - 0.5 * 0.01 * SPEED])
    touched.append(point)
    drawn.append((marks[name]["x"], marks[name]["y"], 0.0) if name in marks else (0.0, 0.0, 0.0))
    robot.move_linear(above.offset(z=0.03), speed=0.4, acceleration=2.5, blend=0.015)
drawn, touched = np.array(drawn), np.array(touched)
for i, j in ((0, 1), (0, 2), (1, 2)):
    print(f"distance {i}-{j}: touched {1000*np.linalg.norm(touched[i]-touched[j]):.2f} drawn {1000*np.linalg.norm(drawn[i]-drawn[j]):.2f} mm")
a, b = drawn - drawn.mean(0), touched - touched.mean(0)
u, _, vt = np.linalg.svd(a.T @ b)
R = vt.T @ np.diag([1, 1, np.linalg.det(vt.T @ u.T)]) @ u.T
m = np.eye(4)
m[:3, :3], m[:3, 3] = R, touched.mean(0) - R @ drawn.mean(0)
plate = Pose.from_matrix(m)
print("plate", plate)

# the tool stands square on the plate, its turn about itself as near as possible to that of home
here = robot.forward(robot.home)
turns = [DOWN.rotated(z=t) for t in np.linspace(-math.pi, math.pi, 73)]
tool = min(turns, key=lambda t: (Pose(here.position) @ Pose((0, 0, 0), (plate @ t).quaternion)).angle(here))


def over(x, y, height=None):
    return plate @ Pose((x, y, bead["stand_off"] if height is None else height)) @ tool


speed, width = bead["speed"], bead["width"]
flow = math.pi * width**2 / 8 * speed
begin = over(start["x"], start["y"])
robot.move_to(over(start["x"], start["y"], 0.03), speed=2.0, acceleration=3.5, blend=0.01)
robot.move_linear(begin, speed=0.15, acceleration=2.0)
dispenser.on(flow, wait=False)
cell.wait(max(0.0, dispenser.open_delay - 0.05))
for i, leg in enumerate(contour):
    last = i == len(contour) - 1
    more = dict(speed=speed, acceleration=3.0, wait=False)
    if not last:
        more["blend"] = 0.003
    to = over(leg["to"]["x"], leg["to"]["y"])
    if leg["move"] == "arc":
        robot.move_circular(via=over(leg["via"]["x"], leg["via"]["y"]), to=to, **more)
    else:
        robot.move_linear(to, **more)
end = to
while True:
    s = cell.state()
    left = s.pose.distance(end)
    if left < speed * (dispenser.close_delay + 0.02) or not s.moving:
        break
dispenser.off(wait=False)
robot.wait()
cell.wait(0.05)
robot.move_linear(over(contour[-1]["to"]["x"], contour[-1]["to"]["y"], 0.04), speed=0.4, acceleration=2.5, blend=0.02)
robot.move_joints(robot.home, speed=2.0, acceleration=3.5)
