"""Capstone cell, by a stranger."""
import math
import cv2
import numpy as np
from sheber import DOWN, NoContact, Pose, RobotError, Timeout, ToolError, connect

cell = connect(exercise="capstone-cell")
robot, sheet, belt, gauge = cell.robot, cell.sheet, cell.frames["belt"], cell.frames["gauge"]
gripper, suction, changer = cell.gripper, cell.suction, cell.changer
CROSS = 0.21          # height of a foot (or of the lip) when it crosses the cell
told = set()


def alarm(code):
    if code in told:
        return
    told.add(code)
    print("ALARM", code)
    cell.outputs["alarm"] = float(code)


# ---------------------------------------------------------------- PLC
def ask(job, normal=0.35):
    for attempt in range(5):
        t0 = cell.time
        cell.outputs[f"{job}_request"] = True
        late = False
        try:
            cell.wait_for(f"{job}_busy", timeout=normal)
            print(job, "busy after", round(cell.time - t0, 2))
            cell.wait_for(f"{job}_done", timeout=2.5)
        except Timeout:
            late = True
        if not late:
            numbers = None
            if job in ("order", "rush"):
                numbers = round(cell.inputs["order_part"]), round(cell.inputs["order_slot"])
            print(job, "answer after", round(cell.time - t0, 2), numbers)
            cell.outputs[f"{job}_request"] = False
            return numbers
        print("no answer to", job, "in", normal)
        cell.outputs[f"{job}_request"] = False
        alarm(5)
        cell.wait(0.1)
        normal = max(normal, 0.8)
    raise RuntimeError("PLC dead")


# ---------------------------------------------------------------- belt
def head_points(x, y, yaw, about):
    z1 = belt.position[2] + about["length"]
    z0 = z1 - about["head"]["z"]
    hx, hy = about["head"]["x"] / 2, about["head"]["y"] / 2
    c, s = math.cos(yaw), math.sin(yaw)
    out = []
    for z in (z0, z1):
        for a, b in ((1, 1), (1, -1), (-1, -1), (-1, 1)):
            out.append((x + c * a * hx - s * b * hy, y + s * a * hx + c * b * hy, z))
    return np.array(out)


def fit(mask, about):
    """Pose (x, y, yaw) of a head whose outline (top and sides) is the mask."""
    camera = cell.cameras["belt"]
    S = 8
    ys, xs = np.nonzero(mask)
    u0, v0 = xs.min() - 6, ys.min() - 6
    w, h = xs.max() + 7 - u0, ys.max() + 7 - v0
    big = cv2.resize((mask[max(v0, 0):v0 + h, max(u0, 0):u0 + w] > 0).astype(np.float32), None, fx=S, fy=S,
                     interpolation=cv2.INTER_LINEAR) > 0.5
    u0, v0 = max(u0, 0), max(v0, 0)
    by, bx = np.nonzero(big)
    centre = np.array([bx.mean(), by.mean()])
    z1 = belt.position[2] + about["length"]
    zm = z1 - 0.2 * about["head"]["z"]
    x, y = camera.to_plane(u0 + (centre[0] + 0.5) / S - 0.5, v0 + (centre[1] + 0.5) / S - 0.5, height=zm)
    best = None

    def score(x, y, yaw):
        for _ in range(3):
            u, v = camera.project(head_points(x, y, yaw, about))
            pts = np.stack([(np.asarray(u) - u0 + 0.5) * S - 0.5, (np.asarray(v) - v0 + 0.5) * S - 0.5], 1)
            hull = cv2.convexHull(pts.astype(np.float32))
            img = np.zeros(big.shape, np.uint8)
            cv2.fillConvexPoly(img, np.round(hull * 16).astype(np.int32), 1, shift=4)
            m = cv2.moments(img, binaryImage=True)
            if m["m00"] == 0:
                return 0, x, y, yaw
            c = np.array([m["m10"], m["m01"]]) / m["m00"]
            iou = np.logical_and(img, big).sum() / np.logical_or(img, big).sum()
            pa = camera.to_plane(u0 + (c[0] + .5) / S - .5, v0 + (c[1] + .5) / S - .5, height=zm)
            pb = camera.to_plane(u0 + (centre[0] + .5) / S - .5, v0 + (centre[1] + .5) / S - .5, height=zm)
            x, y, last = x + pb[0] - pa[0], y + pb[1] - pa[1], (x, y)
        return iou, float(last[0]), float(last[1]), yaw

    for d in range(-45, 45, 5):
        r = score(x, y, math.radians(d))
        best = r if best is None or r > best else best
    for d in (-3, -2, -1, 1, 2, 3):
        base = best
        r = score(base[1], base[2], base[3] + math.radians(d))
        best = r if r > best else best
    return best


