"""Tool change: a first program. It takes the tool of the first job and puts it back. You write the rest."""

from sheber import DOWN, connect

cell = connect(exercise="tool-change")
robot, changer = cell.robot, cell.changer


def at_dock(name, up):
    """Where the TCP is when the changer's face is `up` [m] over a dock; with a tool on or without."""
    return cell.frames[name].offset(z=up) @ DOWN @ changer.face.inverse() @ robot.tool.pose


robot.move_joints(robot.home)
job = cell.sheet["jobs"][0]
dock = changer.tools[job["tool"]].dock
print("job 1 needs the", job["tool"], "which is in", dock)

robot.move_to(at_dock(dock, 0.10))
robot.move_linear(at_dock(dock, 0.001), speed=0.1)
changer.lock()
print("on the arm:", changer.tool, "with the TCP", robot.tool.pose)
robot.move_linear(at_dock(dock, 0.26))  # the tool hangs between the posts: first straight up

# Next: bring the part of job 1 from "pick_1" to "place_1", let the PLC clamp it, and go on with job 2.

robot.move_linear(at_dock(dock, 0.0), speed=0.1)
changer.unlock()
robot.move_linear(at_dock(dock, 0.10))
robot.move_joints(robot.home)
