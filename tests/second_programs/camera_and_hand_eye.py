"""A second good program of camera-and-hand-eye, from the text alone: no A X = X B, but one fit of all corners.

Where the drawing says that the cameras and boards are is where the fit begins; it moves them until the corners of all
pictures lie where they were seen. Each mark is looked at once more from near by, by two pictures side by side.
"""

import itertools
import math

import cv2
import numpy as np

from sheber import DOWN, Pose, RobotError, connect

cell = connect(exercise="camera-and-hand-eye")
robot, hand, fixed = cell.robot, cell.cameras["hand"], cell.cameras["fixed"]
HUE = {"red": 0, "yellow": 25, "green": 65, "blue": 110, "magenta": 152}
SPEED = 1.4


def pattern(board):
    """Corners in a frame in the middle of the board: x along its rows, y downwards, z away from who looks at it."""
    columns, rows = board["columns"], board["rows"]
    x, y = np.meshgrid(np.arange(columns) - (columns - 1) / 2, np.arange(rows) - (rows - 1) / 2)
    return np.stack((x.ravel(), y.ravel(), 0 * x.ravel()), axis=1) * board["field"]


def corners(image, board, expected):
    """Corners as seen, those first that `expected` (T_camera_board by the drawing) has first."""
    found, seen = cv2.findChessboardCornersSB(
        cv2.cvtColor(image.colour, cv2.COLOR_BGR2GRAY), (board["columns"], board["rows"])
    )
    if not found:
        return None
    seen = seen.reshape(-1, 2).astype(float)
    along = seen[board["columns"] - 1] - seen[0]
    return seen[::-1] if along @ expected.rotation[:2, 0] < 0 else seen


def fit(start, residuals):
    """Gauss and Newton with a little damping; the poses of `start` are turned and moved in their own axes."""
    poses, damping = list(start), 1e-3
    best = residuals(poses)
    for _ in range(30):
        columns = []
        for n, axis in itertools.product(range(len(poses)), range(6)):
            step = np.zeros(6)
            step[axis] = 1e-5
            columns.append((residuals([moved(p, step) if k == n else p for k, p in enumerate(poses)]) - best) / 1e-5)
        J = np.stack(columns, axis=1)
        H = J.T @ J
        step = -np.linalg.solve(H + damping * np.diag(np.diag(H)), J.T @ best)
        trial = [moved(p, step[6 * k : 6 * k + 6]) for k, p in enumerate(poses)]
        now = residuals(trial)
        if now @ now < best @ best:
            done = best @ best - now @ now < 1e-9 * (best @ best)
            poses, best, damping = trial, now, damping / 5
            if done:
                break
        else:
            damping *= 5
    print(f"fit: {math.sqrt(best @ best / len(best)):.3f} px")
    return poses


def moved(pose, step):
    return pose.offset_tool(*step[:3]).rotated(*step[3:])


def pixels(points, pose, matrix, lens):
    return cv2.projectPoints(points, cv2.Rodrigues(pose.rotation)[0], pose.position, matrix, lens)[0].reshape(-1, 2)


def try_to(pose):
    try:
        robot.move_to(pose, speed=SPEED, acceleration=3.0)
    except RobotError:
        return False
    return True


# --- the camera on the flange

robot.move_joints(robot.home)
board, points = cell.sheet["board"], pattern(cell.sheet["board"])
T_base_board = cell.frames["board"] @ DOWN
drawn = hand.flange_pose
seen, flanges = [], []
aims = [(a, b) for a in (-0.38, 0.0, 0.38) for b in (-0.38, 0.0, 0.38)] + [(0.3, 0.1), (-0.3, -0.1), (0.1, -0.3)]
for n, (a, b) in enumerate(aims):
    turn = (-0.35, 0.0, 0.35)[n % 3]
    look = Pose(T_base_board.position) @ DOWN.rotated(z=math.pi / 2).rotated(x=a, y=b).rotated(z=turn)
    look = look.offset_tool(x=0.16 * b, y=-0.12 * a, z=-0.40)
    if try_to(look @ drawn.inverse() @ robot.tool.pose):
        image = hand.capture()
        found = corners(image, board, (image.flange @ drawn).inverse() @ T_base_board)
        if found is not None:
            seen.append(found)
            flanges.append(image.flange)


def lens_of(views):
    """Matrix, distortion, boards as rotations and shifts, and the error of each view [px]."""
    objects = [points.astype(np.float32)] * len(views)
    _, matrix, lens, turns, shifts, _, _, errors = cv2.calibrateCameraExtended(
        objects, [one.astype(np.float32) for one in views], (640, 480), None, None, flags=cv2.CALIB_FIX_K3
    )
    return matrix, lens, turns, shifts, errors.ravel()


