"""Capstone cell: serve orders one after the other, the rush order first; check every answer and every sensor."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from sheber import DOWN, Pose, Timeout, ToolError, connect

cell = connect(exercise="capstone-cell")
robot, sheet = cell.robot, cell.sheet
belt, gauge = cell.frames["belt"], cell.frames["gauge"]
BELT_STANDS, NO_VACUUM, SENSOR_STUCK, PART_MISSING, PLC_LATE = 1, 2, 3, 4, 5  # codes of the panel
GOOD, DEFECTIVE = 1, 2
SWING = {"speed": 2.6, "acceleration": 6.0}  # rad/s, rad/s^2: across the cell
LIFT = {"speed": 0.5, "acceleration": 3.0}  # m/s, m/s^2: down and up
OPEN = 0.035  # m, of the fingers
HANGS = 0.26  # m over its dock: a tool is free of it
HOLD = 0.015  # m below the top of a head: where the fingers take it
TRAVEL = 0.25  # m, of the TCP over the table while it crosses the cell: what it carries clears what stands
PRESS_N, PRESS = 8.0, 0.015  # N, m/s: into the gauge


@dataclass
class Kind:
    """A part as the job sheet has it."""

    number: int
    hue: int
    tool: str
    length: float  # m, from its foot to its top
    width: float  # m, of its top
    substitute: int

    @property
    def hold(self) -> float:
        """Where the tool takes it [m], over its foot."""
        return self.length - (HOLD if self.tool == "gripper" else 0.0)


KINDS = {
    int(number): Kind(
        int(number), about["hue"], about["tool"], about["length"], about["head"]["x"], about["substitute"]
    )
    for number, about in sheet["parts"].items()
}


def alarm(code: int) -> None:
    """Tell the operator."""
    cell.outputs["alarm"] = float(code)
    cell.note(f"alarm {code}")


def ask(job: str) -> None:
    """Let the PLC do a job; where it does not answer, say so and ask again."""
    for _attempt in range(4):
        cell.outputs[f"{job}_request"] = True
        try:
            cell.wait_for(f"{job}_busy", timeout=1.5)
            cell.wait_for(f"{job}_done", timeout=5.0)
            return
        except Timeout:
            alarm(PLC_LATE)
        finally:
            cell.outputs[f"{job}_request"] = False


def next_order() -> tuple[int, int]:
    """Part and slot of the next order: the rush order where the PLC calls for it; (0, 0) where there is none."""
    ask("rush" if cell.inputs["rush"] else "order")
    return round(cell.inputs["order_part"]), round(cell.inputs["order_slot"])


# --- vision


def of_hue(image: np.ndarray, hue: int) -> np.ndarray:
    """The pixels (h, w) 0 or 1 that have the colour of a part."""
    hsv = cv2.cvtColor(image, cv2.COLOR_BGR2HSV).astype(int)
    away = np.abs((hsv[:, :, 0] - hue + 90) % 180 - 90)
    return ((away < 9) & (hsv[:, :, 1] > 110) & (hsv[:, :, 2] > 45)).astype(np.uint8)


def look(kind: Kind) -> Pose | None:
    """T_base_top of the foremost part of a kind in the picture of the belt; None where there is none."""
    camera = cell.cameras["belt"]
    image = camera.capture().colour
    height = belt.position[2] + kind.length
    outlines, _ = cv2.findContours(of_hue(image, kind.hue), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    found = []
    for outline in outlines:
        u, v = outline[:, 0, 0], outline[:, 0, 1]
        whole = u.min() > 3 and v.min() > 3 and u.max() < camera.width - 4 and v.max() < camera.height - 4
        if cv2.contourArea(outline) < 60 or not whole:
            continue
        x, y = camera.to_plane(u, v, height=height)
        points = belt.inverse() @ np.stack([x, y, np.full(len(x), height)], axis=1)
        (along, left), size, angle = cv2.minAreaRect((points[:, :2] * 1e3).astype(np.float32))
        if (
            not -250.0 < along < 1e3 * sheet["belt"]["end"]
            or abs(left) > 60.0
            or abs(min(size) - 1e3 * kind.width) > 4.0
        ):
            continue  # not a part on the belt
        turn = (angle + 45.0) % 90.0 - 45.0  # a quarter turn more is the same
        found.append(
            (along, belt.offset_tool(x=along / 1e3, y=left / 1e3, z=kind.length).rotated(z=math.radians(turn)))
        )
    return max(found, key=lambda one: one[0])[1] if found else None


def is_marked(kind: Kind) -> bool:
    """Whether the part in the gauge has its dark mark."""
    camera = cell.cameras["gauge"]
    image = camera.capture().colour
    top = gauge.position[2] - sheet["gauge"]["depth"] + kind.length
    u, v = camera.project((*gauge.position[:2], top))
    around = image[round(v) - 12 : round(v) + 13, round(u) - 12 : round(u) + 13]
    return int((around.max(axis=2) < 60).sum()) > 60


# --- handling


def above(pose: Pose) -> Pose:
    """The same pose at the height for crossing the cell."""
    return pose.offset(z=TRAVEL - float(pose.position[2]))


def run_belt() -> None:
    """Run the belt until a part comes to its end; where none comes, the belt stands: reset it."""
    for _attempt in range(3):
        cell.outputs["belt_run"] = True
        try:
            cell.wait_for("belt_end", timeout=8.0)
            return
        except Timeout:
            cell.outputs["belt_run"] = False
            alarm(BELT_STANDS)
            ask("reset")
        finally:
            cell.outputs["belt_run"] = False


def find(number: int) -> tuple[Kind, Pose]:
    """A part that the order wants, on the belt that stands; its substitute where the part is missing."""
    wanted = KINDS[number]
    other = KINDS[wanted.substitute]
    seen = look(wanted)
    for _attempt in range(3):
        if seen is not None:
            return wanted, seen
        run_belt()
        cell.wait(0.5)
        seen, instead = look(wanted), look(other)
        if seen is None and instead is not None:
            alarm(PART_MISSING)
            return other, instead
    raise RuntimeError(f"neither part {number} nor its substitute comes")


def change(tool: str) -> None:
    """Put the tool that is on the arm into its dock, and take another one."""
    on = cell.changer.tool
    if on == tool:
        return
    at_dock(on, leaves=True)
    at_dock(tool, leaves=False)
    if tool == "gripper":
        cell.gripper.open(OPEN)


def at_dock(tool: str, leaves: bool) -> None:
    """Go down into the dock of a tool, leave or take it, and come up again."""
    dock = cell.frames[f"dock_{tool}"] @ DOWN
    over = dock.offset(z=HANGS if leaves else 0.10)

    def tip(face: Pose) -> Pose:
        return face @ cell.changer.face.inverse() @ robot.tool.pose

    robot.move_to(tip(over), **SWING)
    robot.move_linear(tip(dock.offset(z=0.002)), **LIFT)
    robot.move_linear(tip(dock), speed=0.02)
    if leaves:
        cell.changer.unlock()
    else:
        cell.changer.lock()
    robot.move_linear(tip(dock.offset(z=0.003)), speed=0.05)
    robot.move_linear(tip(dock.offset(z=0.10 if leaves else HANGS)), blend=0.02, **LIFT)


def grasp(at: Pose, pressed: float = 0.001) -> None:
    """Go down to a part and hold it; where the cup has no vacuum, let the PLC reset its valve."""
    if cell.changer.tool == "gripper":
        robot.move_linear(at, **LIFT)
        cell.gripper.close(60.0)
        return
    for _attempt in range(3):
        robot.move_linear(at.offset(z=-pressed), speed=0.2)
        try:
            cell.suction.on(timeout=0.6)
            return
        except ToolError:
            cell.suction.off(wait=False)
            alarm(NO_VACUUM)
            ask("reset")


def let_go() -> None:
    """Let the part stand where it is."""
    if cell.changer.tool == "gripper":
        cell.gripper.open(OPEN)
    else:
        cell.suction.off()


def take(kind: Kind, top: Pose) -> None:
    """Grip the part whose top is at this pose, and lift it."""
    at = top.offset(z=kind.hold - kind.length) @ DOWN
    robot.move_to(above(at), blend=0.02, **SWING)
    grasp(at)
    robot.move_linear(above(at), blend=0.03, **LIFT)


def insert(kind: Kind) -> float:
    """Press the part into the gauge with a small force; how deep it went [m]."""
    mouth = gauge.offset(z=kind.hold) @ DOWN
    robot.move_to(above(mouth), blend=0.02, **SWING)
    robot.move_linear(mouth.offset(z=0.002), **LIFT)
    cell.wait(0.1)
    robot.zero_wrench()
    deep, limit = sheet["gauge"]["depth"], cell.time + 6.0
    with robot.compliance({"x": 0.0, "y": 0.0, "z": PRESS_N, "rx": 0.0, "ry": 0.0}, speed=PRESS, travel=0.05):
        while mouth.position[2] - robot.pose.position[2] < deep - 0.0008 and cell.time < limit:
            pass
    return float(mouth.position[2] - robot.pose.position[2])


def inspect(kind: Kind) -> bool:
    """Leave the part in the gauge, look at it from above, and take it again; whether it is good."""
    here = robot.pose
    let_go()
    robot.move_linear(above(here), blend=0.02, **LIFT)
    robot.move_to(above(belt @ DOWN), **SWING)
    good = is_marked(kind)
    robot.move_to(above(here), blend=0.02, **SWING)
    grasp(here, pressed=0.0005)
    with robot.compliance({"x": 0.0, "y": 0.0, "rx": 0.0, "ry": 0.0}, speed=0.02, travel=0.05):
        robot.move_linear(here.offset(z=sheet["gauge"]["depth"] + 0.004), speed=0.10)
    robot.move_linear(above(here), blend=0.03, **LIFT)
    return good


def put(kind: Kind, place: Pose) -> None:
    """Set the part down."""
    hold = place.offset(z=kind.hold + 0.0005) @ DOWN
    robot.move_to(above(hold), blend=0.02, **SWING)
    robot.move_linear(hold, **LIFT)
    let_go()
    robot.move_linear(above(hold), blend=0.03, **LIFT)


def serve(number: int, slot: int) -> None:
    """One order, from the belt to the rack."""
    kind, top = find(number)
    change(kind.tool)
    take(kind, top)
    depth = insert(kind)
    good = inspect(kind)
    cell.outputs["depth"] = depth * 1e3
    cell.outputs["result"] = float(GOOD if good else DEFECTIVE)
    if not good:
        put(kind, cell.frames["reject"])
        return
    taken = f"rack_1_{slot}"
    if cell.inputs[taken]:
        alarm(SENSOR_STUCK)  # nothing was put there
    put(kind, cell.frames[taken])
    if not cell.inputs[taken]:
        alarm(SENSOR_STUCK)


cell.gripper.open(OPEN)
while True:
    number, slot = next_order()
    if number == 0:
        break
    serve(number, slot)
robot.move_joints(robot.home, **SWING)
