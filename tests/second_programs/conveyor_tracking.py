"""Conveyor tracking by a run-up: fly along with the belt first, then sink; the lag is measured in the air."""

import math

import cv2
import numpy as np

from sheber import DOWN, connect

cell = connect(exercise="conveyor-tracking")
robot, suction, camera = cell.robot, cell.suction, cell.cameras["belt"]
T_base_belt, T_base_tray = cell.frames["belt"], cell.frames["tray"]
size, count = cell.sheet["part"], cell.sheet["count"]
HIGH, SINK_S, RUN_S, HOLD_S = 0.03, 0.30, 0.25, 0.30
REACH = -0.16, 0.17


def at(x, y, z, yaw=0.0):
    """The cup over a place of the belt, z over the parts."""
    return T_base_belt.offset_tool(x=x, y=y, z=size["z"] + z).rotated(z=yaw) @ DOWN


def picture():
    """Rows (x, y, yaw) of whole parts in the frame of the belt, and the count when the picture was taken."""
    a = cell.state()
    image = camera.capture()
    b = cell.state()
    ticks = np.interp(image.time, [a.time, b.time], [a.inputs["encoder"], b.inputs["encoder"]])
    blue, green, red = (image.colour[..., n].astype(int) for n in range(3))
    mask = ((np.minimum(green, red) - blue) > 60).astype(np.uint8)
    number, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    rows = []
    for n in range(1, number):
        left, top, wide, high, area = stats[n]
        if area < 500 or left < 3 or top < 3 or left + wide > camera.width - 3 or top + high > camera.height - 3:
            continue
        v, u = np.nonzero(labels == n)
        x, y = camera.to_plane(u.astype(float), v.astype(float), height=T_base_belt.position[2] + size["z"])
        points = T_base_belt.inverse() @ np.stack([x, y, np.full(len(x), T_base_belt.position[2] + size["z"])], axis=1)
        middle = points[:, :2].mean(axis=0)
        (xx, xy), (_, yy) = np.cov((points[:, :2] - middle).T)
        rows.append((*middle, 0.5 * math.atan2(2.0 * xy, xx - yy)))
    return sorted(rows, reverse=True), float(ticks)


def calibrate(first):
    """Counts in a metre, from pictures of the first part along its way; `first`: the earliest of them."""
    places, ticks = [first[0][0][0]], [first[1]]
    while places[-1] - places[0] < 0.18:
        cell.wait(0.3)
        rows, tick = picture()
        places.append(rows[0][0])
        ticks.append(tick)
    return float(np.polyfit(places, ticks, 1)[0])


def measure_lag(speed):
    """How long [s] a run along the belt stays behind one that begins at its full speed."""
    robot.move_to(at(-0.1, 0.0, 0.15 + HIGH))
    begin = cell.state().time
    run(-0.1, 0.0, 0.0, speed, lift=0.15)
    cell.wait(begin + RUN_S + SINK_S + 0.17 - cell.time)  # the third move waited for the end of the first
    state = cell.state()
    x = (T_base_belt.inverse() @ state.pose).position[0]
    robot.wait()
    return state.time - begin - (x + 0.1) / speed


def run(x, y, yaw, speed, lift=0.0):
    """Along the belt, down, and along it on the part; begins now and returns at once."""
    sink_speed = math.hypot(speed, (HIGH + 0.001) / SINK_S)
    points = [
        (x + speed * RUN_S, HIGH, speed),
        (x + speed * (RUN_S + SINK_S), -0.001, sink_speed),
        (x + speed * (RUN_S + SINK_S + HOLD_S), -0.001, speed),
    ]
    for n, (to, z, fast) in enumerate(points):
        blend = 0.003 if n < 2 else 0.0
        robot.move_linear(at(to, y, z + lift, yaw), speed=fast, acceleration=4.0, blend=blend, wait=False)


