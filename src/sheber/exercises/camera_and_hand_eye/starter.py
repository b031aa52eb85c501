"""Camera and hand-eye: a first program. It looks at the board once and finds its corners. You write the rest."""

import math

import cv2
import numpy as np

from sheber import DOWN, Pose, connect


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


cell = connect(exercise="camera-and-hand-eye")
robot, hand = cell.robot, cell.cameras["hand"]
board = cell.sheet["board"]
print("The board has", board["columns"], "x", board["rows"], "corners inside; a field is", board["field"], "m wide.")

# the camera 0.4 m above the middle of the board, looking down; hand.flange_pose is only what the drawing says
T_base_hand = Pose(cell.frames["board"].position).offset(z=0.40) @ DOWN.rotated(z=math.pi / 2)
robot.move_joints(robot.home)
robot.move_to(T_base_hand @ hand.flange_pose.inverse() @ robot.tool.pose)
image = hand.capture()

found, corners = cv2.findChessboardCorners(image.colour, (board["columns"], board["rows"]))
picture = cv2.drawChessboardCorners(np.array(image.colour), (board["columns"], board["rows"]), corners, found)
cell.show(picture, "the corners" if found else "no board found")
print("T_base_flange in this picture:", image.flange)

# Next: take more pictures, from other sides, and give all corners to cv2.calibrateCamera. It gives T_camera_board of
# each picture as rotation vector and position: Pose.from_rotvec(position, rotvec). Then use solve_hand_eye (above).
robot.move_joints(robot.home)