def look():
    """All parts on the belt: {number: (along, x, y, yaw)}"""
    image = cell.cameras["belt"].capture().colour
    hsv = cv2.cvtColor(image, cv2.COLOR_BGR2HSV)
    found = {}
    for n, about in sheet["parts"].items():
        hue = about["hue"]
        dh = np.abs((hsv[..., 0].astype(int) - hue + 90) % 180 - 90)
        mask = ((dh <= 9) & (hsv[..., 1] > 110) & (hsv[..., 2] > 45)).astype(np.uint8)
        mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
        outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        size = 0.5 * about["head"]["x"] * about["head"]["y"] * 0.9e6
        for o in outlines:
            x, y, w, h = cv2.boundingRect(o)
            if cv2.contourArea(o) < size or x <= 1 or y <= 1 or x + w >= 639 or y + h >= 479:
                continue
            m = cv2.moments(o)
            z = belt.position[2] + about["length"]
            px, py = cell.cameras["belt"].to_plane(m["m10"] / m["m00"], m["m01"] / m["m00"], height=z)
            along, left, _ = belt.inverse() @ (px, py, z)
            if abs(left) > 0.08 or along > sheet["belt"]["end"] + 0.02:
                continue
            one = np.zeros(mask.shape, np.uint8)
            cv2.drawContours(one, [o], -1, 1, -1)
            if n not in found or along > found[n][0]:
                found[n] = (along, one)
    cell.show(image, "belt")
    return found


def run_belt():
    """Run until the first part reaches the barrier."""
    if cell.inputs["belt_end"]:
        return
    for attempt in range(3):
        cell.outputs["belt_run"] = True
        start, ok, last = cell.time, False, None
        shot = start + 1.2
        while cell.time < start + 7.5:
            if cell.inputs["belt_end"]:
                ok = True
                break
            if cell.time > shot:
                now = {n: v[0] for n, v in look_fast().items()}
                if last and any(n in last and abs(now[n] - last[n]) < 0.03 for n in now):
                    print("parts stand still", now, last)
                    break
                last, shot = now, cell.time + 0.8
        cell.outputs["belt_run"] = False
        print("belt ran", round(cell.time - start, 2), ok)
        if ok:
            cell.wait(0.45)
            return
        alarm(1)
        ask("reset", 3.0)


def look_fast():
    show, cell_show = cell.show, None
    return look_quiet()


def look_quiet():
    global QUIET
    image = cell.cameras["belt"].capture().colour
    hsv = cv2.cvtColor(image, cv2.COLOR_BGR2HSV)
    found = {}
    for n, about in sheet["parts"].items():
        dh = np.abs((hsv[..., 0].astype(int) - about["hue"] + 90) % 180 - 90)
        mask = ((dh <= 9) & (hsv[..., 1] > 110) & (hsv[..., 2] > 45)).astype(np.uint8)
        outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        for o in outlines:
            if cv2.contourArea(o) < 450 * about["head"]["x"] * about["head"]["y"] * 1e3:
                continue
            m = cv2.moments(o)
            z = belt.position[2] + about["length"]
            px, py = cell.cameras["belt"].to_plane(m["m10"] / m["m00"], m["m01"] / m["m00"], height=z)
            along, left, _ = belt.inverse() @ (px, py, z)
            if abs(left) < 0.08 and along < sheet["belt"]["end"] and (n not in found or along > found[n][0]):
                found[n] = (along, None)
    return found


# ---------------------------------------------------------------- arm
def go(pose, blend=None):
    kw = {"blend": blend} if blend else {}
    robot.move_to(pose, speed=2.4, acceleration=4.0, **kw)


def line(pose, speed=0.4, blend=None, acc=1.5):
    kw = {"blend": blend} if blend else {}
    robot.move_linear(pose, speed=speed, acceleration=acc, **kw)


def at_dock(name, up):
    return cell.frames[name].offset(z=up) @ DOWN @ changer.face.inverse() @ robot.tool.pose


have = {"tool": "gripper"}


def take_tool(name):
    if have["tool"] == name:
        return
    old = changer.tools[have["tool"]].dock
    new = changer.tools[name].dock
    via = at_dock("dock_gripper", 0.28).offset(x=0.16, y=0.10)
    go(via, blend=0.05)
    go(at_dock(old, 0.27), blend=0.02)
    line(at_dock(old, 0.03), 0.5, blend=0.01)
    line(at_dock(old, 0.0), 0.1)
    changer.unlock()
    line(at_dock(old, 0.10), 0.4, blend=0.03)
    go(at_dock(new, 0.10), blend=0.03)
    line(at_dock(new, 0.02), 0.4, blend=0.01)
    line(at_dock(new, 0.001), 0.1)
    changer.lock()
    line(at_dock(new, 0.27), 0.5, blend=0.02)
    go(at_dock("dock_gripper", 0.28).offset(x=0.16, y=0.10), blend=0.05)
    have["tool"] = name


