"""Conveyor tracking: see each part several times, foretell where it will be, touch it in a move that goes with the belt."""

import math
from dataclasses import dataclass, field

import cv2
import numpy as np

from sheber import DOWN, Pose, connect

cell = connect(exercise="conveyor-tracking")
robot, suction, camera = cell.robot, cell.suction, cell.cameras["belt"]
belt, tray, sheet = cell.frames["belt"], cell.frames["tray"], cell.sheet
TOP = sheet["part"]["z"]  # m over the belt
HOVER = 0.035  # m over the part while waiting for it
DIVE_S, WITH_S = 0.35, 0.30  # s: down to the part while going with the belt, and on it
LAG_S = 0.052  # s that a move with the belt is behind one that were at its speed at once
PRESS = 0.0015  # m that the bellows give way
FIRST, LAST = -0.12, 0.20  # m along the belt: where a part may be met
READS = 16  # of the encoder that a speed is taken from
SLOW = 0.004  # m/s: slower than this the belt stands
SWING = {"speed": 2.6, "acceleration": 6.0}  # rad/s, rad/s^2: across the cell
LIFT = {"speed": 0.5, "acceleration": 3.0}  # m/s, m/s^2: down and up
TRAVEL = 0.13  # m over the tray: higher than the belt


@dataclass
class Sight:
    """One part in one picture."""

    x: float  # m along the belt
    y: float  # m to its left
    yaw: float  # rad, of its longer side against the belt
    count: float  # of the encoder, at that moment


@dataclass
class Part:
    """One part on the belt, and all that was seen of it."""

    sights: list[Sight] = field(default_factory=list)
    done: bool = False


