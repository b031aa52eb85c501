"""Conveyor tracking, by a student: model of the belt by count, rehearsal of the descent in the air, then pick after pick."""
import math
import cv2
import numpy as np
from sheber import DOWN, Pose, connect, SheberError, Collision

cell = connect(exercise="conveyor-tracking")
robot, suction, camera = cell.robot, cell.suction, cell.cameras["belt"]
belt, tray = cell.frames["belt"], cell.frames["tray"]
part, pitch, columns = cell.sheet["part"], cell.sheet["pitch"], int(cell.sheet["columns"])
count_parts, end = int(cell.sheet["count"]), cell.sheet["belt"]["end"]
H = part["z"]
top = belt.position[2] + H
inv = belt.inverse()
HOVER, DEPTH, VZ = 0.040, 0.0010, 0.09

seen = []          # {"s": x - count/scale list..., "y", "yaw", "obs": [(count, x)]}
scale = None
pictures = 0


def look():
    """All whole parts of one picture: (count at the picture, [(x, y, yaw)])."""
    global pictures
    pictures += 1
    a = cell.state()
    image = camera.capture()
    b = cell.state()
    c = np.interp(image.time, [a.time, b.time], [a.inputs["encoder"], b.inputs["encoder"]])
    hsv = cv2.cvtColor(image.colour, cv2.COLOR_BGR2HSV)
    mask = cv2.inRange(hsv, (15, 110, 60), (34, 255, 255))
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    found = []
    for o in outlines:
        if len(o) < 40:
            continue
        px = o[:, 0, :].astype(float)
        if px.min() < 3 or px[:, 0].max() > camera.width - 4 or px[:, 1].max() > camera.height - 4:
            continue
        x, y = camera.to_plane(px[:, 0], px[:, 1], height=top)
        p = (inv @ np.stack([x, y, np.full(len(x), top)], axis=1))[:, :2]
        area = cv2.contourArea((1e3 * p).astype(np.float32)) / 1e6
        if not 0.7 < area / (part["x"] * part["y"]) < 1.2:
            continue
        q = (1e3 * p).astype(np.float32)
        (cx, cy), (w, h), angle = cv2.minAreaRect(q)
        m = cv2.moments(q.reshape(-1, 1, 2))
        cx, cy = m["m10"] / m["m00"] / 1e3, m["m01"] / m["m00"] / 1e3
        yaw = math.radians(angle if w > h else angle + 90)
        found.append((cx, cy, (yaw + math.pi / 2) % math.pi - math.pi / 2))
    return c, found


def fit():
    """The scale from all parts seen twice or more."""
    global scale
    num = den = 0.0
    for s in seen:
        o = np.array(s["obs"])
        if len(o) < 2:
            continue
        dc, dx = o[:, 0] - o[:, 0].mean(), o[:, 1] - o[:, 1].mean()
        num += (dc * dc).sum()
        den += (dc * dx).sum()
    if num > 0:
        scale = num / den


def where(s, c):
    o = np.array(s["obs"])
    return float((o[:, 1] + (c - o[:, 0]) / scale).mean())


def update():
    c, found = look()
    for x, y, yaw in found:
        for s in seen:
            predicted = where(s, c) if scale else s["obs"][-1][1] + 0.06
            if abs(predicted - x) < (0.03 if scale else 0.25):
                s["obs"].append((c, x))
                s["y"].append(y)
                s["yaw"].append(yaw)
                break
        else:
            seen.append({"obs": [(c, x)], "y": [y], "yaw": [yaw], "done": False})
    fit()
    return len(found)


def at(x, y, h):
    """TCP pointing down over a point of the belt's frame; the tool's yaw stays as at home."""
    return Pose((belt @ np.array([[x, y, h]]))[0], robot_down)


robot_down = robot.forward(robot.home).quaternion
READY = Pose((belt @ np.array([[-0.06, 0.0, H + HOVER]]))[0], robot_down)
robot.move_to(READY.offset(z=0.03), speed=2.0, acceleration=4.0, wait=False)

# two or more pictures of the first part: scale
while not seen:
    update()
    if not seen:
        cell.wait(0.2)
