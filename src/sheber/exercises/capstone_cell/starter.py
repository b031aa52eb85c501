"""Capstone cell: a first program. It asks for an order, runs the belt and looks at it. You write the rest."""

import cv2

from sheber import DOWN, Timeout, connect

cell = connect(exercise="capstone-cell")
robot, sheet, belt = cell.robot, cell.sheet, cell.frames["belt"]


def ask(job):
    """Let the PLC do a job. What if it does not answer?"""
    cell.outputs[f"{job}_request"] = True
    try:
        cell.wait_for(f"{job}_done", timeout=3.0)
    except Timeout:
        print("no answer to", job)
    cell.outputs[f"{job}_request"] = False


def run_belt():
    """Run the belt until a part comes to its end. What if none comes?"""
    cell.outputs["belt_run"] = True
    try:
        cell.wait_for("belt_end", timeout=8.0)
    except Timeout:
        print("no part came")
    cell.outputs["belt_run"] = False
    cell.wait(0.5)


def look(number):
    """Where a part is on the belt [m]: along it, beside its middle; None where the picture does not show it."""
    about, camera = sheet["parts"][str(number)], cell.cameras["belt"]
    image = camera.capture().colour
    hsv = cv2.cvtColor(image, cv2.COLOR_BGR2HSV)
    mask = cv2.inRange(hsv, (about["hue"] - 8, 110, 45), (about["hue"] + 8, 255, 255))
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not outlines:
        return None
    (u, v), _size, _angle = cv2.minAreaRect(max(outlines, key=cv2.contourArea))
    height = belt.position[2] + about["length"]  # of its top
    x, y = camera.to_plane(u, v, height=height)
    along, left, _up = belt.inverse() @ (x, y, height)
    cell.show(image, f"part {number}")
    return along, left


robot.move_joints(robot.home)
ask("order")
number, slot = round(cell.inputs["order_part"]), round(cell.inputs["order_slot"])
print(f"order: part {number} into slot {slot}; it needs the {sheet['parts'][str(number)]['tool']}")
run_belt()
place = look(number)
print("on the belt:", place, "on the arm:", cell.changer.tool)

# Next: above the part, with the right tool; take it, insert it, inspect it, store it, and tell the operator:
# cell.outputs["result"], cell.outputs["depth"] = 1.0, 24.6
robot.move_to(belt.offset(z=0.20) @ DOWN)
robot.move_joints(robot.home)
