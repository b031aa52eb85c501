"""Camera and hand-eye, by a student: chessboards, cv2.calibrateCamera, the starter's hand-eye, two rays to a mark. Nothing tuned."""
import math

import cv2
import numpy as np

from sheber import DOWN, Pose, SheberError, connect, Collision


def solve_hand_eye(flanges, boards):
    """T_flange_camera from T_base_flange and T_camera_board (from the starter)."""
    pairs = [(i, j) for i in range(len(flanges)) for j in range(i)]
    moved = [flanges[j].inverse() @ flanges[i] for i, j in pairs]
    seen = [boards[j] @ boards[i].inverse() for i, j in pairs]
    u, _, v = np.linalg.svd(sum(np.outer(a.rotvec, b.rotvec) for a, b in zip(moved, seen, strict=True)))
    R = u @ np.diag((1.0, 1.0, np.linalg.det(u @ v))) @ v
    left = np.vstack([a.rotation - np.eye(3) for a in moved])
    right = np.concatenate([R @ b.position - a.position for a, b in zip(moved, seen, strict=True)])
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = R, np.linalg.lstsq(left, right, rcond=None)[0]
    return Pose.from_matrix(matrix)


cell = connect(exercise="camera-and-hand-eye")
robot, hand, fixed = cell.robot, cell.cameras["hand"], cell.cameras["fixed"]
board, target, zone = cell.sheet["board"], cell.sheet["target"], cell.sheet["zone"]
tool = robot.tool.pose
FAST = dict(speed=2.0, acceleration=3.5)
CRITERIA = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 40, 0.001)


def grid(b):
    c, r = int(b["columns"]), int(b["rows"])
    g = np.zeros((c * r, 3), np.float32)
    g[:, :2] = np.mgrid[0:c, 0:r].T.reshape(-1, 2) * b["field"]
    return g - np.array([(c - 1) / 2 * b["field"], (r - 1) / 2 * b["field"], 0], np.float32)


def corners(colour, b):
    """The corners in one and the same order: from the end with the black field. None if the board is not whole."""
    c, r = int(b["columns"]), int(b["rows"])
    grey = cv2.cvtColor(colour, cv2.COLOR_BGR2GRAY)
    found, p = cv2.findChessboardCorners(grey, (c, r), flags=cv2.CALIB_CB_ADAPTIVE_THRESH + cv2.CALIB_CB_NORMALIZE_IMAGE)
    if not found:
        return None
    p = cv2.cornerSubPix(grey, np.ascontiguousarray(p, np.float32), (5, 5), (-1, -1), CRITERIA).reshape(-1, 2)
    q = p.reshape(r, c, 2)
    # make it right-handed seen from the front: x along columns, y along rows, z away from the camera (det > 0)
    a, b2 = q[0, -1] - q[0, 0], q[-1, 0] - q[0, 0]
    if a[0] * b2[1] - a[1] * b2[0] < 0:
        q = q[:, ::-1]

    def level(a, along, down):
        x, y = a - 0.5 * (along - a) - 0.5 * (down - a)
        return float(cv2.getRectSubPix(grey, (3, 3), (float(x), float(y))).mean())

    first = level(q[0, 0], q[0, 1], q[1, 0])
    last = level(q[-1, -1], q[-1, -2], q[-2, -1])
    if first > last:
        q = q[::-1, ::-1]
    return np.ascontiguousarray(q.reshape(-1, 1, 2))


def pnp(points, p, K, dist):
    ok, rvec, t = cv2.solvePnP(points, p, K, dist)
    return Pose.from_rotvec(t.ravel(), rvec.ravel())


# ---------------------------------------------------------------- the camera on the flange
T_flange_hand = hand.flange_pose
obj = grid(board)
views, flanges = [], []
centre = cell.frames["board"].position


def tilted(azimuth, tilt, roll, dist, dx=0.0, dy=0.0):
    """T_base_camera looking at the middle of the board; dx, dy move the camera aside, in its own axes [m]."""
    look = Pose(centre) @ Pose((0, 0, 0)).rotated(z=azimuth) @ Pose((0, 0, 0)).rotated(x=tilt) @ Pose((0, 0, dist))
    return look @ Pose((0, 0, 0)).rotated(z=-azimuth) @ DOWN.rotated(z=math.pi / 2 + roll) @ Pose((dx, dy, 0))