def look() -> list[Sight]:
    """The parts that the camera sees whole, the one farthest along the belt first."""
    before = cell.state()
    image = camera.capture()
    after = cell.state()
    share = (image.time - before.time) / (after.time - before.time)
    count = before.inputs["encoder"] + share * (after.inputs["encoder"] - before.inputs["encoder"])
    hue, saturation, value = cv2.split(cv2.cvtColor(image.colour, cv2.COLOR_BGR2HSV))
    yellow = ((abs(hue.astype(int) - 24) < 9) & (saturation > 120) & (value > 70)).astype(np.uint8)
    outlines, _ = cv2.findContours(yellow, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    sights = [sight_of(outline, count) for outline in outlines if len(outline) > 60 and is_whole(outline)]
    return sorted(sights, key=lambda sight: -sight.x)


def is_whole(outline: np.ndarray) -> bool:
    """Whether an outline lies within the picture."""
    u, v = outline[:, 0, 0], outline[:, 0, 1]
    return u.min() > 3 and v.min() > 3 and u.max() < camera.width - 4 and v.max() < camera.height - 4


def sight_of(outline: np.ndarray, count: float) -> Sight:
    """The part with this outline, in the frame of the belt: neither lens nor tilt disturb it there."""
    height = belt.position[2] + TOP
    x, y = camera.to_plane(outline[:, 0, 0], outline[:, 0, 1], height=height)
    points = belt.inverse() @ np.stack([x, y, np.full(len(x), height)], axis=1)
    (along, left), (long, wide), angle = cv2.minAreaRect((points[:, :2] * 1e3).astype(np.float32))
    turn = (angle if long > wide else angle + 90.0) % 180.0  # half a turn more is the same
    return Sight(along * 1e-3, left * 1e-3, math.radians(turn - 180.0 if turn > 90.0 else turn), count)


class Line:
    """The belt: its encoder's scale, its speed, and the parts on it."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.scale = 0.0  # counts/m
        self.track: list[tuple[float, float]] = []  # s, counts; the last reads
        first = look()[0]
        while not self.scale:
            cell.wait(0.25)
            seen = look()
            if seen[0].x - first.x > 0.15:
                self.scale = (seen[0].count - first.count) / (seen[0].x - first.x)
        self.parts.append(Part([first]))
        self.add(seen)

    def add(self, seen: list[Sight]) -> None:
        """Keep what was seen; every second look at a part makes the scale better."""
        for sight in seen:
            near = [part for part in self.parts if abs(self.at(part, sight.count) - sight.x) < 0.05]
            if near:
                near[0].sights.append(sight)
            else:
                self.parts.append(Part([sight]))
        ways = [(s.x - p.sights[0].x, s.count - p.sights[0].count) for p in self.parts for s in p.sights[1:]]
        self.scale = sum(x * count for x, count in ways) / sum(x * x for x, _count in ways)

    def at(self, part: Part, count: float) -> float:
        """Where a part is along the belt at a count [m], by all that was seen of it."""
        return float(np.mean([sight.x + (count - sight.count) / self.scale for sight in part.sights]))

    def read(self) -> tuple[float, float]:
        """Time [s] and count now; the last ones are kept."""
        state = cell.state()
        self.track = [*self.track, (state.time, state.inputs["encoder"])][-READS:]
        return self.track[-1]

    def speed(self) -> float:
        """Speed of the belt [m/s] over the last reads."""
        (before, start), (after, end) = self.track[0], self.track[-1]
        return (end - start) / self.scale / (after - before) if after > before else 0.0

    def steady(self) -> float:
        """Wait until the belt keeps its speed, or stands; that speed [m/s]."""
        self.track = []
        while True:
            self.read()
            if len(self.track) == READS:
                (t0, c0), (t1, c1), (t2, c2) = self.track[0], self.track[8], self.track[-1]
                if abs((c2 - c1) / (t2 - t1) - (c1 - c0) / (t1 - t0)) / self.scale < 0.008:
                    return self.speed()


def over(x: float, part: Part, z: float) -> Pose:
    """T_base_tcp `x` along the belt, `z` over the upper side of a part."""
    y, yaw = (float(np.mean([getattr(sight, name) for sight in part.sights[-4:]])) for name in ("y", "yaw"))
    pose: Pose = belt.offset_tool(x=x, y=y, z=TOP + z).rotated(z=yaw) @ DOWN
    return pose


def pick(line: Line, part: Part) -> bool:
    """Fetch a part; False where it is too far along the belt."""
    meet = max(FIRST, line.at(part, line.read()[1]) + 1.6 * line.speed() + 0.02)
    robot.move_to(over(meet, part, HOVER), **SWING)
    # the next part may be gone from the picture when this one is on the tray; near the cup the arm hides something
    line.add([sight for sight in look() if sight.x < FIRST - 0.2])
    while True:
        speed = line.steady()
        x = line.at(part, line.read()[1])
        if x > LAST:
            return False
        if speed < SLOW:
            if x > FIRST - 0.10 and stab(line, part, x):
                return True
            continue
        if x > meet - 0.01:
            meet = x + 0.8 * speed + 0.03
            robot.move_linear(over(meet, part, HOVER), **LIFT)
        if dive(line, part, meet, speed):
            return True


def stab(line: Line, part: Part, x: float) -> bool:
    """Fetch a part from a belt that stands."""
    robot.move_linear(over(x, part, HOVER), **LIFT)
    if abs(line.at(part, line.read()[1]) - x) > 0.001:
        return False
    suction.on(wait=False)
    robot.move_linear(over(x, part, -PRESS), speed=0.25, acceleration=3.0)
    return lifted(line, over(x, part, 2 * HOVER))


def dive(line: Line, part: Part, meet: float, speed: float) -> bool:
    """Go down with the belt when the part comes to `meet`; False where the belt changed its speed on the way."""
    while True:
        start, count = line.read()
        x = line.at(part, count)
        if abs(line.speed() - speed) > 0.15 * speed:
            return False
        if x > meet - (LAG_S + 0.005) * speed:
            break
    if x > meet - (LAG_S - 0.04) * speed:
        return False  # it was past already
    down = x + (LAG_S + DIVE_S) * speed
    slant = math.hypot(speed, (HOVER + PRESS) / DIVE_S)
    suction.on(wait=False)
    robot.move_linear(over(down, part, -PRESS), speed=slant, acceleration=5.0, blend=0.004, wait=False)
    robot.move_linear(over(down + WITH_S * speed, part, -PRESS), speed=speed, acceleration=5.0, wait=False)
    while robot.moving:
        time, count = line.read()
        away = line.at(part, count) - x - (time - start) * speed
        if time - start < DIVE_S - 0.02 and abs(away) > 0.003:
            robot.stop()
            suction.off(wait=False)
            robot.move_linear(robot.pose.offset(z=HOVER), **LIFT)
            return False
    return lifted(line, over(down + WITH_S * speed, part, 2 * HOVER))


def lifted(line: Line, up: Pose) -> bool:
    """Go up, with the part if the cup holds it."""
    held = suction.holding
    if not held:
        suction.off(wait=False)
    robot.move_linear(up, blend=0.015 if held else 0.0, **LIFT)
    return held


def put(n: int) -> None:
    """Set a part down on place n of the tray."""
    column, row = n % sheet["columns"], n // sheet["columns"]
    place = tray.offset_tool(x=column * sheet["pitch"]["x"], y=row * sheet["pitch"]["y"], z=TOP) @ DOWN
    robot.move_to(place.offset(z=TRAVEL), blend=0.03, **SWING)
    robot.move_linear(place.offset(z=0.0005), **LIFT)
    suction.off()
    robot.move_linear(place.offset(z=TRAVEL), blend=0.03, **LIFT)


robot.move_joints(robot.home, **SWING)
line = Line()
brought, seen_s = 0, cell.time
while sum(part.done for part in line.parts) < sheet["count"] and cell.time < seen_s + 30.0:
    line.add(look())
    waiting = [part for part in line.parts if not part.done]
    if waiting:
        seen_s = cell.time
        part = max(waiting, key=lambda one: one.sights[0].x - one.sights[0].count / line.scale)
        if line.at(part, line.read()[1]) > FIRST - 0.25:
            if pick(line, part):
                put(brought)
                brought += 1
            part.done = True
            continue
    cell.wait(0.6)
robot.move_joints(robot.home, **SWING)
