"""Capstone cell, wrongly: takes the gauge for something to look at, and carries every part past it into the rack."""

import cv2
import numpy as np

from sheber import DOWN, RobotError, Timeout, connect

cell = connect(exercise="capstone-cell")
robot, sheet, belt = cell.robot, cell.sheet, cell.frames["belt"]


def look(number):
    """T_base_top of a part on the belt; None where there is none."""
    about, camera = sheet["parts"][str(number)], cell.cameras["belt"]
    hsv = cv2.cvtColor(camera.capture().colour, cv2.COLOR_BGR2HSV)
    mask = cv2.inRange(hsv, (about["hue"] - 8, 110, 45), (about["hue"] + 8, 255, 255))
    v, u = np.nonzero(mask)
    if len(u) < 60:
        return None
    x, y = camera.to_plane(float(u.mean()), float(v.mean()), height=belt.position[2] + about["length"])
    return belt.offset(x=x - belt.position[0], y=y - belt.position[1], z=about["length"])


cell.gripper.open(0.05)
cell.outputs["belt_run"] = True
try:
    cell.wait_for("belt_end", timeout=10.0)
finally:
    cell.outputs["belt_run"] = False
for _order in range(3):
    cell.outputs["order_request"] = True
    try:
        cell.wait_for("order_done", timeout=10.0)
    except Timeout:
        pass
    cell.outputs["order_request"] = False
    number, slot = round(cell.inputs["order_part"]), round(cell.inputs["order_slot"])
    top = look(number) if number else None
    if top is None or sheet["parts"][str(number)]["tool"] != "gripper":
        continue
    pick = top.offset(z=-0.015) @ DOWN
    place = cell.frames[f"rack_1_{slot}"].offset(z=0.056) @ DOWN
    try:
        for at, act in ((pick, lambda: cell.gripper.close(60.0)), (place, lambda: cell.gripper.open(0.035))):
            robot.move_to(at.offset(z=0.26 - at.position[2]))
            robot.move_linear(at, speed=0.15)
            act()
            robot.move_linear(at.offset(z=0.26 - at.position[2]))
    except RobotError as error:
        print(error)
robot.move_joints(robot.home)
