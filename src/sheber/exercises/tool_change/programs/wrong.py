"""Tool change, wrongly: one tool for everything, the PLC is only told, and the tool is thrown off at the end."""

from sheber import DOWN, connect

cell = connect(exercise="tool-change")
robot, changer = cell.robot, cell.changer
gripper, suction = cell.gripper, cell.suction


def at_dock(name, up):
    return cell.frames[name].offset(z=up) @ DOWN @ changer.face.inverse() @ robot.tool.pose


robot.move_joints(robot.home)
name = cell.sheet["jobs"][0]["tool"]
dock = changer.tools[name].dock
robot.move_to(at_dock(dock, 0.10))
robot.move_linear(at_dock(dock, 0.001), speed=0.1)
changer.lock()
robot.move_linear(at_dock(dock, 0.28))
for n, _job in enumerate(cell.sheet["jobs"], 1):
    depth = 0.02 if name == "gripper" else 0.0
    pick = (cell.frames[f"pick_{n}"] @ DOWN).offset(z=-min(depth, cell.frames[f"pick_{n}"].position[2] - 0.012))
    place = (cell.frames[f"place_{n}"] @ DOWN).offset(z=0.03)
    robot.move_to(pick.offset(z=0.15))
    robot.move_linear(pick, speed=0.1)
    if name == "gripper":
        gripper.close()
    else:
        suction.on(wait=False)
        cell.wait(0.5)
    robot.move_linear(pick.offset(z=0.15))
    robot.move_to(place.offset(z=0.15))
    robot.move_linear(place, speed=0.1)
    if name == "gripper":
        gripper.open()
    else:
        suction.off()
    cell.outputs["clamp_request"] = True
    cell.wait(0.1)
    cell.outputs["clamp_request"] = False
    robot.move_linear(place.offset(z=0.15))
robot.move_joints(robot.home)
changer.unlock()
