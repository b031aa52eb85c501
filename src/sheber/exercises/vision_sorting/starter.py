"""Vision sorting: a first program. It takes a picture and says where red pixels are. You write the rest."""

import cv2
import numpy as np

from sheber import connect

cell = connect(exercise="vision-sorting")
robot, gripper, camera = cell.robot, cell.gripper, cell.cameras["overhead"]
print("Trays:", cell.sheet["trays"])

robot.move_joints(robot.home)  # at home the arm is not in the picture
image = camera.capture()
cell.show(image.colour, "what the camera sees")

hsv = cv2.cvtColor(image.colour, cv2.COLOR_BGR2HSV)  # hue 0..179, saturation and value 0..255
hue, saturation = hsv[:, :, 0].astype(int), hsv[:, :, 1]
red = (np.minimum(hue, 180 - hue) < 10) & (saturation > 100)
cell.show(red, "red pixels")

count, _, stats, centres = cv2.connectedComponentsWithStats(red.astype(np.uint8))
for n in range(1, count):
    if stats[n, cv2.CC_STAT_AREA] > 100:
        x, y = camera.to_plane(*centres[n], height=cell.sheet["part_height"])
        print(f"something red at x = {x:.3f} m, y = {y:.3f} m")

# Next: grip the part, bring it to the tray of its colour, then do the same for the other colours.
