"""Frame and trace: a first program. It touches the first mark and lays nothing yet. You write the rest."""

from sheber import Signal, connect

cell = connect(exercise="frame-and-trace")
robot, dispenser = cell.robot, cell.dispenser
print("Marks on the plate:", cell.sheet["marks"])
print("The contour begins at", cell.sheet["start"], "and has", len(cell.sheet["contour"]), "legs")

above = cell.frames["above_origin"]  # the tool points down, 10 to 30 mm over the first mark
robot.move_to(above)
touch = robot.move_linear(above.offset(z=-0.04), speed=0.01, until=Signal("contact"))  # slowly down, until it touches
origin = touch.pose.position
print("The first mark is at", origin)
robot.move_linear(above, speed=0.1)

# Next: the other two marks, the plate's frame from the three points, and the bead.

robot.move_joints(robot.home)