def at(frame_xyz_yaw, z):
    x, y, yaw = frame_xyz_yaw
    return Pose((x, y, z)).rotated(z=yaw) @ DOWN


def yaw_of(frame):
    r = frame.rotation
    a = math.atan2(r[1, 0], r[0, 0])
    return (a + math.pi / 4) % (math.pi / 2) - math.pi / 4


def pick(number, place):
    """Take the part from the belt; gives the height of the TCP over its foot."""
    about = sheet["parts"][str(number)]
    x, y, yaw = place
    ground = belt.position[2]
    if about["tool"] == "gripper":
        h = 0.057
        go(at(place, ground + h + 0.06), blend=0.02)
        gripper.open(width=0.034)
        line(at(place, ground + h), 0.25)
        gripper.close(force=60.0)
        if not gripper.holding:
            print("gripper holds nothing")
    else:
        h = about["length"] - 0.0005
        go(at(place, ground + h + 0.05), blend=0.02)
        line(at(place, ground + h + 0.006), 0.3, blend=0.003)
        line(at(place, ground + h), 0.04)
        try:
            suction.on(timeout=0.8)
        except ToolError as error:
            print(error)
            ask("reset", 3.0)
            try:
                suction.on(timeout=1.0)
                alarm(2)
            except ToolError as error:
                print("again:", error)
                line(at(place, ground + h - 0.001), 0.02)
                suction.on(timeout=1.0)
    line(at(place, max(CROSS, ground + 0.09) + h), 0.5, blend=0.03)
    return h


def spot(frame):
    return (frame.position[0], frame.position[1], yaw_of(frame))


def depth_now(h):
    return gauge.position[2] - (robot.pose.position[2] - h)


def insert(number, h):
    s = spot(gauge)
    m = gauge.position[2]
    go(at(s, CROSS + h), blend=0.03)
    line(at(s, m + h + 0.012), 0.4, blend=0.005)
    line(at(s, m + h + 0.003), 0.05)
    robot.zero_wrench()
    full = sheet["gauge"]["depth"]
    top = robot.pose
    R = top.rotation
    x, y = s[0], s[1]
    t0 = cell.time
    track = []
    # 1: press lightly and go where the rim pushes, until the foot is in the mouth
    with robot.compliance({"z": 10.0}, speed=0.025, travel=0.05):
        cell.wait(0.2)
        while cell.time < t0 + 6:
            now = cell.state()
            d = m - (now.pose.position[2] - h)
            f = R @ now.wrench[:3]
            if d > 0.004:
                break
            track.append((round(d * 1e3, 1), round((x - s[0]) * 1e3, 2), round((y - s[1]) * 1e3, 2), round(float(f[0]), 1), round(float(f[1]), 1)))
            step = 5e-5 * f[:2]
            n = np.hypot(*step)
            if n > 3.5e-4:
                step *= 3.5e-4 / n
            x, y = x + step[0], y + step[1]
            robot.move_linear(Pose((x, y, now.pose.position[2]), top.quaternion), speed=0.02, acceleration=2.0)
    print(track[::3], round(cell.time - t0, 2))
    # 2: down, and gently to the bottom
    for speed, force, until in ((0.03, 12.0, 0.8 * full), (0.008, 10.0, 9.0)):
        last, calm = -1.0, 0
        with robot.compliance({"x": 0.0, "y": 0.0, "z": force}, speed=speed, travel=0.05):
            while cell.time < t0 + 10:
                cell.wait(0.03 if until < 1 else 0.06)
                d = depth_now(h)
                calm = calm + 1 if abs(d - last) < 0.0001 else 0
                last = d
                if d > until or calm >= (2 if d > 0.9 * full else 30):
                    break
    print("depth", round(float(d) * 1000, 2), "after", round(cell.time - t0, 2), "s", robot.pose.position[:2] - np.array(s[:2]))
    return d


def let_go(number):
    if sheet["parts"][str(number)]["tool"] == "gripper":
        gripper.open(width=0.034)
    else:
        suction.off()


