"""Vision sorting, clumsily: parts by colour alone, taken for flat on the table, angles by the pixel, dropped, slowly."""

import cv2
import numpy as np

from sheber import DOWN, Pose, connect

cell = connect(exercise="vision-sorting")
robot, gripper, camera = cell.robot, cell.gripper, cell.cameras["overhead"]
HUES = {"red": 0, "yellow": 25, "green": 67, "blue": 110}

gripper.open()
image = camera.capture()
hsv = cv2.cvtColor(image.colour, cv2.COLOR_BGR2HSV)
hue, saturation = hsv[:, :, 0].astype(int), hsv[:, :, 1]

for colour, tray in cell.sheet["trays"].items():
    near = abs((hue - HUES[colour] + 90) % 180 - 90) < 12
    mask = (near & (saturation > 90)).astype(np.uint8)
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = 0
    for outline in outlines:
        if cv2.contourArea(outline) < 250:
            continue
        middle, (width, height), angle = cv2.minAreaRect(outline)
        x, y = camera.to_plane(*middle, height=0.0)
        along = -np.radians(angle if width > height else angle + 90)
        pick = Pose((x, y, 0.015)).rotated(z=along) @ DOWN
        put = cell.frames[tray].offset_tool(x=filled * cell.sheet["pitch"], z=0.023) @ DOWN
        robot.move_to(pick.offset(z=0.12), speed=0.5)
        robot.move_linear(pick, speed=0.1)
        gripper.close()
        robot.move_linear(pick.offset(z=0.12), speed=0.1)
        robot.move_to(put.offset(z=0.12), speed=0.5)
        robot.move_linear(put)
        gripper.open()
        robot.move_linear(put.offset(z=0.12), speed=0.1)
        filled += 1
