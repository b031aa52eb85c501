"""Camera and hand-eye, clumsily: few and flat views, the fixed camera as it was drawn, slowly."""

import math

import cv2
import numpy as np

from sheber import DOWN, Pose, connect

cell = connect(exercise="camera-and-hand-eye")
robot, hand = cell.robot, cell.cameras["hand"]
board = cell.sheet["board"]
SIZE = (board["columns"], board["rows"])
HUES = {"red": 0, "yellow": 25, "green": 64, "blue": 110, "magenta": 152}


def see(T_base_hand, T_flange_hand):
    robot.move_to(T_base_hand @ T_flange_hand.inverse() @ robot.tool.pose, speed=0.6)
    return hand.capture()


# seven views, most of them nearly from above
points = np.zeros((SIZE[0] * SIZE[1], 3), np.float32)
points[:, :2] = np.mgrid[: SIZE[0], : SIZE[1]].T.reshape(-1, 2) * board["field"]
flanges, corners = [], []
for a, b, c in (
    (0, 0, 0),
    (0.3, 0, 0.3),
    (0, 0.3, -0.3),
    (-0.3, 0, 0.2),
    (0, -0.3, -0.2),
    (0.2, 0.2, 0),
    (-0.2, -0.2, 0.4),
):
    above = Pose(cell.frames["board"].position) @ DOWN.rotated(z=math.pi / 2)
    image = see(above.rotated(x=a, y=b).rotated(z=c).offset_tool(z=-0.42), hand.flange_pose)
    grey = cv2.cvtColor(image.colour, cv2.COLOR_BGR2GRAY)
    found, seen = cv2.findChessboardCorners(grey, SIZE)
    if found:
        seen = cv2.cornerSubPix(grey, seen, (5, 5), (-1, -1), (3, 30, 0.01)).reshape(-1, 2)
        if corners and np.dot(seen[-1] - seen[0], corners[0][-1] - corners[0][0]) < 0:
            seen = seen[::-1].copy()  # it began at the other end
        flanges.append(image.flange)
        corners.append(seen)

_, matrix, lens, turns, shifts = cv2.calibrateCamera(
    [points] * len(corners), corners, (640, 480), None, None, flags=cv2.CALIB_FIX_K3
)
boards = [Pose.from_rotvec(t.ravel(), r.ravel()) for r, t in zip(turns, shifts)]
A = [flanges[0].inverse() @ flange for flange in flanges[1:]]
B = [boards[0] @ one.inverse() for one in boards[1:]]
u, _, v = np.linalg.svd(sum(np.outer(a.rotvec, b.rotvec) for a, b in zip(A, B)))
R = u @ np.diag((1, 1, np.linalg.det(u @ v))) @ v
left = np.vstack([a.rotation - np.eye(3) for a in A])
t = np.linalg.lstsq(left, np.concatenate([R @ b.position - a.position for a, b in zip(A, B)]), rcond=None)[0]
T = np.eye(4)
T[:3, :3], T[:3, 3] = R, t
T_flange_hand = Pose.from_matrix(T)

values = {"fx": matrix[0, 0], "fy": matrix[1, 1], "cx": matrix[0, 2], "cy": matrix[1, 2]}
values |= dict(zip(("k1", "k2", "p1", "p2", "k3"), lens.ravel()))
values |= dict(zip(("x", "y", "z", "rx", "ry", "rz"), (*t, *T_flange_hand.rotvec)))
for name, value in values.items():
    cell.outputs["hand_" + name] = float(value)
drawn = cell.cameras["fixed"].pose
for name, value in zip(("x", "y", "z", "rx", "ry", "rz"), (*drawn.position, *drawn.rotvec)):
    cell.outputs["fixed_" + name] = float(value)

# two pictures from above the marks, and where their rays come nearest to each other
zone = cell.sheet["zone"]
rays = {name: [] for name in cell.sheet["marks"]}
for aside in (-0.05, 0.05):
    above = Pose((np.mean(zone["x"]) + aside, np.mean(zone["y"]), 0.50)) @ DOWN.rotated(z=math.pi / 2)
    image = see(above, T_flange_hand)
    camera = image.flange @ T_flange_hand
    hsv = cv2.cvtColor(image.colour, cv2.COLOR_BGR2HSV)
    for name in rays:
        near = abs((hsv[:, :, 0].astype(int) - HUES[name] + 90) % 180 - 90) < 12
        _, _, stats, centres = cv2.connectedComponentsWithStats((near & (hsv[:, :, 1] > 100)).astype(np.uint8))
        spots = [n for n in range(1, len(stats)) if 150 < stats[n, cv2.CC_STAT_AREA] < 900]
        if spots:
            pixel = centres[spots[0]].reshape(1, 1, 2)
            ray = camera.rotation @ np.append(cv2.undistortPoints(pixel, matrix, lens).ravel(), 1.0)
            rays[name].append((camera.position, ray))
for name, pair in rays.items():
    if len(pair) == 2:
        (p, a), (q, b) = pair
        s, t = np.linalg.lstsq(np.column_stack((a, -b)), q - p, rcond=None)[0]
        tip = Pose((p + s * a + q + t * b) / 2).offset(z=0.002) @ DOWN  # rather short of a mark than pressed into it
        robot.move_to(tip.offset(z=0.08), speed=0.6)
        robot.move_linear(tip, speed=0.1)
        cell.outputs["touch"] = True
        cell.outputs["touch"] = False
        robot.move_linear(tip.offset(z=0.08), speed=0.1)
robot.move_joints(robot.home)
