"""Inspection, clumsily: whatever shines is a scratch; the diameter by area, at the wrong height; dropped, slowly."""

import cv2
import numpy as np
import zxingcpp

from sheber import DOWN, connect

cell = connect(exercise="inspection")
robot, suction, camera = cell.robot, cell.suction, cell.cameras["station"]
thickness, station = cell.sheet["thickness"], cell.frames["station"] @ DOWN


def move(start, end):
    robot.move_to(start.offset(z=0.12), speed=0.8)
    robot.move_linear(start)
    suction.on()
    robot.move_linear(start.offset(z=0.12))
    robot.move_to(end.offset(z=0.12), speed=0.8)
    robot.move_linear(end)
    suction.off()
    robot.move_linear(end.offset(z=0.12))


def picture(*lights):
    for light in lights:
        cell.outputs[light] = True
    image = camera.capture().colour
    for light in lights:
        cell.outputs[light] = False
    return image


def shining(grey, bare):
    rows, columns = np.nonzero(bare)
    u, v = columns / 100, rows / 100
    terms = np.stack([np.ones_like(u), u, v, u * u, u * v, v * v], axis=1)
    levels = grey[bare].astype(float)
    plain = levels < np.percentile(levels, 95)
    factors, *_ = np.linalg.lstsq(terms[plain], levels[plain], rcond=None)
    return int((levels - terms @ factors > 20).sum())


left, _ = camera.to_plane(300.0, 240.0, height=0.03)
right, _ = camera.to_plane(340.0, 240.0, height=0.03)
scale = (right - left) / 40  # m a pixel, on the panel

for n in range(cell.sheet["count"]):
    move((cell.frames[f"nest_{n + 1}"] @ DOWN).offset(z=thickness), station.offset(z=thickness))
    robot.move_linear(station.offset(x=-0.15, z=0.12))
    ring, back = picture("ring"), picture("back")[:, :, 1]
    outlines, _ = cv2.findContours((back < 120).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    disc = max((one for one in outlines if cv2.contourArea(one) < 70_000), key=cv2.contourArea)
    (u, v), radius = cv2.minEnclosingCircle(disc)
    cell.outputs["diameter"] = 2 * radius * scale * 1000
    holes = [
        one
        for one in outlines
        if 200 < cv2.contourArea(one) < 1500 and cv2.pointPolygonTest(disc, tuple(map(float, one[0, 0])), False) > 0
    ]
    rows, columns = np.mgrid[0:480, 0:640]
    away = np.hypot(columns - u, rows - v)
    bare = (away < radius - 5) & (away > 58) & (cv2.dilate(back, np.ones((11, 11))) < 120)
    shines = sum((shining(picture(bar)[:, :, 1], bare) for bar in ("bar_right", "bar_front")), start=0)
    if len(holes) < cell.sheet["holes"]:
        kind = "hole"
    elif cell.sheet["code"] not in [found.text for found in zxingcpp.read_barcodes(ring)]:
        kind = "code"
    else:
        kind = "scratch" if shines > 15 else "good"
    move(station.offset(z=thickness), (cell.frames[kind] @ DOWN).offset(z=0.045))
robot.move_joints(robot.home)