def look(T_base_camera):
    try:
        robot.move_to(T_base_camera @ T_flange_hand.inverse() @ tool, **FAST)
    except Collision:
        raise
    except SheberError as error:
        print("skipped:", str(error)[:80])
        return False
    image = hand.capture()
    p = corners(image.colour, board)
    if p is None:
        print("no whole board")
        return False
    views.append(p)
    flanges.append(image.flange)
    return True


D = math.radians
for azimuth, tilt, roll in ((0, 0, 0), (45, 22, 25), (135, 22, -25), (225, 22, 20), (315, 22, -35)):
    look(tilted(D(azimuth), D(tilt), D(roll), 0.42))


def calibrate():
    rms, K, dist, rv, tv = cv2.calibrateCamera([obj] * len(views), views, (hand.width, hand.height), None, None)
    boards = [Pose.from_rotvec(np.ravel(t), np.ravel(r)) for r, t in zip(rv, tv)]
    return rms, K, dist.ravel(), boards


rms, K, dist, boards = calibrate()
T_flange_hand = solve_hand_eye(flanges, boards)
centre = np.mean([(f @ T_flange_hand @ b).position for f, b in zip(flanges, boards)], axis=0)
print(f"rough: rms {rms:.3f}, f {K[0,0]:.1f} {K[1,1]:.1f}, T {T_flange_hand}")
# now the corners of the picture
for azimuth, tilt, roll, dx, dy in ((0, 25, 0, 0.06, 0.045), (90, 25, 15, -0.06, 0.045), (180, 25, -15, 0.06, -0.045), (270, 25, 10, -0.06, -0.045),
                                    (60, 24, 40, 0.06, 0.0), (240, 24, -40, -0.06, 0.0), (20, 12, 5, 0.0, 0.05), (200, 12, -10, 0.0, -0.05)):
    look(tilted(D(azimuth), D(tilt), D(roll), 0.36, dx, dy))
rms, K, dist, boards = calibrate()
T_flange_hand = solve_hand_eye(flanges, boards)
spots = np.array([(f @ T_flange_hand @ b).position for f, b in zip(flanges, boards)])
print(f"{len(views)} views: rms {rms:.3f}, K {K[0,0]:.2f} {K[1,1]:.2f} {K[0,2]:.2f} {K[1,2]:.2f} dist {dist.round(4)} T {T_flange_hand}; board scatters {1000*spots.std(0).max():.2f} mm")

# ---------------------------------------------------------------- the marks: pictures from four places
mid = np.array([np.mean(zone["x"]), np.mean(zone["y"]), np.mean(zone["z"])])
HUES = {"red": 0, "yellow": 25, "green": 65, "blue": 110, "magenta": 152}
rays = {name: [] for name in cell.sheet["marks"]}
for azimuth, tilt in ((200, 12), (290, 14), (20, 14), (110, 14)):
    T = Pose(mid) @ Pose((0, 0, 0)).rotated(z=D(azimuth)) @ Pose((0, 0, 0)).rotated(x=D(tilt)) @ Pose((0, 0, 0.46)) @ Pose((0, 0, 0)).rotated(z=-D(azimuth)) @ DOWN.rotated(z=math.pi / 2)
    try:
        robot.move_to(T @ T_flange_hand.inverse() @ tool, **FAST)
    except Collision:
        raise
    except SheberError as error:
        print("marks, skipped:", str(error)[:80])
        continue
    image = hand.capture()
    T_base_camera = image.flange @ T_flange_hand
    hsv = cv2.cvtColor(image.colour, cv2.COLOR_BGR2HSV).astype(int)
    for name in rays:
        away = abs((hsv[..., 0] - HUES[name] + 90) % 180 - 90)
        mask = ((away < 12) & (hsv[..., 1] > 110) & (hsv[..., 2] > 50)).astype(np.uint8)
        n, labels, stats, mids = cv2.connectedComponentsWithStats(mask)
        best = None
        for i in range(1, n):
            x, y, w, h, a = stats[i]
            if a < 40 or x < 2 or y < 2 or x + w > hand.width - 2 or y + h > hand.height - 2 or not 0.6 < a / (w * h * math.pi / 4) < 1.3:
                continue
            ray = np.append(cv2.undistortPoints(mids[i].reshape(1, 1, 2), K, dist).ravel(), 1.0)
            o, d = T_base_camera.position, T_base_camera.rotation @ ray
            at = o + d * (mid[2] - o[2]) / d[2]
            if zone["x"][0] - 0.05 < at[0] < zone["x"][1] + 0.05 and zone["y"][0] - 0.05 < at[1] < zone["y"][1] + 0.05 and (best is None or a > best[0]):
                best = (a, o, d / np.linalg.norm(d))
        if best:
            rays[name].append(best[1:])
    cell.show(image.colour, f"marks {azimuth}")
