"""Palletising: a first program. It brings one box to the first place of the pattern. You write the rest."""

from sheber import DOWN, connect

cell = connect(exercise="palletising")
robot, suction = cell.robot, cell.suction
pitch = cell.sheet["pitch"]
print("Boxes:", cell.sheet["count"], "of", cell.sheet["box"], "in a pattern of", cell.sheet["pattern"])

pick = cell.frames["pick"] @ DOWN  # the tool points down at the middle of the box's top
pallet = cell.frames["pallet"]  # z up, origin at the pattern's first corner

cell.wait_for("part_present")
robot.move_to(pick.offset(z=0.10))
robot.move_linear(pick, speed=0.10)
suction.on()
robot.move_linear(pick.offset(z=0.25))

# the first place: half a box away from the corner, one box high
place = pallet.offset_tool(x=0.5 * pitch["x"], y=0.5 * pitch["y"], z=pitch["z"]) @ DOWN
robot.move_to(place.offset(z=0.10))
robot.move_linear(place, speed=0.10)
suction.off()
robot.move_linear(place.offset(z=0.10))

# Next: the same for every box, column by column, row by row, layer by layer.

robot.move_joints(robot.home)
