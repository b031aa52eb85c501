"""Camera and hand-eye, wrongly: the lens is calibrated, but the drawing is taken for where the cameras are."""

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
    robot.move_to(T_base_hand @ T_flange_hand.inverse() @ robot.tool.pose)
    return hand.capture()


points = np.zeros((SIZE[0] * SIZE[1], 3), np.float32)
points[:, :2] = np.mgrid[: SIZE[0], : SIZE[1]].T.reshape(-1, 2) * board["field"]
corners = []
for a, b in ((0, 0), (0.4, 0), (0, 0.4), (-0.4, 0), (0, -0.4), (0.3, 0.3), (-0.3, -0.3), (0.3, -0.3), (-0.3, 0.3)):
    above = Pose(cell.frames["board"].position) @ DOWN.rotated(z=math.pi / 2)
    image = see(above.rotated(x=a, y=b).offset_tool(z=-0.42), hand.flange_pose)
    grey = cv2.cvtColor(image.colour, cv2.COLOR_BGR2GRAY)
    found, seen = cv2.findChessboardCorners(grey, SIZE)
    if found:
        corners.append(cv2.cornerSubPix(grey, seen, (6, 6), (-1, -1), (3, 30, 0.01)))
_, matrix, lens, _, _ = cv2.calibrateCamera([points] * len(corners), corners, (640, 480), None, None)

for name, value in zip(("fx", "fy", "cx", "cy"), (matrix[0, 0], matrix[1, 1], matrix[0, 2], matrix[1, 2])):
    cell.outputs["hand_" + name] = float(value)
for name, value in zip(("k1", "k2", "p1", "p2", "k3"), lens.ravel()):
    cell.outputs["hand_" + name] = float(value)
for camera, pose in (("hand", hand.flange_pose), ("fixed", cell.cameras["fixed"].pose)):
    for name, value in zip(("x", "y", "z", "rx", "ry", "rz"), (*pose.position, *pose.rotvec)):
        cell.outputs[f"{camera}_{name}"] = float(value)

# one picture of the marks, seen by the camera as it was drawn, all taken for as high as the highest
zone = cell.sheet["zone"]
above = Pose((np.mean(zone["x"]), np.mean(zone["y"]), 0.50)) @ DOWN.rotated(z=math.pi / 2)
image = see(above, hand.flange_pose)
camera = image.flange @ hand.flange_pose
hsv = cv2.cvtColor(image.colour, cv2.COLOR_BGR2HSV)
for name in cell.sheet["marks"]:
    near = abs((hsv[:, :, 0].astype(int) - HUES[name] + 90) % 180 - 90) < 12
    rows, columns = np.nonzero(near & (hsv[:, :, 1] > 100))
    if len(rows):
        pixel = np.array([[[np.median(columns), np.median(rows)]]])
        ray = camera.rotation @ np.append(cv2.undistortPoints(pixel, matrix, lens).ravel(), 1.0)
        at = camera.position + (zone["z"][1] - camera.position[2]) / ray[2] * ray
        tip = Pose(at) @ DOWN
        robot.move_to(tip.offset(z=0.08))
        robot.move_linear(tip)
        cell.outputs["touch"] = True
        cell.outputs["touch"] = False
        robot.move_linear(tip.offset(z=0.08))
robot.move_joints(robot.home)
