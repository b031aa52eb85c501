"""Palletising: boxes from the feeder to the pallet, column by column, row by row, layer by layer."""

from sheber import DOWN, Pose, connect

cell = connect(exercise="palletising")
robot, suction = cell.robot, cell.suction
pitch, pattern = cell.sheet["pitch"], cell.sheet["pattern"]
pick = cell.frames["pick"] @ DOWN
TRAVEL = 0.12  # m over the pick and over the place while moving
SWING = {"speed": 2.0, "acceleration": 4.0}  # rad/s, rad/s^2: across the cell
LIFT = {"speed": 0.4, "acceleration": 2.0}  # m/s, m/s^2: down and up


def place_of(n: int) -> Pose:
    """T_base_tcp when box n stands on its place: the tool is at the middle of the box's top."""
    column, row = n % pattern["columns"], n // pattern["columns"] % pattern["rows"]
    layer = n // (pattern["columns"] * pattern["rows"])
    middle = cell.frames["pallet"].offset_tool(
        x=(column + 0.5) * pitch["x"],
        y=(row + 0.5) * pitch["y"],
        z=(layer + 1) * pitch["z"],
    )
    pose: Pose = middle @ DOWN
    return pose


robot.move_joints(robot.home)
for n in range(cell.sheet["count"]):
    place = place_of(n)
    robot.move_to(pick.offset(z=TRAVEL), blend=0.04, **SWING)
    cell.wait_for("part_present")
    robot.move_linear(pick, **LIFT)
    suction.on()
    robot.move_linear(pick.offset(z=TRAVEL), blend=0.04, **LIFT)
    robot.move_to(place.offset(z=TRAVEL), blend=0.04, **SWING)
    robot.move_linear(place, **LIFT)
    suction.off()
    robot.move_linear(place.offset(z=TRAVEL), blend=0.04, **LIFT)
robot.move_joints(robot.home)
