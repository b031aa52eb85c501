"""Conveyor tracking, clumsily: pecks at parts that pass below, keeps no measure of the scale, drops from 10 mm."""

import math

import cv2
import numpy as np

from sheber import DOWN, connect

cell = connect(exercise="conveyor-tracking")
robot, suction, camera = cell.robot, cell.suction, cell.cameras["belt"]
belt, tray, sheet = cell.frames["belt"], cell.frames["tray"], cell.sheet
top = sheet["part"]["z"]


def look():
    """The foremost part in the picture: x, y, yaw on the belt, and the count; None where there is none."""
    image = camera.capture()
    count = cell.inputs["encoder"]
    hsv = cv2.cvtColor(image.colour, cv2.COLOR_BGR2HSV)
    mask = cv2.inRange(hsv, (15, 120, 70), (33, 255, 255))
    best = None
    for outline in cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]:
        left, _up, wide, _high = cv2.boundingRect(outline)
        if len(outline) < 60 or left < 4 or left + wide > camera.width - 4:
            continue
        x, y = camera.to_plane(outline[:, 0, 0], outline[:, 0, 1], height=belt.position[2] + top)
        points = belt.inverse() @ np.stack([x, y, np.full(len(x), belt.position[2] + top)], axis=1)
        (x, y), (long, across), angle = cv2.minAreaRect((points[:, :2] * 1e3).astype(np.float32))
        yaw = (angle if long > across else angle + 90) % 180
        if best is None or x / 1e3 > best[0]:
            best = x / 1e3, y / 1e3, math.radians(yaw if yaw <= 90 else yaw - 180), count
    return best


first = look()
cell.wait(2.5)
second = look()
scale = (second[3] - first[3]) / (second[0] - first[0])
speed = (second[0] - first[0]) / 2.6

brought = empty = 0
while brought < sheet["count"] and empty < 60:
    seen = look()
    if seen is None or seen[0] < -0.2 - 2.0 * speed:
        empty += 1
        cell.wait(0.5)
        continue
    empty = 0
    x, y, yaw, count = seen
    held = False
    while not held and (now := x + (cell.inputs["encoder"] - count) / scale) < 0.1:
        meet = max(-0.10, now + 2.6 * speed)
        pick = belt.offset_tool(x=meet, y=y, z=top).rotated(z=yaw) @ DOWN
        robot.move_to(pick.offset(z=0.02), speed=2.4, acceleration=5.0)
        while (cell.inputs["encoder"] - count) / scale + x < meet - 0.26 * speed:
            pass
        suction.on(wait=False)
        robot.move_linear(pick.offset(z=-0.001), speed=0.3)
        cell.wait(0.1)
        held = suction.holding
        robot.move_linear(pick.offset(z=0.08), speed=0.5, acceleration=2.5)
    if not held:
        suction.off()
        continue
    column, row = brought % sheet["columns"], brought // sheet["columns"]
    place = tray.offset_tool(x=column * sheet["pitch"]["x"], y=row * sheet["pitch"]["y"], z=top) @ DOWN
    robot.move_to(place.offset(z=0.13), speed=2.4, acceleration=5.0)
    robot.move_linear(place.offset(z=0.010), speed=0.4, acceleration=2.5)
    suction.off()
    robot.move_linear(place.offset(z=0.13), speed=0.5, acceleration=2.5)
    brought += 1