def inspect(number, depth):
    """1 good, 2 defective. The arm leaves the picture and comes back."""
    about = sheet["parts"][str(number)]
    camera = cell.cameras["gauge"]
    top = gauge.position[2] - depth + about["length"]
    g = gauge.position
    for k, where in enumerate(((0.42, -0.06, 0.30), (0.45, -0.2, 0.35))):
        go(at((where[0], where[1], 0.0), where[2]))
        image = camera.capture().colour
        hsv = cv2.cvtColor(image, cv2.COLOR_BGR2HSV)
        dh = np.abs((hsv[..., 0].astype(int) - about["hue"] + 90) % 180 - 90)
        ok = (dh <= 12) & (hsv[..., 1] > 90)
        u, v = camera.project((g[0], g[1], top))
        u1, _ = camera.project((g[0] + 0.01, g[1], top))
        u2, v2 = camera.project((g[0], g[1] + 0.01, top))
        px = (abs(u1 - u) + abs(v2 - v)) / 2 / 10 if abs(u1 - u) > 3 else abs(u2 - u) / 10
        yy, xx = np.mgrid[:480, :640]
        r = np.hypot(xx - u, yy - v) / px          # mm
        ring = (r > 4.3) & (r < 6.3)
        print("ring", ok[ring].mean().round(2), "px/mm", round(px, 2))
        if ok[ring].mean() > 0.5:
            break
    grey = hsv[..., 2].astype(float)
    inner, outer = np.median(grey[r < 2.0]), np.median(grey[ring])
    cell.show(image[int(v) - 60:int(v) + 60, int(u) - 60:int(u) + 60], f"part {number}")
    print("mark", inner, outer)
    return 1 if inner < 0.6 * outer else 2


def serve(order, name):
    number, slot = order
    print("serve", name, "part", number, "slot", slot)
    found = look()
    for attempt in range(2):
        if str(number) in found:
            break
        if attempt == 0 and not found:
            run_belt()
            found = look()
        print("on the belt:", {n: round(v[0], 3) for n, v in found.items()})
    if str(number) not in found:
        sub = sheet["parts"][str(number)]["substitute"]
        print("missing", number, "use", sub)
        if str(sub) in found:
            alarm(4)
            number = sub
    about = sheet["parts"][str(number)]
    f = fit(found[str(number)][1], about)
    print("fit", [round(float(q), 4) for q in f])
    place = f[1:]
    take_tool(about["tool"])
    if name != "rush" and rush_calls():
        return False
    h = pick(number, place)
    depth = insert(number, h)
    s = spot(gauge)
    hold = robot.pose
    let_go(number)
    line(hold.offset(z=0.06), 0.4, blend=0.03)
    full = sheet["gauge"]["depth"]
    if depth < 0.9 * full:                       # it fell in when it was let go
        print("fell in")
        hold = hold.offset(z=depth - full)
        depth = full
    result = inspect(number, depth)
    go(hold.offset(z=0.05), blend=0.02)
    line(hold.offset(z=0.006), 0.3, blend=0.003)
    line(hold, 0.04)
    if about["tool"] == "gripper":
        gripper.close(force=60.0)
    else:
        suction.on(timeout=1.0)
    cell.outputs["result"] = float(result)
    cell.outputs["depth"] = min(depth, sheet["gauge"]["depth"]) * 1000
    pull = robot.compliance({"x": 0.0, "y": 0.0}, speed=0.03)
    line(hold.offset(z=depth + 0.006), 0.15)
    pull.end()
    now = robot.pose
    line(Pose((now.position[0], now.position[1], CROSS + h)) @ Pose((0, 0, 0), now.quaternion), 0.5, blend=0.03)
    if result == 1:
        frame = cell.frames[f"rack_1_{slot}"]
        sensor = f"rack_1_{slot}"
        before = cell.inputs[sensor]
        if before:
            alarm(3)
    else:
        frame, sensor = cell.frames["reject"], None
    t = spot(frame)
    floor = frame.position[2]
    go(at(t, CROSS + h), blend=0.03)
    line(at(t, floor + h + 0.02), 0.4, blend=0.01)
    line(at(t, floor + h + 0.001), 0.08)
    let_go(number)
    line(at(t, CROSS + h), 0.5)
    if sensor and not cell.inputs[sensor]:
        alarm(3)
    return True


rush_done = False


def rush_calls():
    return not rush_done and cell.inputs["rush"]


def serve_rush():
    global rush_done
    order = ask("rush")
    rush_done = True
    serve(order, "rush")


robot.move_joints(robot.home)
count = 0
while True:
    if rush_calls():
        serve_rush()
    if count == 2 and not rush_done:
        print("waiting for rush")
        try:
            cell.wait_for("rush", timeout=25.0)
            serve_rush()
        except Timeout:
            pass
    order = ask("order")
    if order[0] == 0:
        if rush_done or not rush_calls():
            break
        continue
    count += 1
    while not serve(order, f"order {count}"):
        serve_rush()
robot.move_joints(robot.home, speed=2.4, acceleration=4.0)
print("end", cell.time)
