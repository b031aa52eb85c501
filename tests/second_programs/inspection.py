"""Inspection, by a student: four lights, one picture each; silhouette for size and holes, code, dark spots, bright lines."""
import cv2
import numpy as np
import zxingcpp
from sheber import Pose, ToolError, connect

cell = connect(exercise="inspection")
robot, suction, camera = cell.robot, cell.suction, cell.cameras["station"]
th, right_code, wanted_holes = cell.sheet["thickness"], cell.sheet["code"], int(cell.sheet["holes"])
N = int(cell.sheet["count"])
down = robot.forward(robot.home).quaternion
station = Pose(cell.frames["station"].position, down)
HIGH = 0.17        # of the TCP over the table, on the way: bars reach 100 mm, a cover hangs 8 mm
LIGHTS = ("ring", "bar_right", "bar_front", "back")
plane = station.position[2] + th


def light(image):
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(np.float32)
    return ((grey / 255 + 0.055) / 1.055) ** 2.4


def pictures():
    out, on = {}, None
    for name in LIGHTS:
        if on:
            cell.outputs[on] = False
        cell.outputs[name] = True
        on = name
        out[name] = camera.capture().colour
    cell.outputs[on] = False
    return out


def silhouette(back):
    """(centre x, y in base, diameter [m], mask, holes, px per mm) from the picture by the back light."""
    hi = np.percentile(back, 80)
    rough = (back > 0.5 * hi).astype(np.uint8)
    outlines, tree = cv2.findContours(1 - rough, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    best = None
    for o, k in zip(outlines, tree[0]):
        if k[3] >= 0 or len(o) < 100:
            continue
        box = cv2.boundingRect(o)
        if box[0] <= 1 or box[1] <= 1 or box[0] + box[2] >= back.shape[1] - 1 or box[1] + box[3] >= back.shape[0] - 1:
            continue
        a = cv2.contourArea(o)
        (_, _), r = cv2.minEnclosingCircle(o)
        if a > 0.85 * np.pi * r * r and (best is None or a > best[0]):
            best = (a, o)
    o = best[1]
    mask = np.zeros(back.shape, np.uint8)
    cv2.drawContours(mask, [o], -1, 255, -1)
    (cx, cy), r = cv2.minEnclosingCircle(o)
    # the edge to a fraction of a pixel: along 360 rays, where the light is half way
    dark = float(np.median(back[mask > 0]))
    edge = []
    steps = np.arange(r - 8, r + 8, 0.25)
    for angle in np.linspace(0, 2 * np.pi, 360, endpoint=False):
        xs, ys = cx + steps * np.cos(angle), cy + steps * np.sin(angle)
        val = cv2.remap(back, xs.astype(np.float32)[None], ys.astype(np.float32)[None], cv2.INTER_LINEAR)[0]
        level = 0.5 * (dark + val[-12:].mean())
        i = int(np.argmax(val > level))
        if i > 0:
            s = steps[i - 1] + 0.25 * (level - val[i - 1]) / (val[i] - val[i - 1])
            edge.append((cx + s * np.cos(angle), cy + s * np.sin(angle)))
    edge = np.array(edge)
    x, y = camera.to_plane(edge[:, 0], edge[:, 1], height=plane)
    for _ in range(3):                                   # circle by least squares, without outliers
        A = np.stack([2 * x, 2 * y, np.ones_like(x)], axis=1)
        q = np.linalg.lstsq(A, x * x + y * y, rcond=None)[0]
        R = np.sqrt(q[2] + q[0] ** 2 + q[1] ** 2)
        e = np.hypot(x - q[0], y - q[1]) - R
        keep = abs(e) < max(3 * e.std(), 2e-5)
        x, y = x[keep], y[keep]
    ppm = r / (1000 * R)
    inner = cv2.erode(mask, disc(2, ppm))
    holes = (rough > 0) & (inner > 0)
    n, labels, stats, _ = cv2.connectedComponentsWithStats(holes.astype(np.uint8))
    count = sum(1 for i in range(1, n) if stats[i, 4] > 0.3 * np.pi * (3 * ppm) ** 2)
    return q[0], q[1], 2 * R, mask, holes.astype(np.uint8), count, ppm, (cx, cy)


def disc(mm, ppm):
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (int(2 * mm * ppm) + 1,) * 2)


def read(image):
    for factor in (1, 2, 3):
        big = image if factor == 1 else cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
        texts = [f.text for f in zxingcpp.read_barcodes(big)]
        if texts:
            return texts[0]
    return None


