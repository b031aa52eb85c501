"""TCP calibration, by a student: rough by four touches, then twelve slow ones, least squares, proof."""
import math
import numpy as np
from sheber import DOWN, Contact, NoContact, Pose, SheberError, Collision, connect

cell = connect(exercise="tcp-calibration")
robot, plate = cell.robot, cell.frames["plate"]
slow, radius = cell.sheet["slow"], cell.sheet["ball_radius"]
print("slow", slow, "radius", radius, "plate", plate, "tool", robot.tool.pose)
old = robot.tool.pose
FAST = dict(speed=1.8, acceleration=3.0)
middle = plate.position
home_down = Pose((0, 0, 0), DOWN.quaternion)


def pose(tilt, turn, height):
    """TCP over the middle of the plate; the tip leans back to the robot by the tilt, the flange is turned about itself."""
    return Pose(middle).offset(z=height) @ DOWN.rotated(y=-tilt).rotated(z=turn)


def touch(at, depth, speed):
    robot.move_to(at, **FAST)
    cell.wait(0.1)
    t = robot.move_linear(at.offset(z=-depth), speed=speed, until=Contact(5.0))
    return t.pose @ robot.tool.pose.inverse()


def solve(flanges):
    A = np.array([[*f.rotation[2], -1.0] for f in flanges])
    b = np.array([-f.position[2] for f in flanges])
    x, *_ = np.linalg.lstsq(A, b, rcond=None)
    e = A @ x - b
    n = len(b)
    return x[:3], x[3], e, math.sqrt((e**2).sum() / max(n - 4, 1))


# the flange's own turn at home, so that straight down is near it
here = robot.forward(robot.home)
base_turn = min(np.linspace(-math.pi, math.pi, 73), key=lambda t: Pose((0, 0, 0), DOWN.rotated(z=t).quaternion).angle(Pose((0, 0, 0), here.quaternion)))

robot.zero_wrench()
# ------------------------------------------------------------- rough
rough = []
f = touch(pose(0, base_turn, 0.15), 0.26, 0.03)
rough.append(f)
length = f.position[2] - middle[2] - radius              # t_z, good to the 4 mm of the plate
print(f"length about {1000*length:.1f} mm")
lift = Pose((0, 0, 0.06))
robot.move_linear(robot.pose.offset(z=0.09), speed=0.3)
robot.set_tool(Pose((0, 0, length)))
for k in range(3):
    try:
        rough.append(touch(pose(math.radians(25), base_turn + (k - 1) * math.radians(110), 0.075), 0.15, 0.03))
    except NoContact as error:
        print(error)
    robot.move_linear(robot.pose.offset(z=0.10), speed=0.3)
t, h, e, s = solve(rough)
print("rough TCP", (1000 * t).round(2), "h", round(1000 * h, 2), "plate", 1000 * middle[2] + 1000 * radius)
robot.set_tool(Pose(t))
# ------------------------------------------------------------- fine
fine = []
plan = [(36, a) for a in (0, 60, 120, 180, -120, -60)] + [(0, a) for a in (0, 90, -90)] + [(36, a) for a in (30, -30)] + [(0, a) for a in (45, -45)]
plan = sorted(plan, key=lambda p: p[1])
top = h
for tilt, turn in plan:
    at = pose(math.radians(tilt), base_turn + math.radians(turn), h - middle[2] + 0.005)
    try:
        robot.move_to(at.offset(z=0.05), blend=0.01, **FAST)
        robot.move_linear(at, speed=0.2)
        cell.wait(0.1)
        tt = robot.move_linear(at.offset(z=-0.010), speed=min(slow, 0.005), until=Contact(5.0))
        fine.append(tt.pose @ robot.tool.pose.inverse())
    except Collision:
        raise
    except SheberError as error:
        print("touch", tilt, turn, str(error)[:90])
    robot.move_linear(robot.pose.offset(z=0.06), speed=0.4, acceleration=2.5)
t, h, e, s = solve(fine)
print(f"{len(fine)} touches: TCP {(1000*t).round(3)} h {1000*h:.3f} scatter {1000*s:.3f} mm; residuals", (1000 * e).round(3))
robot.set_tool(Pose(t))
cell.outputs["scatter"] = 1000 * s
# ------------------------------------------------------------- proof
for name in [f"point_{i}" for i in (1, 2, 3, 4)] + [f"pivot_{i}" for i in range(1, 7)]:
    goal = cell.frames[name]
    robot.move_to(goal.offset(z=0.06), blend=0.01, **FAST)
    robot.move_linear(goal, speed=0.15, acceleration=1.5)
    cell.wait(0.15)
    robot.move_linear(goal.offset(z=0.06), speed=0.4, acceleration=2.5, blend=0.01)
robot.move_joints(robot.home, **FAST)