errors = lens_of(seen)[4]
good = [n for n, error in enumerate(errors) if error < 2.5 * np.median(errors)]  # corners that were taken for others
seen, flanges = [seen[n] for n in good], [flanges[n] for n in good]
matrix, lens, turns, shifts, errors = lens_of(seen)
print(f"{len(seen)} views of the board, {errors.max():.3f} px at most")


def off_hand(poses):
    T_flange_hand, where = poses
    return np.concatenate(
        [
            (pixels(points, (flange @ T_flange_hand).inverse() @ where, matrix, lens) - one).ravel()
            for flange, one in zip(flanges, seen, strict=True)
        ]
    )


first = Pose.from_rotvec(shifts[0].ravel(), turns[0].ravel())
T_flange_hand, T_base_board = fit([drawn, flanges[0] @ drawn @ first], off_hand)


# --- the camera on the mast

target, points_on = cell.sheet["target"], pattern(cell.sheet["target"])
T_flange_target = Pose.from_list(target["flange_pose"]) @ DOWN
sights, arms = [], []
for n, (a, b) in enumerate([(a, b) for a in (-0.3, 0.0, 0.3) for b in (-0.3, 0.0, 0.3)] + [(0.15, 0.2), (-0.15, -0.2)]):
    at = fixed.pose @ Pose((0.2 * b, -0.05 * a, 0.60)).rotated(x=a, y=b).rotated(z=(-0.3, 0.0, 0.3)[n % 3])
    if try_to(at @ T_flange_target.inverse() @ robot.tool.pose):
        arm = robot.pose @ robot.tool.pose.inverse()
        found = corners(fixed.capture(), target, fixed.pose.inverse() @ arm @ T_flange_target)
        if found is not None:
            sights.append(found)
            arms.append(arm)


def off_fixed(poses):
    T_base_fixed, where = poses
    return np.concatenate(
        [
            (pixels(points_on, T_base_fixed.inverse() @ arm @ where, fixed.matrix, fixed.distortion) - one).ravel()
            for arm, one in zip(arms, sights, strict=True)
        ]
    )


T_base_fixed, _ = fit([fixed.pose, T_flange_target], off_fixed)

values = {"fx": matrix[0, 0], "fy": matrix[1, 1], "cx": matrix[0, 2], "cy": matrix[1, 2]}
values |= dict(zip(("k1", "k2", "p1", "p2", "k3"), lens.ravel(), strict=True))
sheet = {f"hand_{name}": value for name, value in values.items()}
for name, pose in (("hand", T_flange_hand), ("fixed", T_base_fixed)):
    places = (*pose.position, *pose.rotvec)
    sheet |= {f"{name}_{axis}": value for axis, value in zip(("x", "y", "z", "rx", "ry", "rz"), places, strict=True)}
for name, value in sheet.items():
    cell.outputs[name] = float(value)


# --- the marks


def rays(image):
    """Where the camera was, and the direction of each mark that is whole in the picture, by colour."""
    camera = image.flange @ T_flange_hand
    hsv = cv2.cvtColor(image.colour, cv2.COLOR_BGR2HSV).astype(int)
    directions = {}
    for colour in cell.sheet["marks"]:
        mask = (abs((hsv[..., 0] - HUE[colour] + 90) % 180 - 90) < 11) & (hsv[..., 1] > 110)
        outlines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        for outline in outlines:
            area, (x, y, w, h) = cv2.contourArea(outline), cv2.boundingRect(outline)
            if area > 100 and 0.7 < w / h < 1.4 and area > 0.65 * w * h and 0 < x < 639 - w and 0 < y < 479 - h:
                moments = cv2.moments(outline)
                middle = np.array([[[moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]]]])
                x, y = cv2.undistortPoints(middle, matrix, lens).ravel()
                directions[colour] = camera.rotation @ (x, y, 1.0)
    return camera.position, directions


def see(x, y, z):
    try_to(Pose((x, y, z)) @ DOWN.rotated(z=math.pi / 2) @ T_flange_hand.inverse() @ robot.tool.pose)
    return rays(hand.capture())


zone = {axis: sum(ends) / 2 for axis, ends in cell.sheet["zone"].items()}
above, directions = see(zone["x"], zone["y"], 0.56)
for colour, direction in directions.items():
    x, y, _z = above + (zone["z"] - above[2]) / direction[2] * direction
    left, right = see(x - 0.05, y, 0.42), see(x + 0.05, y, 0.42)
    if colour not in left[1] or colour not in right[1]:
        continue
    (p, a), (q, b) = ((one[0], one[1][colour]) for one in (left, right))
    s, t = np.linalg.lstsq(np.stack((a, -b), axis=1), q - p, rcond=None)[0]
    tip = Pose((p + s * a + q + t * b) / 2) @ DOWN
    robot.move_to(tip.offset(z=0.05), speed=SPEED)
    robot.move_linear(tip, speed=0.2)
    cell.outputs["touch"] = True
    cell.outputs["touch"] = False
    robot.move_linear(tip.offset(z=0.08), speed=0.3)
robot.move_joints(robot.home)
