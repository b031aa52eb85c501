"""Poses and moves, clumsily: positions rounded to 3 mm by hand, joint moves where a line was asked for."""

from sheber import Pose, connect

cell = connect(exercise="poses-and-moves")
robot = cell.robot


def noted(name: str) -> Pose:
    """The pose as somebody wrote it on paper."""
    pose = cell.frames[name]
    return Pose([round(value / 0.003) * 0.003 for value in pose.position], pose.quaternion)


for name in ("A", "B", "C"):
    robot.move_to(noted(name).offset(z=0.2))
    robot.move_to(noted(name))
    if name == "B":
        robot.move_to(noted(name).offset(z=0.2))
robot.move_circular(noted("via"), noted("D"), speed=0.2)
robot.move_to(noted("E"))
robot.move_to(noted("F"))
robot.move_joints(robot.home)
