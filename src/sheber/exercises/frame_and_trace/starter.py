"""Frame and trace: a first program. It touches the first mark and lays nothing yet. You write the rest."""

from sheber import connect

cell = connect(exercise="frame-and-trace")
robot, dispenser = cell.robot, cell.dispenser
print("Marks on the plate:", cell.sheet["marks"])
print("The contour begins at", cell.sheet["start"], "and has", len(cell.sheet["contour"]), "legs")

above = cell.frames["above_origin"]  # the tool points down, 10 to 30 mm over the first mark
robot.move_to(above)
robot.move_linear(above.offset(z=-0.03), speed=0.01, wait=False)  # slowly down, and do not wait
while True:
    state = cell.state()  # everything of one tick: 10 ms
    if state.inputs["contact"]:
        robot.stop()
        break
    if not state.moving:
        raise SystemExit("The tool met nothing.")
origin = state.pose.position
print("The first mark is at", origin)
robot.move_linear(above, speed=0.1)

# Next: the other two marks, the plate's frame from the three points, and the bead.

robot.move_joints(robot.home)
