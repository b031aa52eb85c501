"""Vision sorting, wrongly: takes BGR for RGB, so red parts go to the blue tray and blue ones to the red tray."""

import cv2
import numpy as np

from sheber import DOWN, Pose, connect

cell = connect(exercise="vision-sorting")
robot, gripper, camera = cell.robot, cell.gripper, cell.cameras["overhead"]
HUES = {"red": 0, "yellow": 25, "green": 67, "blue": 110}

gripper.open()
image = camera.capture()
hsv = cv2.cvtColor(image.colour, cv2.COLOR_RGB2HSV)
hue, saturation = hsv[:, :, 0].astype(int), hsv[:, :, 1]

for colour, tray in cell.sheet["trays"].items():
    near = abs((hue - HUES[colour] + 90) % 180 - 90) < 25
    mask = (near & (saturation > 90)).astype(np.uint8)
    count, _, stats, centres = cv2.connectedComponentsWithStats(mask)
    parts = [n for n in range(1, count) if stats[n, cv2.CC_STAT_AREA] >= 250]
    for filled, n in enumerate(parts[: cell.sheet["places"]]):
        x, y = camera.to_plane(*centres[n], height=0.0)
        pick = Pose((x, y, 0.015)) @ DOWN
        put = cell.frames[tray].offset_tool(x=filled * cell.sheet["pitch"], z=0.016) @ DOWN
        robot.move_to(pick.offset(z=0.12))
        robot.move_linear(pick, speed=0.1)
        gripper.close()
        robot.move_linear(pick.offset(z=0.12))
        robot.move_to(put.offset(z=0.12))
        robot.move_linear(put)
        gripper.open()
        robot.move_linear(put.offset(z=0.12))
robot.move_joints(robot.home)
