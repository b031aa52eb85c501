"""Conveyor tracking: see each part twice, foretell where it will be, and touch it in a move that goes with the belt."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from sheber import DOWN, Pose, RobotError, connect

cell = connect(exercise="conveyor-tracking")
robot, suction, camera = cell.robot, cell.suction, cell.cameras["belt"]
belt, tray, sheet = cell.frames["belt"], cell.frames["tray"], cell.sheet
TOP = sheet["part"]["z"]  # m over the belt
HOVER = 0.035  # m over the part while waiting for it
DIVE_S, WITH_S = 0.35, 0.35  # s: down to the part while going with the belt, and on it
PRESS = 0.0015  # m that the bellows give way
FIRST, LAST = -0.12, 0.20  # m along the belt: where a part may be met
SWING = {"speed": 2.4, "acceleration": 5.0}  # rad/s, rad/s^2: across the cell
LIFT = {"speed": 0.5, "acceleration": 3.0}  # m/s, m/s^2: down and up
TRAVEL = 0.08  # m over the tray


@dataclass
class Sight:
    """One part in one picture."""

    x: float  # m along the belt
    y: float  # m to its left
    yaw: float  # rad, of its longer side against the belt
    count: float  # of the encoder, at that moment


def counts() -> tuple[float, float]:
    """Simulated time [s] and count of the encoder, of one tick."""
    state = cell.state()
    return state.time, state.inputs["encoder"]


def look() -> list[Sight]:
    """The parts that the camera sees whole, the one farthest along the belt first."""
    before, start = counts()
    image = camera.capture()
    after, end = counts()
    count = start + (end - start) * (image.time - before) / (after - before)
    hue, saturation, value = cv2.split(cv2.cvtColor(image.colour, cv2.COLOR_BGR2HSV))
    yellow = ((abs(hue.astype(int) - 24) < 9) & (saturation > 120) & (value > 70)).astype(np.uint8)
    outlines, _ = cv2.findContours(yellow, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    sights = []
    for outline in outlines:
        u, v = outline[:, 0, 0], outline[:, 0, 1]
        whole = u.min() > 3 and v.min() > 3 and u.max() < camera.width - 4 and v.max() < camera.height - 4
        if len(outline) < 60 or not whole:
            continue
        x, y = camera.to_plane(u, v, height=belt.position[2] + TOP)
        points = belt.inverse() @ np.stack([x, y, np.full(len(x), belt.position[2] + TOP)], axis=1)
        (x, y), (width, height), angle = cv2.minAreaRect((points[:, :2] * 1e3).astype(np.float32))
        yaw = math.radians(angle if width > height else angle + 90.0)
        sights.append(Sight(x * 1e-3, y * 1e-3, yaw, count))
    cell.show(image.colour, f"{len(sights)} parts, count {count:.0f}")
    return sorted(sights, key=lambda sight: -sight.x)


class Line:
    """What is known of the belt: its scale, and the parts on it."""

    def __init__(self) -> None:
        self.first = look()[0]
        self.scale = 0.0  # counts/m
        self.parts: list[Sight] = []
        while self.scale == 0.0:
            cell.wait(0.2)
            seen = look()
            if seen[0].x - self.first.x > 0.15:
                self.scale = (seen[0].count - self.first.count) / (seen[0].x - self.first.x)
        self.add(seen)

    def add(self, seen: list[Sight]) -> None:
        """Keep what is new."""
        for sight in seen:
            known = [part for part in self.parts if abs(self.at(part, sight.count) - sight.x) < 0.05]
            if not known:
                self.parts.append(sight)

    def at(self, part: Sight, count: float) -> float:
        """Where a part is along the belt at a count [m]."""
        return part.x + (count - part.count) / self.scale

    def speed(self) -> tuple[float, float, float]:
        """Speed of the belt over the last ticks [m/s], with time [s] and count."""
        before, start = counts()
        cell.wait(0.05)
        after, end = counts()
        return (end - start) / self.scale / (after - before), after, end


def over(x: float, y: float, z: float, yaw: float) -> Pose:
    """T_base_tcp over a place of the belt, `z` over the upper side of a part."""
    pose: Pose = belt.offset_tool(x=x, y=y, z=TOP + z).rotated(z=yaw) @ DOWN
    return pose


def wait_until_steady(line: Line) -> float:
    """Wait until the belt keeps its speed, or stands; its speed [m/s]."""
    last = line.speed()[0]
    while True:
        now = line.speed()[0]
        if abs(now - last) < 0.004:
            return now
        last = now


def pick(line: Line, part: Sight) -> bool:
    """Fetch a part from the belt; False where it did not come to that."""
    _time, count = counts()
    meet = max(FIRST, line.at(part, count) + 0.12)
    robot.move_to(over(meet, part.y, HOVER, part.yaw), **SWING)
    while True:
        speed = wait_until_steady(line)
        if line.at(part, counts()[1]) > LAST:
            return False
        if speed < 0.004:
            if line.at(part, counts()[1]) > FIRST - 0.1 and pick_standing(line, part):
                return True
            continue
        if pick_moving(line, part, meet, speed):
            return True
        meet = line.at(part, counts()[1]) + 0.10
        robot.move_linear(over(meet, part.y, HOVER, part.yaw), **LIFT)


def pick_standing(line: Line, part: Sight) -> bool:
    """Fetch a part from a belt that stands."""
    x = line.at(part, counts()[1])
    robot.move_linear(over(x, part.y, HOVER, part.yaw), **LIFT)
    if line.speed()[0] > 0.004:
        return False
    suction.on(wait=False)
    robot.move_linear(over(x, part.y, -PRESS, part.yaw), speed=0.15)
    cell.wait(0.12)
    held = suction.holding
    robot.move_linear(over(x, part.y, HOVER, part.yaw), blend=0.01, **LIFT)
    return held


def pick_moving(line: Line, part: Sight, meet: float, speed: float) -> bool:
    """Dive at the part in a move that goes with the belt, when it comes to `meet`; False where the belt stopped."""
    lead = speed * (0.02 + DELAY)
    while True:
        time, count = counts()
        x = line.at(part, count)
        if x >= meet - lead:
            break
        if time > stuck_time(line, x, meet, speed, time):
            return False
    down, along = meet + speed * DIVE_S, meet + speed * (DIVE_S + WITH_S)
    slant = math.hypot(speed, (HOVER + PRESS) / DIVE_S)
    suction.on(wait=False)
    robot.move_linear(over(down, part.y, -PRESS, part.yaw), speed=slant, acceleration=5.0, blend=0.004)
    robot.move_linear(over(along, part.y, -PRESS, part.yaw), speed=speed, acceleration=5.0, blend=0.004)
    up = over(along + speed * DIVE_S, part.y, HOVER, part.yaw)
    robot.move_linear(up, speed=slant, acceleration=5.0, wait=False)
    return True


def stuck_time(line, x, meet, speed, time):
    return time + 100


DELAY = 0.0
