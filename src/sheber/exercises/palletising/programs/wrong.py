"""Palletising, wrongly: axes of the base for those of the pallet, a corner 50 mm off, and half of the boxes."""

from sheber import DOWN, Pose, connect

cell = connect(exercise="palletising")
robot, suction = cell.robot, cell.suction
pitch, pattern = cell.sheet["pitch"], cell.sheet["pattern"]
pick = cell.frames["pick"] @ DOWN
corner = Pose(cell.frames["pallet"].position).offset(x=0.05)

for n in range(cell.sheet["count"] // 2):
    column, row = n % pattern["columns"], n // pattern["columns"] % pattern["rows"]
    place = corner.offset(x=(column + 0.5) * pitch["x"], y=(row + 0.5) * pitch["y"], z=pitch["z"]) @ DOWN
    cell.wait_for("part_present")
    robot.move_to(pick.offset(z=0.15))
    robot.move_linear(pick, speed=0.1)
    suction.on()
    robot.move_linear(pick.offset(z=0.2))
    robot.move_to(place.offset(z=0.15))
    robot.move_linear(place.offset(z=0.03))
    suction.off()
    robot.move_linear(place.offset(z=0.15))
robot.move_joints(robot.home)
