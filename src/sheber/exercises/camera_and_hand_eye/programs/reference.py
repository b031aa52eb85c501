"""Camera and hand-eye: the textbook way. Lens and hand-eye by OpenCV, marks by the rays of several pictures."""

import math

import cv2
import numpy as np

from sheber import DOWN, Pose, RobotError, connect

cell = connect(exercise="camera-and-hand-eye")
robot, hand, fixed = cell.robot, cell.cameras["hand"], cell.cameras["fixed"]
SWING = {"speed": 1.6, "acceleration": 4.0}  # rad/s, rad/s^2
HUES = {"red": 0, "yellow": 25, "green": 64, "blue": 110, "magenta": 152}  # of OpenCV, 0..179
DEG = math.pi / 180.0

# turn about the camera's x, y, z [deg], shift of the camera along its x, y and its distance [mm]
HAND_VIEWS = (
    (0, 0, 0, 0, 0, 380),
    (24, 0, 0, 0, 0, 400),
    (24, 12, 20, 50, 30, 400),
    (10, 24, 20, 60, 0, 400),
    (-10, 24, -20, 60, -40, 420),
    (-24, 12, -20, 30, -40, 420),
    (-24, -12, 15, -30, -40, 420),
    (-10, -24, 30, -60, -30, 420),
    (10, -24, -15, -60, 40, 420),
    (22, -14, -25, -50, 40, 400),
    (14, 14, 0, -70, -50, 420),
    (-14, -14, 0, 70, 50, 420),
)
# turn about the target's x, y, z [deg], where the camera sees its middle: x, y, z [mm]
FIXED_VIEWS = (
    (0, 0, 0, 0, 0, 620),
    (20, 0, 10, 60, 0, 620),
    (20, 15, 20, 100, 20, 600),
    (0, 22, 10, 80, -30, 580),
    (-15, 20, -10, 40, -40, 600),
    (-20, 0, -20, 0, -30, 620),
    (-15, -20, -15, -60, -20, 600),
    (0, -22, 0, -100, 0, 600),
    (15, -18, 15, -80, 40, 580),
    (20, -8, 25, -40, 30, 620),
    (10, 10, -25, 20, 20, 560),
)
MARK_VIEWS = ((0.0, 0.0), (0.08, 0.08), (0.08, -0.08), (-0.08, 0.0))  # m: beside the middle of the zone


def go(pose: Pose) -> bool:
    """Drive the TCP there by joints; False where the arm cannot."""
    try:
        robot.move_to(pose, **SWING)
    except RobotError as error:
        print(error)
        return False
    return True


def turned(pose: Pose, x: float, y: float, z: float) -> Pose:
    """A pose turned about its own x and y, then z [deg]."""
    return pose.rotated(x=x * DEG, y=y * DEG).rotated(z=z * DEG)


def hand_to(T_base_hand: Pose, T_flange_hand: Pose) -> bool:
    """Bring the camera on the flange to a pose."""
    return go(T_base_hand @ T_flange_hand.inverse() @ robot.tool.pose)


def find_corners(colour: np.ndarray, board: dict) -> np.ndarray | None:
    """The corners (n, 2) of a board in a picture, in the board's order."""
    grey = cv2.cvtColor(colour, cv2.COLOR_BGR2GRAY)
    size = (board["columns"], board["rows"])
    found, corners = cv2.findChessboardCorners(grey, size)
    if not found:
        return None
    corners = cv2.cornerSubPix(grey, corners, (5, 5), (-1, -1), (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 50, 1e-4))
    corners = corners.reshape(board["rows"], board["columns"], 2)
    # the field between the first four corners is white on this board, as that in the corner is black
    first = corners[:2, :2].mean(axis=(0, 1)), corners[:2, 1:3].mean(axis=(0, 1))
    one, other = (float(grey[round(y), round(x)]) for x, y in first)
    if one > other:
        corners = corners[::-1, ::-1]
    return np.ascontiguousarray(corners.reshape(-1, 2), np.float32)


def pattern(board: dict) -> np.ndarray:
    """The corners (n, 3) [m] in the board's own frame, in the same order."""
    rows, columns = np.mgrid[: board["rows"], : board["columns"]]
    points = np.column_stack((columns.ravel(), rows.ravel(), np.zeros(rows.size))) * board["field"]
    return points.astype(np.float32)


def look_at_board() -> list[tuple[Pose, np.ndarray]]:
    """T_base_flange and corners of the pictures of the board on the table."""
    middle = Pose(cell.frames["board"].position) @ DOWN.rotated(z=math.pi / 2)
    views = []
    for a, b, c, x, y, distance in HAND_VIEWS:
        pose = turned(middle, a, b, c).offset_tool(x=x * 1e-3, y=y * 1e-3, z=-distance * 1e-3)
        if hand_to(pose, hand.flange_pose):
            image = hand.capture()
            corners = find_corners(image.colour, cell.sheet["board"])
            if corners is not None:
                views.append((image.flange, corners))
    return views


