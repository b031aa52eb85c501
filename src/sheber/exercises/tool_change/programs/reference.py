"""Tool change, done well: the face to the dock, every request with a time limit, every tool back in its dock."""

from sheber import DOWN, Timeout, connect

cell = connect(exercise="tool-change")
robot, changer = cell.robot, cell.changer
gripper, suction = cell.gripper, cell.suction
DEPTH = 0.02  # m, of the TCP below the upper side of a block: the pads hold its middle
CLEAR = 0.26  # m over a dock: what hangs in it is free


def at_dock(name, up):
    """Where the TCP is when the changer's face is `up` over a dock; with a tool on or without."""
    return cell.frames[name].offset(z=up) @ DOWN @ changer.face.inverse() @ robot.tool.pose


def take(name):
    dock = changer.tools[name].dock
    robot.move_to(at_dock(dock, 0.06), speed=1.5, blend=0.02)
    robot.move_linear(at_dock(dock, 0.001), speed=0.25)
    changer.lock()
    robot.move_linear(at_dock(dock, CLEAR), speed=0.8, blend=0.05)


def put(name):
    dock = changer.tools[name].dock
    robot.move_to(at_dock(dock, CLEAR), speed=1.5, blend=0.05)
    robot.move_linear(at_dock(dock, 0.02), speed=0.6, blend=0.005)
    robot.move_linear(at_dock(dock, 0.0005), speed=0.05)
    changer.unlock()
    robot.move_linear(at_dock(dock, 0.06), speed=0.5, blend=0.02)


def clamp():
    """Ask the PLC, and ask again where it does not answer."""
    while True:
        cell.outputs["clamp_request"] = True
        try:
            cell.wait_for("clamp_busy", timeout=cell.sheet["timeout"])
            cell.wait_for("clamp_done", timeout=10.0)
        except Timeout as late:
            cell.note(f"asked again: {late}")
            cell.outputs["clamp_request"] = False
            cell.wait(0.1)
            continue
        cell.outputs["clamp_request"] = False
        cell.wait_for("clamp_done", False, timeout=1.0)
        return


robot.move_joints(robot.home, speed=1.5)
on = ""
for n, job in enumerate(cell.sheet["jobs"], 1):
    if job["tool"] != on:
        if on:
            put(on)
        take(job["tool"])
        on = job["tool"]
    grips = on == "gripper"
    depth = DEPTH if grips else 0.0
    pick = (cell.frames[f"pick_{n}"] @ DOWN).offset(z=-depth)
    place = (cell.frames[f"place_{n}"] @ DOWN).offset(z=-depth)
    if grips:
        gripper.open(0.06)
    robot.move_to(pick.offset(z=0.12), speed=1.5, blend=0.03)
    robot.move_linear(pick, speed=0.25)
    if grips:
        gripper.close(50.0)
    else:
        suction.on()
    robot.move_linear(pick.offset(z=0.12), speed=0.5, blend=0.03)
    robot.move_to(place.offset(z=0.10), speed=1.2, blend=0.03)
    robot.move_linear(place.offset(z=0.0005), speed=0.15)
    if grips:
        gripper.open(0.06)
    else:
        suction.off()
    robot.move_linear(place.offset(z=0.10), speed=0.5)
    clamp()
put(on)
robot.move_joints(robot.home, speed=1.5)
