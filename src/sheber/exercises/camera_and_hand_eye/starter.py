"""Camera and hand-eye: a first program. It looks at the board once and finds its corners. You write the rest."""

import math

import cv2
import numpy as np

from sheber import DOWN, Pose, connect

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

# Next: take more pictures, from other sides, and give all corners to cv2.calibrateCamera.
robot.move_joints(robot.home)
