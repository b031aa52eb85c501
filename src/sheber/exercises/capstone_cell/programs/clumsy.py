"""Capstone cell, clumsily: presses hard into the gauge, lets the rush order wait, tells the operator nothing."""

import cv2
import numpy as np

from sheber import DOWN, RobotError, Timeout, ToolError, connect

cell = connect(exercise="capstone-cell")
robot, sheet = cell.robot, cell.sheet
belt, gauge = cell.frames["belt"], cell.frames["gauge"]
HIGH = 0.26


def ask(job):
    """A job of the PLC, again and again until it is done."""
    while True:
        cell.outputs[f"{job}_request"] = True
        try:
            cell.wait_for(f"{job}_done", timeout=3.0)
            return
        except Timeout:
            pass
        finally:
            cell.outputs[f"{job}_request"] = False


def high(pose):
    return pose.offset(z=HIGH - pose.position[2])


def look(number):
    """T_base_top of a part on the belt, not turned; None where there is none."""
    about, camera = sheet["parts"][str(number)], cell.cameras["belt"]
    hsv = cv2.cvtColor(camera.capture().colour, cv2.COLOR_BGR2HSV)
    mask = cv2.inRange(hsv, (about["hue"] - 8, 110, 45), (about["hue"] + 8, 255, 255))
    for outline in cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]:
        (u, v), size, angle = cv2.minAreaRect(outline)
        x, y, _z = belt.inverse() @ np.array([*camera.to_plane(u, v, height=belt.position[2] + about["length"]), 0.0])
        if min(size) > 8 and -0.22 < x < 0.19 and abs(y) < 0.05:
            turn = np.radians(45.0 - (angle + 45.0) % 90.0)
            return belt.offset_tool(x=x, y=y, z=about["length"]).rotated(z=turn)
    return None


def find(number):
    """The part, on the belt that stands."""
    for _attempt in range(3):
        for one in (number, sheet["parts"][str(number)]["substitute"]):
            top = look(one)
            if top is not None:
                return one, top
        cell.outputs["belt_run"] = True
        try:
            cell.wait_for("belt_end", timeout=10.0)
        except Timeout:
            ask("reset")
        cell.outputs["belt_run"] = False
        cell.wait(0.6)
    return None


def at_dock(tool, act, before, after):
    """Go down into a dock, lock or unlock, and come up."""
    dock = cell.frames[f"dock_{tool}"] @ DOWN @ cell.changer.face.inverse()
    robot.move_to((dock @ robot.tool.pose).offset(z=before), speed=1.6)
    robot.move_linear(dock @ robot.tool.pose, speed=0.08)
    act()
    robot.move_linear((dock @ robot.tool.pose).offset(z=after), speed=0.25)


def grip(pose):
    robot.move_linear(pose, speed=0.15)
    if cell.changer.tool == "gripper":
        cell.gripper.close(60.0)
        return
    for _attempt in range(3):
        try:
            cell.suction.on()
            return
        except ToolError:
            ask("reset")


def release():
    if cell.changer.tool == "gripper":
        cell.gripper.open(0.035)
    else:
        cell.suction.off()


def serve(number, slot):
    number, top = find(number)
    about = sheet["parts"][str(number)]
    if cell.changer.tool != about["tool"]:
        at_dock(cell.changer.tool, cell.changer.unlock, 0.26, 0.1)
        at_dock(about["tool"], cell.changer.lock, 0.1, 0.26)
    hold = about["length"] - (0.015 if about["tool"] == "gripper" else 0.0005)
    pick = top.offset(z=hold - about["length"]) @ DOWN
    robot.move_to(high(pick), speed=1.6)
    grip(pick)
    robot.move_linear(high(pick), speed=0.25)
    mouth = gauge.offset(z=hold) @ DOWN
    robot.move_to(high(mouth), speed=1.6)
    robot.move_linear(mouth.offset(z=0.002), speed=0.2)
    cell.wait(0.1)
    robot.zero_wrench()
    press = 45.0 if about["tool"] == "gripper" else 12.0  # N
    with robot.compliance({"x": 0.0, "y": 0.0, "z": press, "rx": 0.0, "ry": 0.0}, speed=0.06):
        cell.wait(5.0)
    here = robot.pose
    release()
    robot.move_linear(high(here), speed=0.25)
    robot.move_to(high(belt @ DOWN), speed=1.6)
    camera = cell.cameras["gauge"]
    image = camera.capture().colour
    u, v = camera.project((*gauge.position[:2], gauge.position[2] - 0.025 + about["length"]))
    good = (image[round(v) - 12 : round(v) + 13, round(u) - 12 : round(u) + 13].max(axis=2) < 60).sum() > 20
    robot.move_to(high(here), speed=1.6)
    grip(here)
    robot.move_linear(high(here), speed=0.1)
    place = (cell.frames[f"rack_1_{slot}"] if good else cell.frames["reject"]).offset(z=hold + 0.002) @ DOWN
    robot.move_to(high(place), speed=1.6)
    robot.move_linear(place, speed=0.2)
    release()
    robot.move_linear(high(place), speed=0.25)


cell.gripper.open(0.035)
jobs = ["order", "order", "rush", "order"]
for job in jobs:
    ask(job)
    try:
        serve(round(cell.inputs["order_part"]), round(cell.inputs["order_slot"]))
    except (RobotError, TypeError) as error:
        print(error)
robot.move_joints(robot.home)