def look_at_target() -> list[tuple[Pose, np.ndarray]]:
    """T_base_flange and corners of the pictures of the board on the arm."""
    drawn = Pose.from_list(cell.sheet["target"]["flange_pose"])
    views = []
    for a, b, c, x, y, z in FIXED_VIEWS:
        target = turned(fixed.pose @ Pose((x * 1e-3, y * 1e-3, z * 1e-3)) @ DOWN, a, b, c)
        if go(target @ drawn.inverse() @ robot.tool.pose):
            flange = robot.pose @ robot.tool.pose.inverse()
            corners = find_corners(fixed.capture().colour, cell.sheet["target"])
            if corners is not None:
                views.append((flange, corners))
    return views


def hand_eye(T_base_or_flange: list[Pose], rotations: list, shifts: list) -> Pose:
    """AX = XB: the pose of the camera in the frame whose inverse chain was given."""
    R, t = cv2.calibrateHandEye(
        [pose.rotation for pose in T_base_or_flange],
        [pose.position for pose in T_base_or_flange],
        [cv2.Rodrigues(rotation)[0] for rotation in rotations],
        shifts,
        method=cv2.CALIB_HAND_EYE_PARK,
    )
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = R, t.ravel()
    return Pose.from_matrix(matrix)


def hand_over(camera: str, names: str, values: np.ndarray) -> None:
    """Write values to the result sheet."""
    for name, value in zip(names.split(), values, strict=True):
        cell.outputs[f"{camera}_{name}"] = float(value)


def middles(colour: np.ndarray) -> dict[str, np.ndarray]:
    """Where the marks are in a picture [px], by colour."""
    hsv = cv2.cvtColor(colour, cv2.COLOR_BGR2HSV)
    hue, saturation = hsv[:, :, 0].astype(int), hsv[:, :, 1]
    found = {}
    for name in cell.sheet["marks"]:
        near = abs((hue - HUES[name] + 90) % 180 - 90) < 12
        mask = (near & (saturation > 100)).astype(np.uint8)
        _count, _labels, stats, centres = cv2.connectedComponentsWithStats(mask)
        areas, sides = stats[1:, cv2.CC_STAT_AREA], stats[1:, 2:4]
        round_ones = (areas > 120) & (areas < 1500) & (sides.max(axis=1, initial=0) < 1.6 * sides.min(axis=1, initial=99))
        if round_ones.any():
            found[name] = centres[1 + int(np.argmax(np.where(round_ones, areas, 0)))]
    return found


def find_marks(matrix: np.ndarray, lens: np.ndarray, T_flange_hand: Pose) -> dict[str, np.ndarray]:
    """Where the marks are [m]: the point that is nearest to the rays of all pictures."""
    zone = cell.sheet["zone"]
    middle = Pose((np.mean(zone["x"]), np.mean(zone["y"]), 0.50)) @ DOWN.rotated(z=math.pi / 2)
    normal, right = {}, {}
    for x, y in MARK_VIEWS:
        if not hand_to(middle.offset(x=x, y=y), T_flange_hand):
            continue
        image = hand.capture()
        camera = image.flange @ T_flange_hand
        for name, pixel in middles(image.colour).items():
            ray = camera.rotation @ np.append(cv2.undistortPoints(pixel.reshape(1, 1, 2), matrix, lens).ravel(), 1.0)
            ray /= np.linalg.norm(ray)
            across = np.eye(3) - np.outer(ray, ray)
            normal[name] = normal.get(name, 0.0) + across
            right[name] = right.get(name, 0.0) + across @ camera.position
    return {name: np.linalg.solve(normal[name], right[name]) for name in normal}


def touch(at: np.ndarray) -> None:
    """Put the tip on a mark, say so, and leave it."""
    pose = Pose(at) @ DOWN
    go(pose.offset(z=0.06))
    robot.move_linear(pose, speed=0.25)
    cell.outputs["touch"] = True
    cell.outputs["touch"] = False
    robot.move_linear(pose.offset(z=0.06), speed=0.25)


robot.move_joints(robot.home)
views = look_at_board()
objects, corners = [pattern(cell.sheet["board"])] * len(views), [corners for _flange, corners in views]
error, matrix, lens, rotations, shifts = cv2.calibrateCamera(objects, corners, (hand.width, hand.height), None, None)
T_flange_hand = hand_eye([flange for flange, _corners in views], rotations, shifts)
print(f"{len(views)} views, {error:.3f} px; T_flange_hand = {T_flange_hand}")
hand_over("hand", "fx fy cx cy", matrix[[0, 1, 0, 1], [0, 1, 2, 2]])
hand_over("hand", "k1 k2 p1 p2 k3", lens.ravel()[:5])
hand_over("hand", "x y z rx ry rz", np.concatenate((T_flange_hand.position, T_flange_hand.rotvec)))

marks = find_marks(matrix, lens, T_flange_hand)
for name, at in sorted(marks.items(), key=lambda one: float(one[1][1])):
    touch(at)

views = look_at_target()
found = [cv2.solvePnP(pattern(cell.sheet["target"]), seen, fixed.matrix, fixed.distortion) for _flange, seen in views]
T_base_fixed = hand_eye([flange.inverse() for flange, _ in views], [one[1] for one in found], [one[2] for one in found])
print(f"{len(views)} views; T_base_fixed = {T_base_fixed}")
hand_over("fixed", "x y z rx ry rz", np.concatenate((T_base_fixed.position, T_base_fixed.rotvec)))
robot.move_joints(robot.home)