marks = {}
for name, lines in rays.items():
    if len(lines) < 2:
        print("mark", name, "seen", len(lines))
        continue
    A = sum(np.eye(3) - np.outer(d, d) for _, d in lines)
    b = sum((np.eye(3) - np.outer(d, d)) @ o for o, d in lines)
    marks[name] = np.linalg.solve(A, b)
    miss = max(np.linalg.norm((np.eye(3) - np.outer(d, d)) @ (marks[name] - o)) for o, d in lines)
    print(f"{name}: {(1000*marks[name]).round(1)} rays miss by {1000*miss:.2f} mm, {len(lines)} views")

# ---------------------------------------------------------------- touch them, on the shortest way
down = robot.forward(robot.home).quaternion
travel = zone["z"][1] + 0.04
here = robot.pose.position
todo = dict(marks)
while todo:
    name = min(todo, key=lambda n: np.linalg.norm(todo[n][:2] - here[:2]))
    p = todo.pop(name)
    here = p
    robot.move_to(Pose((p[0], p[1], travel), down), blend=0.01, **FAST)
    robot.move_linear(Pose(p, down).offset(z=-0.0005), speed=0.15, acceleration=1.5)
    cell.wait(0.1)
    cell.outputs["touch"] = True
    cell.outputs["touch"] = False
    robot.move_linear(Pose((p[0], p[1], travel), down), speed=0.4, acceleration=2.5, blend=0.01)
robot.move_joints(robot.home, **FAST)

# ---------------------------------------------------------------- the camera on the mast
T_flange_target = Pose(target["flange_pose"][:3], target["flange_pose"][3:])
obj2 = grid(target)
Kf, df = fixed.matrix, fixed.distortion
seen, backs = [], []
poses = []
for i, (tx, ty, dx, dy, dz) in enumerate(((0, 0, 0, 0, 0), (18, 0, .03, 0, 0), (-18, 0, -.03, 0, 0.05), (0, 20, 0, .02, 0), (0, -20, 0, -.02, 0.05), (14, 14, .05, .03, 0.03),
                                          (-14, 14, -.05, .03, 0), (14, -14, .05, -.03, 0.04), (-14, -14, -.05, -.03, 0), (9, 24, 0, 0, 0.02), (-24, 8, 0, 0, 0.03), (24, -6, 0, 0, 0))):
    facing = fixed.pose @ Pose((dx, dy, 0.56 + dz)) @ DOWN
    def flange_z(t):
        return (facing.rotated(z=t) @ T_flange_target.inverse()).rotation[2, 2]
    roll = min(np.linspace(-math.pi, math.pi, 73), key=flange_z) + D((0, 12, -12, 8, -8, 16, -16, 10, -10, 0, 5, -20)[i])
    poses.append(facing.rotated(z=roll).rotated(x=D(tx)).rotated(y=D(ty)))
for T_base_target in poses:
    if len(seen) >= 11:
        break
    try:
        robot.move_to(T_base_target @ T_flange_target.inverse() @ tool, **FAST)
    except Collision:
        raise
    except SheberError as error:
        print("fixed, skipped:", str(error)[:80])
        continue
    q = robot.pose @ tool.inverse()
    image = fixed.capture()
    p = corners(image.colour, target)
    if p is None:
        print("fixed: no whole target")
        cell.show(image.colour, "no target")
        continue
    seen.append(pnp(obj2, p, Kf, df))
    backs.append(q.inverse())
T_base_fixed = solve_hand_eye(backs, seen)
spots = np.array([(b @ T_base_fixed @ s).position for b, s in zip(backs, seen)])
print(f"fixed: {len(seen)} views, {T_base_fixed}; target scatters {1000*spots.std(0).max():.2f} mm")

for name, value in zip(("fx", "fy", "cx", "cy"), (K[0, 0], K[1, 1], K[0, 2], K[1, 2])):
    cell.outputs[f"hand_{name}"] = float(value)
for name, value in zip(("k1", "k2", "p1", "p2", "k3"), dist):
    cell.outputs[f"hand_{name}"] = float(value)
for camera, pose in (("hand", T_flange_hand), ("fixed", T_base_fixed)):
    for name, value in zip(("x", "y", "z", "rx", "ry", "rz"), (*pose.position, *pose.rotvec)):
        cell.outputs[f"{camera}_{name}"] = float(value)
robot.move_joints(robot.home, **FAST)