class Belt:
    def __init__(self, scale):
        self.scale, self.marks = scale, {}  # mark: x at count 0 [m]

    def update(self, clear=-0.1):
        """Look; `clear`: up to where along the belt the arm hides nothing [m]."""
        rows, tick = picture()
        for x, y, yaw in (row for row in rows if row[0] < clear):
            mark = x - tick / self.scale
            known = next((one for one in self.marks if abs(one - mark) < 0.06), None)
            if known is None:
                self.marks[mark] = [mark, y, yaw]
            elif self.marks[known] is not None:
                self.marks[known] = [mark, y, yaw]

    def now(self):
        state = cell.state()
        return state.time, state.inputs["encoder"] / self.scale

    def speed(self):
        (t0, x0), _ = self.now(), cell.wait(0.12)
        t1, x1 = self.now()
        return (x1 - x0) / (t1 - t0)


def fetch(belt, key, lag):
    """Try to take the part with this mark; True when the cup holds it, None when it is gone."""
    mark, y, yaw = belt.marks[key]
    speed = belt.speed()
    if speed < 0.8 * full:
        return take_standing(belt, mark, y, yaw) if abs(speed) < 0.002 and mark + belt.now()[1] > REACH[0] else False
    start = max(REACH[0], mark + belt.now()[1] + 1.7 * speed + 0.02)
    if start > REACH[1]:
        return None
    robot.move_to(at(start, y, HIGH, yaw), speed=2.5, acceleration=5.0)
    belt.update(clear=-0.35)
    mark, y, yaw = belt.marks[key]
    before, gone = belt.now()
    while mark + gone < start - lag * full:
        time, gone = belt.now()
        if time - before > 0.2:
            before, was = time, gone
            cell.wait(0.05)
            time, gone = belt.now()
            if (gone - was) / (time - before) < 0.8 * full:
                return False
    x = mark + gone + lag * full
    if x > start + 0.006:
        return False
    suction.on(wait=False)
    begin, first = belt.now()
    run(x + 0.01 * full, y, yaw, full)
    while robot.moving:
        time, gone = belt.now()
        if time - begin < RUN_S + SINK_S and abs(gone - first - full * (time - begin)) > 0.003:
            robot.stop()
            break
    return up(y, yaw)


def take_standing(belt, mark, y, yaw):
    x = mark + belt.now()[1]
    if x > REACH[1] + 0.1:
        return None
    robot.move_to(at(x, y, HIGH, yaw), speed=2.0)
    if abs(mark + belt.now()[1] - x) > 0.001:
        return False
    suction.on(wait=False)
    robot.move_linear(at(x, y, -0.001, yaw), speed=0.2)
    cell.wait(0.1)
    return up(y, yaw)


def up(y, yaw):
    held = suction.holding
    if not held:
        suction.off(wait=False)
    robot.move_linear(robot.pose.offset(z=0.09), speed=0.5, acceleration=3.0)
    return held


def put(n):
    place = T_base_tray.offset_tool(
        x=n % cell.sheet["columns"] * cell.sheet["pitch"]["x"],
        y=n // cell.sheet["columns"] * cell.sheet["pitch"]["y"],
        z=size["z"] + 0.0008,
    )
    robot.move_to((place @ DOWN).offset(z=0.12), speed=2.5, acceleration=5.0, blend=0.02)
    robot.move_linear(place @ DOWN, speed=0.5, acceleration=3.0)
    suction.off()
    robot.move_linear((place @ DOWN).offset(z=0.12), speed=0.6, acceleration=3.0)


first = picture()
lag = measure_lag(0.08)
belt = Belt(calibrate(first))
belt.update()
full = belt.speed()
print(f"{belt.scale:.1f} counts/m, {1000 * full:.1f} mm/s, lag {1000 * lag:.0f} ms")
place = done = 0
quiet = cell.time
while done < count and cell.time - quiet < 25.0:
    belt.update()
    coming = [key for key, part in belt.marks.items() if part is not None]
    if not coming:
        cell.wait(0.5)
        continue
    quiet = cell.time
    key = max(coming)
    if belt.marks[key][0] + belt.now()[1] < REACH[0] - 2.2 * full:
        cell.wait(0.4)
        continue
    held = fetch(belt, key, lag)
    if held:
        put(count - 1 - place)
        place += 1
    if held or held is None:
        belt.marks[key] = None
        done += 1
robot.move_joints(robot.home)
