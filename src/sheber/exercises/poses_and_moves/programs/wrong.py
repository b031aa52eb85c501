"""Poses and moves, wrongly: straight from B to C, as if there were no post."""

from sheber import connect

cell = connect(exercise="poses-and-moves")
robot, frames = cell.robot, cell.frames

robot.move_to(frames["A"].offset(z=0.2))
robot.move_linear(frames["A"])
robot.move_linear(frames["B"])
robot.move_linear(frames["C"])
robot.move_circular(frames["via"], frames["D"])
robot.move_to(frames["E"])
robot.move_to(frames["F"])
robot.move_joints(robot.home)
