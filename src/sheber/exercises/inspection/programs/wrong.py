"""Inspection, wrongly: all the light at once, and every mark on the picture is a defect. It measures in pixels."""

import cv2
import numpy as np
import zxingcpp

from sheber import DOWN, connect

cell = connect(exercise="inspection")
robot, suction, camera = cell.robot, cell.suction, cell.cameras["station"]
thickness, station = cell.sheet["thickness"], cell.frames["station"] @ DOWN
for light in ("ring", "bar_right", "bar_front", "back"):
    cell.outputs[light] = True


def move(start, end):
    robot.move_to(start.offset(z=0.12))
    robot.move_linear(start)
    suction.on()
    robot.move_linear(start.offset(z=0.12))
    robot.move_to(end.offset(z=0.12))
    robot.move_linear(end)
    suction.off()
    robot.move_linear(end.offset(z=0.12))


for n in range(cell.sheet["count"]):
    move((cell.frames[f"nest_{n + 1}"] @ DOWN).offset(z=thickness), station.offset(z=thickness))
    robot.move_linear(station.offset(x=-0.15, z=0.12))
    image = camera.capture()
    grey = cv2.cvtColor(image.colour, cv2.COLOR_BGR2GRAY)
    circles = cv2.HoughCircles(grey, cv2.HOUGH_GRADIENT, 1, 200, param2=20, minRadius=80, maxRadius=140)
    radius = 110 if circles is None else circles[0, 0, 2]
    cell.outputs["diameter"] = 2 * float(radius) * 0.25
    code = [found.text for found in zxingcpp.read_barcodes(image.colour)]
    edges = int((cv2.Canny(grey, 60, 120) > 0).sum())
    kind = "good"
    if cell.sheet["code"] not in code:
        kind = "code"
    elif edges > 200:
        kind = "scratch"
    move(station.offset(z=thickness), (cell.frames[kind] @ DOWN).offset(z=0.05))
robot.move_joints(robot.home)
