"""Tool change, clumsily: taught by eye beside the docks, parts dropped, and a PLC that is asked once and never again."""

from sheber import DOWN, Timeout, connect

cell = connect(exercise="tool-change")
robot, changer = cell.robot, cell.changer
gripper, suction = cell.gripper, cell.suction


def at_dock(name, up):
    beside = cell.frames[name].offset_tool(x=0.0012).offset(z=up)
    return beside @ DOWN @ changer.face.inverse() @ robot.tool.pose


def take(name):
    dock = changer.tools[name].dock
    robot.move_to(at_dock(dock, 0.10))
    robot.move_linear(at_dock(dock, 0.001), speed=0.05)
    changer.lock()
    robot.move_linear(at_dock(dock, 0.28))


def put(name):
    dock = changer.tools[name].dock
    robot.move_to(at_dock(dock, 0.28))
    robot.move_linear(at_dock(dock, 0.0015), speed=0.05)
    changer.unlock()
    robot.move_linear(at_dock(dock, 0.10))


robot.move_joints(robot.home)
on = ""
for n, job in enumerate(cell.sheet["jobs"], 1):
    if job["tool"] != on:
        if on:
            put(on)
        on = job["tool"]
        take(on)
    grips = on == "gripper"
    pick = (cell.frames[f"pick_{n}"] @ DOWN).offset(z=-0.02 if grips else 0.0)
    place = (cell.frames[f"place_{n}"] @ DOWN).offset(x=0.0045, z=-0.02 if grips else 0.0)
    if grips:
        gripper.open()
    robot.move_to(pick.offset(z=0.15))
    robot.move_linear(pick, speed=0.1)
    if grips:
        gripper.close()
    else:
        suction.on()
    robot.move_linear(pick.offset(z=0.15))
    robot.move_to(place.offset(z=0.15))
    robot.move_linear(place.offset(z=0.004), speed=0.1)
    if grips:
        gripper.open()
    else:
        suction.off()
    cell.outputs["clamp_request"] = True
    try:
        cell.wait_for("clamp_done", timeout=3.0)
    except Timeout:
        print("the PLC sleeps; go on without it")
    robot.move_linear(place.offset(z=0.15))
    cell.outputs["clamp_request"] = False
put(on)
