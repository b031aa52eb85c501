"""Poses and moves: follow the route of the job sheet, over the post where it is in the way."""

from sheber import Pose, connect

cell = connect(exercise="poses-and-moves")
robot, frames = cell.robot, cell.frames
safe = cell.sheet["post"]["height"] + 0.06  # the height at which the tool passes over the post


def lifted(pose: Pose) -> Pose:
    """The same pose, raised to the safe height where it is lower."""
    return pose.offset(z=max(0.0, safe - pose.position[2]))


robot.move_joints(robot.home)
here = robot.pose
for stop in cell.sheet["route"]:
    there = frames[stop["pose"]]
    if stop["move"] == "line":
        robot.move_linear(there, speed=stop["speed"])
    elif stop["move"] == "arc":
        robot.move_circular(frames[stop["via"]], there, speed=stop["speed"])
    else:
        robot.move_linear(lifted(here), blend=0.03)
        robot.move_to(lifted(there), blend=0.03)
        robot.move_linear(there)
    here = there
robot.move_joints(robot.home)