first = seen[0]["obs"][0]
while len(seen[0]["obs"]) < 2 or seen[0]["obs"][-1][1] - first[1] < 0.12:
    cell.wait(0.3)
    update()
robot.wait()
# counts per second, while it runs evenly
while True:
    a = cell.state()
    cell.wait(0.3)
    b = cell.state()
    cell.wait(0.3)
    c = cell.state()
    r1 = (b.inputs["encoder"] - a.inputs["encoder"]) / (b.time - a.time)
    r2 = (c.inputs["encoder"] - b.inputs["encoder"]) / (c.time - b.time)
    if r1 > 0 and abs(r1 - r2) < 0.04 * r1:
        rate = (c.inputs["encoder"] - a.inputs["encoder"]) / (c.time - a.time)
        break
v = rate / scale
print(f"scale {scale:.0f} counts/m, belt {1000*v:.1f} mm/s, camera saw {len(seen)}")


def descend(x, y, h0, h1):
    """Two moves: slanting down, then along (a third would wait here until the first is done)."""
    t = (h0 - h1) / VZ
    x1 = x + v * t
    x2 = x1 + v * 0.40
    robot.move_linear(at(x1, y, h1), speed=math.hypot(v, VZ), acceleration=2.5, blend=0.003, wait=False)
    robot.move_linear(at(x2, y, h1), speed=v, acceleration=2.5, wait=False)


# rehearsal in the air: how far is the tool behind an even motion from the hover point?
robot.move_linear(READY.offset(z=0.03))
t0 = cell.state().time
descend(-0.06, 0.0, H + HOVER + 0.03, H + 0.03 - DEPTH)
log = []
while True:
    s = cell.state()
    p = (inv @ s.pose.position.reshape(1, 3))[0]
    log.append((s.time - t0, p[0], p[2]))
    if not s.moving and s.time - t0 > 0.2:
        break
log = np.array(log)
low = log[:, 2].min()
steady = (log[:, 2] < low + 0.008) & (log[:, 0] < log[-1, 0] - 0.15)
b = float((log[steady, 1] - v * log[steady, 0]).mean() + 0.06)
touch_t = float(log[log[:, 2] < low + 0.0015][0, 0])
print(f"rehearsal: b {1000*b:.1f} mm ± {1000*(log[steady,1]-v*log[steady,0]).std():.2f}, touches after {touch_t:.2f} s, {steady.sum()} ticks; lowest {1000*(low-H-0.03):.2f} mm")


class Stopped(Exception):
    pass


def current():
    """State and speed of the belt [m/s] over the last 60 ms."""
    s = cell.state()
    hist.append((s.time, s.inputs["encoder"]))
    while len(hist) > 2 and s.time - hist[0][0] > 0.12:
        hist.pop(0)
    dt = hist[-1][0] - hist[0][0]
    return s, ((hist[-1][1] - hist[0][1]) / scale / dt if dt > 0.05 else None)


hist = []


def watch():
    """Look at the belt about every 0.5 s until the robot stands."""
    last = cell.time - 0.5
    while robot.moving:
        if cell.time - last > 0.45 and pictures < 80:
            update()
            last = cell.time
    robot.wait()


