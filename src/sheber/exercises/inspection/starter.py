"""Inspection: a first program. It brings one cover to the station and looks at it by each light. You write the rest."""

from sheber import DOWN, connect

cell = connect(exercise="inspection")
robot, suction, camera = cell.robot, cell.suction, cell.cameras["station"]
thickness = cell.sheet["thickness"]
print("The right code:", cell.sheet["code"])

robot.move_joints(robot.home)
pick = cell.frames["nest_1"].offset(z=thickness) @ DOWN
station = cell.frames["station"].offset(z=thickness) @ DOWN

robot.move_to(pick.offset(z=0.12))
robot.move_linear(pick, speed=0.1)
suction.on()
robot.move_linear(pick.offset(z=0.12))
robot.move_to(station.offset(z=0.12))
robot.move_linear(station, speed=0.1)
suction.off()
robot.move_linear(station.offset(z=0.12))
robot.move_linear(station.offset(x=-0.15, z=0.12))  # the arm is not in the picture there

for light in ("ring", "bar_right", "bar_front", "back"):
    cell.outputs[light] = True
    cell.show(camera.capture().colour, light)
    cell.outputs[light] = False

# Next: what do the four pictures say? Measure the cover, tell its diameter, and take it to the bin of its kind:
# cell.outputs["diameter"] = 55.0  # mm
# cell.frames["good"], cell.frames["scratch"], ...
robot.move_joints(robot.home)
