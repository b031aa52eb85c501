"""Camera and hand-eye: the textbook way. Lens by OpenCV, hand-eye by Park and Martin, marks by the rays of several pictures."""

import math

import cv2
import numpy as np

from sheber import DOWN, Pose, RobotError, connect

cell = connect(exercise="camera-and-hand-eye")
robot, hand, fixed = cell.robot, cell.cameras["hand"], cell.cameras["fixed"]
SWING = {"speed": 1.6, "acceleration": 4.0}  # rad/s, rad/s^2
HUES = {"red": 0, "yellow": 25, "green": 64, "blue": 110, "magenta": 152}  # of OpenCV, 0..179
DEG = math.pi / 180.0
ENOUGH = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 50, 1e-4)

# turn about the camera's x, y, z [deg], shift of the camera along its x, y and its distance [mm]
FIRST_VIEWS = (
    (0, 0, 0, 0, 0, 420),
    (22, 0, 15, 0, 0, 420),
    (0, 22, -15, 0, 0, 420),
    (-22, 0, 0, 0, 0, 420),
    (0, -22, 20, 0, 0, 420),
)
# with these the board comes into the corners of the picture; the drawing is not good enough to aim so near to its edge
OUTER_VIEWS = (
    (20, 10, -10, 85, 60, 400),
    (-10, 20, -20, 85, -60, 420),
    (-20, 12, -5, -85, -60, 400),
    (-16, -16, 15, -85, 60, 400),
    (12, -20, -15, 85, -60, 420),
    (20, -14, 10, -85, -60, 400),
    (12, 12, 0, -85, 60, 400),
    (-12, -12, 5, 85, 60, 400),
    (24, 0, 30, 0, 0, 380),
    (0, 24, -30, 0, 0, 380),
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
    (-20, 10, 0, 40, -40, 560),
    (-10, -20, -25, -80, 0, 560),
    (0, 0, 0, 0, 0, 540),
)
MARK_VIEWS = ((0.0, 0.0), (0.07, 0.07), (0.05, -0.07), (-0.07, 0.0))  # m: beside the middle of the zone


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
    field = np.linalg.norm(np.diff(corners.reshape(board["rows"], board["columns"], 2), axis=1), axis=2).min()  # px
    window = max(3, int(0.4 * field))  # no other corner may lie in it
    corners = cv2.cornerSubPix(grey, corners, (window, window), (-1, -1), ENOUGH)
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


def look_at_board(board: Pose, T_flange_hand: Pose, aims: tuple) -> list[tuple[Pose, np.ndarray]]:
    """T_base_flange and corners of pictures of the board on the table."""
    middle = Pose(board.position) @ DOWN.rotated(z=math.pi / 2)
    views = []
    for a, b, c, x, y, distance in aims:
        pose = turned(middle, a, b, c).offset_tool(x=x * 1e-3, y=y * 1e-3, z=-distance * 1e-3)
        if hand_to(pose, T_flange_hand):
            image = hand.capture()
            corners = find_corners(image.colour, cell.sheet["board"])
            if corners is not None:
                views.append((image.flange, corners))
    return views


def calibrate(views: list[tuple[Pose, np.ndarray]]) -> tuple[np.ndarray, np.ndarray, Pose, Pose]:
    """Matrix and distortion of the hand camera, T_flange_hand, and T_base_board (its middle)."""
    points, corners = pattern(cell.sheet["board"]), [corners for _flange, corners in views]
    size = (hand.width, hand.height)
    error, matrix, lens, rotations, shifts = cv2.calibrateCamera([points] * len(views), corners, size, None, None)
    boards = [Pose.from_rotvec(t.ravel(), r.ravel()) for r, t in zip(rotations, shifts, strict=True)]
    T_flange_hand = solve_hand_eye([flange for flange, _corners in views], boards)
    print(f"{len(views)} views, {error:.3f} px; T_flange_hand = {T_flange_hand}")
    T_base_board = views[0][0] @ T_flange_hand @ boards[0].offset_tool(*points.mean(axis=0))
    return matrix, lens.ravel(), T_flange_hand, T_base_board


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


def solve_hand_eye(flanges: list[Pose], boards: list[Pose]) -> Pose:
    """T_flange_camera from T_base_flange and T_camera_board of several pictures (A X = X B, after Park and Martin).

    Of a camera that stands still: T_base_camera, from T_flange_base and T_camera_board.
    """
    pairs = [(i, j) for i in range(len(flanges)) for j in range(i)]
    moved = [flanges[j].inverse() @ flanges[i] for i, j in pairs]  # A: of the flange
    seen = [boards[j] @ boards[i].inverse() for i, j in pairs]  # B: of the camera
    # the axes of A are those of B, turned by the wanted rotation
    u, _, v = np.linalg.svd(sum(np.outer(a.rotvec, b.rotvec) for a, b in zip(moved, seen, strict=True)))
    R = u @ np.diag((1.0, 1.0, np.linalg.det(u @ v))) @ v
    left = np.vstack([a.rotation - np.eye(3) for a in moved])
    right = np.concatenate([R @ b.position - a.position for a, b in zip(moved, seen, strict=True)])
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = R, np.linalg.lstsq(left, right, rcond=None)[0]
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
        left, top, width, height, areas = stats[1:].T
        inside = (left > 0) & (top > 0) & (left + width < hand.width) & (top + height < hand.height)
        discs = inside & (areas > 120) & (abs(width - height) < 0.3 * height)  # whole and round
        if discs.any():
            found[name] = centres[1 + int(np.argmax(np.where(discs, areas, 0)))]
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
views = look_at_board(cell.frames["board"], hand.flange_pose, FIRST_VIEWS)
_matrix, _lens, T_flange_hand, board = calibrate(views)
views += look_at_board(board, T_flange_hand, OUTER_VIEWS)
matrix, lens, T_flange_hand, board = calibrate(views)
hand_over("hand", "fx fy cx cy", matrix[[0, 1, 0, 1], [0, 1, 2, 2]])
hand_over("hand", "k1 k2 p1 p2 k3", lens[:5])
hand_over("hand", "x y z rx ry rz", np.concatenate((T_flange_hand.position, T_flange_hand.rotvec)))

marks = find_marks(matrix, lens, T_flange_hand)
for name, at in sorted(marks.items(), key=lambda one: float(one[1][1])):
    touch(at)

views = look_at_target()
found = [cv2.solvePnP(pattern(cell.sheet["target"]), seen, fixed.matrix, fixed.distortion) for _flange, seen in views]
boards = [Pose.from_rotvec(t.ravel(), r.ravel()) for _ok, r, t in found]
T_base_fixed = solve_hand_eye([flange.inverse() for flange, _corners in views], boards)
print(f"{len(views)} views; T_base_fixed = {T_base_fixed}")
hand_over("fixed", "x y z rx ry rz", np.concatenate((T_base_fixed.position, T_base_fixed.rotvec)))
robot.move_joints(robot.home)