def judge(pics):
    g = {name: light(pics[name]) for name in LIGHTS}
    x, y, d, mask, holes, count, ppm, (cx, cy) = silhouette(g["back"])
    surface = cv2.erode(mask, disc(1.2, ppm))
    surface[cv2.dilate(holes, disc(1.3, ppm)) > 0] = 0
    cv2.circle(surface, (int(round(cx)), int(round(cy))), int(12.9 * ppm), 0, -1)     # the code is not looked at here
    ok = surface > 0
    words = f"d {1000*d:.2f} holes {count}"
    kind = "good"
    # dark spots by the ring light
    dark = ((g["ring"] < 0.7 * np.median(g["ring"][ok])) & ok).astype(np.uint8)
    n, labels, stats, _ = cv2.connectedComponentsWithStats(dark)
    blob = np.zeros_like(mask)
    if n > 1:
        i = 1 + int(np.argmax(stats[1:, 4]))
        if stats[i, 4] > 3 * ppm**2:
            blob = (labels == i).astype(np.uint8)
            near = (cv2.dilate(blob, disc(3, ppm)) > 0) & (cv2.dilate(blob, disc(0.5, ppm)) == 0) & ok
            shine = max(float(np.percentile(g[b][blob > 0], 95) / np.median(g[b][near])) for b in ("bar_right", "bar_front"))
            words += f" dark {stats[i, 4]/ppm**2:.0f} mm2 shine {shine:.2f}"
            if shine > 1.15:
                kind = "chip"
    # bright lines by the bars
    free = ok & (cv2.dilate(blob, disc(1.5, ppm)) == 0)
    weight = free.astype(np.float32)
    longest = 0.0
    for b in ("bar_right", "bar_front"):
        around = cv2.GaussianBlur(g[b] * weight, (0, 0), 2 * ppm) / np.maximum(cv2.GaussianBlur(weight, (0, 0), 2 * ppm), 1e-3)
        ratio = g[b] / np.maximum(around, 1e-4)
        noise = 1.4826 * np.median(abs(ratio[free] - 1))
        hit = ((ratio > 1 + max(5 * noise, 0.06)) & free).astype(np.uint8)
        hit = cv2.morphologyEx(hit, cv2.MORPH_CLOSE, np.ones((3, 3)))
        n, labels, stats, _ = cv2.connectedComponentsWithStats(hit)
        for i in range(1, n):
            if stats[i, 4] > 8:
                (_, (a, c), _) = cv2.minAreaRect(np.argwhere(labels == i).astype(np.float32))
                longest = max(longest, max(a, c) / ppm)
    words += f" line {longest:.1f} mm"
    if kind == "good" and longest > 3.5:
        kind = "scratch"
    if count < wanted_holes:
        kind = "hole"
    code = None
    for name in ("ring", "bar_right", "bar_front"):
        code = read(pics[name])
        if code:
            break
    words += f" code {code}"
    if kind == "good" and code is not None and code != right_code:
        kind = "code"
    return kind, x, y, d, words


def to(pose, slow=0.010, speed=3.0, acceleration=5.0):
    """Over the pose at the height of travel, then down, the last bit slowly."""
    high = pose.offset(z=HIGH - pose.position[2])
    robot.move_to(high, speed=speed, acceleration=acceleration, blend=0.03)
    robot.move_linear(pose.offset(z=slow), speed=0.8, acceleration=3.5, blend=0.006)
    robot.move_linear(pose, speed=0.12, acceleration=2.5)


def up(pose, **more):
    robot.move_linear(pose.offset(z=HIGH - pose.position[2]), speed=0.8, acceleration=3.5, blend=0.03)


in_bin = {}
for n in range(1, N + 1):
    nest = Pose(cell.frames[f"nest_{n}"].position, down).offset(z=th)
    to(nest)
    try:
        suction.on()
    except ToolError as error:
        print(n, error)
        suction.off()
        continue
    up(nest)
    drop = station.offset(z=th + 0.0005)
    to(drop)
    suction.off()
    robot.move_linear(drop.offset(z=0.06), speed=0.6, acceleration=3.0, blend=0.02)
    robot.move_linear(drop.offset(x=-0.155, z=0.10), speed=0.9, acceleration=3.5)
    pics = pictures()
    kind, x, y, d, words = judge(pics)
    print(f"cover {n}: {kind}; {words}")
    cell.outputs["diameter"] = 1000 * d
    pick = Pose((x, y, station.position[2] + th), down)
    robot.move_linear(pick.offset(z=0.06), speed=0.9, acceleration=3.5, blend=0.02)
    robot.move_linear(pick.offset(z=0.012), speed=0.6, acceleration=3.0, blend=0.004)
    robot.move_linear(pick, speed=0.12, acceleration=2.5)
    suction.on()
    up(pick)
    k = in_bin.get(kind, 0)
    goal = Pose(cell.frames[kind].position, down).offset(z=th * (k + 1) + 0.001)
    to(goal)
    suction.off()
    in_bin[kind] = k + 1
    up(goal)
robot.move_joints(robot.home, speed=2.5, acceleration=5)
