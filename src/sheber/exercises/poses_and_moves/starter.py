"""Poses and moves: a first program. It drives to pose A and back home. You write the rest."""

from sheber import connect

cell = connect(exercise="poses-and-moves")
robot = cell.robot

print("Home is at", robot.pose)
for stop in cell.sheet["route"]:
    print("The route asks for", stop)

above_a = cell.frames["A"].offset(z=0.25)  # 250 mm above pose A, higher than the post
robot.move_to(above_a)
robot.move_linear(cell.frames["A"], speed=0.10)
print("Pose A wanted:  ", cell.frames["A"])
print("Pose A measured:", robot.pose)

# Next: a straight line to B, over the post to C, an arc to D, then E, F and home.

robot.move_linear(above_a)
robot.move_joints(robot.home)
