"""Conveyor tracking, wrongly: takes the encoder for that of another belt, 5000 counts a metre, and never looks twice."""

import cv2
import numpy as np

from sheber import DOWN, connect

cell = connect(exercise="conveyor-tracking")
robot, suction, camera = cell.robot, cell.suction, cell.cameras["belt"]
belt, tray, sheet = cell.frames["belt"], cell.frames["tray"], cell.sheet
top = sheet["part"]["z"]
SCALE = 5000.0  # counts/m

brought = 0
while cell.time < 60.0:
    image = camera.capture()
    count = cell.inputs["encoder"]
    mask = cv2.inRange(cv2.cvtColor(image.colour, cv2.COLOR_BGR2HSV), (15, 120, 70), (33, 255, 255))
    u, v = np.nonzero(mask)[::-1]
    if len(u) < 400:
        cell.wait(1.0)
        continue
    x, y = camera.to_plane(float(u.mean()), float(v.mean()), height=belt.position[2] + top)
    x, y, _z = belt.inverse() @ np.array([x, y, belt.position[2] + top])
    pick = belt.offset_tool(x=0.05, y=y, z=top) @ DOWN
    robot.move_to(pick.offset(z=0.03))
    limit = cell.time + 8.0
    while (cell.inputs["encoder"] - count) / SCALE + x < 0.05 and cell.time < limit:
        cell.wait(0.02)
    suction.on(wait=False)
    robot.move_linear(pick, speed=0.2)
    cell.wait(0.2)
    robot.move_linear(pick.offset(z=0.1), speed=0.2)
    place = tray.offset_tool(x=brought * sheet["pitch"]["x"], z=top) @ DOWN
    if suction.holding:
        robot.move_to(place.offset(z=0.13))
        robot.move_linear(place, speed=0.2)
        brought = (brought + 1) % sheet["columns"]
        suction.off()
        robot.move_linear(place.offset(z=0.13), speed=0.2)
    else:
        suction.off()
