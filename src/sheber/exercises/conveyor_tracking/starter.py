"""Conveyor tracking: a first program. It looks at the belt and reads its encoder. You write the rest."""

import cv2
import numpy as np

from sheber import DOWN, connect

cell = connect(exercise="conveyor-tracking")
robot, suction, camera = cell.robot, cell.suction, cell.cameras["belt"]
belt, tray = cell.frames["belt"], cell.frames["tray"]
top = belt.position[2] + cell.sheet["part"]["z"]  # m over the table: the upper side of a part on the belt


def look():
    """x [m] along the belt of the foremost part in the picture, and the count of the encoder."""
    image = camera.capture()
    count = cell.inputs["encoder"]  # a little later than the picture: how much, and what does it cost?
    yellow = cv2.inRange(cv2.cvtColor(image.colour, cv2.COLOR_BGR2HSV), (15, 120, 70), (33, 255, 255))
    outlines, _ = cv2.findContours(yellow, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    places = []
    for outline in outlines:
        if len(outline) > 60:
            x, y = camera.to_plane(outline[:, 0, 0], outline[:, 0, 1], height=top)
            points = belt.inverse() @ np.stack([x, y, np.full(len(x), top)], axis=1)  # in the frame of the belt
            places.append(points[:, 0].mean())
    cell.show(image.colour, f"{len(places)} parts at count {count:.0f}")
    return max(places), count


robot.move_joints(robot.home)
first, first_count = look()
cell.wait(2.0)
second, second_count = look()
scale = (second_count - first_count) / (second - first)
print(f"the part went {1000 * (second - first):.0f} mm; the encoder has about {scale:.0f} counts in a metre")

# above the belt, where the part will pass
hover = belt.offset_tool(x=-0.10, z=0.10) @ DOWN
robot.move_to(hover)
while second + (cell.inputs["encoder"] - second_count) / scale < -0.10:
    pass  # each look at the encoder takes 10 ms
print("now it is below the cup")

# Next: go down with the belt, take the part, bring it to the tray. Then the same for every part.

robot.move_joints(robot.home)