def take(s):
    """Pick part s from the belt. True if it is held."""
    tries = 0
    while tries < 5:
        st, speed = current()
        x = where(s, st.inputs["encoder"])
        # where to meet it: hover point xh; the trip there takes a moment
        far = abs(x) + 0.1
        travel = 1.3 if tries == 0 else 0.5
        xh = max(-0.06, x + (v * travel if speed is None or speed > 0.2 * v else 0.02) - b)
        if xh > end - 0.12:
            return False
        y = float(np.mean(s["y"]))
        robot.move_to(at(xh, y, H + HOVER), speed=2.6, acceleration=5.0, wait=False)
        watch()
        last_look = cell.time
        while True:
            st, speed = current()
            x = where(s, st.inputs["encoder"])
            gap = xh + b - x
            if gap < 0.5 * v * 0.01:
                break
            if gap > v * 0.6 and cell.time - last_look > 0.4 and pictures < 85:
                update()
                last_look = cell.time
                y2 = float(np.mean(s["y"]))
        if gap < -0.004 or speed is None or abs(speed - v) > 0.06 * v:
            tries += 1
            print(f"late or not even: gap {1000*gap:.1f} mm, speed {speed}")
            continue
        trail = []
        c0, tt = st.inputs["encoder"], st.time
        suction.on(wait=False) if False else None
        try:
            descend(xh - gap, y, H + HOVER, H - DEPTH)
            on = False
            while True:
                st = cell.state()
                t = st.time - tt
                lag = (st.inputs["encoder"] - c0) / scale - v * t
                trail.append(f"{t:.2f} {1000*lag:.1f} {st.tool['vacuum']:.0f}")
                if not on and t > touch_t - 0.2:
                    suction.on(wait=False)
                    on = True
                if t < touch_t - 0.01 and lag < -0.0009:
                    raise Stopped
                if on and st.tool["holding"] or not st.moving and t > 0.3:
                    break
        except Stopped:
            robot.stop()
            print("the belt slows down: up again")
            here = robot.pose
            suction.off(wait=False)
            robot.move_linear(Pose((here.position[0], here.position[1], top + HOVER), robot_down), speed=0.3)
            tries += 1
            continue
        robot.stop()
        here = robot.pose
        robot.move_linear(Pose((here.position[0], here.position[1], top + 0.06), robot_down), speed=0.5, acceleration=2.5)
        print(f"vacuum {suction.vacuum:.1f} at {cell.time:.2f}")
        if suction.holding:
            return True
        print("nothing held", tt, trail)
        suction.off(wait=False)
        tries += 1
    return False


def place(n, s):
    yaw = math.atan2(np.mean(np.sin(2 * np.array(s["yaw"]))), np.mean(np.cos(2 * np.array(s["yaw"])))) / 2
    bx = belt.matrix[:3, 0]
    tx = tray.matrix[:3, 0]
    turn = math.atan2(tx[1], tx[0]) - (math.atan2(bx[1], bx[0]) + yaw)
    turn = (turn + math.pi / 2) % math.pi - math.pi / 2
    spot = tray.offset_tool(x=(n % columns) * pitch["x"], y=(n // columns) * pitch["y"], z=H + 0.0008)
    goal = Pose(spot.position, robot_down).rotated(z=-turn)
    high = goal.offset(z=max(0.05, top + 0.05 - goal.position[2]))  # the belt is higher than the tray: first over, then down
    robot.move_to(high, speed=2.6, acceleration=5.0, blend=0.04, wait=False)
    robot.move_linear(goal.offset(z=0.012), speed=0.8, acceleration=4.0, blend=0.005, wait=False)
    robot.move_linear(goal, speed=0.15, acceleration=2.0, wait=False)
    watch()
    print(f"place {n} at {spot}, turn {math.degrees(turn):.0f}, vacuum {suction.vacuum:.1f} {suction.holding}")
    suction.off()
    robot.move_linear(high, speed=0.8, acceleration=4.0, wait=False)
    if pictures < 92:
        update()


placed = 0
gone = 0
while placed + gone < count_parts:
    waiting = [s for s in seen if not s["done"]]
    if not waiting:
        if placed:
            robot.move_to(READY, speed=2.2, acceleration=4.5, wait=False)
        for _ in range(40):
            update()
            waiting = [s for s in seen if not s["done"]]
            if waiting or pictures > 90:
                break
            cell.wait(0.4)
        if not waiting:
            break
    c = cell.inputs["encoder"]
    waiting.sort(key=lambda s: -where(s, c))
    s = waiting[0]
    s["done"] = True
    hist.clear()
    print(f"part at {1000*where(s, c):.0f} mm, y {1000*np.mean(s['y']):.1f}, yaw {math.degrees(np.mean(s['yaw'])):.1f}, {len(s['obs'])} looks, scale {scale:.1f}")
    if take(s):
        place(placed, s)
        placed += 1
    else:
        gone += 1
robot.move_joints(robot.home, speed=2.5, acceleration=5)
print("placed", placed, "missed", gone, "pictures", pictures)
