"""Inspection: bring each cover to the station, look at it by four lights, and sort it by what they show."""

import cv2
import numpy as np
import zxingcpp

from sheber import DOWN, Pose, connect

cell = connect(exercise="inspection")
robot, suction, camera = cell.robot, cell.suction, cell.cameras["station"]
thickness, station = cell.sheet["thickness"], cell.frames["station"]
TOP = float(station.position[2]) + thickness  # m, of the upper side of a cover on the station
TRAVEL = 0.10  # m over nests, station and bins while moving: a cover hangs over the bars then
ASIDE = (station @ DOWN).offset(x=-0.15, z=0.09)  # where the arm is not in the picture
SWING = {"speed": 2.4, "acceleration": 5.0}  # rad/s, rad/s^2: across the cell
LIFT = {"speed": 0.5, "acceleration": 2.5}  # m/s, m/s^2: down and up
LIGHTS = ("ring", "bar_right", "bar_front", "back")


def light_of(grey: np.ndarray) -> np.ndarray:
    """Linear light 0..1 of grey levels (sRGB)."""
    value = grey.astype(np.float32) / 255.0
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def pictures() -> dict[str, np.ndarray]:
    """One picture (h, w, 3) by each light alone."""
    seen = {}
    for name in LIGHTS:
        cell.outputs[name] = True
        seen[name] = camera.capture().colour
        cell.outputs[name] = False
    return seen


def circle(back: np.ndarray) -> tuple[float, float, float]:
    """Middle x, y and diameter of the cover [m]: a circle through its silhouette, at the height of its upper side."""
    fine = cv2.resize(light_of(back[:, :, 1]), None, fx=4, fy=4, interpolation=cv2.INTER_LINEAR)
    bright = np.percentile(fine, 90)
    dark = cv2.morphologyEx((fine < bright / 2).astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    outlines, _ = cv2.findContours(dark, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    middle = np.array(camera.project((*station.position[:2], TOP)))
    outline = min(
        (one for one in outlines if 3e5 < cv2.contourArea(one) < 1.5e6),
        key=lambda one: np.linalg.norm(one[:, 0].mean(axis=0) / 4 - middle),
    )[:, 0]
    x, y = camera.to_plane(*((outline.T + 0.5) / 4 - 0.5), TOP)
    rows = np.stack([x, y, np.ones_like(x)], axis=1)
    (a, b, c), *_ = np.linalg.lstsq(rows, x**2 + y**2, rcond=None)
    return a / 2, b / 2, 2 * np.sqrt(c + a**2 / 4 + b**2 / 4)


def looked_at(x: float, y: float, radius: float, back: np.ndarray) -> tuple[np.ndarray, int]:
    """The pixels (h, w) of the bare upper side, without rim, label and holes; and how many holes there are."""
    columns, rows = np.meshgrid(np.arange(camera.width), np.arange(camera.height))
    px, py = camera.to_plane(columns, rows, TOP)
    away = np.hypot(px - x, py - y)
    through = ((away < 0.92 * radius) & (back[:, :, 1] > 150)).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(through)
    holes = sum(stats[n, cv2.CC_STAT_AREA] > 200 for n in range(1, count))
    wide = cv2.dilate(through, np.ones((9, 9), np.uint8)) > 0
    return (away < radius - 0.0008) & (away > 0.0126) & ~wide, holes


def ground_of(grey: np.ndarray, bare: np.ndarray) -> np.ndarray:
    """What the bare upper side would show without a flaw (h, w): a smooth surface through its grey levels."""
    rows, columns = np.nonzero(bare)
    levels = grey[bare].astype(float)
    u, v = (columns - columns.mean()) / 100, (rows - rows.mean()) / 100
    terms = np.stack([np.ones_like(u), u, v, u * u, u * v, v * v], axis=1)
    plain = np.ones(len(u), bool)
    for _ in range(3):  # without the pixels that do not fit
        factors, *_ = np.linalg.lstsq(terms[plain], levels[plain], rcond=None)
        plain = abs(levels - terms @ factors) < 8
    ground = np.zeros(grey.shape)
    ground[bare] = terms @ factors
    return ground


def bright_spots(seen: dict[str, np.ndarray], bare: np.ndarray) -> np.ndarray:
    """The pixels (h, w) that shine by one of the low bars."""
    found = np.zeros(bare.shape, bool)
    for name in ("bar_right", "bar_front"):
        grey = seen[name][:, :, 1]
        found |= bare & (grey - ground_of(grey, bare) > 15)
    return found


def flaw_of(seen: dict[str, np.ndarray], bare: np.ndarray) -> str:
    """ "scratch", "chip" or "good": a chip shines in patches and has dark ground, a scratch shines along a line."""
    shines = bright_spots(seen, bare)
    near = cv2.dilate(shines.astype(np.uint8), np.ones((7, 7), np.uint8))
    count, labels = cv2.connectedComponents(near)
    shining = [(int((shines & (labels == n)).sum()), n) for n in range(1, count)]
    most, n = max(shining, default=(0, 0))
    if most < 12:
        return "good"
    ring = seen["ring"][:, :, 1]
    dark = (labels == n) & bare & (ring < 0.8 * np.median(ring[bare]))
    return "chip" if dark.sum() > 40 else "scratch"


def code_of(seen: dict[str, np.ndarray]) -> str:
    """The text of the printed code, from the first picture in which it can be read; "" where it is in none."""
    for name in LIGHTS:
        for size in (1, 2):
            for code in zxingcpp.read_barcodes(cv2.resize(seen[name], None, fx=size, fy=size)):
                return code.text
    return ""


def kind_of(seen: dict[str, np.ndarray], x: float, y: float, radius: float) -> str:
    """What the pictures say of a cover."""
    bare, holes = looked_at(x, y, radius, seen["back"])
    if holes < cell.sheet["holes"]:
        return "hole"
    if code_of(seen) != cell.sheet["code"]:
        return "code"
    return flaw_of(seen, bare)


def move(start: Pose, end: Pose) -> None:
    """Take a cover at one pose of the tool and set it down at another."""
    robot.move_to(start.offset(z=TRAVEL), blend=0.03, **SWING)
    robot.move_linear(start, **LIFT)
    suction.on()
    robot.move_linear(start.offset(z=TRAVEL), blend=0.03, **LIFT)
    robot.move_to(end.offset(z=TRAVEL), blend=0.03, **SWING)
    robot.move_linear(end.offset(z=0.0005), **LIFT)
    suction.off()


filled: dict[str, int] = {}
for n in range(cell.sheet["count"]):
    nest = cell.frames[f"nest_{n + 1}"] @ DOWN
    move(nest.offset(z=thickness), (station @ DOWN).offset(z=thickness))
    robot.move_linear((station @ DOWN).offset(z=0.04), blend=0.015, **LIFT)
    robot.move_linear(ASIDE, **LIFT)
    seen = pictures()
    x, y, diameter = circle(seen["back"])
    kind = kind_of(seen, x, y, diameter / 2)
    cell.outputs["diameter"] = diameter * 1e3
    cell.note(f"cover {n + 1}: {kind}, {diameter * 1e3:.2f} mm")
    middle = Pose((x, y, TOP)) @ DOWN
    filled[kind] = filled.get(kind, 0) + 1
    move(middle, (cell.frames[kind] @ DOWN).offset(z=filled[kind] * thickness))
    robot.move_linear((cell.frames[kind] @ DOWN).offset(z=TRAVEL), blend=0.03, **LIFT)
robot.move_joints(robot.home)
