"""Tool change. Own strategy: the PLC is served while the arm moves; a tool is set down with a soft arm, which also teaches where its dock really is."""
from sheber import DOWN, Pose, ToolError, connect

cell = connect(exercise="tool-change")
robot, changer = cell.robot, cell.changer
gripper, suction = cell.gripper, cell.suction
jobs = cell.sheet["jobs"]
docks = {name: cell.frames[name] for name in ("dock_left", "dock_right")}     # replaced by what was learned
QUICK = dict(speed=1.9, acceleration=4.0)
CARRY = dict(speed=1.5, acceleration=2.5)
print("timeout", cell.sheet["timeout"], "stroke", gripper.stroke, "force", gripper.max_force, "jobs", [dict(j) for j in jobs])


class Plc:
    """The handshake as a small state machine, polled while the arm moves."""

    def __init__(self):
        self.state, self.since, self.tries = "idle", 0.0, 0

    def to(self, state):
        self.state, self.since = state, cell.time

    def ask(self):
        self.tries = 1
        cell.outputs["clamp_request"] = True
        self.to("asked")

    def poll(self):
        if self.state == "idle":
            return
        inputs = cell.state().inputs
        busy, done, waited = inputs["clamp_busy"], inputs["clamp_done"], cell.time - self.since
        if self.state == "rest":                                 # taken back: until the PLC is quiet
            if not busy and not done and waited > 0.2:
                self.tries += 1
                cell.outputs["clamp_request"] = True
                self.to("asked")
        elif done:
            cell.outputs["clamp_request"] = False
            print("clamped after", self.tries, "request(s)")
            self.to("idle")
        elif self.state == "asked" and busy:
            self.to("busy")
        elif waited > (cell.sheet["timeout"] if self.state == "asked" else 15.0):
            print("no answer, taken back in state", self.state)
            cell.outputs["clamp_request"] = False
            self.to("rest")

    def finish(self):
        while self.state != "idle":
            self.poll()


plc = Plc()


def go(*moves):
    """Each move: (function, pose or joints, arguments); all blended into each other, the PLC is served meanwhile."""
    for i, (function, goal, arguments) in enumerate(moves):
        if i < len(moves) - 1:
            arguments = {"blend": 0.04} | arguments
        function(goal, wait=False, **arguments)
    while robot.moving:
        plc.poll()


def at_dock(name, up):
    return docks[name].offset(z=up) @ DOWN @ changer.face.inverse() @ robot.tool.pose


def take(tool):
    dock = changer.tools[tool].dock
    go((robot.move_to, at_dock(dock, 0.06), QUICK), (robot.move_linear, at_dock(dock, 0.012), dict(speed=0.3)))
    for up in (0.001, 0.0005, 0.0, -0.0005, -0.001):
        robot.move_linear(at_dock(dock, up), speed=0.05)
        if not cell.inputs["tool_present"]:
            continue
        try:
            changer.lock()
            break
        except ToolError as error:
            print(error)
            changer.unlock()
    print("took", tool, "at", up)
    go((robot.move_linear, at_dock(dock, 0.26), dict(speed=0.6, acceleration=2.0)))


def put_down(tool):
    dock = changer.tools[tool].dock
    go((robot.move_to, at_dock(dock, 0.26), QUICK), (robot.move_linear, at_dock(dock, 0.03), dict(speed=0.6, acceleration=2.0)))
    robot.move_linear(at_dock(dock, 0.005), speed=0.1)
    robot.zero_wrench()
    with robot.compliance({"x": 0.0, "y": 0.0, "z": 12.0}, speed=0.02, travel=0.012):
        cell.wait(0.8)
        print("presses with", robot.wrench.round(1))
    changer.unlock()
    true = robot.pose @ DOWN.inverse()
    print("dock", dock, "is off by [mm]", ((true.position - cell.frames[dock].position) * 1000).round(2))
    docks[dock] = Pose(true.position, docks[dock].quaternion)
    go((robot.move_linear, at_dock(dock, 0.03), dict(speed=0.3)))


on_arm = ""
for number, job in enumerate(jobs, 1):
    tool = job["tool"]
    if tool != on_arm:
        if on_arm:
            put_down(on_arm)
        take(tool)
        on_arm = tool
    depth = 0.02 if tool == "gripper" else 0.0
    pick = (cell.frames[f"pick_{number}"] @ DOWN).offset(z=-depth)
    place = (cell.frames[f"place_{number}"] @ DOWN).offset(z=-depth + 0.0005)
    if tool == "gripper":
        gripper.open()
    go((robot.move_to, pick.offset(z=0.10), QUICK), (robot.move_linear, pick.offset(z=0.02), dict(speed=0.4)))
    robot.move_linear(pick, speed=0.08)
    plc.finish()                                                 # off before the next part is gripped
    if tool == "gripper":
        gripper.close()
    else:
        suction.on()
    up = 0.12
    go((robot.move_linear, pick.offset(z=up), dict(speed=0.4)), (robot.move_to, place.offset(z=up), CARRY),
       (robot.move_linear, place.offset(z=0.015), dict(speed=0.4)))
    robot.move_linear(place, speed=0.05)
    if tool == "gripper":
        gripper.open()
    else:
        suction.off()
    robot.move_linear(place.offset(z=0.03), speed=0.2)
    plc.ask()
    go((robot.move_linear, place.offset(z=0.15), dict(speed=0.5)))
put_down(on_arm)
go((robot.move_linear, at_dock(changer.tools[on_arm].dock, 0.10), dict(speed=0.5)), (robot.move_joints, robot.home, QUICK))
plc.finish()
print("done")
