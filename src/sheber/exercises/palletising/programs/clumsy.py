"""Palletising, clumsily: the corner taught by eye, every box turned a little, let go 12 mm too high, and slowly."""

from sheber import DOWN, connect

cell = connect(exercise="palletising")
robot, suction = cell.robot, cell.suction
pitch, pattern = cell.sheet["pitch"], cell.sheet["pattern"]
pick = cell.frames["pick"] @ DOWN
corner = cell.frames["pallet"].offset_tool(x=0.003, y=-0.002)  # taught by eye

for n in range(cell.sheet["count"]):
    column, row = n % pattern["columns"], n // pattern["columns"] % pattern["rows"]
    layer = n // (pattern["columns"] * pattern["rows"])
    x, y, z = (column + 0.5) * pitch["x"], (row + 0.5) * pitch["y"], (layer + 1) * pitch["z"]
    place = corner.offset_tool(x=x, y=y, z=z).rotated(z=0.03) @ DOWN
    cell.wait_for("part_present")
    robot.move_to(pick.offset(z=0.15), speed=0.7)
    robot.move_linear(pick, speed=0.05)
    suction.on()
    robot.move_linear(pick.offset(z=0.2))
    robot.move_to(place.offset(z=0.15), speed=0.7)
    robot.move_linear(place.offset(z=0.012))
    suction.off()
    robot.move_linear(place.offset(z=0.15))
