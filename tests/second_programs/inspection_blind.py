"""GAME: never looks. Every cover straight from its nest to the bin "good", with the mean diameter of the sheet: fast and safe."""
from sheber import Pose, connect
cell = connect(exercise="inspection")
robot, suction = cell.robot, cell.suction
th = cell.sheet["thickness"]
down = robot.forward(robot.home).quaternion
smallest, largest = cell.sheet["diameter"].values() if hasattr(cell.sheet["diameter"], "values") else cell.sheet["diameter"]
cell.outputs["diameter"] = 500 * (smallest + largest)
for n in range(int(cell.sheet["count"])):
    for pose, on in ((Pose(cell.frames[f"nest_{n+1}"].position, down).offset(z=th), True),
                     (Pose(cell.frames["good"].position, down).offset(z=th * (n + 1) + 0.001), False)):
        high = pose.offset(z=max(0.05, 0.2 - pose.position[2]))
        robot.move_to(high, speed=2.5, acceleration=4.5, blend=0.02)
        robot.move_linear(pose, speed=0.15)
        suction.on() if on else suction.off()
        robot.move_linear(high, speed=0.6)
robot.move_joints(robot.home)
